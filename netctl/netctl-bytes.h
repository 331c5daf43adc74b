/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in network order at the end of a byte array. */
#pragma once
#include <glib.h>

static inline void
netctl_put (GByteArray *out, gconstpointer data, guint length)
{
  g_byte_array_append (out, data, length);
}

static inline void
netctl_put8 (GByteArray *out, guint8 value)
{
  netctl_put (out, &value, sizeof value);
}

static inline void
netctl_put16 (GByteArray *out, guint value)
{
  guint16 wire = GUINT16_TO_BE ((guint16) value);

  netctl_put (out, &wire, sizeof wire);
}

static inline void
netctl_put32 (GByteArray *out, guint32 value)
{
  guint32 wire = GUINT32_TO_BE (value);

  netctl_put (out, &wire, sizeof wire);
}

/* Overwrites what is there at @at. */
static inline void
netctl_set16 (GByteArray *out, guint at, guint value)
{
  out->data[at] = (guint8) (value >> 8);
  out->data[at + 1] = (guint8) value;
}

static inline guint
netctl_get16 (const guint8 *data)
{
  return (guint) data[0] << 8 | data[1];
}
