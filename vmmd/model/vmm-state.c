/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps along a table of moves, and the picture of one. */
#include "config.h"

#include "vmm-state.h"

gboolean
vmm_state_next (const VmmStateTable *table, guint from, guint event, guint *out_to)
{
  for (guint i = 0; i < table->n_moves; i++)
    if (table->moves[i].from == from && table->moves[i].event == event)
      {
        *out_to = table->moves[i].to;
        return TRUE;
      }
  return FALSE;
}

char *
vmm_state_to_mermaid (const VmmStateTable *table)
{
  GString *out = g_string_new ("stateDiagram-v2\n");

  for (guint i = 0; i < table->n_first; i++)
    g_string_append_printf (out, "  [*] --> %s\n", table->states[table->first[i]]);
  for (guint i = 0; i < table->n_moves; i++)
    {
      const VmmStateMove *move = &table->moves[i];

      g_string_append_printf (out, "  %s --> %s: %s\n", table->states[move->from],
                              table->states[move->to], table->events[move->event]);
    }
  g_string_append_printf (out, "  %s --> [*]\n", table->states[table->n_states - 1]);
  return g_string_free (out, FALSE);
}
