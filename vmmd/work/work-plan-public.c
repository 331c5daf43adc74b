/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses of a VPC and what they lead to, and the bounds of what goes in and out. */
#include "config.h"

#include "ops-public.h"
#include "store-eip.h"
#include "store-instance.h"
#include "store-nat.h"
#include "vmm-error.h"
#include "work-plan.h"
#include <netinet/in.h>

#define KBIT_PER_MBIT 1000

/* Text of ours becomes an address of netctl's; anything else is a fault of ours. */
static gboolean
parse (const char *id, const char *text, NetctlPrefix *out, GError **error)
{
  return netctl_prefix_parse (text, out)
         || vmm_fail (error, VMM_ERROR_INTERNAL, "'%s' has the address '%s'", id, text);
}

/* An elastic address has bounds of its own, one that goes with its instance has the instance's. */
static gboolean
bounds_of (StoreTxn *txn, const VmmEip *eip, NetctlPublic *public, GError **error)
{
  guint in = vmm_bandwidth_in (eip->bandwidth_mbit), out = eip->bandwidth_mbit;

  if (eip->is_plain && !store_instance_get_bandwidth (txn, eip->target_id, &in, &out, error))
    return FALSE;
  public->kbit_s_in = in * KBIT_PER_MBIT;
  public->kbit_s_out = out * KBIT_PER_MBIT;
  return TRUE;
}

static gboolean
add_eip (StoreTxn *txn, const VmmEip *row, NetctlVpc *vpc, GError **error)
{
  NetctlPublic public = { 0 };
  NetctlEip eip = { 0 };

  if (!vmm_eip_state_leads (row->state))
    return TRUE;
  if (!parse (row->id, row->ip, &public.address, error) || !bounds_of (txn, row, &public, error))
    return FALSE;
  g_array_append_val (vpc->publics, public);
  if (*row->nic_id == '\0')
    return TRUE; /* a NAT gateway's: its entries say where it leads */
  eip.public_address = public.address;
  if (!parse (row->id, row->private_ip, &eip.private_address, error))
    return FALSE;
  g_array_append_val (vpc->eips, eip);
  return TRUE;
}

static gboolean
add_snats (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) entries = store_snat_list_vpc (txn, row->id, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const VmmSnat *entry = g_ptr_array_index (entries, i);
      NetctlSnat snat = { 0 };

      if (!parse (entry->id, entry->source_cidr, &snat.source, error)
          || !parse (entry->id, entry->ip, &snat.public_address, error))
        return FALSE;
      g_array_append_val (vpc->snats, snat);
    }
  return entries != NULL;
}

static gboolean
add_forwards (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) entries = store_forward_list_vpc (txn, row->id, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const VmmForward *entry = g_ptr_array_index (entries, i);
      NetctlForward forward = { .protocol = g_str_equal (entry->protocol, "tcp")   ? IPPROTO_TCP
                                            : g_str_equal (entry->protocol, "udp") ? IPPROTO_UDP
                                                                                   : -1,
                                .port_min = entry->external_min,
                                .port_max = entry->external_max,
                                .private_port_min = entry->internal_min,
                                .private_port_max = entry->internal_max };

      if (!parse (entry->id, entry->ip, &forward.public_address, error)
          || !parse (entry->id, entry->internal_ip, &forward.private_address, error))
        return FALSE;
      g_array_append_val (vpc->forwards, forward);
    }
  return entries != NULL;
}

gboolean
work_plan_publics (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  g_autoptr (GPtrArray) eips = store_eip_list_vpc (txn, row->id, error);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    if (!add_eip (txn, eips->pdata[i], vpc, error))
      return FALSE;
  return eips != NULL && add_snats (txn, row, vpc, error) && add_forwards (txn, row, vpc, error);
}

gboolean
work_plan_port_bounds (StoreTxn *txn, const VmmNic *nic, NetctlPort *port, GError **error)
{
  guint in = 0, out = 0;

  if (*nic->instance_id != '\0'
      && !store_instance_get_bandwidth (txn, nic->instance_id, &in, &out, error))
    return FALSE;
  port->kbit_s_in = in * KBIT_PER_MBIT;
  port->kbit_s_out = out * KBIT_PER_MBIT;
  return TRUE;
}
