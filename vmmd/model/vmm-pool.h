/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The public addresses this installation may hand out. Pure; read-only once made. */
#pragma once
#include <glib.h>

typedef struct
{
  guint32 first, last; /* host order */
} VmmPoolRange;

typedef struct
{
  GArray *ranges; /* VmmPoolRange, apart from each other, as written */
} VmmPool;

/* Reads "203.0.113.10-203.0.113.50, 198.51.100.0/28, 192.0.2.7". A range in CIDR form of /30 or
 * wider is meant without its first and last address. "" gives an empty pool. VMM_ERROR_CONFIG, by a
 * sentence that begins with the piece it is about, when something cannot be read, is no address one
 * may have, or lies in two pieces. */
VmmPool *vmm_pool_parse (const char *text, GError **error);
void vmm_pool_free (VmmPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmPool, vmm_pool_free)

/* NULL stands for an empty one. */
gboolean vmm_pool_is_empty (const VmmPool *pool);
gboolean vmm_pool_contains (const VmmPool *pool, guint32 address);
