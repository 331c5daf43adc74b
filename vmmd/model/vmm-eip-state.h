/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a public address as tables: states and the legal moves. Pure. An address that goes
 * with its instance has the same life, from ASSOCIATING to the end of UNASSOCIATING. */
#pragma once
#include "vmm-state.h"

typedef enum
{
  VMM_EIP_AVAILABLE,     /* leads nowhere; nothing of it is on any host */
  VMM_EIP_ASSOCIATING,   /* the host is being told where it leads */
  VMM_EIP_IN_USE,        /* it leads there */
  VMM_EIP_UNASSOCIATING, /* the host is being told to forget it */
  VMM_EIP_GONE,          /* the row is removed in the same transaction */
  VMM_EIP_STATE_LAST
} VmmEipState;

typedef enum
{
  VMM_EIP_ASSOCIATE,   /* asked for */
  VMM_EIP_UNASSOCIATE, /* asked for */
  VMM_EIP_LEAVE,       /* what it led to is going, or the host could not be told in time */
  VMM_EIP_APPLIED,     /* the host does as the state says */
  VMM_EIP_RELEASE,     /* asked for; or it has let go of the instance it goes with */
  VMM_EIP_EVENT_LAST
} VmmEipEvent;

VMM_ENUM_DECL (VmmEipState, vmm_eip_state)
VMM_ENUM_DECL (VmmEipEvent, vmm_eip_event)
/* Drawn in docs/address-states.md. */
VMM_STATE_DECL (VmmEip, vmm_eip)

/* What the API shows: "Available", "InUse", … NULL for GONE. Static. */
const char *vmm_eip_state_wire (VmmEipState state);
/* Whether the state passes, so that work must be under way. */
gboolean vmm_eip_state_is_passing (VmmEipState state);
/* Whether the host shall lead the address somewhere. */
gboolean vmm_eip_state_leads (VmmEipState state);
