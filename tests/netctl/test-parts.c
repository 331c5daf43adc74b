/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of tables in parts: whatever changes, the sum of the parts is the whole, and what may
 * forbid a flow is told as such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-judge.h"
#include "netctl-narrow.h"
#include "netctl-nft.h"
#include "netctl-parts.h"
#include "records.h"

#define GROUPS 5
#define PORTS 12
#define STEPS 400

/* A VPC that changes at random, and a host that is told of the changes only. */
typedef struct
{
  GRand *rand;
  guint32 seed;
  NetctlModel *model;
  NetctlParts *parts;
  GHashTable *host; /* an object's key -> GPtrArray of its lines, the head first */
} Fuzz;

static int
set_up (void **state)
{
  const char *seed = g_getenv ("NETCTL_SEED");
  Fuzz *fuzz = g_new0 (Fuzz, 1);

  fuzz->seed = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  fuzz->rand = g_rand_new_with_seed (fuzz->seed);
  print_message ("# NETCTL_SEED=%u\n", fuzz->seed);
  fuzz->model = netctl_model_new ();
  fuzz->parts = netctl_parts_new ();
  fuzz->host
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  record_put_vpc (fuzz->model, record_vpc (1, "10.0.0.0/24", TRUE));
  *state = fuzz;
  return 0;
}

static int
tear_down (void **state)
{
  Fuzz *fuzz = *state;

  netctl_model_free (fuzz->model);
  netctl_parts_free (fuzz->parts);
  g_hash_table_unref (fuzz->host);
  g_rand_free (fuzz->rand);
  g_free (fuzz);
  return 0;
}

static int
pick (Fuzz *fuzz, int below)
{
  return g_rand_int_range (fuzz->rand, 0, below);
}

/* The host */

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static gboolean
has_line (GPtrArray *lines, const char *line, guint *out_at)
{
  return g_ptr_array_find_with_equal_func (lines, line, g_str_equal, out_at);
}

/* What goes must be there, and what comes must not: the kernel would refuse it. */
static void
change_object (GHashTable *host, const NetctlTableObject *before, const NetctlTableObject *after)
{
  const char *key = before != NULL ? before->key : after->key;
  GPtrArray *lines = g_hash_table_lookup (host, key);
  guint at;

  assert_int_equal (lines != NULL, before != NULL);
  if (lines == NULL)
    {
      lines = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (lines, g_strdup (after->head != NULL ? after->head : ""));
      g_hash_table_insert (host, g_strdup (key), lines);
    }
  for (guint i = 0; before != NULL && i < before->lines->len; i++)
    {
      assert_true (has_line (lines, g_ptr_array_index (before->lines, i), &at));
      g_ptr_array_remove_index (lines, at);
    }
  for (guint i = 0; after != NULL && i < after->lines->len; i++)
    {
      assert_false (after->kind != NETCTL_TABLE_CHAIN
                    && has_line (lines, g_ptr_array_index (after->lines, i), &at));
      g_ptr_array_add (lines, g_strdup (g_ptr_array_index (after->lines, i)));
    }
  if (after == NULL)
    {
      assert_int_equal (lines->len, 1);
      g_hash_table_remove (host, key);
    }
}

static void
change_host (Fuzz *fuzz, const NetctlTables *from, const NetctlTables *to)
{
  for (guint i = 0; i < to->objects->len; i++)
    {
      const NetctlTableObject *after = g_ptr_array_index (to->objects, i);

      change_object (fuzz->host, g_hash_table_lookup (from->index, after->key), after);
    }
  for (guint i = 0; i < from->objects->len; i++)
    {
      const NetctlTableObject *before = g_ptr_array_index (from->objects, i);

      if (!g_hash_table_contains (to->index, before->key))
        {
          GPtrArray *lines = g_hash_table_lookup (fuzz->host, before->key);

          /* A set that goes may hold what no part of the change names. */
          assert_non_null (lines);
          change_object (fuzz->host, before, NULL);
        }
    }
}

static char *
print_object (const char *key, GPtrArray *lines, gboolean is_chain)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GString *out = g_string_new (key);

  for (guint i = 0; i < lines->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (lines, i));
  if (!is_chain)
    g_ptr_array_sort (sorted, compare_lines);
  for (guint i = 0; i < sorted->len; i++)
    if (i == 0 || is_chain
        || !g_str_equal (g_ptr_array_index (sorted, i), g_ptr_array_index (sorted, i - 1)))
      g_string_append_printf (out, "\n  %s", (char *) g_ptr_array_index (sorted, i));
  return g_string_free (out, FALSE);
}

static void
assert_host_is_whole (Fuzz *fuzz)
{
  g_autoptr (NetctlTables) whole = netctl_nft_vpc (fuzz->model);

  assert_int_equal (whole->objects->len, g_hash_table_size (fuzz->host));
  for (guint i = 0; i < whole->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (whole->objects, i);
      GPtrArray *lines = g_hash_table_lookup (fuzz->host, object->key);
      g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
      g_autofree char *expected = NULL, *actual = NULL;
      gboolean is_chain = object->kind == NETCTL_TABLE_CHAIN;

      assert_non_null (lines);
      g_ptr_array_add (wanted, object->head != NULL ? object->head : (gpointer) "");
      for (guint j = 0; j < object->lines->len; j++)
        g_ptr_array_add (wanted, g_ptr_array_index (object->lines, j));
      expected = print_object (object->key, wanted, is_chain);
      actual = print_object (object->key, lines, is_chain);
      assert_string_equal (actual, expected);
    }
}

/* Changes */

static void
touch (GHashTable *keys, char *key)
{
  g_hash_table_add (keys, key);
}

static void
touch_port (Fuzz *fuzz, GHashTable *keys, guint32 index)
{
  const NetctlPort *port = netctl_model_port (fuzz->model, index);

  touch (keys, netctl_nft_port_key (index));
  if (port != NULL)
    touch (keys, netctl_nft_set_key (port->groups));
}

static void
touch_group (Fuzz *fuzz, GHashTable *keys, guint32 index)
{
  const GPtrArray *names = netctl_model_sets_of (fuzz->model, index);

  touch (keys, netctl_nft_group_key (index));
  for (guint i = 0; names != NULL && i < names->len; i++)
    touch (keys, g_strconcat ("set ", g_ptr_array_index (names, i), NULL));
}

static NetctlGroup *
random_group (Fuzz *fuzz, guint32 index)
{
  NetctlGroup *group = record_group (1, index);

  group->members_reach_each_other = pick (fuzz, 2);
  for (int i = pick (fuzz, 20); i > 0; i--)
    {
      g_autofree char *peer = pick (fuzz, 2) ? g_strdup_printf ("group:%d", 1 + pick (fuzz, GROUPS))
                                             : g_strdup_printf ("10.%d.0.0/16", pick (fuzz, 3));
      g_autofree char *text = g_strdup_printf (
          "%s %s %d tcp %d - %s", pick (fuzz, 4) ? "in" : "out", pick (fuzz, 3) ? "accept" : "drop",
          1 + pick (fuzz, 3), 1 + pick (fuzz, 40), peer);

      record_rule (group, text);
    }
  return group;
}

/* Refused where a group is not there; that must change nothing. */
static void
change_port (Fuzz *fuzz, guint32 index)
{
  g_autoptr (GString) groups = g_string_new (NULL);
  g_autofree char *addresses = g_strdup_printf (
      pick (fuzz, 2) ? "10.0.0.%u" : "10.0.0.%u 10.0.0.1%02u", 10 + index, index);
  g_autoptr (NetctlPort) port = NULL;

  for (int i = pick (fuzz, 3); i >= 0; i--)
    g_string_append_printf (groups, "%s%d", groups->len > 0 ? " " : "", 1 + pick (fuzz, GROUPS));
  port = record_port (1, index, addresses, groups->str);
  netctl_model_set_port (fuzz->model, port, NULL);
}

static void
change_one (Fuzz *fuzz, GHashTable *keys)
{
  guint32 group = (guint32) (1 + pick (fuzz, GROUPS)), port = (guint32) (1 + pick (fuzz, PORTS));
  NetctlVpc *vpc;

  switch (pick (fuzz, 6))
    {
    case 0:
      touch_group (fuzz, keys, group);
      record_put_group (fuzz->model, random_group (fuzz, group));
      break;
    case 1:
      touch_group (fuzz, keys, group);
      netctl_model_remove_group (fuzz->model, group, NULL);
      break;
    case 2:
      touch_port (fuzz, keys, port);
      netctl_model_remove_port (fuzz->model, port);
      break;
    case 3:
      vpc = record_vpc (1, pick (fuzz, 2) ? "10.0.0.0/24" : "10.0.0.0/24 10.1.0.0/24", TRUE);
      if (pick (fuzz, 2))
        record_eip (vpc, "192.0.2.101", "10.0.0.11");
      touch (keys, g_strdup (NETCTL_NFT_VPC));
      record_put_vpc (fuzz->model, vpc);
      break;
    default:
      touch_port (fuzz, keys, port);
      change_port (fuzz, port);
      touch_port (fuzz, keys, port);
      break;
    }
}

static void
put_in_force (Fuzz *fuzz, GHashTable *keys)
{
  g_autoptr (NetctlTables) from = NULL, to = NULL;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    netctl_parts_stage (fuzz->parts, key, netctl_nft_part (fuzz->model, key));
  netctl_parts_difference (fuzz->parts, &from, &to);
  change_host (fuzz, from, to);
  netctl_parts_keep (fuzz->parts);
}

static GHashTable *
keys_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
the_sum_of_the_parts_is_the_whole (void **state)
{
  Fuzz *fuzz = *state;

  for (guint step = 0; step < STEPS; step++)
    {
      g_autoptr (GHashTable) keys = keys_new ();

      if (step == 0)
        touch (keys, g_strdup (NETCTL_NFT_VPC));
      for (int i = pick (fuzz, 3); i >= 0; i--)
        change_one (fuzz, keys);
      put_in_force (fuzz, keys);
      assert_host_is_whole (fuzz);
    }
}

static void
what_is_undone_never_was (void **state)
{
  Fuzz *fuzz = *state;

  for (guint step = 0; step < STEPS; step++)
    {
      g_autoptr (GHashTable) keys = keys_new ();
      gboolean is_kept = pick (fuzz, 2);

      if (step == 0)
        touch (keys, g_strdup (NETCTL_NFT_VPC));
      netctl_model_begin (fuzz->model);
      for (int i = pick (fuzz, 4); i >= 0; i--)
        change_one (fuzz, keys);
      if (is_kept)
        netctl_model_keep (fuzz->model);
      else
        netctl_model_undo (fuzz->model);
      put_in_force (fuzz, keys);
      assert_host_is_whole (fuzz);
    }
}

/* Narrowing */

static gboolean
lets_all_that (const NetctlModel *before, const NetctlModel *after)
{
  g_autoptr (NetctlJudge) old = netctl_judge_new (before), new = netctl_judge_new (after);

  for (guint from = 1; from <= PORTS + 1; from++)
    for (guint to = 1; to <= PORTS; to++)
      for (int port = 1; port <= 40; port += 3)
        {
          NetctlFlow flow
              = { .protocol = 6, .source_port = 40000, .destination_port = (guint16) port };
          g_autofree char *source
              = from > PORTS ? g_strdup ("10.2.0.1") : g_strdup_printf ("10.0.0.%u", 10 + from);
          g_autofree char *destination = g_strdup_printf ("10.0.0.%u", 10 + to);

          netctl_prefix_parse (source, &flow.source);
          netctl_prefix_parse (destination, &flow.destination);
          if (netctl_judge_allows (old, &flow) && !netctl_judge_allows (new, &flow))
            return FALSE;
        }
  return TRUE;
}

/* Judged by the flows themselves. */
static void
whatever_forbids_a_flow_is_called_narrow (void **state)
{
  Fuzz *fuzz = *state;
  guint narrow = 0, wide = 0;

  for (guint i = 1; i <= GROUPS; i++)
    record_put_group (fuzz->model, random_group (fuzz, i));
  for (guint i = 1; i <= PORTS; i++)
    change_port (fuzz, i);
  for (guint step = 0; step < STEPS / 2; step++)
    {
      g_autoptr (NetctlModel) before = netctl_model_copy (fuzz->model);
      gboolean is_narrow;

      if (pick (fuzz, 2))
        {
          guint32 index = (guint32) (1 + pick (fuzz, GROUPS));
          const NetctlGroup *old = netctl_model_group (before, index);
          NetctlGroup *new = netctl_group_copy (old);

          if (pick (fuzz, 2) && new->rules->len > 0)
            g_array_remove_index (new->rules, (guint) pick (fuzz, (int) new->rules->len));
          else
            {
              g_autofree char *text = g_strdup_printf ("in %s %d tcp %d - 10.0.0.0/16",
                                                       pick (fuzz, 2) ? "accept" : "drop",
                                                       1 + pick (fuzz, 3), 1 + pick (fuzz, 40));

              record_rule (new, text);
            }
          is_narrow = netctl_narrow_group (old, new);
          record_put_group (fuzz->model, new);
        }
      else
        {
          guint32 index = (guint32) (1 + pick (fuzz, PORTS));

          change_port (fuzz, index);
          is_narrow = netctl_narrow_port (fuzz->model, netctl_model_port (before, index),
                                          netctl_model_port (fuzz->model, index));
        }
      narrow += is_narrow;
      wide += !is_narrow;
      assert_true (is_narrow || lets_all_that (before, fuzz->model));
    }
  /* Neither answer is the easy one. */
  assert_true (narrow > STEPS / 40);
  assert_true (wide > STEPS / 40);
}

/* The VPC with one address on another host in @groups, or with none for NULL. */
static NetctlVpc *
vpc_with_remote (const guint32 *groups, guint n_groups)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", TRUE);
  NetctlRemote *remote = netctl_remote_new ();

  assert_true (netctl_prefix_parse ("10.0.0.99", &remote->address));
  g_array_append_vals (remote->groups, groups, n_groups);
  g_ptr_array_add (vpc->remotes, remote);
  return vpc;
}

static gboolean
narrows (const NetctlModel *model, NetctlVpc *after)
{
  g_autoptr (NetctlVpc) vpc = after;

  return netctl_narrow_remotes (model, vpc);
}

static void
an_address_elsewhere_that_joins_a_dropped_group_narrows (void **state)
{
  static const guint32 dropped[] = { 2 }, both[] = { 3, 2 }, other[] = { 3 };
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlGroup *group = record_group (1, 1);

  (void) state;
  assert_false (narrows (model, vpc_with_remote (dropped, 1)));
  record_put_vpc (model, vpc_with_remote (other, 1));
  record_put_group (model, record_group (1, 2));
  record_put_group (model, record_group (1, 3));
  assert_false (narrows (model, vpc_with_remote (dropped, 1)));
  record_rule (group, "in drop 1 all - - group:2");
  record_put_group (model, group);
  assert_true (narrows (model, vpc_with_remote (both, 2)));
  assert_false (narrows (model, vpc_with_remote (other, 1)));
  assert_false (narrows (model, record_vpc (1, "10.0.0.0/24", TRUE)));
  record_put_vpc (model, record_vpc (1, "10.0.0.0/24", TRUE));
  assert_true (narrows (model, vpc_with_remote (dropped, 1)));
  record_put_vpc (model, vpc_with_remote (both, 2));
  assert_false (narrows (model, vpc_with_remote (dropped, 1)));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (the_sum_of_the_parts_is_the_whole, set_up, tear_down),
    cmocka_unit_test_setup_teardown (what_is_undone_never_was, set_up, tear_down),
    cmocka_unit_test_setup_teardown (whatever_forbids_a_flow_is_called_narrow, set_up, tear_down),
    cmocka_unit_test (an_address_elsewhere_that_joins_a_dropped_group_narrows),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
