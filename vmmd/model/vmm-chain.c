/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a chain of layers is shortened. */
#include "config.h"

#include "vmm-chain.h"

/* From @take on downwards, those that nobody keeps. */
static guint
take_free (const VmmChainLink *links, guint n_links, guint take)
{
  while (take + 1 < n_links && !links[take + 1].is_kept)
    take++;
  return take;
}

guint
vmm_chain_take (const VmmChainLink *links, guint n_links, gboolean may_copy)
{
  guint take = take_free (links, n_links, 0);
  guint64 sum = 0;

  if (!may_copy || n_links - take <= VMM_CHAIN_DEEP)
    return take;
  take = MAX (take, n_links - VMM_CHAIN_LOW);
  for (guint i = 0; i <= take; i++)
    sum += links[i].size_bytes;
  while (take + 2 < n_links && links[take + 1].size_bytes <= sum)
    sum += links[++take].size_bytes;
  return take_free (links, n_links, take);
}
