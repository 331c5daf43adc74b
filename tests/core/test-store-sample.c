/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples in the database: sums, lists, and what goes. */
#include "store-sample.h"
#include "world.h"

/* 2026-01-02 03:00:00 UTC. */
#define HOUR_S G_GINT64_CONSTANT (1767322800)
#define COUNT "SELECT count(*) FROM sample"

static void
add (World *w, const char *id, gint64 at_s, gint64 writes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);
  VmmSample sample = { .id = (char *) id, .at_s = at_s, .span_ms = 60000 };

  sample.use.of[VMM_USE_WRITES] = writes;
  sample.use.of[VMM_USE_WRITE_US] = writes * 3;
  assert_true (store_sample_add (txn, &sample, &error));
  assert_true (store_commit (txn, &error));
}

/* "begin minute:writes" of each sample of the period. */
static char *
list (World *w, const char *id, gint64 period_s, gint64 from_s, gint64 to_s)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) samples = store_sample_list (txn, id, period_s, from_s, to_s, &error);
  GString *text = g_string_new (NULL);

  assert_no_error (error);
  for (guint i = 0; i < samples->len; i++)
    {
      const VmmSample *sample = g_ptr_array_index (samples, i);

      assert_string_equal (sample->id, id);
      assert_int_equal (sample->use.of[VMM_USE_WRITE_US], 3 * sample->use.of[VMM_USE_WRITES]);
      g_string_append_printf (text, "%d:%d ", (int) ((sample->at_s - HOUR_S) / 60),
                              (int) sample->use.of[VMM_USE_WRITES]);
    }
  return g_string_free (text, FALSE);
}

static void
assert_list (World *w, gint64 period_s, int from_minute, int to_minute, const char *wanted)
{
  g_autofree char *text
      = list (w, "i-1", period_s, HOUR_S + from_minute * 60, HOUR_S + to_minute * 60);

  assert_string_equal (text, wanted);
}

static void
minutes_add_up_to_longer_periods (void **state)
{
  World *w = *state;

  add (w, "i-1", HOUR_S, 1);
  add (w, "i-1", HOUR_S + 9 * 60, 2);
  add (w, "i-1", HOUR_S + 10 * 60, 4);
  add (w, "i-1", HOUR_S + 60 * 60, 8);
  add (w, "i-2", HOUR_S, 16);
  assert_list (w, 60, 0, 120, "0:1 9:2 10:4 60:8 ");
  assert_list (w, 600, 0, 120, "0:3 10:4 60:8 ");
  assert_list (w, 3600, 0, 120, "0:7 60:8 ");
  assert_list (w, 300, 0, 120, "0:1 5:2 10:4 60:8 ");
  assert_list (w, 900, 0, 120, "0:7 60:8 ");
}

static void
a_list_has_what_begins_from_the_first_to_before_the_last (void **state)
{
  World *w = *state;

  for (int minute = 0; minute < 120; minute++)
    add (w, "i-1", HOUR_S + minute * 60, 1);
  assert_list (w, 60, 3, 5, "3:1 4:1 ");
  assert_list (w, 60, 3, 3, "");
  assert_list (w, 600, 1, 21, "10:10 20:10 ");
  assert_list (w, 600, 0, 20, "0:10 10:10 ");
  assert_list (w, 3600, 1, 120, "60:60 ");
  assert_list (w, 900, 1, 31, "15:15 30:15 ");
  assert_list (w, 60, 200, 300, "");
}

static void
a_minute_that_is_there_stays_as_it_is (void **state)
{
  World *w = *state;

  add (w, "i-1", HOUR_S, 1);
  add (w, "i-1", HOUR_S, 100);
  assert_list (w, 60, 0, 60, "0:1 ");
  assert_list (w, 3600, 0, 60, "0:1 ");
}

/* Takes away until nothing is left to take; how many in all. */
static guint
sweep (World *w, guint most)
{
  g_autoptr (GError) error = NULL;
  guint n = most, sum = 0;

  while (n == most)
    {
      g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);

      assert_true (store_sample_sweep (txn, most, &n, &error));
      assert_true (store_commit (txn, &error));
      assert_true (n <= most);
      sum += n;
    }
  return sum;
}

static void
what_is_deleted_takes_its_samples_along (void **state)
{
  World *w = *state;
  const char *image = world_add_image (w, 1);
  const char *id = world_add_instance (w, &w->alice, image, VMM_INSTANCE_STOPPED);

  for (int minute = 0; minute < 7; minute++)
    {
      add (w, id, HOUR_S + minute * 60, 1);
      add (w, "i-gone", HOUR_S + minute * 60, 1);
    }
  assert_int_equal (sweep (w, 4), 9);
  assert_int_equal (world_query (w, COUNT), 9);
  assert_int_equal (world_query (w, "SELECT count(*) FROM meter"), 1);
  assert_int_equal (sweep (w, 4), 0);
  assert_int_equal (world_query (w, COUNT), 9);
}

static guint
expire (World *w, gint64 period_s, gint64 before_s, guint turn, guint turns, guint most)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);
  guint n = 0;

  assert_true (store_sample_expire (txn, period_s, before_s, turn, turns, most, &n, &error));
  assert_true (store_commit (txn, &error));
  return n;
}

static void
old_samples_of_one_period_go_bit_by_bit (void **state)
{
  World *w = *state;

  for (int minute = 0; minute < 30; minute++)
    add (w, "i-1", HOUR_S + minute * 60, 1);
  assert_int_equal (expire (w, 60, HOUR_S + 20 * 60, 0, 1, 15), 15);
  assert_int_equal (expire (w, 60, HOUR_S + 20 * 60, 0, 1, 15), 5);
  assert_int_equal (expire (w, 60, HOUR_S + 20 * 60, 0, 1, 15), 0);
  assert_list (w, 60, 0, 22, "20:1 21:1 ");
  assert_list (w, 600, 0, 60, "0:10 10:10 20:10 ");
}

static void
each_thing_has_its_turn (void **state)
{
  World *w = *state;
  guint sum = 0;

  for (int thing = 0; thing < 10; thing++)
    {
      g_autofree char *id = g_strdup_printf ("i-%d", thing);

      add (w, id, HOUR_S, 1);
    }
  for (guint turn = 0; turn < 4; turn++)
    {
      guint n = expire (w, 60, HOUR_S + 60, turn, 4, 100);

      assert_true (n >= 2 && n <= 3);
      sum += n;
    }
  assert_int_equal (sum, 10);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (minutes_add_up_to_longer_periods),
    WORLD_TEST (a_list_has_what_begins_from_the_first_to_before_the_last),
    WORLD_TEST (a_minute_that_is_there_stays_as_it_is),
    WORLD_TEST (what_is_deleted_takes_its_samples_along),
    WORLD_TEST (old_samples_of_one_period_go_bit_by_bit),
    WORLD_TEST (each_thing_has_its_turn),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
