/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a network interface's life. A product decision is a row here and nothing
 * elsewhere. */
#include "config.h"

#include "vmm-nic-state.h"

#define S(name) VMM_NIC_##name
#define E(name) VMM_NIC_##name

VMM_ENUM_IMPL (VmmNicState, vmm_nic_state, VMM_NIC_STATE_LAST, "available", "attaching", "in-use",
               "detaching", "reverting", "deleting", "gone")
VMM_ENUM_IMPL (VmmNicEvent, vmm_nic_event, VMM_NIC_EVENT_LAST, "attach", "attach-off", "attached",
               "detach", "detached", "failed", "delete", "deleted")

static const struct
{
  const char *wire;
  VmmNicWork work;
  gboolean is_plugged;
} states[] = {
  [S (AVAILABLE)] = { "Available", VMM_NIC_WORK_NONE, FALSE },
  [S (ATTACHING)] = { "Attaching", VMM_NIC_WORK_ATTACH, TRUE },
  [S (IN_USE)] = { "InUse", VMM_NIC_WORK_NONE, TRUE },
  [S (DETACHING)] = { "Detaching", VMM_NIC_WORK_DETACH, FALSE },
  [S (REVERTING)] = { "Detaching", VMM_NIC_WORK_DETACH, FALSE },
  [S (DELETING)] = { "Deleting", VMM_NIC_WORK_DELETE, FALSE },
  [S (GONE)] = { NULL, VMM_NIC_WORK_NONE, FALSE },
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == VMM_NIC_STATE_LAST);

static const VmmStateMove moves[] = {
  { S (AVAILABLE), E (ATTACH), S (ATTACHING) },
  { S (AVAILABLE), E (ATTACH_OFF), S (IN_USE) },
  { S (AVAILABLE), E (DELETE), S (DELETING) },
  { S (ATTACHING), E (ATTACHED), S (IN_USE) },
  { S (ATTACHING), E (FAILED), S (REVERTING) },
  { S (ATTACHING), E (DETACHED), S (AVAILABLE) }, /* its instance was deleted */
  { S (IN_USE), E (DETACH), S (DETACHING) },
  { S (IN_USE), E (DETACHED), S (AVAILABLE) }, /* its instance is off, or was deleted */
  { S (DETACHING), E (DETACHED), S (AVAILABLE) },
  { S (DETACHING), E (FAILED), S (IN_USE) }, /* the guest kept it, so it works again */
  { S (REVERTING), E (DETACHED), S (AVAILABLE) },
  { S (REVERTING), E (FAILED), S (REVERTING) }, /* reported as stuck, and tried on */
  { S (DELETING), E (DELETED), S (GONE) },
  { S (DELETING), E (FAILED), S (DELETING) }, /* reported as stuck, and tried on */
};

static const guint first[] = { S (AVAILABLE) };

VMM_STATE_IMPL (VmmNic, vmm_nic)
VMM_STATE_COLUMN (const char *, vmm_nic_state_wire, VmmNicState, wire)
VMM_STATE_COLUMN (VmmNicWork, vmm_nic_state_work, VmmNicState, work)
VMM_STATE_COLUMN (gboolean, vmm_nic_state_is_plugged, VmmNicState, is_plugged)
