/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a look of the sampler costs with 10 guests and with 1,000, on drivers that only remember,
 * and what a query costs then:
 *
 *     bench-monitor [--smoke]
 *
 * Real counters come by one call of libvirt and two lists of the kernel for each VPC besides. */
#include "ops-monitor.h"
#include "world-host.h"
#include <string.h>

#define MINUTE_MS (60 * 1000)

static gboolean is_smoke;

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (GArray *values)
{
  g_array_sort (values, compare);
  return g_array_index (values, double, values->len / 2);
}

static double
now_ms (void)
{
  return (double) g_get_monotonic_time () / 1000;
}

/* Median time of a look, until its samples are on disk. */
static double
measure_looks (World *w, guint rounds)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i <= rounds; i++)
    {
      double begin, took;

      world_advance_ms (w, MINUTE_MS);
      begin = now_ms ();
      work_kick (w->host->work, WORK_MONITOR);
      while (!work_is_idle (w->host->work))
        g_thread_yield ();
      took = now_ms () - begin;
      if (i > 0)
        g_array_append_val (times, took);
    }
  return median (times);
}

static double
measure_queries (World *w, const char *id, guint rounds)
{
  const OpsMonitorQuery query = { .id = id,
                                  .start_ms = world_now_ms () - 400 * MINUTE_MS,
                                  .end_ms = world_now_ms (),
                                  .period_s = 60 };
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < rounds; i++)
    {
      double begin = now_ms (), took;
      g_autoptr (GPtrArray) samples
          = ops_monitor_list (&w->ctx, &w->alice, OPS_MONITOR_INSTANCE, &query, NULL);

      took = now_ms () - begin;
      assert_int_equal (samples->len, MIN (rounds, 400));
      g_array_append_val (times, took);
    }
  return median (times);
}

static void
the_cost_of_a_look_grows_with_the_guests_alone (void **state)
{
  World *w = *state;
  guint few = 10, many = is_smoke ? 50 : 1000, rounds = is_smoke ? 10 : 60;
  const char *first = host_run (w);
  double cost[2], query[2];

  w->config->max_instances = 10000;
  for (guint i = 1; i < few; i++)
    host_run (w);
  cost[0] = measure_looks (w, rounds);
  query[0] = measure_queries (w, first, rounds);
  for (guint i = few; i < many; i++)
    host_run (w);
  world_advance_ms (w, 500 * MINUTE_MS);
  cost[1] = measure_looks (w, rounds);
  query[1] = measure_queries (w, first, rounds);
  print_message (
      "# a look: %.2f ms with %u guests, %.2f ms with %u: %.1f times for %u times as many\n",
      cost[0], few, cost[1], many, cost[1] / cost[0], many / few);
  print_message ("# the last %u minutes of one: %.3f ms and %.3f ms, %.2f times\n", rounds,
                 query[0], query[1], query[1] / query[0]);
  /* Many guests' pages are more than SQLite's cache holds, which costs some times as much for each;
   * the rest is room for a machine that others use. */
  assert_true (cost[1] < cost[0] * 10 * many / few);
}

int
main (int argc, char **argv)
{
  const struct CMUnitTest tests[] = { HOST_TEST (the_cost_of_a_look_grows_with_the_guests_alone) };

  is_smoke = argc > 1 && strcmp (argv[1], "--smoke") == 0;
  return cmocka_run_group_tests (tests, NULL, NULL);
}
