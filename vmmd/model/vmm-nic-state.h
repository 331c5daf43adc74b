/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a network interface as tables: states, the work each implies, and the legal moves.
 * Pure. The primary interface is in use from birth to death. */
#pragma once
#include "vmm-state.h"

typedef enum
{
  VMM_NIC_AVAILABLE, /* of no instance; nothing of it is on any host */
  VMM_NIC_ATTACHING, /* being plugged into a running guest */
  VMM_NIC_IN_USE,
  VMM_NIC_DETACHING, /* the running guest was asked to give it up */
  VMM_NIC_REVERTING, /* it could not be plugged in, and what was done is being undone */
  VMM_NIC_DELETING,
  VMM_NIC_GONE, /* the row is removed in the same transaction */
  VMM_NIC_STATE_LAST
} VmmNicState;

typedef enum
{
  VMM_NIC_ATTACH,     /* asked for, to a running instance */
  VMM_NIC_ATTACH_OFF, /* asked for, to a stopped one, whose next start will plug it in */
  VMM_NIC_ATTACHED,   /* the guest has it and its port is open; or the guest went off */
  VMM_NIC_DETACH,     /* asked for, from a running instance */
  VMM_NIC_DETACHED,   /* the guest has it no more, whatever led to that */
  VMM_NIC_FAILED,     /* the work of the state cannot be done, or its deadline passed */
  VMM_NIC_DELETE,     /* asked for */
  VMM_NIC_DELETED,    /* nothing is left on the host */
  VMM_NIC_EVENT_LAST
} VmmNicEvent;

/* What must be under way in a state. */
typedef enum
{
  VMM_NIC_WORK_NONE,
  VMM_NIC_WORK_ATTACH, /* these two are done by its instance's item, so that no two calls on */
  VMM_NIC_WORK_DETACH, /* one domain are made at once */
  VMM_NIC_WORK_DELETE
} VmmNicWork;

VMM_ENUM_DECL (VmmNicState, vmm_nic_state)
VMM_ENUM_DECL (VmmNicEvent, vmm_nic_event)
/* Drawn in docs/interface-states.md. */
VMM_STATE_DECL (VmmNic, vmm_nic)

/* What the API shows: "Available", "InUse", … NULL for GONE. Static. */
const char *vmm_nic_state_wire (VmmNicState state);
/* The work that must be under way. */
VmmNicWork vmm_nic_state_work (VmmNicState state);
/* Whether the instance's domain shall have it, and so a port on its host. */
gboolean vmm_nic_state_is_plugged (VmmNicState state);
