/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a disk's life. A product decision is a row here and nothing elsewhere. */
#include "config.h"

#include "vmm-disk-state.h"

#define S(name) VMM_DISK_##name
#define E(name) VMM_DISK_##name

VMM_ENUM_IMPL (VmmDiskState, vmm_disk_state, VMM_DISK_STATE_LAST, "creating", "available",
               "attaching", "in-use", "detaching", "reverting", "reiniting", "resetting",
               "replacing", "deleting", "gone")
VMM_ENUM_IMPL (VmmDiskEvent, vmm_disk_event, VMM_DISK_EVENT_LAST, "made", "attach", "attach-off",
               "attached", "detach", "detached", "reset", "turned", "failed", "delete", "deleted")

static const struct
{
  const char *wire;
  VmmDiskWork work;
  gboolean is_plugged;
} states[] = {
  [S (CREATING)] = { "Creating", VMM_DISK_WORK_MAKE, FALSE },
  [S (AVAILABLE)] = { "Available", VMM_DISK_WORK_NONE, FALSE },
  [S (ATTACHING)] = { "Attaching", VMM_DISK_WORK_ATTACH, TRUE },
  [S (IN_USE)] = { "In_use", VMM_DISK_WORK_NONE, TRUE },
  [S (DETACHING)] = { "Detaching", VMM_DISK_WORK_DETACH, FALSE },
  [S (REVERTING)] = { "Detaching", VMM_DISK_WORK_DETACH, FALSE },
  [S (REINITING)] = { "ReIniting", VMM_DISK_WORK_TURN, TRUE },
  [S (RESETTING)] = { "ReIniting", VMM_DISK_WORK_TURN, FALSE },
  [S (REPLACING)] = { "ReIniting", VMM_DISK_WORK_MAKE, TRUE },
  [S (DELETING)] = { "Deleting", VMM_DISK_WORK_DELETE, FALSE },
  [S (GONE)] = { NULL, VMM_DISK_WORK_NONE, FALSE },
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == VMM_DISK_STATE_LAST);

static const VmmStateMove moves[] = {
  { S (CREATING), E (MADE), S (AVAILABLE) },
  { S (CREATING), E (FAILED), S (DELETING) }, /* all or nothing */
  { S (AVAILABLE), E (ATTACH), S (ATTACHING) },
  { S (AVAILABLE), E (ATTACH_OFF), S (IN_USE) },
  { S (AVAILABLE), E (RESET), S (RESETTING) },
  { S (AVAILABLE), E (DELETE), S (DELETING) },
  { S (ATTACHING), E (ATTACHED), S (IN_USE) },
  { S (ATTACHING), E (FAILED), S (REVERTING) },
  { S (ATTACHING), E (DETACHED), S (AVAILABLE) }, /* its instance was deleted */
  { S (IN_USE), E (DETACH), S (DETACHING) },
  { S (IN_USE), E (DETACHED), S (AVAILABLE) }, /* its instance is off, or was deleted */
  { S (IN_USE), E (RESET), S (REINITING) },
  /* A guest that will not let go keeps it until it does or stops: never lost, never used twice. */
  { S (DETACHING), E (DETACHED), S (AVAILABLE) },
  { S (DETACHING), E (FAILED), S (DETACHING) },
  { S (REVERTING), E (DETACHED), S (AVAILABLE) },
  { S (REVERTING), E (FAILED), S (REVERTING) },
  { S (REINITING), E (TURNED), S (IN_USE) },
  { S (REINITING), E (FAILED), S (IN_USE) },      /* it still rests on what it did */
  { S (REINITING), E (DETACHED), S (RESETTING) }, /* its instance was deleted */
  { S (RESETTING), E (TURNED), S (AVAILABLE) },
  { S (RESETTING), E (FAILED), S (AVAILABLE) },
  { S (REPLACING), E (MADE), S (IN_USE) },
  { S (REPLACING), E (FAILED),
    S (REPLACING) }, /* what it replaced is gone: reported, and tried on */
  { S (DELETING), E (DELETED), S (GONE) },
  { S (DELETING), E (FAILED), S (DELETING) }, /* reported as stuck, and tried on */
};

static const guint first[] = { S (CREATING), S (REPLACING) };

VMM_STATE_IMPL (VmmDisk, vmm_disk)
VMM_STATE_COLUMN (const char *, vmm_disk_state_wire, VmmDiskState, wire)
VMM_STATE_COLUMN (VmmDiskWork, vmm_disk_state_work, VmmDiskState, work)
VMM_STATE_COLUMN (gboolean, vmm_disk_state_is_plugged, VmmDiskState, is_plugged)
