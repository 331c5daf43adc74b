/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator's actions. */
#include "config.h"

#include "ecs-world.h"
#include <string.h>

static int
setup (void **state)
{
  World *world = world_new ();

  world->as_admin = TRUE;
  *state = world;
  return 0;
}

static int
teardown (void **state)
{
  world_free (*state);
  return 0;
}

static void
a_tenant_may_do_none_of_it (void **state)
{
  static const char *const actions[] = { "Action=CreateAccount&Name=a",
                                         "Action=ListAccounts",
                                         "Action=CreateAccessKey",
                                         "Action=ListAccessKeys",
                                         "Action=UpdateAccessKey&UserAccessKeyId=a&Status=Active",
                                         "Action=DeleteAccessKey&UserAccessKeyId=a",
                                         "Action=DescribeServiceStatus",
                                         "Action=DescribeHostNetwork" };
  World *w = *state;

  w->as_admin = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    assert_answer (w, actions[i], "Forbidden.RAM");
}

static void
the_hosts_network_is_shown_whole_or_in_part (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=DescribeHostNetwork");
  assert_string_equal (world_get (w, "$.Plan"), "host a\nhost b\n");
  assert_string_equal (world_get (w, "$.State"), "host a\n");
  assert_ok (w, "Action=DescribeHostNetwork&Part=State");
  assert_string_equal (world_get (w, "$.State"), "host a\n");
  assert_int_equal (world_count (w, "$.Plan"), 0);
  assert_answer (w, "Action=DescribeHostNetwork&Part=Rest", "InvalidParameter");
}

static void
accounts_are_made_and_listed (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=CreateAccount&Name=shop");
  assert_int_equal (strlen (world_get (w, "$.Account.AccountId")), 16);
  assert_answer (w, "Action=CreateAccount&Name=shop", "EntityAlreadyExists.Account");
  assert_answer (w, "Action=CreateAccount&Name=a/b", "InvalidParameter");
  assert_ok (w, "Action=ListAccounts");
  assert_int_equal (world_count (w, "$.Accounts.Account[*]"), 2);
}

static void
a_secret_is_shown_once (void **state)
{
  World *w = *state;
  const char *id, *secret;
  g_autofree char *off = NULL;
  g_autofree char *gone = NULL;

  assert_ok (w, "Action=CreateAccessKey");
  id = world_get (w, "$.AccessKey.AccessKeyId");
  secret = world_get (w, "$.AccessKey.AccessKeySecret");
  assert_int_equal (strlen (secret), 30);
  off = g_strdup_printf ("Action=UpdateAccessKey&UserAccessKeyId=%s&Status=Inactive", id);
  gone = g_strdup_printf ("Action=DeleteAccessKey&UserAccessKeyId=%s", id);
  assert_ok (w, off);
  assert_ok (w, "Action=ListAccessKeys");
  assert_string_equal (world_get (w, "$..AccessKeyId"), id);
  assert_string_equal (world_get (w, "$..Status"), "Inactive");
  assert_null (strstr (w->answer, secret));
  assert_ok (w, gone);
  assert_answer (w, gone, "EntityNotExist.User.AccessKey");
}

static void
the_status_tells_accelerator_and_room (void **state)
{
  World *w = *state;

  assert_ok (w, "Action=DescribeServiceStatus");
  assert_string_equal (world_get (w, "$.Hypervisor.Accelerator"), "tcg");
  assert_string_equal (world_get (w, "$.Hypervisor.AcceleratorReason"), "there is no /dev/kvm");
  assert_string_equal (world_get (w, "$.Hypervisor.Connected"), "true");
  assert_string_equal (world_get (w, "$.Capacity.VcpusTotal"), "8");
  assert_string_equal (world_get (w, "$.Capacity.MemoryMibTotal"), "8192");
  assert_string_equal (world_get (w, "$.Pool.BytesFree"), "96636764160");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, setup, teardown)
  const struct CMUnitTest tests[] = {
    CASE (a_tenant_may_do_none_of_it),
    CASE (the_hosts_network_is_shown_whole_or_in_part),
    CASE (accounts_are_made_and_listed),
    CASE (a_secret_is_shown_once),
    CASE (the_status_tells_accelerator_and_room),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
