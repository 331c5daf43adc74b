/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for the state table of any resource, and the golden picture of one. */
#pragma once
#include "core-test.h"
#include "vmm-state.h"

/* From every state the last one is reached. */
void state_assert_ends (const VmmStateTable *table);
/* Every state is reached from one of @first. */
void state_assert_begins (const VmmStateTable *table, const guint *first, guint n_first);
/* @file is the picture of the table of @noun ("disk"), which it calls @thing ("a disk"). With
 * VMMD_REGENERATE in the environment it is written first. */
void state_assert_picture (const VmmStateTable *table, const char *file, const char *noun,
                           const char *thing);

/* Each value below @last of an enum made by VMM_ENUM_IMPL is read back from its name. */
#define assert_names_read_back(TYPE, PREFIX, last)                                                 \
  for (guint value = 0; value < (last); value++)                                                   \
    {                                                                                              \
      TYPE back = (last);                                                                          \
      assert_true (PREFIX##_from_string (PREFIX##_to_string (value), &back));                      \
      assert_int_equal (back, value);                                                              \
    }
