/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each driver call fails once, in turn: before it did anything, or after it did all and only its
 * answer was lost. Whatever was asked must still come true, and nothing may be left over. */
#include "world-fault.h"

/* Something that is asked, where it begins and where it must end. */
typedef struct
{
  VmmInstanceState from; /* RUNNING or STOPPED; GONE for a new one */
  const char *(*ask) (World *w, const char *id);
  VmmInstanceState to;
  guint least_calls; /* of all drivers, so that the loop is known to have looped */
} Deed;

static const char *
run (World *w, const char *id)
{
  OpsInstanceSpec spec = world_spec (w->host->image);

  return host_create (w, &w->alice, &spec);
}

static const char *
create (World *w, const char *id)
{
  OpsInstanceSpec spec = world_spec (w->host->image);

  spec.boot = FALSE;
  return host_create (w, &w->alice, &spec);
}

static const char *
start (World *w, const char *id)
{
  assert_true (ops_instance_start (&w->ctx, &w->alice, id, NULL));
  return id;
}

static const char *
stop (World *w, const char *id)
{
  assert_true (ops_instance_stop (&w->ctx, &w->alice, id, FALSE, NULL));
  return id;
}

static const char *
reboot (World *w, const char *id)
{
  assert_true (ops_instance_reboot (&w->ctx, &w->alice, id, FALSE, NULL));
  return id;
}

static const char *
delete_it (World *w, const char *id)
{
  const char *ids[] = { id, NULL };

  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
  return id;
}

static const char *
power_off (World *w, const char *id)
{
  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_POWEROFF));
  return id;
}

static const char *
prepare (World *w, VmmInstanceState from)
{
  const char *id;

  if (from == VMM_INSTANCE_GONE)
    return NULL;
  id = host_run (w);
  if (from == VMM_INSTANCE_STOPPED)
    host_settle_state (w, stop (w, id), VMM_INSTANCE_STOPPED);
  host_wait_idle (w);
  return id;
}

/* The deed with the n-th call of a driver failing; FALSE when there was no n-th call. */
static gboolean
do_with_fault (World *w, gconstpointer data, const WorldFault *fault, guint n)
{
  const Deed *deed = data;
  const char *id = prepare (w, deed->from);
  guint armed = world_fault_arm (w, fault, n);
  gboolean has_struck;

  id = deed->ask (w, id);
  host_settle_state (w, id, deed->to);
  has_struck = world_fault_end (w, fault, armed);
  host_assert_consistent (w);
  host_delete (w, id);
  host_wait_idle (w);
  host_assert_empty (w);
  return has_struck;
}

static void
survive (World *w, const Deed *deed)
{
  log_trap_allow ("*the next comparison takes it away*");
  assert_true (world_fault_each (w, do_with_fault, deed) >= deed->least_calls);
}

static void
a_run_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_GONE, run, VMM_INSTANCE_RUNNING, 20 };

  survive (*state, &deed);
}

static void
a_create_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_GONE, create, VMM_INSTANCE_STOPPED, 1 };

  survive (*state, &deed);
}

static void
a_start_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_STOPPED, start, VMM_INSTANCE_RUNNING, 20 };

  survive (*state, &deed);
}

static void
a_stop_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_RUNNING, stop, VMM_INSTANCE_STOPPED, 14 };

  survive (*state, &deed);
}

static void
a_reboot_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_RUNNING, reboot, VMM_INSTANCE_RUNNING, 34 };

  survive (*state, &deed);
}

static void
a_delete_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_RUNNING, delete_it, VMM_INSTANCE_GONE, 13 };

  survive (*state, &deed);
}

typedef struct
{
  const char *id;
  guint before;
} Starts;

static gboolean
has_started_again (World *w, gconstpointer data)
{
  const Starts *starts = data;

  return host_events (w, starts->id, VMM_INSTANCE_STARTED) > starts->before;
}

/* Until the crash has been seen it still is Running, and is again afterwards. */
static const char *
crash_and_see (World *w, const char *id)
{
  const Starts starts = { id, host_events (w, id, VMM_INSTANCE_STARTED) };

  assert_true (virt_fake_stage (w->host->virt, id, VIRT_FAKE_CRASH));
  host_settle (w, has_started_again, &starts, "it has been started again");
  return id;
}

static void
a_restart_after_a_crash_comes_true_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_RUNNING, crash_and_see, VMM_INSTANCE_RUNNING, 20 };

  survive (*state, &deed);
}

static void
a_power_off_of_the_guest_is_seen_whichever_call_fails_once (void **state)
{
  const Deed deed = { VMM_INSTANCE_RUNNING, power_off, VMM_INSTANCE_STOPPED, 6 };

  survive (*state, &deed);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (a_run_comes_true_whichever_call_fails_once),
    HOST_TEST (a_create_comes_true_whichever_call_fails_once),
    HOST_TEST (a_start_comes_true_whichever_call_fails_once),
    HOST_TEST (a_stop_comes_true_whichever_call_fails_once),
    HOST_TEST (a_reboot_comes_true_whichever_call_fails_once),
    HOST_TEST (a_delete_comes_true_whichever_call_fails_once),
    HOST_TEST (a_restart_after_a_crash_comes_true_whichever_call_fails_once),
    HOST_TEST (a_power_off_of_the_guest_is_seen_whichever_call_fails_once),
  };

  return cmocka_run_group_tests_name ("work-fault", tests, NULL, NULL);
}
