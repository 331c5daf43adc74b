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

static const VmmStateMove moves[] = {
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

static const guint first[] = { S (PENDING) };

VMM_STATE_IMPL (VmmInstance, vmm_instance)
VMM_STATE_COLUMN (const char *, vmm_instance_state_wire, VmmInstanceState, wire)
VMM_STATE_COLUMN (VmmWork, vmm_instance_state_work, VmmInstanceState, work)
VMM_STATE_COLUMN (gboolean, vmm_instance_state_has_port, VmmInstanceState, has_port)
