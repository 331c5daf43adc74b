/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of an instance as tables: states, the work each implies, and the legal moves. Pure. */
#pragma once
#include "vmm-state.h"

typedef enum
{
  VMM_INSTANCE_PENDING, /* disks and network are being made */
  VMM_INSTANCE_BOOTING, /* first start of RunInstances, part of the all-or-nothing create */
  VMM_INSTANCE_STOPPED,
  VMM_INSTANCE_STARTING,
  VMM_INSTANCE_RUNNING,
  VMM_INSTANCE_STOPPING,
  VMM_INSTANCE_REBOOTING, /* on the way down; STARTING follows */
  VMM_INSTANCE_DELETING,
  VMM_INSTANCE_GONE, /* the row is removed in the same transaction */
  VMM_INSTANCE_STATE_LAST
} VmmInstanceState;

typedef enum
{
  VMM_INSTANCE_STAGED,      /* disks and network stand; CreateInstance ends here */
  VMM_INSTANCE_STAGED_BOOT, /* the same, and RunInstances goes on to the first start */
  VMM_INSTANCE_START,       /* asked for */
  VMM_INSTANCE_STARTED,     /* the guest runs */
  VMM_INSTANCE_STOP,        /* asked for */
  VMM_INSTANCE_REBOOT,      /* asked for */
  VMM_INSTANCE_OFF,         /* seen off: asked for, or the guest powered itself off */
  VMM_INSTANCE_CRASHED,     /* QEMU died unasked, and it shall be restarted */
  VMM_INSTANCE_FAILED,      /* the work of the state cannot be done, or its deadline passed */
  VMM_INSTANCE_DELETE,      /* asked for */
  VMM_INSTANCE_DELETED,     /* nothing is left on the host */
  VMM_INSTANCE_EVENT_LAST
} VmmInstanceEvent;

/* What must be under way in a state. */
typedef enum
{
  VMM_WORK_NONE,
  VMM_WORK_STAGE,
  VMM_WORK_START,
  VMM_WORK_STOP,
  VMM_WORK_REBOOT,
  VMM_WORK_DELETE
} VmmWork;

VMM_ENUM_DECL (VmmInstanceState, vmm_instance_state)
VMM_ENUM_DECL (VmmInstanceEvent, vmm_instance_event)
/* Drawn in docs/instance-states.md. */
VMM_STATE_DECL (VmmInstance, vmm_instance)

/* What the API shows: "Pending", "Starting", … NULL for GONE. Static. */
const char *vmm_instance_state_wire (VmmInstanceState state);
/* The work that must be under way. */
VmmWork vmm_instance_state_work (VmmInstanceState state);
/* Whether the instance's interfaces have ports on its host: its domain may be up and its owner
 * wants it. The network of one that is being deleted goes first and must not come back. */
gboolean vmm_instance_state_has_port (VmmInstanceState state);
