/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the pools of public addresses. */
#include "config.h"

#include "vmm-error.h"
#include "vmm-nic.h"
#include "vmm-pool.h"
#include <string.h>

/* No host on a network may have these, or this daemon uses them itself. */
static const struct
{
  const char *cidr, *why;
} unfit[] = {
  { "0.0.0.0/8", "no host has such an address" },
  { "127.0.0.0/8", "they never leave a host" },
  { "169.254.0.0/16", "they are link-local" },
  { "100.64.0.0/10", "this daemon leads VPCs to the host with them" },
  { "224.0.0.0/3", "they are for multicast or reserved" },
};

static gboolean
overlap (const VmmPoolRange *a, guint32 first, guint32 last)
{
  return a->first <= last && first <= a->last;
}

static gboolean
parse_piece (const char *piece, VmmPoolRange *out)
{
  g_auto (GStrv) ends = g_strsplit (piece, "-", 2);
  VmmRange range;

  if (g_strv_length (ends) == 2)
    return vmm_address_parse (g_strstrip (ends[0]), &out->first)
           && vmm_address_parse (g_strstrip (ends[1]), &out->last) && out->first <= out->last;
  if (strchr (piece, '/') == NULL)
    {
      gboolean ok = vmm_address_parse (piece, &out->first);

      out->last = out->first;
      return ok;
    }
  if (!vmm_range_parse (piece, &range))
    return FALSE;
  *out = range.length <= 30 ? (VmmPoolRange){ range.first + 1, range.last - 1 }
                            : (VmmPoolRange){ range.first, range.last };
  return TRUE;
}

static gboolean
check_piece (const VmmPool *pool, const char *piece, const VmmPoolRange *range, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (unfit); i++)
    {
      VmmRange bad;

      if (vmm_range_parse (unfit[i].cidr, &bad) && overlap (range, bad.first, bad.last))
        return vmm_fail (error, VMM_ERROR_CONFIG, "'%s' holds addresses of %s: %s", piece,
                         unfit[i].cidr, unfit[i].why);
    }
  for (guint i = 0; i < pool->ranges->len; i++)
    {
      const VmmPoolRange *other = &g_array_index (pool->ranges, VmmPoolRange, i);

      if (overlap (range, other->first, other->last))
        return vmm_fail (error, VMM_ERROR_CONFIG, "'%s' holds addresses of a piece before it",
                         piece);
    }
  return TRUE;
}

VmmPool *
vmm_pool_parse (const char *text, GError **error)
{
  g_autoptr (VmmPool) pool = g_new0 (VmmPool, 1);
  g_auto (GStrv) pieces = g_strsplit (text, ",", -1);

  pool->ranges = g_array_new (FALSE, FALSE, sizeof (VmmPoolRange));
  for (guint i = 0; pieces[i] != NULL; i++)
    {
      const char *piece = g_strstrip (pieces[i]);
      VmmPoolRange range = { 0 };

      if (*piece == '\0')
        continue;
      if (!parse_piece (piece, &range))
        {
          vmm_fail (error, VMM_ERROR_CONFIG,
                    "'%s' must be an address, two with a hyphen between them, or a range like "
                    "198.51.100.0/28",
                    piece);
          return NULL;
        }
      if (!check_piece (pool, piece, &range, error))
        return NULL;
      g_array_append_val (pool->ranges, range);
    }
  return g_steal_pointer (&pool);
}

void
vmm_pool_free (VmmPool *pool)
{
  if (pool == NULL)
    return;
  g_clear_pointer (&pool->ranges, g_array_unref);
  g_free (pool);
}

gboolean
vmm_pool_is_empty (const VmmPool *pool)
{
  return pool == NULL || pool->ranges->len == 0;
}

gboolean
vmm_pool_contains (const VmmPool *pool, guint32 address)
{
  for (guint i = 0; pool != NULL && i < pool->ranges->len; i++)
    if (overlap (&g_array_index (pool->ranges, VmmPoolRange, i), address, address))
      return TRUE;
  return FALSE;
}
