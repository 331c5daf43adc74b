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

static const struct
{
  VmmNicState from;
  VmmNicEvent event;
  VmmNicState to;
} moves[] = {
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

const char *
vmm_nic_state_wire (VmmNicState state)
{
  g_return_val_if_fail ((guint) state < VMM_NIC_STATE_LAST, NULL);
  return states[state].wire;
}

VmmNicWork
vmm_nic_state_work (VmmNicState state)
{
  g_return_val_if_fail ((guint) state < VMM_NIC_STATE_LAST, VMM_NIC_WORK_NONE);
  return states[state].work;
}

gboolean
vmm_nic_state_is_plugged (VmmNicState state)
{
  g_return_val_if_fail ((guint) state < VMM_NIC_STATE_LAST, FALSE);
  return states[state].is_plugged;
}

gboolean
vmm_nic_state_next (VmmNicState from, VmmNicEvent event, VmmNicState *out_to)
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
vmm_nic_state_to_mermaid (void)
{
  GString *out = g_string_new ("stateDiagram-v2\n  [*] --> available\n");

  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    g_string_append_printf (out, "  %s --> %s: %s\n", vmm_nic_state_to_string (moves[i].from),
                            vmm_nic_state_to_string (moves[i].to),
                            vmm_nic_event_to_string (moves[i].event));
  g_string_append (out, "  gone --> [*]\n");
  return g_string_free (out, FALSE);
}
