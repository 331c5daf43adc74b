/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the connection tracking table's sweep, on entries made by hand. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-flow.h"
#include "netctl-ns.h"
#include "world.h"

#define NS "flows"

/* What was asked about, a line a flow, and what to end. */
typedef struct
{
  GPtrArray *seen;
  const char *ended; /* part of the line */
} Questions;

static int
set_up (void **state)
{
  g_free (world_run ("ip netns add " NS));
  return 0;
}

static int
tear_down (void **state)
{
  g_free (world_run ("ip netns del " NS));
  return 0;
}

#define FLOW(...) g_free (world_run ("ip netns exec " NS " conntrack -I -t 300 " __VA_ARGS__))

static gboolean
ask (const NetctlFlow *flow, gpointer data)
{
  Questions *questions = data;
  g_autofree char *source = netctl_prefix_format (&flow->source);
  g_autofree char *destination = netctl_prefix_format (&flow->destination);
  g_autofree char *called = netctl_prefix_format (&flow->called);
  g_autofree char *shown = netctl_prefix_format (&flow->shown);
  char *line = g_strdup_printf ("%u %s:%u > %s:%u as %s > %s:%u", flow->protocol, source,
                                flow->source_port, destination, flow->destination_port, shown,
                                called, flow->called_port);

  assert_true (flow->is_live);
  g_ptr_array_add (questions->seen, line);
  return questions->ended == NULL || strstr (line, questions->ended) == NULL;
}

static void
sweep (const char *ended, GPtrArray *seen)
{
  Questions questions = { seen, ended };
  g_autoptr (GError) error = NULL;
  g_autoptr (NetctlFilter) filter = NULL;
  int fd = netctl_ns_open (NS, FALSE, NULL);

  assert_true (fd >= 0);
  filter = netctl_filter_open (fd, &error);
  if (filter == NULL || !netctl_flow_sweep (filter, ask, &questions, &error))
    fail_msg ("%s", error->message);
  close (fd);
}

static void
assert_seen (const GPtrArray *seen, const char *line)
{
  if (!g_ptr_array_find_with_equal_func ((GPtrArray *) seen, line, g_str_equal, NULL))
    fail_msg ("nobody asked about %s, but about %s", line,
              seen->len > 0 ? (char *) g_ptr_array_index (seen, 0) : "nothing");
}

static void
flows_of_both_families_are_asked_about (void **state)
{
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);

  FLOW ("-p udp -s 10.0.0.11 -d 10.0.0.12 --sport 1000 --dport 53");
  FLOW ("-p tcp -s fd00::b -d fd00::c --sport 1001 --dport 80 --state ESTABLISHED");
  FLOW ("-p icmpv6 -s fd00::b -d fd00::c --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 7");
  sweep (NULL, seen);
  assert_int_equal (seen->len, 3);
  assert_seen (seen, "17 10.0.0.11:1000 > 10.0.0.12:53 as 10.0.0.11 > 10.0.0.12:53");
  assert_seen (seen, "6 fd00::b:1001 > fd00::c:80 as fd00::b > fd00::c:80");
  assert_seen (seen, "58 fd00::b:0 > fd00::c:0 as fd00::b > fd00::c:0");
}

static void
only_what_is_refused_ends (void **state)
{
  static const char *const ended[] = { "17 10.0.0.11:1000", "6 fd00::b", "58 fd00::b" };
  guint left = 4;

  FLOW ("-p udp -s 10.0.0.11 -d 10.0.0.12 --sport 1000 --dport 53");
  FLOW ("-p udp -s 10.0.0.11 -d 10.0.0.12 --sport 1001 --dport 53");
  FLOW ("-p tcp -s fd00::b -d fd00::c --sport 1001 --dport 80 --state ESTABLISHED");
  FLOW ("-p icmpv6 -s fd00::b -d fd00::c --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 7");
  for (guint i = 0; i < G_N_ELEMENTS (ended); i++)
    {
      g_autoptr (GPtrArray) before = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (GPtrArray) after = g_ptr_array_new_with_free_func (g_free);

      sweep (ended[i], before);
      assert_int_equal (before->len, left--);
      sweep (NULL, after);
      assert_int_equal (after->len, left);
      for (guint j = 0; j < after->len; j++)
        assert_null (strstr (g_ptr_array_index (after, j), ended[i]));
    }
}

static void
a_translated_flow_has_its_true_ends (void **state)
{
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);

  FLOW ("-p udp -s 192.0.2.9 -d 198.51.100.1 --sport 4000 --dport 5353 --reply-src 10.0.0.11 "
        "--reply-dst 192.0.2.9 --reply-port-src 53 --reply-port-dst 4000");
  FLOW ("-p udp -s 10.0.0.11 -d 192.0.2.9 --sport 4001 --dport 53 --reply-src 192.0.2.9 "
        "--reply-dst 198.51.100.1 --reply-port-src 53 --reply-port-dst 60000");
  sweep (NULL, seen);
  assert_int_equal (seen->len, 2);
  assert_seen (seen, "17 192.0.2.9:4000 > 10.0.0.11:53 as 192.0.2.9 > 198.51.100.1:5353");
  assert_seen (seen, "17 10.0.0.11:4001 > 192.0.2.9:53 as 198.51.100.1 > 192.0.2.9:53");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (flows_of_both_families_are_asked_about, set_up, tear_down),
    cmocka_unit_test_setup_teardown (only_what_is_refused_ends, set_up, tear_down),
    cmocka_unit_test_setup_teardown (a_translated_flow_has_its_true_ends, set_up, tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
