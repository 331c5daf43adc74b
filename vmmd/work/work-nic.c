/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces of running guests: plugged in behind a closed firewall, taken out behind one,
 * changed in place. Plugging is part of the instance's item, so that one domain has one caller;
 * what concerns the network alone is the interface's own. */
#include "config.h"

#include "ops-applied.h"
#include "ops-nic.h"
#include "store-applied.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-log.h"
#include "work-item.h"
#include "work.h"

/* What libvirt refuses so often it will not take. */
#define ATTACH_ATTEMPTS 3
/* A guest that was not ready for it loses the request. */
#define ASK_AGAIN_MS 5000

/* Reports @event; a move that another made first is settled by looking again. */
static gint64
report (WorkItem *item, const VmmNic *nic, VmmNicEvent event, const char *reason)
{
  g_autoptr (GError) error = NULL;

  if (ops_nic_event (item->ctx, nic->id, nic->state, event, reason, &error))
    {
      vmm_info ("interface %s: %s after %s%s%s", nic->id, vmm_nic_event_to_string (event),
                vmm_nic_state_to_string (nic->state), reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
      item->failures = 0;
      work_forget_attempts (item, nic->id);
      g_clear_error (item->last_error);
      /* Its groups may have nobody left on this host. */
      if (event == VMM_NIC_DETACHED)
        work_kick (item->work, nic->id);
      return event == VMM_NIC_DELETED ? WORK_DONE : 0;
    }
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_NIC_STATUS))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

static gboolean
is_expired (const VmmNic *nic)
{
  return nic->deadline_ms != 0 && vmm_clock_now_ms () > nic->deadline_ms;
}

/* Past its deadline a state ends, and its owner reads why. */
static gint64
expire (WorkItem *item, const VmmNic *nic, const char *why)
{
  const GError *last = *item->last_error;
  g_autofree char *reason = g_strdup_printf ("%s%s%s", why, last != NULL ? ": " : "",
                                             last != NULL ? last->message : "");

  return report (item, nic, VMM_NIC_FAILED, reason);
}

/* Rules and DHCP first, then the device with its link down, its tap behind the rules, and only then
 * the link. Each step may run twice. */
static gboolean
open_nic (WorkItem *item, const VmmInstance *instance, const VmmNic *nic, GError **error)
{
  g_autofree char *tap = netctl_port_tap_name (nic->index);
  const VirtNic device = { .tap = tap, .mac = nic->mac, .mtu = NETCTL_GUEST_MTU };

  return work_nic_prepare (item, instance, nic, error)
         && WORK_CALL (item->parts->virt, nic_attach, instance->id, &device, error)
         && work_nic_attach (item, instance, nic, error)
         && WORK_CALL (item->parts->virt, nic_link, instance->id, tap, TRUE, error);
}

static gint64
plug (WorkItem *item, const VmmInstance *instance, const VmmNic *nic)
{
  g_autoptr (GError) error = NULL;

  if (is_expired (nic))
    return expire (item, nic, "it could not be attached within its time");
  if (open_nic (item, instance, nic, &error))
    return report (item, nic, VMM_NIC_ATTACHED, NULL);
  if (work_attempt_failed (item, nic->id, ATTACH_ATTEMPTS, error))
    return report (item, nic, VMM_NIC_FAILED, error->message);
  return work_failed (item, g_steal_pointer (&error));
}

/* The port is closed before the guest is asked, so that nothing passes while it makes up its mind.
 */
static gint64
unplug (WorkItem *item, const VmmInstance *instance, const VmmNic *nic)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *tap = netctl_port_tap_name (nic->index);
  gboolean is_gone = FALSE;

  if (!work_nic_detach (item, instance, nic, &error)
      || !WORK_CALL (item->parts->virt, nic_detach, instance->id, tap, &is_gone, &error))
    {
      if (is_expired (nic))
        return expire (item, nic, error->message);
      return work_failed (item, g_steal_pointer (&error));
    }
  if (is_gone)
    return report (item, nic, VMM_NIC_DETACHED, NULL);
  if (is_expired (nic))
    return expire (item, nic, "the guest did not release it");
  return MIN (ASK_AGAIN_MS, nic->deadline_ms - vmm_clock_now_ms () + 1);
}

/* Whether the host has the port as its row wants it. */
static gboolean
is_in_force (WorkItem *item, const VmmNic *nic)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, NULL);
  g_autoptr (StoreApplied) applied
      = txn != NULL ? store_applied_get (txn, item->ctx->host_id, nic->id, NULL) : NULL;

  return applied != NULL && applied->generation != 0;
}

/* One in use must be there and open: a guest may have given it up too late, or kept it after all.
 * That can wait for a libvirtd that is away. */
static gint64
keep (WorkItem *item, const VmmInstance *instance, const VmmNic *nic)
{
  g_autofree char *tap = netctl_port_tap_name (nic->index);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) facts
      = item->parts->virt->class->nic_list (item->parts->virt, instance->id, &error);
  const VirtNicFact *fact = facts != NULL ? virt_nic_fact_find (facts, tap) : NULL;

  if (facts == NULL)
    return work_is_away (error) ? WORK_DONE : work_failed (item, g_steal_pointer (&error));
  if (fact != NULL && fact->is_up && is_in_force (item, nic))
    return WORK_DONE;
  vmm_info ("interface %s: opening it again", nic->id);
  if (open_nic (item, instance, nic, &error))
    return WORK_DONE;
  return work_failed (item, g_steal_pointer (&error));
}

static gint64
settle_one (WorkItem *item, const VmmInstance *instance, const VmmNic *nic)
{
  switch (vmm_nic_state_work (nic->state))
    {
    case VMM_NIC_WORK_ATTACH:
      return plug (item, instance, nic);
    case VMM_NIC_WORK_DETACH:
      return unplug (item, instance, nic);
    case VMM_NIC_WORK_DELETE:
    case VMM_NIC_WORK_NONE:
    default:
      return keep (item, instance, nic);
    }
}

gint64
work_instance_nics (WorkItem *item, const VmmInstance *instance)
{
  gint64 next = WORK_DONE;

  for (guint i = 0; i < instance->nics->len; i++)
    {
      const VmmNic *nic = g_ptr_array_index (instance->nics, i);
      gint64 delay;

      if (nic->is_primary)
        continue;
      delay = settle_one (item, instance, nic);
      if (delay != WORK_DONE)
        next = next == WORK_DONE ? delay : MIN (next, delay);
    }
  return next;
}

/* ---- the interface's own item ---- */

/* Nothing of it may be left on the host; then its row goes. */
static gint64
delete_nic (WorkItem *item, const VmmNic *nic)
{
  g_autoptr (GError) error = NULL;

  if (is_expired (nic))
    return expire (item, nic, "it could not be deleted within its time");
  if (!work_nic_detach (item, NULL, nic, &error) || !work_nic_release (item, nic, &error))
    return work_failed (item, g_steal_pointer (&error));
  return report (item, nic, VMM_NIC_DELETED, NULL);
}

/* Groups or addresses changed. */
static gint64
change_nic (WorkItem *item, const VmmNic *nic)
{
  g_autoptr (GError) error = NULL;

  if (work_nic_change (item, nic, &error))
    return WORK_DONE;
  if (g_error_matches (error, VMM_ERROR, VMM_ERROR_OPERATION_CONFLICT))
    return 0;
  return work_failed (item, g_steal_pointer (&error));
}

static gint64
release_nic (WorkItem *item, const VmmNic *nic)
{
  g_autoptr (GError) error = NULL;

  return work_nic_release (item, nic, &error) ? WORK_DONE
                                              : work_failed (item, g_steal_pointer (&error));
}

gint64
work_nic (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, &error);
  g_autoptr (VmmNic) nic = txn != NULL ? store_nic_get (txn, item->id, &error) : NULL;

  g_clear_pointer (&txn, store_txn_free);
  if (error != NULL)
    return work_failed (item, g_steal_pointer (&error));
  if (nic == NULL)
    return WORK_DONE;
  if (vmm_nic_state_work (nic->state) == VMM_NIC_WORK_DELETE)
    return delete_nic (item, nic);
  return nic->state == VMM_NIC_AVAILABLE ? release_nic (item, nic) : change_nic (item, nic);
}
