/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with instances, and what happened to them, as a client sees it. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

/* An instance of a new image in @instance_state. */
static char *
instance_in (World *w, VmmInstanceState instance_state)
{
  g_autofree char *params = g_strdup_printf ("ImageId=%s", world_image (w, "debian"));

  return world_instance (w, params, instance_state);
}

/* What @format, with @id in it, is answered with. */
static const char *
call (World *w, const char *format, const char *id)
{
  g_autoptr (GString) params = g_string_new (format);

  g_string_replace (params, "{}", id, 0);
  return world_call (w, params->str) ?: "OK";
}

static void
power_moves_the_status (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w, "Action=StartInstance&InstanceId={}", id), "OK");
  call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.Status"), "Starting");
  world_event (w, id, VMM_INSTANCE_STARTING, VMM_INSTANCE_STARTED, NULL);
  assert_string_equal (call (w, "Action=RebootInstance&InstanceId={}&ForceStop=true", id), "OK");
  call (w, "Action=DescribeInstanceStatus&InstanceId.1={}", id);
  assert_string_equal (world_get (w, "$.InstanceStatuses.InstanceStatus[0].Status"), "Stopping");
}

static void
power_in_the_wrong_state_is_refused (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w, "Action=StopInstance&InstanceId={}", id),
                       "IncorrectInstanceStatus");
  assert_string_equal (call (w, "Action=RebootInstance&InstanceId={}", id),
                       "IncorrectInstanceStatus");
  assert_string_equal (call (w, "Action=StopInstance&InstanceId={}&Hibernate=true", id),
                       "UnsupportedParameter");
  assert_string_equal (call (w, "Action=StartInstance&InstanceId={}&DryRun=true", id),
                       "DryRunOperation");
}

static void
unknown_and_malformed_ids_are_not_found (void **state)
{
  World *w = *state;

  assert_answer (w, "Action=StartInstance&InstanceId=i-00000000000000000000",
                 "InvalidInstanceId.NotFound");
  assert_answer (w, "Action=StartInstance&InstanceId=x'--", "InvalidInstanceId.NotFound");
  assert_answer (w, "Action=DescribeUserData&InstanceId=i-1", "InvalidInstanceId.NotFound");
  assert_answer (w, "Action=StartInstance", "MissingParameter");
}

static void
another_account_sees_nothing_of_it (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  w->account_id[1] = w->account_id[1] == '0' ? '1' : '0';
  assert_string_equal (call (w, "Action=StartInstance&InstanceId={}", id),
                       "InvalidInstanceId.NotFound");
  assert_string_equal (call (w, "Action=DescribeInstances&InstanceIds=[\"{}\"]", id), "OK");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_string_equal (call (w, "Action=DescribeInstanceHistoryEvents&InstanceId={}", id), "OK");
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
}

static void
deletion_wants_a_stopped_instance_or_force (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_RUNNING);

  assert_string_equal (call (w, "Action=DeleteInstance&InstanceId={}", id),
                       "IncorrectInstanceStatus");
  call (w, "Action=ModifyInstanceAttribute&InstanceId={}&DeletionProtection=true", id);
  assert_string_equal (call (w, "Action=DeleteInstance&InstanceId={}&Force=true", id),
                       "InvalidOperation.DeletionProtection");
  call (w, "Action=ModifyInstanceAttribute&InstanceId={}&DeletionProtection=false", id);
  assert_string_equal (call (w, "Action=DeleteInstances&InstanceId.1={}&Force=true", id), "OK");
  world_event (w, id, VMM_INSTANCE_DELETING, VMM_INSTANCE_DELETED, NULL);
  assert_string_equal (call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id),
                       "InvalidInstanceId.NotFound");
}

static void
a_batch_has_a_result_for_each (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w, "Action=StartInstances&InstanceId.1={}&InstanceId.2=i-1", id),
                       "OK");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].Code"), "200");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].PreviousStatus"),
                       "Stopped");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].CurrentStatus"),
                       "Starting");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[1].Code"),
                       "InvalidInstanceId.NotFound");
}

static void
a_batch_all_together_does_all_or_nothing (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w,
                             "Action=StartInstances&BatchOptimization=AllTogether&"
                             "InstanceId.1={}&InstanceId.2=i-1",
                             id),
                       "InvalidInstanceId.NotFound");
  call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.Status"), "Stopped");
  assert_string_equal (
      call (w, "Action=StartInstances&BatchOptimization=AllTogether&InstanceId.1={}", id), "OK");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].CurrentStatus"),
                       "Starting");
}

static void
a_dry_batch_answers_for_each_and_changes_nothing (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w, "Action=StartInstances&DryRun=true&InstanceId.1={}", id), "OK");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].Code"),
                       "DryRunOperation");
  assert_string_equal (world_get (w, "$.InstanceResponses.InstanceResponse[0].CurrentStatus"),
                       "Stopped");
}

static void
changes_are_shown_and_empty_text_clears (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w,
                             "Action=ModifyInstanceAttribute&InstanceId={}&InstanceName=shop&"
                             "Description=the+shop&HostName=web&UserData=aGk%3D",
                             id),
                       "OK");
  call (w, "Action=DescribeUserData&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.UserData"), "aGk=");
  call (w, "Action=ModifyInstanceAttribute&InstanceId={}&Description=&UserData=", id);
  call (w, "Action=DescribeUserData&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.UserData"), "");
  call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.InstanceName"), "shop");
  assert_string_equal (world_get (w, "$.HostName"), "web");
  assert_string_equal (world_get (w, "$.Description"), "");
  assert_string_equal (
      call (w, "Action=ModifyInstanceAttribute&InstanceId={}&Password=Abc12345", id),
      "UnsupportedParameter");
}

static void
another_type_wants_a_stopped_instance_and_room (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (
      call (w, "Action=ModifyInstanceSpec&InstanceId={}&InstanceType=ecs.s1.medium", id), "OK");
  call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id);
  assert_string_equal (world_get (w, "$.Cpu"), "2");
  assert_string_equal (world_get (w, "$.Memory"), "4096");
  assert_string_equal (world_get (w, "$.InstanceTypeFamily"), "ecs.s1");
  assert_string_equal (
      call (w, "Action=ModifyInstanceSpec&InstanceId={}&InstanceType=ecs.g1.2xlarge", id),
      "OperationDenied.NoStock");
  call (w, "Action=StartInstance&InstanceId={}", id);
  assert_string_equal (
      call (w, "Action=ModifyInstanceSpec&InstanceId={}&InstanceType=ecs.t1.nano", id),
      "IncorrectInstanceStatus");
}

static void
the_console_comes_in_base64 (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  assert_string_equal (call (w, "Action=GetInstanceConsoleOutput&InstanceId={}", id), "OK");
  assert_string_equal (world_get (w, "$.ConsoleOutput"), "");
  assert_string_equal (world_get (w, "$.InstanceId"), id);
  assert_int_equal (strlen (world_get (w, "$.LastUpdateTime")), strlen ("2026-01-02T03:04:05Z"));
}

static void
history_tells_a_crash_and_a_failed_creation_apart (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_RUNNING);
  g_autofree char *params = NULL;
  g_autofree char *lost = NULL;

  call (w, "Action=DescribeInstanceAttribute&InstanceId={}", id);
  params = g_strdup_printf ("ImageId=%s", world_get (w, "$.ImageId"));
  lost = world_instance (w, params, VMM_INSTANCE_PENDING);
  world_event (w, id, VMM_INSTANCE_RUNNING, VMM_INSTANCE_CRASHED, "QEMU was killed");
  world_event (w, lost, VMM_INSTANCE_PENDING, VMM_INSTANCE_FAILED, "no space left");

  assert_string_equal (
      call (w, "Action=DescribeInstanceHistoryEvents&InstanceId={}&PageSize=1", id), "OK");
  assert_string_equal (world_get (w, "$..EventType.Name"), "InstanceFailure.Reboot");
  assert_string_equal (world_get (w, "$..Reason"), "QEMU was killed");
  assert_string_equal (world_get (w, "$..CurrentStatus"), "starting");
  call (w, "Action=DescribeInstanceHistoryEvents&InstanceId={}&PageSize=1", lost);
  assert_string_equal (world_get (w, "$..EventType.Name"), "SystemFailure.Delete");
  assert_string_equal (world_get (w, "$..Reason"), "no space left");
  call (w, "Action=DescribeInstanceHistoryEvents&EventCycleStatus=Scheduled", id);
  assert_string_equal (world_get (w, "$.TotalCount"), "0");
  assert_string_equal (call (w, "Action=DescribeInstanceHistoryEvents&EventType=X", id),
                       "UnsupportedParameter");
}

static void
maintenance_is_restart_on_crash (void **state)
{
  World *w = *state;
  g_autofree char *id = instance_in (w, VMM_INSTANCE_STOPPED);

  call (w, "Action=DescribeInstanceMaintenanceAttributes&InstanceId.1={}", id);
  assert_string_equal (world_get (w, "$..ActionOnMaintenance.Value"), "AutoRecover");
  assert_string_equal (
      call (w,
            "Action=ModifyInstanceMaintenanceAttributes&InstanceId.1={}&ActionOnMaintenance=stop",
            id),
      "OK");
  call (w, "Action=DescribeInstanceMaintenanceAttributes&InstanceId.1={}", id);
  assert_string_equal (world_get (w, "$..ActionOnMaintenance.Value"), "Stop");
  assert_string_equal (call (w,
                             "Action=ModifyInstanceMaintenanceAttributes&InstanceId.1={}&"
                             "ActionOnMaintenance=AutoRedeploy",
                             id),
                       "InvalidParameter");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (power_moves_the_status),
    CASE (power_in_the_wrong_state_is_refused),
    CASE (unknown_and_malformed_ids_are_not_found),
    CASE (another_account_sees_nothing_of_it),
    CASE (deletion_wants_a_stopped_instance_or_force),
    CASE (a_batch_has_a_result_for_each),
    CASE (a_batch_all_together_does_all_or_nothing),
    CASE (a_dry_batch_answers_for_each_and_changes_nothing),
    CASE (changes_are_shown_and_empty_text_clears),
    CASE (another_type_wants_a_stopped_instance_and_room),
    CASE (the_console_comes_in_base64),
    CASE (history_tells_a_crash_and_a_failed_creation_apart),
    CASE (maintenance_is_restart_on_crash),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
