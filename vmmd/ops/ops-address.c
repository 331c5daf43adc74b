/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of public addresses: made, chosen, letting go. */
#include "config.h"

#include "ops-address.h"
#include "store-eip.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-id.h"

gint64
ops_address_deadline (VmmContext *ctx)
{
  return vmm_clock_now_ms () + ctx->config->address_s * G_GINT64_CONSTANT (1000);
}

VmmEip *
ops_address_new (const char *account_id, const char *charge_type)
{
  VmmEip *eip = g_new0 (VmmEip, 1);
  char **empty[] = { &eip->target_type, &eip->target_id,  &eip->vpc_id,
                     &eip->nic_id,      &eip->private_ip, &eip->reason };

  for (guint i = 0; i < G_N_ELEMENTS (empty); i++)
    *empty[i] = g_strdup ("");
  eip->id = vmm_id_new (VMM_ID_EIP);
  eip->account_id = g_strdup (account_id);
  eip->charge_type = g_strdup (charge_type != NULL ? charge_type : "PayByTraffic");
  eip->state = VMM_EIP_AVAILABLE;
  eip->created_ms = vmm_clock_now_ms ();
  return eip;
}

/* The given address, if it is one of ours and can be read. */
static char *
choose_wanted (VmmContext *ctx, const char *wanted, GError **error)
{
  guint32 address = 0;

  if (!vmm_address_parse (wanted, &address))
    vmm_fail (error, VMM_ERROR_PUBLIC_IP_MALFORMED, "the IpAddress '%s' is no IPv4 address",
              wanted);
  else if (!vmm_pool_contains (ctx->pools, address))
    vmm_fail (error, VMM_ERROR_PUBLIC_IP_NOT_FOUND,
              "the IpAddress '%s' is in none of the pools of public addresses here", wanted);
  else
    return vmm_address_format (address);
  return NULL;
}

char *
ops_address_choose (VmmContext *ctx, StoreTxn *txn, const char *wanted, VmmError none_code,
                    GError **error)
{
  guint32 address = 0;

  if (vmm_pool_is_empty (ctx->pools))
    {
      vmm_fail (error, none_code,
                "no public addresses can be had here: public-pools in [network] of the "
                "configuration is empty");
      return NULL;
    }
  if (wanted != NULL && *wanted != '\0')
    return choose_wanted (ctx, wanted, error);
  for (guint i = 0; address == 0 && i < ctx->pools->ranges->len; i++)
    {
      const VmmPoolRange *range = &g_array_index (ctx->pools->ranges, VmmPoolRange, i);

      if (!store_eip_free_address (txn, range->first, range->last, &address, error))
        return NULL;
    }
  if (address != 0)
    return vmm_address_format (address);
  vmm_fail (error, none_code,
            "all public addresses are taken; more can be named by public-pools in [network] of "
            "the configuration");
  return NULL;
}

gboolean
ops_address_check_instance (const VmmInstance *instance, GError **error)
{
  return instance->state == VMM_INSTANCE_RUNNING || instance->state == VMM_INSTANCE_STOPPED
         || vmm_fail (error, VMM_ERROR_INSTANCE_STATUS,
                      "the current status '%s' of instance '%s' does not support this operation",
                      vmm_instance_state_wire (instance->state), instance->id);
}

gboolean
ops_address_let_go (VmmContext *ctx, StoreTxn *txn, const VmmEip *eip, VmmEipEvent event,
                    const char *reason, GError **error)
{
  /* What it led to is shown until the host has let go; nic_id would keep the private address. */
  StoreEipMove move = { .from = eip->state,
                        .reason = reason,
                        .deadline_ms = ops_address_deadline (ctx),
                        .target_type = eip->target_type,
                        .target_id = eip->target_id,
                        .vpc_id = eip->vpc_id,
                        .nic_id = "" };

  if (!vmm_eip_state_next (eip->state, event, &move.to))
    return vmm_fail (error, VMM_ERROR_EIP_STATUS,
                     "the current status '%s' of '%s' does not support this operation",
                     vmm_eip_state_wire (eip->state), eip->id);
  return store_eip_move (txn, eip->id, &move, error);
}

gboolean
ops_address_check_overlap (StoreTxn *txn, const char *vpc_id, const char *ip, GError **error)
{
  g_autoptr (GPtrArray) vswitches = store_vpc_vswitches (txn, vpc_id, error);
  guint32 address = 0;

  g_return_val_if_fail (vmm_address_parse (ip, &address), FALSE);
  for (guint i = 0; vswitches != NULL && i < vswitches->len; i++)
    {
      const VmmVswitch *vswitch = g_ptr_array_index (vswitches, i);
      VmmRange range;

      if (vmm_range_parse (vswitch->cidr, &range) && address >= range.first
          && address <= range.last)
        return vmm_fail (error, VMM_ERROR_EIP_OVERLAP,
                         "the public address %s lies in the range %s of '%s'", ip, vswitch->cidr,
                         vswitch->id);
    }
  return vswitches != NULL;
}

VmmEip *
ops_address_insert_plain (VmmContext *ctx, StoreTxn *txn, const VmmInstance *instance,
                          const VmmNic *nic, const char *ip, GError **error)
{
  g_autoptr (VmmEip) eip = g_new0 (VmmEip, 1);

  eip->ip = ops_address_choose (ctx, txn, ip, VMM_ERROR_PUBLIC_IP_NONE, error);
  if (eip->ip == NULL || !ops_address_check_overlap (txn, nic->vpc_id, eip->ip, error))
    return NULL;
  eip->id = vmm_id_new (VMM_ID_EIP);
  eip->account_id = g_strdup (instance->account_id);
  eip->name = g_strdup ("");
  eip->description = g_strdup ("");
  eip->is_plain = TRUE;
  eip->state = VMM_EIP_ASSOCIATING;
  eip->charge_type = g_strdup (instance->charge_type);
  eip->target_type = g_strdup (VMM_EIP_INSTANCE);
  eip->target_id = g_strdup (instance->id);
  eip->vpc_id = g_strdup (nic->vpc_id);
  eip->nic_id = g_strdup (nic->id);
  eip->private_ip = g_strdup (nic->ip);
  eip->created_ms = vmm_clock_now_ms ();
  eip->deadline_ms = ops_address_deadline (ctx);
  eip->reason = g_strdup ("");
  return store_eip_insert (txn, eip, error) ? g_steal_pointer (&eip) : NULL;
}
