/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forward entries of NAT gateways. */
#include "config.h"

#include "ops-nat-check.h"
#include "ops-nat.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-nat.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-id.h"
#include <string.h>

/* "80", "8000/8010", or "any" where all ports are meant. */
static gboolean
parse_ports (const char *text, gboolean is_any, int *out_min, int *out_max)
{
  g_auto (GStrv) ends = g_strsplit (text, "/", 2);
  guint64 first = 0, last = 0;

  if (g_ascii_strcasecmp (text, "any") == 0)
    {
      *out_min = *out_max = -1;
      return is_any;
    }
  if (is_any || ends[0] == NULL
      || !g_ascii_string_to_unsigned (ends[0], 10, 1, 65535, &first, NULL))
    return FALSE;
  last = first;
  if (ends[1] != NULL && !g_ascii_string_to_unsigned (ends[1], 10, first, 65535, &last, NULL))
    return FALSE;
  *out_min = (int) first;
  *out_max = (int) last;
  return TRUE;
}

static gboolean
set_ports (VmmForward *entry, const OpsForwardSpec *spec, GError **error)
{
  gboolean is_any;

  if (spec->protocol != NULL)
    {
      g_free (entry->protocol);
      entry->protocol = g_ascii_strdown (spec->protocol, -1);
    }
  is_any = g_str_equal (entry->protocol, "any");
  if (!is_any && !g_str_equal (entry->protocol, "tcp") && !g_str_equal (entry->protocol, "udp"))
    return vmm_fail (error, VMM_ERROR_FORWARD_PROTOCOL,
                     "the IpProtocol '%s' must be TCP, UDP or Any", spec->protocol);
  if (spec->external_port != NULL
      && !parse_ports (spec->external_port, is_any, &entry->external_min, &entry->external_max))
    return vmm_fail (error, VMM_ERROR_FORWARD_EXTERNAL_PORT,
                     "the ExternalPort '%s' must be a port or two with a slash between them, and "
                     "'any' if and only if the IpProtocol is Any",
                     spec->external_port);
  if (spec->internal_port != NULL
      && !parse_ports (spec->internal_port, is_any, &entry->internal_min, &entry->internal_max))
    return vmm_fail (error, VMM_ERROR_FORWARD_INTERNAL_PORT,
                     "the InternalPort '%s' must be a port or two with a slash between them, and "
                     "'any' if and only if the IpProtocol is Any",
                     spec->internal_port);
  if (is_any != (entry->external_min == -1) || is_any != (entry->internal_min == -1))
    return vmm_fail (error, VMM_ERROR_FORWARD_EXTERNAL_PORT,
                     "both ports must be 'any' if and only if the IpProtocol is Any");
  if (entry->external_max - entry->external_min != entry->internal_max - entry->internal_min)
    return vmm_fail (error, VMM_ERROR_FORWARD_INTERNAL_PORT,
                     "ExternalPort and InternalPort must be as many ports");
  return TRUE;
}

/* An address that an instance of the VPC may have: nothing else in the VPC is for strangers. */
static gboolean
check_internal (StoreTxn *txn, const VmmNatGateway *gateway, const char *text, GError **error)
{
  g_autoptr (GPtrArray) vswitches = NULL;
  guint32 ip = 0;

  if (!vmm_address_parse (text, &ip))
    return vmm_fail (error, VMM_ERROR_FORWARD_INTERNAL_IP, "the InternalIp '%s' is no IPv4 address",
                     text);
  vswitches = store_vpc_vswitches (txn, gateway->vpc_id, error);
  for (guint i = 0; vswitches != NULL && i < vswitches->len; i++)
    {
      VmmRange range;

      if (vmm_range_parse (((const VmmVswitch *) vswitches->pdata[i])->cidr, &range)
          && vmm_range_is_usable (&range, ip))
        return TRUE;
    }
  return vswitches != NULL
         && vmm_fail (error, VMM_ERROR_FORWARD_OUTSIDE,
                      "the InternalIp '%s' is in no vswitch of '%s', or reserved there", text,
                      gateway->vpc_id);
}

static gboolean
set_addresses (StoreTxn *txn, const VmmNatGateway *gateway, VmmForward *entry,
               const OpsForwardSpec *spec, GError **error)
{
  if (spec->external_ip != NULL)
    {
      g_autoptr (VmmEip) eip = ops_nat_find_ip (txn, gateway, spec->external_ip,
                                                VMM_ERROR_FORWARD_IP_NOT_FOUND, error);

      if (eip == NULL)
        return FALSE;
      ops_text_replace (&entry->eip_id, eip->id);
      ops_text_replace (&entry->ip, eip->ip);
    }
  if (spec->internal_ip == NULL)
    return TRUE;
  if (!check_internal (txn, gateway, spec->internal_ip, error))
    return FALSE;
  ops_text_replace (&entry->internal_ip, spec->internal_ip);
  return TRUE;
}

/* Whether any packet to the address would be for both. */
static gboolean
collide (const VmmForward *a, const VmmForward *b)
{
  if (!g_str_equal (a->eip_id, b->eip_id))
    return FALSE;
  if (g_str_equal (a->protocol, "any") || g_str_equal (b->protocol, "any"))
    return TRUE;
  return g_str_equal (a->protocol, b->protocol) && a->external_min <= b->external_max
         && b->external_min <= a->external_max;
}

static gboolean
check_apart (StoreTxn *txn, const VmmForward *entry, GError **error)
{
  g_autoptr (GPtrArray) others = store_forward_list_vpc (txn, entry->vpc_id, error);

  for (guint i = 0; others != NULL && i < others->len; i++)
    {
      const VmmForward *other = g_ptr_array_index (others, i);

      if (!g_str_equal (other->id, entry->id) && collide (entry, other))
        return vmm_fail (error, VMM_ERROR_FORWARD_EXISTS,
                         "the forward entry '%s' takes what comes to %s there already", other->id,
                         other->ip);
    }
  return others != NULL;
}

/* All of @spec into @entry, checked against what is there. */
static gboolean
fill (StoreTxn *txn, const VmmNatGateway *gateway, VmmForward *entry, const OpsForwardSpec *spec,
      GError **error)
{
  ops_text_replace (&entry->name, spec->name);
  return set_ports (entry, spec, error) && set_addresses (txn, gateway, entry, spec, error)
         && check_apart (txn, entry, error);
}

VmmForward *
ops_forward_create (VmmContext *ctx, const VmmCaller *caller, const OpsForwardSpec *spec,
                    GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmForward) entry = g_new0 (VmmForward, 1);

  if (!ops_text_check (spec->name, VMM_ERROR_PUBLIC_NAME, NULL, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL)
    return NULL;
  if (before != NULL)
    return store_forward_get (txn, caller->account_id, spec->table_id, before, error);
  gateway = store_nat_get_by_forward_table (txn, caller->account_id, spec->table_id, error);
  if (gateway == NULL || !ops_nat_check_room (txn, gateway, VMM_ERROR_FORWARD_QUOTA, error))
    return NULL;
  entry->id = vmm_id_new (VMM_ID_FORWARD);
  entry->account_id = g_strdup (caller->account_id);
  entry->nat_gateway_id = g_strdup (gateway->id);
  entry->vpc_id = g_strdup (gateway->vpc_id);
  entry->name = g_strdup ("");
  entry->created_ms = vmm_clock_now_ms ();
  if (!fill (txn, gateway, entry, spec, error) || !store_forward_insert (txn, entry, error)
      || !ops_finish_kick (ctx, &txn, caller, entry->id, entry->vpc_id, error))
    return NULL;
  return g_steal_pointer (&entry);
}

/* An entry of the table, and the gateway that the table is of. */
static VmmForward *
find_entry (StoreTxn *txn, const VmmCaller *caller, const char *table_id, const char *id,
            VmmNatGateway **out_gateway, GError **error)
{
  *out_gateway = store_nat_get_by_forward_table (txn, caller->account_id, table_id, error);
  return *out_gateway != NULL ? store_forward_get (txn, caller->account_id, table_id, id, error)
                              : NULL;
}

gboolean
ops_forward_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                    const OpsForwardSpec *spec, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmForward) entry = NULL;

  if (!ops_text_check (spec->name, VMM_ERROR_PUBLIC_NAME, NULL, error))
    return FALSE;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL;
  entry = find_entry (txn, caller, spec->table_id, id, &gateway, error);
  return entry != NULL && fill (txn, gateway, entry, spec, error)
         && store_forward_update (txn, entry, error)
         && ops_finish_kick (ctx, &txn, caller, "", entry->vpc_id, error);
}

gboolean
ops_forward_delete (VmmContext *ctx, const VmmCaller *caller, const char *table_id, const char *id,
                    GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNatGateway) gateway = NULL;
  g_autoptr (VmmForward) entry = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  entry = find_entry (txn, caller, table_id, id, &gateway, error);
  return entry != NULL && store_forward_delete (txn, id, error)
         && ops_finish_kick (ctx, &txn, caller, "", entry->vpc_id, error);
}

GPtrArray *
ops_forward_list (VmmContext *ctx, const VmmCaller *caller, const VmmForwardQuery *query,
                  const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  return txn != NULL ? store_forward_list (txn, caller->account_id, query, page, out_info, error)
                     : NULL;
}
