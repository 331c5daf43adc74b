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

static const struct
{
  VmmEipState from;
  VmmEipEvent event;
  VmmEipState to;
} moves[] = {
  { S (AVAILABLE), E (ASSOCIATE), S (ASSOCIATING) },
  { S (AVAILABLE), E (RELEASE), S (GONE) },
  { S (ASSOCIATING), E (APPLIED), S (IN_USE) },
  { S (ASSOCIATING), E (LEAVE), S (UNASSOCIATING) },
  { S (IN_USE), E (UNASSOCIATE), S (UNASSOCIATING) },
  { S (IN_USE), E (LEAVE), S (UNASSOCIATING) },
  { S (UNASSOCIATING), E (APPLIED), S (AVAILABLE) },
  { S (UNASSOCIATING), E (RELEASE), S (GONE) }, /* it went with its instance */
};

const char *
vmm_eip_state_wire (VmmEipState state)
{
  g_return_val_if_fail ((guint) state < VMM_EIP_STATE_LAST, NULL);
  return states[state].wire;
}

gboolean
vmm_eip_state_is_passing (VmmEipState state)
{
  g_return_val_if_fail ((guint) state < VMM_EIP_STATE_LAST, FALSE);
  return states[state].is_passing;
}

gboolean
vmm_eip_state_leads (VmmEipState state)
{
  g_return_val_if_fail ((guint) state < VMM_EIP_STATE_LAST, FALSE);
  return states[state].leads;
}

gboolean
vmm_eip_state_next (VmmEipState from, VmmEipEvent event, VmmEipState *out_to)
{
  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    if (moves[i].from == from && moves[i].event == event)
      {
        *out_to = moves[i].to;
        return TRUE;
      }
  return FALSE;
}

char *
vmm_eip_state_to_mermaid (void)
{
  GString *out = g_string_new ("stateDiagram-v2\n  [*] --> available\n  [*] --> associating\n");

  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    g_string_append_printf (out, "  %s --> %s: %s\n", vmm_eip_state_to_string (moves[i].from),
                            vmm_eip_state_to_string (moves[i].to),
                            vmm_eip_event_to_string (moves[i].event));
  g_string_append (out, "  gone --> [*]\n");
  return g_string_free (out, FALSE);
}
