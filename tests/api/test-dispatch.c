/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding rows, permission, DryRun, ClientToken, regions and the wording of errors. */
#include "config.h"

#include "api-dispatch.h"
#include "world.h"
#include <string.h>

static void
assert_answer (World *world, const char *params, guint expected_status, const char *part)
{
  guint status;
  g_autofree char *body = world_call (world, params, &status);

  assert_contains (body, part);
  assert_int_equal (status, expected_status);
}

static void
actions_are_found_in_any_case (void **state)
{
  assert_answer (*state, "Action=changething", 200, "\"Action\":\"ChangeThing\"");
  assert_answer (*state, "action=ChangeThing", 200, "\"RequestId\":\"");
}

static void
an_unknown_action_is_not_found (void **state)
{
  assert_answer (*state, "Action=MakeCoffee", 404, "\"Code\":\"InvalidAction.NotFound\"");
  assert_answer (*state, "Action=%3Cscript%3E", 404, "\"Code\":\"InvalidAction.NotFound\"");
}

static void
an_action_of_ecs_that_is_not_offered_says_so (void **state)
{
  assert_answer (*state, "Action=CreateCapacityReservation", 400,
                 "\"Code\":\"UnsupportedOperation\"");
  assert_answer (*state, "Action=createloadbalancer&Version=2014-05-15", 400,
                 "\"Code\":\"UnsupportedOperation\"");
  assert_answer (*state, "Action=CreateLoadBalancer&Version=2016-04-28", 404,
                 "\"Code\":\"InvalidAction.NotFound\"");
}

static void
every_known_action_answers_unsupported_operation (void **state)
{
  static const char *const names[] = {
#define API_KNOWN_ACTION(name, product) name,
#include "api-known-actions.def"
#undef API_KNOWN_ACTION
  };
  World *world = *state;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (api_table_find (world->table, API_ECS_VERSION, names[i], &error));
      world_assert_error (error, VMM_ERROR_UNSUPPORTED_OPERATION);
    }
}

static void
an_unknown_version_is_refused (void **state)
{
  assert_answer (*state, "Action=ChangeThing&Version=2099-01-01", 400,
                 "\"Code\":\"InvalidVersion\"");
}

static void
an_action_is_served_under_its_versions_only (void **state)
{
  assert_answer (*state, "Action=VpcThing&Version=2016-04-28", 200, "RequestId");
  assert_answer (*state, "Action=VpcThing", 200, "RequestId");
  assert_answer (*state, "Action=ChangeThing&Version=2016-04-28", 404,
                 "\"Code\":\"InvalidAction.NotFound\"");
}

static void
action_and_version_are_required (void **state)
{
  assert_answer (*state, "Action=", 400, "the parameter Action is required");
  assert_answer (*state, "Action=ChangeThing&Version=", 400, "the parameter Version is required");
}

static void
the_region_must_be_this_one (void **state)
{
  assert_answer (*state, "Action=ChangeThing&RegionId=cn-local", 200, "RequestId");
  assert_answer (*state, "Action=ChangeThing&RegionId=", 200, "RequestId");
  assert_answer (*state, "Action=ChangeThing&RegionId=cn-hangzhou", 404,
                 "\"Code\":\"InvalidRegionId.NotFound\"");
  assert_answer (*state, "Action=WetThing&RegionId=cn-hangzhou", 200, "RequestId");
}

static void
only_the_administrator_runs_admin_actions (void **state)
{
  guint status;
  g_autofree char *body = NULL;

  assert_answer (*state, "Action=AdminThing", 403, "\"Code\":\"Forbidden.RAM\"");
  body = world_admin_call (*state, "Action=AdminThing", &status);
  assert_int_equal (status, 200);
  assert_contains (body, "\"IsAdmin\":true");
}

static void
dry_run_reaches_verbs_that_obey_it (void **state)
{
  assert_answer (*state, "Action=ChangeThing&DryRun=true", 400, "\"Code\":\"DryRunOperation\"");
  assert_answer (*state, "Action=ChangeThing&DryRun=false", 200, "RequestId");
  assert_answer (*state, "Action=ChangeThing&DryRun=maybe", 400, "\"Code\":\"InvalidParameter\"");
}

static void
dry_run_of_a_verb_that_would_not_obey_is_refused (void **state)
{
  assert_answer (*state, "Action=WetThing&DryRun=True", 400, "\"Code\":\"UnsupportedParameter\"");
}

static void
dry_run_of_a_read_tells_it_would_work (void **state)
{
  assert_answer (*state, "Action=SlowThing&DryRun=true", 400, "\"Code\":\"DryRunOperation\"");
}

static void
the_client_token_covers_the_business_parameters_and_no_secret (void **state)
{
  assert_answer (*state,
                 "Action=ChangeThing&ClientToken=t-1&Name=a+b&Password=TopSecret&RegionId=cn-local"
                 "&OwnerId=7",
                 200, "\"Token\":\"t-1\",\"TokenParams\":\"Name=a%20b&RegionId=cn-local\"");
}

static void
without_a_client_token_there_are_no_token_params (void **state)
{
  assert_answer (*state, "Action=ChangeThing&Name=x", 200, "\"Token\":\"\",\"TokenParams\":\"\"");
  assert_answer (*state, "Action=AdminThing&ClientToken=t", 403, "Forbidden.RAM");
}

static void
a_client_token_is_ascii_of_at_most_64 (void **state)
{
  g_autofree char *token = g_strnfill (65, 'x');
  g_autofree char *params = g_strconcat ("Action=ChangeThing&ClientToken=", token, NULL);

  assert_answer (*state, params, 400, "\"Code\":\"InvalidParameter\"");
  assert_answer (*state, "Action=ChangeThing&ClientToken=%C3%A9", 400, "InvalidParameter");
}

static void
a_declared_error_reaches_the_caller (void **state)
{
  assert_answer (*state, "Action=FailThing&How=declared", 403,
                 "\"Code\":\"IncorrectInstanceStatus\",\"Message\":\"the instance is Running\"");
}

static void
assert_hidden (World *world, const char *how, const char *code, guint expected_status)
{
  g_autofree char *params = g_strconcat ("Action=FailThing&How=", how, NULL);
  guint status;
  g_autofree char *body = NULL;

  world->expects_criticals = TRUE;
  body = world_call (world, params, &status);
  assert_int_equal (status, expected_status);
  assert_contains (body, code);
  assert_lacks (body, "inner secret");
  assert_true (world->n_criticals > 0);
}

static void
an_undeclared_error_is_an_internal_one (void **state)
{
  World *world = *state;

  assert_hidden (world, "undeclared", "\"Code\":\"InternalError\"", 500);
  assert_contains (world->log->str, "ImageUsingByInstance, which its row does not declare");
}

static void
an_error_without_an_error_is_an_internal_one (void **state)
{
  assert_hidden (*state, "none", "\"Code\":\"InternalError\"", 500);
}

static void
a_foreign_error_is_an_internal_one (void **state)
{
  assert_hidden (*state, "foreign", "\"Code\":\"InternalError\"", 500);
}

static void
the_servers_faults_are_told_in_the_log_only (void **state)
{
  World *world = *state;

  assert_hidden (world, "store", "\"Code\":\"InternalError\"", 500);
  assert_contains (world->log->str, "the inner secret");
  assert_hidden (world, "away", "\"Code\":\"ServiceUnavailable\"", 503);
}

static void
errors_of_parameters_and_flags_need_no_declaration (void **state)
{
  World *world = *state;
  const ApiAction *change = api_table_find (world->table, API_ECS_VERSION, "ChangeThing", NULL);
  const ApiAction *echo = api_table_find (world->table, API_ECS_VERSION, "EchoThing", NULL);

  assert_true (api_dispatch_may_answer (change, VMM_ERROR_IDEMPOTENT_MISMATCH));
  assert_false (api_dispatch_may_answer (echo, VMM_ERROR_IDEMPOTENT_MISMATCH));
  assert_true (api_dispatch_may_answer (echo, VMM_ERROR_INSTANCE_NOT_FOUND));
  assert_false (api_dispatch_may_answer (echo, VMM_ERROR_INSTANCE_STATUS));
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, world_setup, world_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (actions_are_found_in_any_case),
    TEST (an_unknown_action_is_not_found),
    TEST (an_action_of_ecs_that_is_not_offered_says_so),
    TEST (every_known_action_answers_unsupported_operation),
    TEST (an_unknown_version_is_refused),
    TEST (an_action_is_served_under_its_versions_only),
    TEST (action_and_version_are_required),
    TEST (the_region_must_be_this_one),
    TEST (only_the_administrator_runs_admin_actions),
    TEST (dry_run_reaches_verbs_that_obey_it),
    TEST (dry_run_of_a_verb_that_would_not_obey_is_refused),
    TEST (dry_run_of_a_read_tells_it_would_work),
    TEST (the_client_token_covers_the_business_parameters_and_no_secret),
    TEST (without_a_client_token_there_are_no_token_params),
    TEST (a_client_token_is_ascii_of_at_most_64),
    TEST (a_declared_error_reaches_the_caller),
    TEST (an_undeclared_error_is_an_internal_one),
    TEST (an_error_without_an_error_is_an_internal_one),
    TEST (a_foreign_error_is_an_internal_one),
    TEST (the_servers_faults_are_told_in_the_log_only),
    TEST (errors_of_parameters_and_flags_need_no_declaration),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
