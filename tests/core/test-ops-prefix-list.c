/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists: their entries, and the groups that follow them. */
#include "ops-group.h"
#include "ops-network.h"
#include "ops-prefix-list.h"
#include "vmm-id.h"
#include "world.h"

static char *
try_list (World *w, const VmmCaller *caller, const OpsPrefixEntry *entries, guint n, GError **error)
{
  const OpsPrefixListSpec spec
      = { .name = "office", .max_entries = 3, .entries = entries, .n_entries = n };

  return ops_prefix_list_create (&w->ctx, caller, &spec, error);
}

static const char *
add_list (World *w, const char *cidr)
{
  const OpsPrefixEntry entry = { cidr, NULL };
  g_autoptr (GError) error = NULL;
  char *id = try_list (w, &w->alice, &entry, cidr != NULL, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

/* A group of Alice's with a rule that names @list. */
static const char *
add_group (World *w, const char *list)
{
  const OpsRuleSpec spec = { .protocol = "all", .prefix_list_id = list };
  g_autoptr (GError) error = NULL;
  char *id = ops_group_create (&w->ctx, &w->alice, NULL, "group", NULL, &error);

  assert_no_error (error);
  assert_true (ops_group_authorize (&w->ctx, &w->alice, id, &spec, 1, &error));
  assert_no_error (error);
  return world_keep (w, id);
}

/* "cidr=description …" */
static char *
describe (World *w, const char *id)
{
  g_autoptr (VmmPrefixList) list = ops_prefix_list_get (&w->ctx, &w->alice, id, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->entries->len; i++)
    {
      const VmmPrefixEntry *entry = g_ptr_array_index (list->entries, i);

      g_string_append_printf (text, "%s=%s ", entry->cidr, entry->description);
    }
  return g_string_free (text, FALSE);
}

static void
entries_are_kept_in_one_form (void **state)
{
  World *w = *state;
  const OpsPrefixEntry entries[] = { { "10.1.2.3/8", "the net" }, { "8.8.8.8", NULL } };
  g_autofree char *id = try_list (w, &w->alice, entries, 2, NULL);
  g_autofree char *shown = describe (w, id);

  assert_true (vmm_id_is (VMM_ID_PREFIX_LIST, id));
  assert_string_equal (shown, "10.0.0.0/8=the net 8.8.8.8/32= ");
}

static void
bad_entries_are_refused_and_nothing_is_made (void **state)
{
  static const struct
  {
    OpsPrefixEntry entries[4];
    guint n;
    VmmError code;
  } cases[] = {
    { { { "x", NULL } }, 1, VMM_ERROR_PREFIX_LIST_CIDR },
    { { { "fd00::/8", NULL } }, 1, VMM_ERROR_PREFIX_LIST_CIDR },
    { { { "10.0.0.0/33", NULL } }, 1, VMM_ERROR_PREFIX_LIST_CIDR },
    { { { "10.0.0.0/8", NULL }, { "10.1.0.0/8", NULL } }, 2, VMM_ERROR_PREFIX_LIST_TWICE },
    { { { "10.0.0.0/8", "http://x" } }, 1, VMM_ERROR_DESCRIPTION_MALFORMED },
    { { { "1.0.0.0/8", NULL },
        { "2.0.0.0/8", NULL },
        { "3.0.0.0/8", NULL },
        { "4.0.0.0/8", NULL } },
      4,
      VMM_ERROR_PREFIX_LIST_FULL },
  };
  World *w = *state;
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (try_list (w, &w->alice, cases[i].entries, cases[i].n, &error));
      assert_vmm_error (error, cases[i].code);
    }
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
entries_come_and_go_and_take_new_descriptions (void **state)
{
  World *w = *state;
  const char *id = add_list (w, "10.0.0.0/8");
  const OpsPrefixEntry added[] = { { "11.0.0.0/8", "eleven" }, { "12.0.0.0/8", NULL } };
  const OpsPrefixEntry again[] = { { "11.0.0.0/8", "two" } };
  const char *removed[] = { "10.9.9.9/8", "99.0.0.0/8", NULL };
  const OpsPrefixListChange changes[] = {
    { .add = added, .n_add = 2 },
    { .add = again, .n_add = 1, .remove = removed },
    { .name = "home", .description = "of mine" },
  };
  g_autofree char *shown = NULL;
  g_autoptr (VmmPrefixList) list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, id, &changes[i], NULL));
  shown = describe (w, id);
  assert_string_equal (shown, "11.0.0.0/8=two 12.0.0.0/8= ");
  list = ops_prefix_list_get (&w->ctx, &w->alice, id, NULL);
  assert_string_equal (list->name, "home");
  assert_string_equal (list->description, "of mine");
}

static void
a_change_reaches_every_group_that_names_the_list_and_no_other (void **state)
{
  World *w = *state;
  const char *id = add_list (w, "10.0.0.0/8"), *other = add_list (w, "10.0.0.0/8");
  const char *first = add_group (w, id), *second = add_group (w, id), *third = add_group (w, other);
  const OpsPrefixEntry added = { "11.0.0.0/8", NULL };
  const OpsPrefixListChange entries = { .add = &added, .n_add = 1 }, names = { .name = "home" };

  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, id, &entries, NULL));
  assert_int_equal (world_kicks (w, first), 2);
  assert_int_equal (world_kicks (w, second), 2);
  assert_int_equal (world_kicks (w, third), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM security_group WHERE generation=3"), 2);
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, id, &names, NULL));
  assert_int_equal (world_kicks (w, first), 2);
}

static void
a_list_stays_while_a_rule_names_it (void **state)
{
  World *w = *state;
  const char *id = add_list (w, "10.0.0.0/8"), *group = add_group (w, id);
  const OpsRuleSpec rule = { .protocol = "all", .prefix_list_id = id };
  g_autoptr (GPtrArray) groups = ops_prefix_list_groups (&w->ctx, &w->alice, id, NULL);
  g_autoptr (GError) error = NULL;

  assert_int_equal (groups->len, 1);
  assert_string_equal (((VmmGroup *) g_ptr_array_index (groups, 0))->id, group);
  assert_false (ops_prefix_list_delete (&w->ctx, &w->alice, id, &error));
  assert_vmm_message (error, VMM_ERROR_PREFIX_LIST_IN_USE, "1 security groups");
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &rule, 1, NULL, NULL));
  assert_true (ops_prefix_list_delete (&w->ctx, &w->alice, id, NULL));
  assert_int_equal (world_query (w, "SELECT count(*) FROM prefix_list_entry"), 0);
}

static void
another_accounts_list_is_not_there (void **state)
{
  World *w = *state;
  const char *id = add_list (w, "10.0.0.0/8");
  const OpsPrefixListChange change = { .name = "mine" };
  const VmmPrefixListQuery all = { .is_ipv6 = -1 };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) lists = ops_prefix_list_list (&w->ctx, &w->bob, &all, &page, &info, NULL);
  GError *errors[4] = { NULL };

  assert_int_equal (lists->len, 0);
  assert_null (ops_prefix_list_get (&w->ctx, &w->bob, id, &errors[0]));
  assert_false (ops_prefix_list_modify (&w->ctx, &w->bob, id, &change, &errors[1]));
  assert_false (ops_prefix_list_delete (&w->ctx, &w->bob, id, &errors[2]));
  assert_null (ops_prefix_list_groups (&w->ctx, &w->bob, id, &errors[3]));
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      assert_vmm_error (errors[i], VMM_ERROR_PREFIX_LIST_NOT_FOUND);
      g_error_free (errors[i]);
    }
}

static void
an_account_has_a_limit (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < OPS_PREFIX_LISTS_AN_ACCOUNT; i++)
    add_list (w, NULL);
  assert_null (try_list (w, &w->alice, NULL, 0, &error));
  assert_vmm_error (error, VMM_ERROR_PREFIX_LIST_QUOTA);
}

/* A list with ranges 10.0.<first>.0/24 and so on. */
static const char *
add_long_list (World *w, guint first, guint n)
{
  g_autoptr (GPtrArray) cidrs = g_ptr_array_new_with_free_func (g_free);
  OpsPrefixListSpec spec = { .name = "long", .max_entries = 200, .n_entries = n };
  g_autofree OpsPrefixEntry *entries = g_new0 (OpsPrefixEntry, n);
  g_autoptr (GError) error = NULL;
  char *id;

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (cidrs, g_strdup_printf ("10.0.%u.0/24", first + i));
      entries[i].cidr = cidrs->pdata[i];
    }
  spec.entries = entries;
  id = ops_prefix_list_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  return world_keep (w, id);
}

static void
each_entry_counts_as_a_rule_of_every_group_that_names_the_list (void **state)
{
  World *w = *state;
  const char *hundred = add_long_list (w, 0, 100), *other = add_long_list (w, 100, 99);
  const char *group = add_group (w, hundred);
  const OpsRuleSpec more[]
      = { { .protocol = "tcp", .port_range = "1/1", .prefix_list_id = hundred },
          { .protocol = "all", .prefix_list_id = other },
          { .protocol = "all", .cidr = "192.0.2.0/24" } };
  const OpsPrefixEntry entry = { "192.0.2.0/24", NULL };
  const char *one[] = { "10.0.100.0/24", NULL };
  const OpsPrefixListChange added = { .add = &entry, .n_add = 1 }, removed = { .remove = one },
                            replaced = { .add = &entry, .n_add = 1, .remove = one };
  g_autoptr (GError) rule = NULL;
  g_autoptr (GError) range = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &more[1], 2, NULL));
  before = world_dump (w);
  assert_false (ops_group_authorize (&w->ctx, &w->alice, group, &more[0], 1, &rule));
  assert_vmm_message (rule, VMM_ERROR_RULE_LIMIT, "300 rules");
  assert_false (ops_prefix_list_modify (&w->ctx, &w->alice, other, &added, &range));
  assert_vmm_message (range, VMM_ERROR_RULE_LIMIT, group);
  after = world_dump (w);
  assert_string_equal (before, after);
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, other, &replaced, NULL));
  one[0] = "10.0.101.0/24";
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, other, &removed, NULL));
  assert_true (ops_group_revoke (&w->ctx, &w->alice, group, &more[1], 1, NULL, NULL));
  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, hundred, &added, NULL));
}

static void
an_empty_list_counts_as_one_rule (void **state)
{
  World *w = *state;
  const char *list = add_list (w, NULL), *group = add_group (w, list);
  g_autoptr (GError) error = NULL;

  for (guint i = 2; i <= 201; i++)
    {
      const OpsRuleSpec spec = { .protocol = "all",
                                 .prefix_list_id = list,
                                 .priority = i % 100 + 1,
                                 .near_cidr = i < 100   ? "10.0.0.0/8"
                                              : i < 200 ? "11.0.0.0/8"
                                                        : "12.0.0.0/8" };

      assert_int_equal (ops_group_authorize (&w->ctx, &w->alice, group, &spec, 1, &error),
                        i <= 200);
    }
  assert_vmm_message (error, VMM_ERROR_RULE_LIMIT, "201 rules");
}

typedef struct
{
  World *w;
  const char *id;
  guint number, added;
} Adder;

static gpointer
add_entries (gpointer data)
{
  Adder *adder = data;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *cidr = g_strdup_printf ("10.%u.%u.0/24", adder->number, i);
      const OpsPrefixEntry entry = { cidr, NULL };
      const OpsPrefixListChange change = { .add = &entry, .n_add = 1 };

      adder->added
          += ops_prefix_list_modify (&adder->w->ctx, &adder->w->alice, adder->id, &change, NULL);
    }
  return NULL;
}

static void
entries_added_at_once_stay_within_the_maximum (void **state)
{
  World *w = *state;
  const char *id = add_list (w, NULL);
  Adder adders[4];
  GThread *threads[G_N_ELEMENTS (adders)];
  guint added = 0;

  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      adders[i] = (Adder){ w, id, i, 0 };
      threads[i] = g_thread_new ("adder", add_entries, &adders[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      g_thread_join (threads[i]);
      added += adders[i].added;
    }
  assert_int_equal (added, 3);
  assert_int_equal (world_query (w, "SELECT count(*) FROM prefix_list_entry"), 3);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (entries_are_kept_in_one_form),
    WORLD_TEST (bad_entries_are_refused_and_nothing_is_made),
    WORLD_TEST (entries_come_and_go_and_take_new_descriptions),
    WORLD_TEST (a_change_reaches_every_group_that_names_the_list_and_no_other),
    WORLD_TEST (each_entry_counts_as_a_rule_of_every_group_that_names_the_list),
    WORLD_TEST (an_empty_list_counts_as_one_rule),
    WORLD_TEST (a_list_stays_while_a_rule_names_it),
    WORLD_TEST (another_accounts_list_is_not_there),
    WORLD_TEST (an_account_has_a_limit),
    WORLD_TEST (entries_added_at_once_stay_within_the_maximum),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
