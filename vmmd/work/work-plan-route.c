/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of a VPC to guests that forward. */
#include "config.h"

#include "store-route.h"
#include "vmm-error.h"
#include "work-plan.h"

gboolean
work_plan_routes (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) hops = store_route_hops (txn, row->id, error);

  for (guint i = 0; hops != NULL && i < hops->len; i++)
    {
      const VmmRouteHop *hop = g_ptr_array_index (hops, i);
      NetctlRoute route;

      if (!netctl_prefix_parse (hop->destination, &route.destination)
          || !netctl_prefix_parse (hop->next_hop, &route.next_hop))
        return vmm_fail (error, VMM_ERROR_INTERNAL, "a route of %s leads to '%s' by '%s'", row->id,
                         hop->destination, hop->next_hop);
      g_array_append_val (vpc->routes, route);
    }
  return hops != NULL;
}
