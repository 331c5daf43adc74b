/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a public address's life. A product decision is a row here and nothing elsewhere. */
#include "config.h"

#include "vmm-eip-state.h"

#define S(name) VMM_EIP_##name
#define E(name) VMM_EIP_##name

VMM_ENUM_IMPL (VmmEipState, vmm_eip_state, VMM_EIP_STATE_LAST, "available", "associating", "in-use",
               "unassociating", "gone")
VMM_ENUM_IMPL (VmmEipEvent, vmm_eip_event, VMM_EIP_EVENT_LAST, "associate", "unassociate", "leave",
               "applied", "release")

static const struct
{
  const char *wire;
  gboolean is_passing, leads;
} states[] = {
  [S (AVAILABLE)] = { "Available", FALSE, FALSE },
  [S (ASSOCIATING)] = { "Associating", TRUE, TRUE },
  [S (IN_USE)] = { "InUse", FALSE, TRUE },
  [S (UNASSOCIATING)] = { "Unassociating", TRUE, FALSE },
  [S (GONE)] = { NULL, FALSE, FALSE },
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == VMM_EIP_STATE_LAST);

static const VmmStateMove moves[] = {
  { S (AVAILABLE), E (ASSOCIATE), S (ASSOCIATING) },
  { S (AVAILABLE), E (RELEASE), S (GONE) },
  { S (ASSOCIATING), E (APPLIED), S (IN_USE) },
  { S (ASSOCIATING), E (LEAVE), S (UNASSOCIATING) },
  { S (IN_USE), E (UNASSOCIATE), S (UNASSOCIATING) },
  { S (IN_USE), E (LEAVE), S (UNASSOCIATING) },
  { S (UNASSOCIATING), E (APPLIED), S (AVAILABLE) },
  { S (UNASSOCIATING), E (RELEASE), S (GONE) }, /* it went with its instance */
};

static const guint first[] = { S (AVAILABLE), S (ASSOCIATING) };

VMM_STATE_IMPL (VmmEip, vmm_eip)
VMM_STATE_COLUMN (const char *, vmm_eip_state_wire, VmmEipState, wire)
VMM_STATE_COLUMN (gboolean, vmm_eip_state_is_passing, VmmEipState, is_passing)
VMM_STATE_COLUMN (gboolean, vmm_eip_state_leads, VmmEipState, leads)
