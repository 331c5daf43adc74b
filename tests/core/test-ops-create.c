/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RunInstances and CreateInstance: all or nothing, capacity, quota, idempotency, dry run. */
#include "ops-group.h"
#include "ops-image.h"
#include "ops-network.h"
#include "world.h"
#include <string.h>

static GPtrArray *
create (World *w, const VmmCaller *caller, const OpsInstanceSpec *spec)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *ids = ops_instance_create (&w->ctx, caller, spec, &error);

  assert_no_error (error);
  return ids;
}

/* @spec is refused with @code and @part in the message, and nothing has changed. */
static void
refuse (World *w, const VmmCaller *caller, const OpsInstanceSpec *spec, VmmError code,
        const char *part)
{
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  guint kicks = world_kicks (w, NULL);

  assert_null (ops_instance_create (&w->ctx, caller, spec, &error));
  assert_vmm_message (error, code, part);
  after = world_dump (w);
  assert_string_equal (before, after);
  assert_int_equal (world_kicks (w, NULL), kicks);
}

static void
one_request_makes_rows_of_all_kinds_and_kicks (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 2));
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  const VmmNic *nic;

  ids = create (w, &w->alice, &spec);
  assert_int_equal (ids->len, 1);
  instance = world_get (w, g_ptr_array_index (ids, 0));
  nic = g_ptr_array_index (instance->nics, 0);
  assert_int_equal (instance->state, VMM_INSTANCE_PENDING);
  assert_string_equal (instance->account_id, w->alice.account_id);
  assert_string_equal (instance->name, instance->id);
  assert_true (vmm_instance_host_name_is_valid (instance->host_name));
  assert_int_equal (instance->vcpus, 1);
  assert_int_equal (instance->memory_mib, 128);
  assert_true (instance->boot_when_staged && instance->restart_on_crash);
  assert_int_equal (instance->deadline_ms, world_now_ms () + w->config->stage_s * 1000);
  assert_string_equal (nic->ip, "172.16.0.1");
  assert_int_equal (nic->group_ids->len, 1);
  assert_int_equal (world_query (w, "SELECT virtual_bytes FROM disk"), 2 * WORLD_GIB);
  assert_int_equal (world_query (w, "SELECT count(*) FROM layer WHERE parent_id IS NOT NULL"), 1);
  assert_int_equal (world_kicks (w, instance->id), 1);
}

static void
several_differ_where_they_must (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) ids = NULL;

  spec.amount = 5;
  spec.name = "web";
  spec.host_name = "node";
  spec.unique_suffix = TRUE;
  ids = create (w, &w->alice, &spec);
  assert_int_equal (ids->len, 5);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (VmmInstance) instance = world_get (w, g_ptr_array_index (ids, i));
      const VmmNic *nic = g_ptr_array_index (instance->nics, 0);
      g_autofree char *name = g_strdup_printf ("web%03u", i + 1);
      g_autofree char *host_name = g_strdup_printf ("node%03u", i + 1);

      assert_string_equal (instance->name, name);
      assert_string_equal (instance->host_name, host_name);
      assert_true (g_hash_table_add (seen, (gpointer) world_keep (w, g_strdup (nic->ip))));
      assert_true (g_hash_table_add (seen, (gpointer) world_keep (w, g_strdup (nic->mac))));
      assert_true (g_hash_table_add (seen, (gpointer) world_keep (w, g_strdup (instance->uuid))));
    }
}

static void
without_a_suffix_they_share_their_name (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;

  spec.amount = 2;
  spec.name = "web";
  ids = create (w, &w->alice, &spec);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance WHERE name='web'"), 2);
}

static void
a_suffix_that_makes_a_name_too_long_leaves_nothing (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autofree char *name = g_strnfill (126, 'a');

  spec.amount = 2;
  spec.unique_suffix = TRUE;
  spec.name = name;
  refuse (w, &w->alice, &spec, VMM_ERROR_INSTANCE_NAME_MALFORMED, "InstanceName");
}

static void
an_amount_out_of_range_is_refused (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));

  spec.amount = 0;
  refuse (w, &w->alice, &spec, VMM_ERROR_MAX_AMOUNT, "Amount 0");
  spec.amount = 101;
  refuse (w, &w->alice, &spec, VMM_ERROR_MAX_AMOUNT, "Amount 101 must be 1 to 100");
  spec.amount = 2;
  spec.min_amount = 3;
  refuse (w, &w->alice, &spec, VMM_ERROR_MIN_AMOUNT, "MinAmount 3 is above the Amount 2");
}

static void
a_bad_field_is_refused_with_its_own_error (void **state)
{
  World *w = *state;
  const OpsInstanceSpec good = world_spec (world_add_image (w, 4));
  static const char *const foreign_group[] = { "sg-00000000000000000000", NULL };
  g_autofree char *huge = g_strnfill (43700, 'A');
  const struct
  {
    OpsInstanceSpec change;
    gsize offset;
    VmmError code;
    const char *part;
  } cases[] = {
#define CASE(field, value, code, part)                                                             \
  { { .field = value }, G_STRUCT_OFFSET (OpsInstanceSpec, field), code, part }
    CASE (image_id, "m-none", VMM_ERROR_IMAGE_NOT_FOUND, "m-none"),
    CASE (type, "ecs.huge", VMM_ERROR_INSTANCE_TYPE, "ecs.huge"),
    CASE (zone_id, "mars-a", VMM_ERROR_ZONE_NOT_FOUND, "mars-a"),
    CASE (vswitch_id, "vsw-none", VMM_ERROR_VSWITCH_NOT_FOUND, "vsw-none"),
    CASE (group_ids, foreign_group, VMM_ERROR_GROUP_NOT_FOUND, "sg-0"),
    CASE (private_ip, "10.0.0.1", VMM_ERROR_PRIVATE_IP_MALFORMED, "10.0.0.1"),
    CASE (private_ip, "172.16.0.0", VMM_ERROR_PRIVATE_IP_MALFORMED, "172.16.0.0"),
    CASE (private_ip, "172.16.15.253", VMM_ERROR_PRIVATE_IP_MALFORMED, "172.16.15.253"),
    CASE (private_ip, "here", VMM_ERROR_PRIVATE_IP_MALFORMED, "here"),
    CASE (name, "1", VMM_ERROR_INSTANCE_NAME_MALFORMED, "InstanceName"),
    CASE (description, "x", VMM_ERROR_DESCRIPTION_MALFORMED, "Description"),
    CASE (host_name, "-x", VMM_ERROR_HOST_NAME_MALFORMED, "HostName"),
    CASE (user_data, "%%%%", VMM_ERROR_USER_DATA_BASE64, "UserData"),
    CASE (user_data, "QUJD\nQUJD", VMM_ERROR_USER_DATA_BASE64, "UserData"),
    CASE (user_data, huge, VMM_ERROR_USER_DATA_SIZE, "32768"),
    CASE (key_pair, "none", VMM_ERROR_KEY_PAIR_NOT_FOUND, "none"),
    CASE (system_disk.category, "floppy", VMM_ERROR_SYSTEM_DISK_CATEGORY, "floppy"),
#undef CASE
  };

  ops_network_ensure_default (&w->ctx, &w->alice, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      OpsInstanceSpec spec = good;

      *(const void **) G_STRUCT_MEMBER_P (&spec, cases[i].offset)
          = G_STRUCT_MEMBER (const void *, &cases[i].change, cases[i].offset);
      refuse (w, &w->alice, &spec, cases[i].code, cases[i].part);
    }
}

static void
a_system_disk_holds_its_image_and_is_not_endless (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 4));
  g_autoptr (GPtrArray) ids = NULL;

  spec.system_disk.size_gib = 3;
  refuse (w, &w->alice, &spec, VMM_ERROR_SYSTEM_DISK_TOO_SMALL, "3 GiB, the image needs 4 GiB");
  spec.system_disk.size_gib = 2049;
  refuse (w, &w->alice, &spec, VMM_ERROR_SYSTEM_DISK_SIZE, "at most 2048");
  spec.system_disk.size_gib = 5;
  ids = create (w, &w->alice, &spec);
  assert_int_equal (world_query (w, "SELECT virtual_bytes FROM disk"), 5 * WORLD_GIB);
}

static void
an_image_that_is_not_available_is_refused_with_its_reason (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));

  world_exec (w, "UPDATE image SET state='failed', reason='it has a backing file'");
  refuse (w, &w->alice, &spec, VMM_ERROR_IMAGE_NOT_AVAILABLE,
          "CreateFailed: it has a backing file");
}

static void
a_chosen_address_is_given_once (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmInstance) instance = NULL;

  spec.private_ip = "172.16.3.7";
  ids = create (w, &w->alice, &spec);
  instance = world_get (w, g_ptr_array_index (ids, 0));
  assert_string_equal (((VmmNic *) g_ptr_array_index (instance->nics, 0))->ip, "172.16.3.7");
  refuse (w, &w->alice, &spec, VMM_ERROR_PRIVATE_IP_USED, "172.16.3.7");
  spec.amount = 2;
  refuse (w, &w->alice, &spec, VMM_ERROR_PRIVATE_IP_USED, "one instance only");
}

static void
a_full_vswitch_leaves_nothing (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec;
  g_autoptr (GPtrArray) ids = NULL;

  g_free (w->config->default_vswitch_cidr);
  w->config->default_vswitch_cidr = g_strdup ("172.16.0.0/29");
  spec = world_spec (world_add_image (w, 1));
  spec.amount = 4;
  ids = create (w, &w->alice, &spec);
  spec.amount = 1;
  refuse (w, &w->alice, &spec, VMM_ERROR_VSWITCH_FULL, "172.16.0.0/29");
}

static void
more_than_five_groups_are_refused (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  const VmmGroupQuery all = { 0 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) groups = ops_group_list (&w->ctx, &w->alice, &all, &page, &info, NULL);
  const VmmGroup *group = g_ptr_array_index (groups, 0);
  const char *ids[8] = { group->id, group->id };
  g_autoptr (GPtrArray) made = NULL;

  spec.group_ids = ids;
  made = create (w, &w->alice, &spec);
  assert_int_equal (world_query (w, "SELECT count(*) FROM nic_group"), 1);
  for (guint i = 1; i < 6; i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "INSERT INTO security_group (id, account_id, vpc_id, name, description, is_default,"
          " inner_accept, created_ms) VALUES ('sg-%u', '%s', '%s', 'g', '', 0, 0, 1)",
          i, w->alice.account_id, group->vpc_id);

      world_exec (w, sql);
      ids[i] = world_keep (w, g_strdup_printf ("sg-%u", i));
    }
  refuse (w, &w->alice, &spec, VMM_ERROR_GROUP_LIMIT, "6 security groups given, at most 5");
}

static void
a_group_of_another_vpc_is_refused (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  const char *ids[] = { "sg-x", NULL };
  g_autofree char *sql = NULL;

  ops_network_ensure_default (&w->ctx, &w->alice, NULL);
  ops_network_ensure_default (&w->ctx, &w->bob, NULL);
  sql = g_strdup_printf (
      "INSERT INTO security_group (id, account_id, vpc_id, name, description, is_default,"
      " inner_accept, created_ms) SELECT 'sg-x', '%s', id, 'g', '', 0, 0, 1 FROM vpc"
      " WHERE account_id='%s'",
      w->alice.account_id, w->bob.account_id);
  world_exec (w, sql);
  spec.group_ids = ids;
  refuse (w, &w->alice, &spec, VMM_ERROR_VPC_MISMATCH, "sg-x");
}

/* ---- capacity and quota ---- */

static void
a_host_short_of_vcpus_says_how_many (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;

  w->processors = 3;
  w->config->vcpu_ratio = 1.5;
  ids = create (w, &w->alice, &spec);
  spec.amount = 5;
  refuse (w, &w->alice, &spec, VMM_ERROR_NO_STOCK,
          "the host is short of vCPUs: 5 needed, 3 left, 2 missing");
}

static void
a_host_short_of_memory_says_how_much (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;

  w->memory_mib = 1256;
  w->config->memory_reserve_mib = 256;
  ids = create (w, &w->alice, &spec);
  spec.amount = 7;
  refuse (w, &w->alice, &spec, VMM_ERROR_NO_STOCK,
          "the host is short of memory: 896 MiB needed, 872 MiB left, 24 MiB missing");
}

static void
a_host_short_of_disk_says_how_much (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 3));
  g_autoptr (GPtrArray) ids = NULL;

  w->pool_total_bytes = w->pool_free_bytes = 5 * WORLD_GIB;
  w->config->disk_ratio = 2;
  ids = create (w, &w->alice, &spec);
  spec.amount = 3;
  refuse (w, &w->alice, &spec, VMM_ERROR_NO_STOCK,
          "the host is short of disk space: 9 GiB needed, 7 GiB left, 2 GiB missing");
}

static void
a_disk_that_is_really_full_promises_nothing_more (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 3));

  w->config->disk_reserve_gib = 2;
  w->pool_free_bytes = 2 * WORLD_GIB - 1;
  refuse (w, &w->alice, &spec, VMM_ERROR_NO_STOCK, "disk space: 3 GiB needed, 0 GiB left");
}

static void
as_many_are_made_as_fit_when_fewer_will_do (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;

  w->processors = 4;
  spec.amount = 10;
  spec.min_amount = 5;
  refuse (w, &w->alice, &spec, VMM_ERROR_NO_STOCK, "vCPUs");
  spec.min_amount = 2;
  ids = create (w, &w->alice, &spec);
  assert_int_equal (ids->len, 4);
}

static void
the_same_capacity_serves_all_accounts (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (GPtrArray) none = NULL;
  OpsCapacity capacity;

  w->processors = 4;
  spec.amount = 4;
  ids = create (w, &w->alice, &spec);
  ops_network_ensure_default (&w->ctx, &w->bob, NULL);
  spec.amount = 1;
  refuse (w, &w->bob, &spec, VMM_ERROR_NO_STOCK, "1 needed, 0 left, 1 missing");
  assert_true (ops_capacity (&w->ctx, &capacity, NULL));
  assert_int_equal (capacity.vcpus_used, 4);
  assert_int_equal (capacity.memory_mib_used, 4 * 128);
  assert_int_equal (capacity.disk_bytes_used, 4 * WORLD_GIB);
  assert_int_equal (capacity.instances, 4);
}

static void
an_account_has_a_quota_of_its_own (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) alices = NULL;
  g_autoptr (GPtrArray) bobs = NULL;

  w->config->max_instances = 3;
  spec.amount = 2;
  alices = create (w, &w->alice, &spec);
  refuse (w, &w->alice, &spec, VMM_ERROR_QUOTA, "2 instances, its limit is 3; 2 asked");
  bobs = create (w, &w->bob, &spec);
  spec.amount = 5;
  spec.min_amount = 1;
  g_clear_pointer (&bobs, g_ptr_array_unref);
  bobs = create (w, &w->bob, &spec);
  assert_int_equal (bobs->len, 1);
}

/* ---- ClientToken and DryRun ---- */

static void
the_same_token_gives_the_same_answer_also_after_a_restart (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  VmmCaller caller = w->alice;
  g_autoptr (GPtrArray) first = NULL;
  g_autofree char *before = NULL;

  caller.action = "RunInstances";
  caller.client_token = "t-1";
  caller.token_params = "Amount=2&ImageId=m";
  spec.amount = 2;
  first = create (w, &caller, &spec);
  before = world_dump (w);
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (GPtrArray) again = create (w, &caller, &spec);
      g_autofree char *after = world_dump (w);

      assert_int_equal (again->len, 2);
      for (guint i = 0; i < 2; i++)
        assert_string_equal (g_ptr_array_index (again, i), g_ptr_array_index (first, i));
      assert_string_equal (before, after);
      world_reopen (w);
    }
}

static void
a_token_with_other_parameters_names_the_one_that_differs (void **state)
{
  static const struct
  {
    const char *params, *name;
  } cases[] = {
    { "Amount=3&ImageId=m", "another Amount" },
    { "Amount=2&ImageId=n", "another ImageId" },
    { "Amount=2&ImageId=m&KeyPairName=k", "another KeyPairName" },
    { "Amount=2", "another ImageId" },
  };
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  VmmCaller caller = w->alice;
  g_autoptr (GPtrArray) first = NULL;

  caller.action = "RunInstances";
  caller.client_token = "t-1";
  caller.token_params = "Amount=2&ImageId=m";
  first = create (w, &caller, &spec);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      caller.token_params = cases[i].params;
      refuse (w, &caller, &spec, VMM_ERROR_IDEMPOTENT_MISMATCH, cases[i].name);
    }
}

static void
a_token_is_each_accounts_own (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  VmmCaller alice = w->alice, bob = w->bob;
  g_autoptr (GPtrArray) alices = NULL;
  g_autoptr (GPtrArray) bobs = NULL;

  alice.client_token = bob.client_token = "t-1";
  alices = create (w, &alice, &spec);
  bobs = create (w, &bob, &spec);
  assert_string_not_equal (g_ptr_array_index (alices, 0), g_ptr_array_index (bobs, 0));
}

static void
a_token_of_a_failed_request_is_free (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  VmmCaller caller = w->alice;
  g_autoptr (GPtrArray) ids = NULL;

  caller.client_token = "t-1";
  w->processors = 0;
  refuse (w, &caller, &spec, VMM_ERROR_NO_STOCK, "vCPUs");
  w->processors = 1;
  ids = create (w, &caller, &spec);
  assert_int_equal (ids->len, 1);
}

static void
a_dry_run_changes_nothing_not_even_the_default_network (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  VmmCaller caller = w->alice;

  caller.dry_run = TRUE;
  caller.client_token = "t-1";
  refuse (w, &caller, &spec, VMM_ERROR_DRY_RUN, "would have succeeded");
  w->processors = 0;
  refuse (w, &caller, &spec, VMM_ERROR_NO_STOCK, "vCPUs");
}

static void
a_full_database_is_an_error_and_changes_nothing (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;

  spec.amount = 100; /* more than the pages of now have room for */
  world_fill (w, TRUE);
  refuse (w, &w->alice, &spec, VMM_ERROR_STORE, "full");
  world_fill (w, FALSE);
  ids = create (w, &w->alice, &spec);
  assert_int_equal (ids->len, 100);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (one_request_makes_rows_of_all_kinds_and_kicks),
    WORLD_TEST (several_differ_where_they_must),
    WORLD_TEST (without_a_suffix_they_share_their_name),
    WORLD_TEST (a_suffix_that_makes_a_name_too_long_leaves_nothing),
    WORLD_TEST (an_amount_out_of_range_is_refused),
    WORLD_TEST (a_bad_field_is_refused_with_its_own_error),
    WORLD_TEST (a_system_disk_holds_its_image_and_is_not_endless),
    WORLD_TEST (an_image_that_is_not_available_is_refused_with_its_reason),
    WORLD_TEST (a_chosen_address_is_given_once),
    WORLD_TEST (a_full_vswitch_leaves_nothing),
    WORLD_TEST (more_than_five_groups_are_refused),
    WORLD_TEST (a_group_of_another_vpc_is_refused),
    WORLD_TEST (a_host_short_of_vcpus_says_how_many),
    WORLD_TEST (a_host_short_of_memory_says_how_much),
    WORLD_TEST (a_host_short_of_disk_says_how_much),
    WORLD_TEST (a_disk_that_is_really_full_promises_nothing_more),
    WORLD_TEST (as_many_are_made_as_fit_when_fewer_will_do),
    WORLD_TEST (the_same_capacity_serves_all_accounts),
    WORLD_TEST (an_account_has_a_quota_of_its_own),
    WORLD_TEST (the_same_token_gives_the_same_answer_also_after_a_restart),
    WORLD_TEST (a_token_with_other_parameters_names_the_one_that_differs),
    WORLD_TEST (a_token_is_each_accounts_own),
    WORLD_TEST (a_token_of_a_failed_request_is_free),
    WORLD_TEST (a_full_database_is_an_error_and_changes_nothing),
    WORLD_TEST (a_dry_run_changes_nothing_not_even_the_default_network),
  };

  return cmocka_run_group_tests_name ("ops-create", tests, NULL, NULL);
}
