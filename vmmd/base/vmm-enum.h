/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enum values and their names in one table, with the length checked when compiling. */
#pragma once
#include <glib.h>

/* Defines `const char *PREFIX_to_string (TYPE)` and
 * `gboolean PREFIX_from_string (const char *, TYPE *out)`; the names follow in enum order and
 * must be as many as LAST. An unknown value prints "?"; an unknown name returns FALSE and leaves
 * @out untouched. Any thread. */
#define VMM_ENUM_IMPL(TYPE, PREFIX, LAST, ...)                                                     \
  static const char *const PREFIX##_names[] = { __VA_ARGS__ };                                     \
  G_STATIC_ASSERT (G_N_ELEMENTS (PREFIX##_names) == (LAST));                                       \
  const char *PREFIX##_to_string (TYPE value)                                                      \
  {                                                                                                \
    return (guint) value < (guint) (LAST) ? PREFIX##_names[value] : "?";                           \
  }                                                                                                \
  gboolean PREFIX##_from_string (const char *name, TYPE *out)                                      \
  {                                                                                                \
    for (guint i = 0; name != NULL && i < (guint) (LAST); i++)                                     \
      if (g_str_equal (PREFIX##_names[i], name))                                                   \
        {                                                                                          \
          *out = (TYPE) i;                                                                         \
          return TRUE;                                                                             \
        }                                                                                          \
    return FALSE;                                                                                  \
  }

#define VMM_ENUM_DECL(TYPE, PREFIX)                                                                \
  const char *PREFIX##_to_string (TYPE value);                                                     \
  gboolean PREFIX##_from_string (const char *name, TYPE *out);
