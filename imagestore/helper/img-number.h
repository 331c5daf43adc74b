/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers on a command line. */
#pragma once
#include <stdbool.h>

/* Reads decimal digits and nothing else. */
static inline bool
img_number_parse (const char *text, unsigned long long *out)
{
  unsigned long long value = 0;

  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++)
    if (*text < '0' || *text > '9' || __builtin_mul_overflow (value, 10, &value)
        || __builtin_add_overflow (value, (unsigned) (*text - '0'), &value))
      return false;
  *out = value;
  return true;
}
