/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies of automatic snapshots, and the disks they are applied to. */
#include "ops-disk.h"
#include "ops-policy.h"
#include "vmm-policy.h"
#include "world.h"

#define NOON (1U << 12)
#define EVERY_DAY 0x7f

static const char *
add_policy (World *w, const VmmCaller *caller)
{
  const OpsPolicySpec spec
      = { .name = "nightly", .hours = NOON, .weekdays = EVERY_DAY, .retention_days = 3 };
  g_autoptr (GError) error = NULL;
  char *id = ops_policy_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static const char *
add_disk (World *w, const VmmCaller *caller)
{
  const OpsDiskSpec spec = { .size_gib = 20 };
  g_autoptr (GError) error = NULL;
  char *id = ops_disk_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static VmmPolicy *
get_policy (World *w, const char *id)
{
  const VmmPolicyQuery query = { .id = id };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) found = ops_policy_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

  assert_int_equal (found->len, 1);
  g_ptr_array_set_free_func (found, NULL);
  return g_ptr_array_index (found, 0);
}

static const char *
policy_of (World *w, const char *disk_id)
{
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) found
      = ops_policy_disks (&w->ctx, &w->alice, NULL, disk_id, &page, &info, NULL);

  if (found->len == 0)
    return "";
  return world_keep (w, g_strdup (((OpsPolicyDisk *) g_ptr_array_index (found, 0))->policy_id));
}

static void
a_policy_is_made_changed_and_deleted (void **state)
{
  World *w = *state;
  const char *id = add_policy (w, &w->alice);
  const OpsPolicySpec only_days = { .weekdays = 1, .retention_days = -1 };
  const OpsPolicySpec for_ever = { .name = "", .hours = NOON << 1, .retention_days = 0 };
  g_autoptr (VmmPolicy) second = NULL;
  g_autoptr (VmmPolicy) third = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (ops_policy_modify (&w->ctx, &w->alice, id, &only_days, &error));
  second = get_policy (w, id);
  assert_string_equal (second->name, "nightly");
  assert_int_equal (second->hours, NOON);
  assert_int_equal (second->weekdays, 1);
  assert_int_equal (second->retention_days, 3);
  assert_true (ops_policy_modify (&w->ctx, &w->alice, id, &for_ever, &error));
  third = get_policy (w, id);
  assert_string_equal (third->name, "nightly");
  assert_int_equal (third->hours, NOON << 1);
  assert_int_equal (third->retention_days, 0);
  assert_true (ops_policy_delete (&w->ctx, &w->alice, id, &error));
  assert_false (ops_policy_delete (&w->ctx, &w->alice, id, &error));
  assert_vmm_error (error, VMM_ERROR_POLICY_NOT_FOUND);
}

static void
a_disk_has_one_policy_until_it_goes (void **state)
{
  World *w = *state;
  const char *first = add_policy (w, &w->alice), *second = add_policy (w, &w->alice);
  const char *disk = add_disk (w, &w->alice), *disks[] = { disk, NULL };
  g_autoptr (GError) error = NULL;

  assert_true (ops_policy_apply (&w->ctx, &w->alice, first, disks, &error));
  assert_string_equal (policy_of (w, disk), first);
  assert_true (ops_policy_apply (&w->ctx, &w->alice, second, disks, &error));
  assert_string_equal (policy_of (w, disk), second);
  assert_true (ops_policy_cancel (&w->ctx, &w->alice, first, disks, &error));
  assert_string_equal (policy_of (w, disk), second);
  assert_true (ops_policy_cancel (&w->ctx, &w->alice, NULL, disks, &error));
  assert_string_equal (policy_of (w, disk), "");
  assert_true (ops_policy_apply (&w->ctx, &w->alice, second, disks, &error));
  assert_true (ops_policy_delete (&w->ctx, &w->alice, second, &error));
  assert_string_equal (policy_of (w, disk), "");
}

static void
all_disks_or_none_get_a_policy (void **state)
{
  World *w = *state;
  const char *policy = add_policy (w, &w->alice);
  const char *disks[] = { add_disk (w, &w->alice), add_disk (w, &w->bob), NULL };
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_policy_apply (&w->ctx, &w->alice, policy, disks, &error));
  assert_vmm_error (error, VMM_ERROR_DISK_NOT_FOUND);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
nobody_sees_or_changes_anothers_policy (void **state)
{
  World *w = *state;
  const char *policy = add_policy (w, &w->alice);
  const char *disks[] = { add_disk (w, &w->bob), NULL };
  const OpsPolicySpec spec = { .hours = 1, .retention_days = -1 };
  const VmmPolicyQuery all = { NULL, NULL };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) found = ops_policy_list (&w->ctx, &w->bob, &all, &page, &info, NULL);
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) second = NULL;
  g_autoptr (GError) third = NULL;

  assert_int_equal (found->len, 0);
  assert_false (ops_policy_modify (&w->ctx, &w->bob, policy, &spec, &first));
  assert_vmm_error (first, VMM_ERROR_POLICY_NOT_FOUND);
  assert_false (ops_policy_delete (&w->ctx, &w->bob, policy, &second));
  assert_vmm_error (second, VMM_ERROR_POLICY_NOT_FOUND);
  assert_false (ops_policy_apply (&w->ctx, &w->bob, policy, disks, &third));
  assert_vmm_error (third, VMM_ERROR_POLICY_NOT_FOUND);
}

static void
an_account_has_a_bounded_number (void **state)
{
  World *w = *state;
  const OpsPolicySpec spec = { .hours = 1, .weekdays = 1 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < OPS_POLICIES_MAX; i++)
    add_policy (w, &w->alice);
  assert_null (ops_policy_create (&w->ctx, &w->alice, &spec, &error));
  assert_vmm_error (error, VMM_ERROR_POLICY_QUOTA);
  add_policy (w, &w->bob);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (a_policy_is_made_changed_and_deleted),
    WORLD_TEST (a_disk_has_one_policy_until_it_goes),
    WORLD_TEST (all_disks_or_none_get_a_policy),
    WORLD_TEST (nobody_sees_or_changes_anothers_policy),
    WORLD_TEST (an_account_has_a_bounded_number),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
