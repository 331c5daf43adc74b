/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of an instance's life. A product decision is a row here and nothing elsewhere. */
#include "config.h"

#include "vmm-instance-state.h"

#define S(name) VMM_INSTANCE_##name
#define E(name) VMM_INSTANCE_##name

VMM_ENUM_IMPL (VmmInstanceState, vmm_instance_state, VMM_INSTANCE_STATE_LAST, "pending", "booting",
               "stopped", "starting", "running", "stopping", "rebooting", "deleting", "gone")
VMM_ENUM_IMPL (VmmInstanceEvent, vmm_instance_event, VMM_INSTANCE_EVENT_LAST, "staged",
               "staged-boot", "start", "started", "stop", "reboot", "off", "crashed", "failed",
               "delete", "deleted")

static const struct
{
  const char *wire;
  VmmWork work;
  gboolean has_port;
} states[] = {
  [S (PENDING)] = { "Pending", VMM_WORK_STAGE, FALSE },
  [S (BOOTING)] = { "Starting", VMM_WORK_START, TRUE },
  [S (STOPPED)] = { "Stopped", VMM_WORK_NONE, FALSE },
  [S (STARTING)] = { "Starting", VMM_WORK_START, TRUE },
  [S (RUNNING)] = { "Running", VMM_WORK_NONE, TRUE },
  [S (STOPPING)] = { "Stopping", VMM_WORK_STOP, TRUE },
  [S (REBOOTING)] = { "Stopping", VMM_WORK_REBOOT, TRUE },
  [S (DELETING)] = { "Stopping", VMM_WORK_DELETE, FALSE },
  [S (GONE)] = { NULL, VMM_WORK_NONE, FALSE },
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == VMM_INSTANCE_STATE_LAST);

static const struct
{
  VmmInstanceState from;
  VmmInstanceEvent event;
  VmmInstanceState to;
} moves[] = {
  { S (PENDING), E (STAGED), S (STOPPED) },
  { S (PENDING), E (STAGED_BOOT), S (BOOTING) },
  { S (PENDING), E (FAILED), S (DELETING) }, /* all or nothing */
  { S (BOOTING), E (STARTED), S (RUNNING) },
  { S (BOOTING), E (FAILED), S (DELETING) }, /* all or nothing */
  { S (BOOTING), E (DELETE), S (DELETING) },
  { S (STOPPED), E (START), S (STARTING) },
  { S (STOPPED), E (DELETE), S (DELETING) },
  { S (STARTING), E (STARTED), S (RUNNING) },
  { S (STARTING), E (FAILED), S (STOPPED) },
  { S (STARTING), E (DELETE), S (DELETING) },
  { S (RUNNING), E (STOP), S (STOPPING) },
  { S (RUNNING), E (REBOOT), S (REBOOTING) },
  { S (RUNNING), E (OFF), S (STOPPED) },      /* the guest powered itself off */
  { S (RUNNING), E (CRASHED), S (STARTING) }, /* bounded by the caller; past the bound it is OFF */
  { S (RUNNING), E (DELETE), S (DELETING) },
  { S (STOPPING), E (OFF), S (STOPPED) },
  { S (STOPPING), E (FAILED), S (RUNNING) }, /* it could not be stopped, so it still runs */
  { S (STOPPING), E (DELETE), S (DELETING) },
  { S (REBOOTING), E (OFF), S (STARTING) },
  { S (REBOOTING), E (FAILED), S (RUNNING) },
  { S (REBOOTING), E (DELETE), S (DELETING) },
  { S (DELETING), E (DELETED), S (GONE) },
  { S (DELETING), E (FAILED), S (DELETING) }, /* reported as stuck, and tried on */
};

const char *
vmm_instance_state_wire (VmmInstanceState state)
{
  g_return_val_if_fail ((guint) state < VMM_INSTANCE_STATE_LAST, NULL);
  return states[state].wire;
}

VmmWork
vmm_instance_state_work (VmmInstanceState state)
{
  g_return_val_if_fail ((guint) state < VMM_INSTANCE_STATE_LAST, VMM_WORK_NONE);
  return states[state].work;
}

gboolean
vmm_instance_state_has_port (VmmInstanceState state)
{
  g_return_val_if_fail ((guint) state < VMM_INSTANCE_STATE_LAST, FALSE);
  return states[state].has_port;
}

gboolean
vmm_instance_state_next (VmmInstanceState from, VmmInstanceEvent event, VmmInstanceState *out_to)
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
vmm_instance_state_to_mermaid (void)
{
  GString *out = g_string_new ("stateDiagram-v2\n  [*] --> pending\n");

  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    g_string_append_printf (out, "  %s --> %s: %s\n", vmm_instance_state_to_string (moves[i].from),
                            vmm_instance_state_to_string (moves[i].to),
                            vmm_instance_event_to_string (moves[i].event));
  g_string_append (out, "  gone --> [*]\n");
  return g_string_free (out, FALSE);
}
