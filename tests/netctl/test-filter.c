/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of a namespace's tables in a process with more files open than libnftables can bear. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl-filter.h"
#include "netctl-ns.h"
#include "world.h"

#define NS "tables"
#define MANY (2 * FD_SETSIZE)

static int descriptors[MANY];

static int
set_up (void **state)
{
  struct rlimit limit = { MANY + 100, MANY + 100 };

  assert_int_equal (setrlimit (RLIMIT_NOFILE, &limit), 0);
  g_free (world_run ("ip netns add " NS));
  return 0;
}

static int
tear_down (void **state)
{
  g_free (world_run ("ip netns del " NS));
  return 0;
}

static NetctlFilter *
open_filter (void)
{
  g_autoptr (GError) error = NULL;
  int fd = netctl_ns_open (NS, FALSE, NULL);
  NetctlFilter *filter = netctl_filter_open (fd, &error);

  if (filter == NULL)
    fail_msg ("%s", error->message);
  close (fd);
  return filter;
}

static void
run (NetctlFilter *filter, const char *commands)
{
  g_autoptr (GError) error = NULL;

  if (!netctl_filter_run (filter, commands, &error))
    fail_msg ("%s", error->message);
}

static void
no_number_of_open_files_is_too_high (void **state)
{
  g_autoptr (NetctlFilter) early = open_filter (), late = NULL;
  g_autofree char *listing = NULL;

  for (guint i = 0; i < MANY; i++)
    {
      descriptors[i] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
      assert_true (descriptors[i] >= 0);
    }
  late = open_filter ();
  run (early, "add table inet first");
  run (late, "add table inet second");
  listing = netctl_filter_list (late, "list tables", NULL);
  assert_string_equal (listing, "table inet first\ntable inet second\n");
  for (guint i = 0; i < MANY; i++)
    close (descriptors[i]);
}

/* What the process closes is closed. */
static void
no_file_of_others_is_kept_open (void **state)
{
  g_autoptr (NetctlFilter) filter = NULL;
  int ends[2];
  char byte;

  assert_int_equal (pipe2 (ends, O_CLOEXEC), 0);
  filter = open_filter ();
  run (filter, "add table inet ours");
  close (ends[1]);
  assert_int_equal (read (ends[0], &byte, 1), 0);
  close (ends[0]);
}

static void
the_callers_namespace_is_that_of_its_thread (void **state)
{
  g_autofree char *listing = NULL;
  g_autoptr (NetctlFilter) filter = netctl_filter_open (-1, NULL), inside = open_filter ();

  assert_non_null (filter);
  run (filter, "add table inet outside; delete table inet outside");
  run (inside, "add table inet inside");
  listing = netctl_filter_list (filter, "list tables", NULL);
  assert_string_equal (listing, "");
}

static void
a_refusal_is_told_in_nftables_words (void **state)
{
  g_autoptr (NetctlFilter) filter = open_filter ();
  g_autoptr (GError) error = NULL;

  assert_false (netctl_filter_run (filter, "add rule inet nowhere c accept", &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL));
  assert_non_null (strstr (error->message, "nftables refused: "));
}

int
main (void)
{
  /* The first starts libnftables' thread while the pipe is open. */
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (no_file_of_others_is_kept_open, set_up, tear_down),
    cmocka_unit_test_setup_teardown (no_number_of_open_files_is_too_high, set_up, tear_down),
    cmocka_unit_test_setup_teardown (the_callers_namespace_is_that_of_its_thread, set_up,
                                     tear_down),
    cmocka_unit_test_setup_teardown (a_refusal_is_told_in_nftables_words, set_up, tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
