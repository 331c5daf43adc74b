/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags of resources: whose, how many, and until when. */
#include "ops-disk.h"
#include "ops-group.h"
#include "ops-key-pair.h"
#include "ops-snapshot.h"
#include "ops-tag.h"
#include "vmm-id.h"
#include "world.h"
#include <string.h>

#define TAGS(...)                                                                                  \
  {                                                                                                \
    (const VmmTag[]){ __VA_ARGS__ }, sizeof ((const VmmTag[]){ __VA_ARGS__ }) / sizeof (VmmTag)    \
  }
#define PUBLIC_KEY                                                                                 \
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRHbmFfz0qWVVzDbhPtsCwLeBbhVkxGF1zt6JtQqnLh x"

static const char *
add_disk (World *w, const VmmCaller *caller)
{
  const OpsDiskSpec spec = { .size_gib = 20 };
  g_autoptr (GError) error = NULL;
  char *id = ops_disk_create (&w->ctx, caller, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

static gboolean
put (World *w, const VmmCaller *caller, VmmTagType type, const char *id, const VmmTags *tags,
     GError **error)
{
  const char *ids[] = { id, NULL };

  return ops_tag_put (&w->ctx, caller, type, ids, tags, error);
}

/* "key=value …" of one resource. */
static const char *
tags_of (World *w, const VmmCaller *caller, VmmTagType type, const char *id)
{
  const char *ids[] = { id, NULL };
  g_autoptr (GHashTable) map = ops_tag_map (&w->ctx, caller, type, ids, NULL);
  const GPtrArray *tags = g_hash_table_lookup (map, id);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; tags != NULL && i < tags->len; i++)
    {
      const VmmTag *tag = g_ptr_array_index (tags, i);

      g_string_append_printf (text, "%s=%s ", tag->key, tag->value);
    }
  return world_keep (w, g_strdup (text->str));
}

static void
tags_are_put_changed_and_removed (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w, &w->alice), *ids[] = { disk, NULL };
  const VmmTags first = TAGS ({ (char *) "team", (char *) "shop" }, { (char *) "env", NULL });
  const VmmTags second = TAGS ({ (char *) "team", (char *) "blog" });
  const VmmTags other = TAGS ({ (char *) "team", (char *) "shop" }, { (char *) "gone", NULL });
  const VmmTags none = { NULL, 0 };
  g_autoptr (GError) error = NULL;

  assert_true (put (w, &w->alice, VMM_TAG_DISK, disk, &first, &error));
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, disk), "env= team=shop ");
  assert_true (put (w, &w->alice, VMM_TAG_DISK, disk, &second, &error));
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, disk), "env= team=blog ");
  assert_true (ops_tag_remove (&w->ctx, &w->alice, VMM_TAG_DISK, ids, &other, &error));
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, disk), "env= team=blog ");
  assert_true (ops_tag_remove (&w->ctx, &w->alice, VMM_TAG_DISK, ids, &second, &error));
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, disk), "env= ");
  assert_true (ops_tag_remove (&w->ctx, &w->alice, VMM_TAG_DISK, ids, &none, &error));
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, disk), "");
}

static void
bad_tags_change_nothing (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w, &w->alice), *ids[] = { disk, add_disk (w, &w->bob), NULL };
  g_autofree char *long_text = g_strnfill (129, 'x');
  const VmmTags bad[] = {
    TAGS ({ (char *) "", (char *) "x" }),
    TAGS ({ (char *) "acs:x", (char *) "x" }),
    TAGS ({ (char *) "Aliyun", (char *) "x" }),
    TAGS ({ (char *) "see http://x", (char *) "x" }),
    TAGS ({ long_text, (char *) "x" }),
    TAGS ({ (char *) "x", long_text }),
    TAGS ({ (char *) "x", (char *) "https://x" }),
    TAGS ({ (char *) "x", (char *) "1" }, { (char *) "y", NULL }, { (char *) "x", (char *) "2" }),
  };
  static const VmmError codes[]
      = { VMM_ERROR_TAG_KEY, VMM_ERROR_TAG_KEY,   VMM_ERROR_TAG_KEY,   VMM_ERROR_TAG_KEY,
          VMM_ERROR_TAG_KEY, VMM_ERROR_TAG_VALUE, VMM_ERROR_TAG_VALUE, VMM_ERROR_TAG_DUPLICATE };
  const VmmTags good = TAGS ({ (char *) "x", (char *) "1" });
  g_autofree char *before = world_dump (w);
  g_autofree char *after = NULL;
  g_autoptr (GError) foreign = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_false (put (w, &w->alice, VMM_TAG_DISK, disk, &bad[i], &error));
      assert_vmm_error (error, codes[i]);
    }
  assert_false (ops_tag_put (&w->ctx, &w->alice, VMM_TAG_DISK, ids, &good, &foreign));
  assert_vmm_error (foreign, VMM_ERROR_TAG_RESOURCE_NOT_FOUND);
  after = world_dump (w);
  assert_string_equal (before, after);
}

static void
a_resource_has_twenty_tags_at_most (void **state)
{
  World *w = *state;
  const char *disk = add_disk (w, &w->alice);
  VmmTag many[VMM_TAGS_MAX];
  const VmmTags all = { many, VMM_TAGS_MAX };
  const VmmTags more = TAGS ({ (char *) "more", NULL });
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < VMM_TAGS_MAX; i++)
    many[i] = (VmmTag){ (char *) world_keep (w, g_strdup_printf ("key-%u", i)), NULL };
  assert_true (put (w, &w->alice, VMM_TAG_DISK, disk, &all, &error));
  assert_true (put (w, &w->alice, VMM_TAG_DISK, disk, &all, &error));
  assert_false (put (w, &w->alice, VMM_TAG_DISK, disk, &more, &error));
  assert_vmm_error (error, VMM_ERROR_TAG_QUOTA);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag"), VMM_TAGS_MAX);
}

static void
what_is_made_has_its_tags_at_once_or_is_not_made (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice, dry = w->alice, bad = w->alice;
  const VmmTags tags = TAGS ({ (char *) "team", (char *) "shop" });
  const VmmTags twice = TAGS ({ (char *) "x", NULL }, { (char *) "x", NULL });
  const OpsDiskSpec spec = { .size_gib = 20 };
  g_autoptr (GError) dry_error = NULL;
  g_autoptr (GError) bad_error = NULL;

  caller.tag_type = dry.tag_type = bad.tag_type = VMM_TAG_DISK;
  caller.tags = dry.tags = tags;
  bad.tags = twice;
  dry.dry_run = TRUE;
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_DISK, add_disk (w, &caller)), "team=shop ");
  assert_null (ops_disk_create (&w->ctx, &dry, &spec, &dry_error));
  assert_vmm_error (dry_error, VMM_ERROR_DRY_RUN);
  assert_null (ops_disk_create (&w->ctx, &bad, &spec, &bad_error));
  assert_vmm_error (bad_error, VMM_ERROR_TAG_DUPLICATE);
  assert_int_equal (world_query (w, "SELECT count(*) FROM disk"), 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag"), 1);
}

static void
an_instance_shares_its_tags_with_what_is_born_with_it (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  const VmmTags tags = TAGS ({ (char *) "team", (char *) "shop" });
  const char *image = world_add_image (w, 1);
  OpsInstanceSpec spec = world_spec (image);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = NULL;

  caller.tag_type = VMM_TAG_INSTANCE;
  caller.tags = tags;
  spec.amount = 2;
  ids = ops_instance_create (&w->ctx, &caller, &spec, &error);
  assert_no_error (error);
  assert_int_equal (ids->len, 2);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag WHERE resource_type='instance'"), 2);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag JOIN disk ON id=resource_id"
                                    " WHERE resource_type='disk' AND value='shop'"),
                    2);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag JOIN nic ON id=resource_id"
                                    " WHERE resource_type='eni' AND value='shop'"),
                    2);
}

static void
tags_go_with_what_has_them (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice, other = w->bob;
  const VmmTags tags = TAGS ({ (char *) "team", (char *) "shop" });
  const char *names[] = { "laptop", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (OpsKeyPair) mine = NULL;
  g_autoptr (OpsKeyPair) theirs = NULL;
  g_autofree char *group = NULL;

  caller.tags = other.tags = tags;
  caller.tag_type = VMM_TAG_GROUP;
  group = ops_group_create (&w->ctx, &caller, NULL, "web", NULL, &error);
  assert_no_error (error);
  caller.tag_type = other.tag_type = VMM_TAG_KEY_PAIR;
  mine = ops_key_pair_import (&w->ctx, &caller, "laptop", PUBLIC_KEY, &error);
  assert_no_error (error);
  theirs = ops_key_pair_import (&w->ctx, &other, "laptop", PUBLIC_KEY, &error);
  assert_no_error (error);
  assert_int_equal (world_query (w, "SELECT count(*) FROM tag"), 3);
  ops_group_delete (&w->ctx, &w->alice, group, &error);
  assert_no_error (error);
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_GROUP, group), "");
  ops_key_pair_delete (&w->ctx, &w->alice, names, &error);
  assert_no_error (error);
  assert_string_equal (tags_of (w, &w->alice, VMM_TAG_KEY_PAIR, "laptop"), "");
  assert_string_equal (tags_of (w, &w->bob, VMM_TAG_KEY_PAIR, "laptop"), "team=shop ");
}

static void
a_list_goes_on_where_it_ended (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  const VmmTags tags
      = TAGS ({ (char *) "a/b", NULL }, { (char *) "c", NULL }, { (char *) "d/", NULL });
  const VmmTagQuery query = { .type = VMM_TAG_DISK };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *token = NULL;
  guint pages = 0;

  caller.tag_type = VMM_TAG_DISK;
  caller.tags = tags;
  for (guint i = 0; i < 5; i++)
    add_disk (w, &caller);
  do
    {
      const VmmPage page = { .max_results = 4, .next_token = token };
      g_auto (VmmPageInfo) info = { 0 };
      g_autoptr (GPtrArray) rows = ops_tag_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

      for (guint i = 0; i < rows->len; i++)
        {
          const VmmTagRow *row = g_ptr_array_index (rows, i);

          assert_true (g_hash_table_add (seen, g_strconcat (row->id, " ", row->tag->key, NULL)));
        }
      g_free (token);
      token = g_steal_pointer (&info.next_token);
      pages++;
    }
  while (token != NULL && pages < 10);
  assert_int_equal (pages, 4);
  assert_int_equal (g_hash_table_size (seen), 15);
}

static void
tags_are_counted_and_resources_found_by_them (void **state)
{
  World *w = *state;
  VmmCaller caller = w->alice;
  const VmmTags shop
      = TAGS ({ (char *) "team", (char *) "shop" }, { (char *) "env", (char *) "test" });
  const VmmTags blog = TAGS ({ (char *) "team", (char *) "blog" });
  const VmmTags team = TAGS ({ (char *) "team", NULL });
  const VmmTagQuery all = { 0 }, both = { .tags = shop }, any = { .tags = team };
  const VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) uses = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) teams = NULL;
  g_autoptr (GPtrArray) foreign = NULL;

  caller.tag_type = VMM_TAG_DISK;
  caller.tags = shop;
  add_disk (w, &caller);
  add_disk (w, &caller);
  caller.tags = blog;
  add_disk (w, &caller);
  uses = ops_tag_uses (&w->ctx, &w->alice, &all, &page, &info, NULL);
  assert_int_equal (uses->len, 3);
  assert_int_equal (info.total, 3);
  assert_string_equal (((VmmTagUse *) uses->pdata[2])->tag->value, "shop");
  assert_int_equal (((VmmTagUse *) uses->pdata[2])->counts[VMM_TAG_DISK], 2);
  found = ops_tag_resources (&w->ctx, &w->alice, &both, &page, &info, NULL);
  assert_int_equal (found->len, 2);
  teams = ops_tag_resources (&w->ctx, &w->alice, &any, &page, &info, NULL);
  assert_int_equal (teams->len, 3);
  foreign = ops_tag_resources (&w->ctx, &w->bob, &all, &page, &info, NULL);
  assert_int_equal (foreign->len, 0);
}

static void
add_snapshots (World *w, guint first, guint last)
{
  g_autofree char *sql = g_strdup_printf (
      "WITH RECURSIVE n (i) AS (SELECT %u UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
      " INSERT INTO snapshot (id, account_id, host_id, state, group_id, disk_id, is_system,"
      " instance_id, image_id, zone_id, category, name, description, virtual_bytes, is_auto,"
      " policy_id, retention_days, consistency, created_ms, expires_ms, deadline_ms, reason)"
      " SELECT 's-' || i, '%s', 'h', 'accomplished', '', 'd-' || i, 0, '', '', '', '', '', '', 0, "
      "0,"
      " '', 0, 'off', i, 0, 0, '' FROM n",
      first, last, w->alice.account_id);

  world_exec (w, sql);
}

/* The least of a few times it takes to find the one snapshot with that tag, in microseconds. */
static gint64
time_of_search (World *w, const VmmTags *tags)
{
  const VmmSnapshotQuery query = {
    .is_system = -1, .is_auto = -1, .is_used_by_image = -1, .is_used_by_disk = -1, .tags = *tags
  };
  const VmmPage page = world_page ();
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 9; i++)
    {
      g_auto (VmmPageInfo) info = { 0 };
      gint64 begin = g_get_monotonic_time ();
      g_autoptr (GPtrArray) found
          = ops_snapshot_list (&w->ctx, &w->alice, &query, &page, &info, NULL);

      least = MIN (least, g_get_monotonic_time () - begin);
      assert_int_equal (found->len, 1);
      /* Counts are remembered until something is written. */
      world_exec (w, "UPDATE snapshot SET reason='' WHERE id='s-1'");
    }
  return least;
}

static void
one_tagged_thing_costs_the_same_among_many (void **state)
{
  World *w = *state;
  const VmmTags tags = TAGS ({ (char *) "team", (char *) "shop" });
  g_autoptr (GError) error = NULL;
  gint64 few;

  add_snapshots (w, 1, 10);
  assert_true (put (w, &w->alice, VMM_TAG_SNAPSHOT, "s-3", &tags, &error));
  few = time_of_search (w, &tags);
  add_snapshots (w, 11, 30000);
  /* Three thousand times as many: what walks them all takes hundreds of times as long. */
  assert_true (time_of_search (w, &tags) < 20 * few + 1000);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (tags_are_put_changed_and_removed),
    WORLD_TEST (bad_tags_change_nothing),
    WORLD_TEST (a_resource_has_twenty_tags_at_most),
    WORLD_TEST (what_is_made_has_its_tags_at_once_or_is_not_made),
    WORLD_TEST (an_instance_shares_its_tags_with_what_is_born_with_it),
    WORLD_TEST (tags_go_with_what_has_them),
    WORLD_TEST (a_list_goes_on_where_it_ended),
    WORLD_TEST (tags_are_counted_and_resources_found_by_them),
    WORLD_TEST (one_tagged_thing_costs_the_same_among_many),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
