/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 ranges of VPCs and vswitches, and addresses of interfaces. */
#include "config.h"

#include "ops-ipv6-row.h"
#include "ops-ipv6.h"
#include "ops-nic-row.h"
#include "ops-text.h"
#include "ops-txn.h"
#include "store-network.h"
#include "store-route.h"
#include "vmm-error.h"
#include "vmm-prefix.h"
#include <string.h>

#define VPC_LENGTH 56
#define VSWITCH_LENGTH 64
/* Random host parts meet once in an age; more often than this they do not. */
#define TRIES 16

static gboolean
parse_pool (const char *pool, VmmPrefix *out)
{
  return vmm_prefix_parse (pool, out) && out->is_ipv6 && out->length <= VPC_LENGTH
         && !vmm_prefix_clear_host (out);
}

gboolean
ops_ipv6_check_pool (const char *pool, GError **error)
{
  VmmPrefix range;

  return *pool == '\0' || parse_pool (pool, &range)
         || vmm_fail (error, VMM_ERROR_CONFIG,
                      "[network] ipv6-pool is '%s', must be an IPv6 range of at most /%d with no "
                      "bits set behind its length, or empty",
                      pool, VPC_LENGTH);
}

static gboolean
read_pool (VmmContext *ctx, VmmPrefix *out, GError **error)
{
  return parse_pool (ctx->config->ipv6_pool, out)
         || vmm_fail (error, VMM_ERROR_CIDR6_EXHAUSTED,
                      "IPv6 is not offered here: [network] ipv6-pool is '%s'",
                      ctx->config->ipv6_pool);
}

static char *
wanted_vpc_range (const VmmPrefix *pool, const char *wanted, GError **error)
{
  VmmPrefix range;

  if (vmm_prefix_parse (wanted, &range) && range.is_ipv6 && range.length == VPC_LENGTH
      && !vmm_prefix_clear_host (&range) && vmm_prefix_contains (pool, &range))
    return vmm_prefix_format (&range);
  vmm_fail (error, VMM_ERROR_CIDR6_MALFORMED, "the Ipv6CidrBlock '%s' must be a /%d of the pool",
            wanted, VPC_LENGTH);
  return NULL;
}

char *
ops_ipv6_choose_vpc (VmmContext *ctx, StoreTxn *txn, const char *wanted, GError **error)
{
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GHashTable) set = g_hash_table_new (g_str_hash, g_str_equal);
  VmmPrefix range;
  guint from;

  if (!read_pool (ctx, &range, error))
    return NULL;
  if (wanted != NULL)
    return wanted_vpc_range (&range, wanted, error);
  taken = store_vpc_ranges6 (txn, error);
  if (taken == NULL)
    return NULL;
  for (guint i = 0; i < taken->len; i++)
    g_hash_table_add (set, g_ptr_array_index (taken, i));
  from = MAX (range.length, VPC_LENGTH - 31);
  range.length = VPC_LENGTH;
  for (guint32 i = 0; i < (guint32) 1 << (VPC_LENGTH - from); i++)
    {
      g_autofree char *text = NULL;

      vmm_prefix_set_bits (&range, from, VPC_LENGTH, i);
      text = vmm_prefix_format (&range);
      if (!g_hash_table_contains (set, text))
        return g_steal_pointer (&text);
    }
  vmm_fail (error, VMM_ERROR_CIDR6_EXHAUSTED, "all of the [network] ipv6-pool '%s' is in use",
            ctx->config->ipv6_pool);
  return NULL;
}

/* The first number that no vswitch of the VPC has. */
static gboolean
free_number (StoreTxn *txn, const VmmVpc *vpc, int *out, GError **error)
{
  g_autoptr (GPtrArray) vswitches = store_vpc_vswitches (txn, vpc->id, error);
  gboolean taken[256] = { FALSE };

  if (vswitches == NULL)
    return FALSE;
  for (guint i = 0; i < vswitches->len; i++)
    {
      VmmPrefix range;

      if (vmm_prefix_parse (((VmmVswitch *) g_ptr_array_index (vswitches, i))->ipv6_cidr, &range))
        taken[vmm_prefix_bits (&range, VPC_LENGTH, VSWITCH_LENGTH)] = TRUE;
    }
  for (int i = 0; i < 256; i++)
    if (!taken[i])
      {
        *out = i;
        return TRUE;
      }
  return vmm_fail (error, VMM_ERROR_CIDR6_EXHAUSTED, "all of %s of %s is in use", vpc->ipv6_cidr,
                   vpc->id);
}

char *
ops_ipv6_choose_vswitch (StoreTxn *txn, const VmmVpc *vpc, int number, GError **error)
{
  VmmPrefix range;

  if (!vmm_prefix_parse (vpc->ipv6_cidr, &range))
    {
      vmm_fail (error, VMM_ERROR_VPC_NO_IPV6, "%s has no IPv6 range; see EnableIpv6", vpc->id);
      return NULL;
    }
  if (number < 0 && !free_number (txn, vpc, &number, error))
    return NULL;
  vmm_prefix_set_bits (&range, VPC_LENGTH, VSWITCH_LENGTH, (guint32) number);
  range.length = VSWITCH_LENGTH;
  return vmm_prefix_format (&range);
}

static guint
count_texts (const char *const *texts)
{
  return texts != NULL ? g_strv_length ((char **) texts) : 0;
}

gboolean
ops_ipv6_check_spec (const OpsIpv6Spec *spec, GError **error)
{
  guint named = count_texts (spec->ips);

  if (named > 0 && spec->count > 0)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "Ipv6Address.N and Ipv6AddressCount exclude each other");
  if (named + spec->count > VMM_NIC_ADDRESSES6_MAX)
    return vmm_fail (error, VMM_ERROR_NIC_ADDRESS6_LIMIT,
                     "%u IPv6 addresses asked; an interface has at most %u", named + spec->count,
                     VMM_NIC_ADDRESSES6_MAX);
  return TRUE;
}

/* One that is asked for, in canonical form. */
static char *
wanted_address (const VmmVswitch *vswitch, const VmmPrefix *range, const VmmNic *nic,
                const char *wanted, GError **error)
{
  VmmPrefix address;
  g_autofree char *text = NULL;

  if (!vmm_prefix_parse (wanted, &address) || strchr (wanted, '/') != NULL
      || !vmm_prefix_is_usable6 (range, &address))
    {
      vmm_fail (error, VMM_ERROR_NIC_ADDRESS6,
                "the address '%s' is not one an instance may have in %s", wanted,
                vswitch->ipv6_cidr);
      return NULL;
    }
  text = vmm_prefix_format_address (&address);
  if (g_ptr_array_find_with_equal_func (nic->ips6, text, g_str_equal, NULL))
    {
      vmm_fail (error, VMM_ERROR_NIC_ADDRESS_REPEATED,
                "the address '%s' is named twice or the interface's already", wanted);
      return NULL;
    }
  return g_steal_pointer (&text);
}

static gboolean
add_wanted (StoreTxn *txn, const VmmVswitch *vswitch, const VmmPrefix *range, VmmNic *nic,
            const char *wanted, GError **error)
{
  char *ip = wanted_address (vswitch, range, nic, wanted, error);

  if (ip == NULL)
    return FALSE;
  g_ptr_array_add (nic->ips6, ip);
  return store_nic_add_address6 (txn, nic, ip, error);
}

/* Nobody can tell from one address what others there are. */
static char *
random_address (const VmmPrefix *range)
{
  VmmPrefix address = *range;

  address.length = 128;
  do
    {
      vmm_prefix_set_bits (&address, 64, 96, g_random_int ());
      vmm_prefix_set_bits (&address, 96, 128, g_random_int ());
    }
  while (!vmm_prefix_is_usable6 (range, &address));
  return vmm_prefix_format_address (&address);
}

static gboolean
add_random (StoreTxn *txn, const VmmPrefix *range, VmmNic *nic, GError **error)
{
  for (guint i = 0; i < TRIES; i++)
    {
      g_autofree char *ip = random_address (range);
      g_autoptr (GError) local = NULL;

      if (store_nic_add_address6 (txn, nic, ip, &local))
        {
          g_ptr_array_add (nic->ips6, g_steal_pointer (&ip));
          return TRUE;
        }
      if (!g_error_matches (local, VMM_ERROR, VMM_ERROR_NIC_ADDRESS_ASSIGNED) || i + 1 == TRIES)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return FALSE;
}

gboolean
ops_ipv6_add (StoreTxn *txn, const VmmVswitch *vswitch, VmmNic *nic, const OpsIpv6Spec *spec,
              GError **error)
{
  guint named = count_texts (spec->ips);
  VmmPrefix range;

  if (nic->ips6 == NULL)
    nic->ips6 = g_ptr_array_new_with_free_func (g_free);
  if (named + spec->count == 0)
    return TRUE;
  if (!vmm_prefix_parse (vswitch->ipv6_cidr, &range))
    return vmm_fail (error, VMM_ERROR_VSWITCH_NO_IPV6, "vswitch '%s' has no IPv6 range",
                     vswitch->id);
  if (nic->ips6->len + named + spec->count > VMM_NIC_ADDRESSES6_MAX)
    return vmm_fail (
        error, VMM_ERROR_NIC_ADDRESS6_LIMIT,
        "interface '%s' has %u IPv6 addresses; with %u more it has above %u, its limit", nic->id,
        nic->ips6->len, named + spec->count, VMM_NIC_ADDRESSES6_MAX);
  for (guint i = 0; i < named; i++)
    if (!add_wanted (txn, vswitch, &range, nic, spec->ips[i], error))
      return FALSE;
  for (guint i = 0; i < spec->count; i++)
    if (!add_random (txn, &range, nic, error))
      return FALSE;
  return TRUE;
}

static gboolean
add_to (StoreTxn *txn, const VmmCaller *caller, VmmNic *nic, const OpsIpv6Spec *spec,
        GError **error)
{
  g_autoptr (VmmVswitch) vswitch
      = store_vswitch_get (txn, caller->account_id, nic->vswitch_id, error);

  return vswitch != NULL && ops_ipv6_add (txn, vswitch, nic, spec, error);
}

GPtrArray *
ops_ipv6_assign (VmmContext *ctx, const VmmCaller *caller, const char *nic_id,
                 const char *const *ips, guint count, GError **error)
{
  const OpsIpv6Spec spec = { ips, count };
  g_autofree char *before = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (StoreTxn) txn = NULL;
  g_autoptr (VmmNic) nic = NULL;
  guint had;

  if (count_texts (ips) + count == 0)
    {
      vmm_fail (error, VMM_ERROR_MISSING_PARAMETER,
                "the input parameter Ipv6Address.N or Ipv6AddressCount is mandatory");
      return NULL;
    }
  if (!ops_ipv6_check_spec (&spec, error))
    return NULL;
  txn = ops_begin (ctx, caller, &before, error);
  if (txn == NULL || before != NULL)
    return txn != NULL ? ops_text_split (before) : NULL;
  nic = ops_nic_find_changeable (txn, caller, nic_id, error);
  if (nic == NULL)
    return NULL;
  had = nic->ips6->len;
  if (!add_to (txn, caller, nic, &spec, error))
    return NULL;
  answer = ops_text_join (nic->ips6, had);
  if (!ops_finish_kick (ctx, &txn, caller, answer, nic_id, error))
    return NULL;
  return ops_text_split (answer);
}

/* A route of IPv6 to the interface must keep an address to lead to. */
static gboolean
check_routes (StoreTxn *txn, const VmmNic *nic, guint n_removed, GError **error)
{
  guint routes = 0;

  if (n_removed < nic->ips6->len)
    return TRUE;
  if (!store_route_count_to6 (txn, nic->id, &routes, error))
    return FALSE;
  return routes == 0
         || vmm_fail (error, VMM_ERROR_DEPENDENCY_ROUTE,
                      "%u IPv6 routes lead to interface '%s'; delete them first", routes, nic->id);
}

static gboolean
remove_one (StoreTxn *txn, const VmmNic *nic, const char *ip, GError **error)
{
  VmmPrefix address;
  g_autofree char *text = NULL;
  gboolean removed = FALSE;

  if (vmm_prefix_parse (ip, &address) && address.is_ipv6)
    {
      text = vmm_prefix_format_address (&address);
      if (!store_nic_remove_address6 (txn, nic, text, &removed, error))
        return FALSE;
    }
  return removed
         || vmm_fail (error, VMM_ERROR_NIC_ADDRESS_UNASSIGNED,
                      "'%s' is no IPv6 address of interface '%s'", ip, nic->id);
}

gboolean
ops_ipv6_unassign (VmmContext *ctx, const VmmCaller *caller, const char *nic_id,
                   const char *const *ips, GError **error)
{
  g_autofree char *before = NULL;
  g_autoptr (StoreTxn) txn = ops_begin (ctx, caller, &before, error);
  g_autoptr (VmmNic) nic = NULL;

  if (txn == NULL || before != NULL)
    return txn != NULL;
  nic = ops_nic_find_changeable (txn, caller, nic_id, error);
  if (nic == NULL)
    return FALSE;
  for (guint i = 0; ips[i] != NULL; i++)
    if (!remove_one (txn, nic, ips[i], error))
      return FALSE;
  return check_routes (txn, nic, count_texts (ips), error)
         && ops_finish_kick (ctx, &txn, caller, "", nic_id, error);
}
