/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a disk as tables: states, the work each implies, and the legal moves. Pure. A disk
 * made with its instance is in use from birth; while that instance is Pending it shows as Creating.
 * One that replaces a system disk is replacing from birth.
 * Growth and snapshots are no states: they happen to a disk that is available or in use. */
#pragma once
#include "vmm-state.h"

typedef enum
{
  VMM_DISK_CREATING, /* its layer is being made */
  VMM_DISK_AVAILABLE,
  VMM_DISK_ATTACHING, /* being plugged into a running guest */
  VMM_DISK_IN_USE,
  VMM_DISK_DETACHING, /* the running guest was asked to give it up */
  VMM_DISK_REVERTING, /* it could not be plugged in, and what was done is being undone */
  VMM_DISK_REINITING, /* in use by a stopped instance, and turning to another layer */
  VMM_DISK_RESETTING, /* the same, of one that is available */
  VMM_DISK_REPLACING, /* it took the place of a stopped instance's system disk: being made */
  VMM_DISK_DELETING,
  VMM_DISK_GONE, /* the row is removed in the same transaction */
  VMM_DISK_STATE_LAST
} VmmDiskState;

typedef enum
{
  VMM_DISK_MADE,       /* its layer stands */
  VMM_DISK_ATTACH,     /* asked for, to a running instance */
  VMM_DISK_ATTACH_OFF, /* asked for, to a stopped one, whose next start plugs it in */
  VMM_DISK_ATTACHED,   /* the guest has it */
  VMM_DISK_DETACH,     /* asked for, of a running instance */
  VMM_DISK_DETACHED,   /* the guest has let go of it, or is off, or was deleted */
  VMM_DISK_RESET,      /* asked for: ReInitDisk, ResetDisk */
  VMM_DISK_TURNED,     /* it rests on the other layer now */
  VMM_DISK_FAILED,     /* the work of the state cannot be done, or its deadline passed */
  VMM_DISK_DELETE,     /* asked for */
  VMM_DISK_DELETED,    /* nothing is left on the host */
  VMM_DISK_EVENT_LAST
} VmmDiskEvent;

/* What must be under way in a state. */
typedef enum
{
  VMM_DISK_WORK_NONE,
  VMM_DISK_WORK_MAKE,
  VMM_DISK_WORK_ATTACH,
  VMM_DISK_WORK_DETACH,
  VMM_DISK_WORK_TURN,
  VMM_DISK_WORK_DELETE
} VmmDiskWork;

VMM_ENUM_DECL (VmmDiskState, vmm_disk_state)
VMM_ENUM_DECL (VmmDiskEvent, vmm_disk_event)
/* Drawn in docs/disk-states.md. */
VMM_STATE_DECL (VmmDisk, vmm_disk)

/* What the API shows: "In_use", "Available", … NULL for GONE. Static. */
const char *vmm_disk_state_wire (VmmDiskState state);
/* The work that must be under way. */
VmmDiskWork vmm_disk_state_work (VmmDiskState state);
/* Whether a start of its instance gives it to the guest. */
gboolean vmm_disk_state_is_plugged (VmmDiskState state);
