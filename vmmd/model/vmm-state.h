/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lives of all resources share: a table of moves, the step along it and its picture. Pure;
 * any thread. The enums of a resource's states and events index its table; the last state is the
 * one in which nothing is left of it. */
#pragma once
#include "vmm-enum.h"

typedef struct
{
  guint from, event, to;
} VmmStateMove;

typedef struct
{
  const char *const *states; /* names, in enum order */
  const char *const *events;
  const VmmStateMove *moves;
  const guint *first; /* the states a life begins in */
  guint n_states, n_events, n_moves, n_first;
} VmmStateTable;

/* The state that @event leads to from @from, or FALSE if the table has no such move; *@out_to then
 * stays as it is. */
gboolean vmm_state_next (const VmmStateTable *table, guint from, guint event, guint *out_to);
/* The table as a mermaid state diagram. The caller frees it. */
char *vmm_state_to_mermaid (const VmmStateTable *table);

/* Defines the table PREFIX_states and PREFIX_state_next() of a resource whose enums are TYPEState
 * and TYPEEvent, after their VMM_ENUM_IMPL, from the arrays moves[] and first[] of the file. */
#define VMM_STATE_IMPL(TYPE, PREFIX)                                                               \
  const VmmStateTable PREFIX##_states = {                                                          \
    .states = PREFIX##_state_names,                                                                \
    .events = PREFIX##_event_names,                                                                \
    .moves = moves,                                                                                \
    .first = first,                                                                                \
    .n_states = G_N_ELEMENTS (PREFIX##_state_names),                                               \
    .n_events = G_N_ELEMENTS (PREFIX##_event_names),                                               \
    .n_moves = G_N_ELEMENTS (moves),                                                               \
    .n_first = G_N_ELEMENTS (first),                                                               \
  };                                                                                               \
  gboolean PREFIX##_state_next (TYPE##State from, TYPE##Event event, TYPE##State *out_to)          \
  {                                                                                                \
    guint to;                                                                                      \
    if (!vmm_state_next (&PREFIX##_states, from, event, &to))                                      \
      return FALSE;                                                                                \
    *out_to = (TYPE##State) to;                                                                    \
    return TRUE;                                                                                   \
  }

/* Declares them. The next state, or FALSE if the table has no such move. */
#define VMM_STATE_DECL(TYPE, PREFIX)                                                               \
  extern const VmmStateTable PREFIX##_states;                                                      \
  gboolean PREFIX##_state_next (TYPE##State from, TYPE##Event event, TYPE##State *out_to);

/* Defines `RESULT FUNCTION (STATE)`, which reads one column of the file's array states[]. */
#define VMM_STATE_COLUMN(RESULT, FUNCTION, STATE, COLUMN)                                          \
  RESULT FUNCTION (STATE state)                                                                    \
  {                                                                                                \
    g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), 0);                               \
    return states[state].COLUMN;                                                                   \
  }
