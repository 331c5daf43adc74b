/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front from many threads at once, for the thread sanitizer. */
#include "config.h"

#include "world.h"
#include <string.h>

#define THREADS 4
#define CALLS 100

/* How many of its requests were answered as they should be. */
static gpointer
ask (gpointer data)
{
  World *world = data;
  guint good = 0;

  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *echo
          = world_call (world, "Action=EchoThing&InstanceId=i-0123456789abcdefghij&Word.1=a", NULL);
      g_autofree char *wrong = world_call (world, "Action=MakeCoffee", NULL);
      g_autofree char *admin = world_admin_call (world, "Action=AdminThing&Format=XML", NULL);

      good += strstr (echo, "\"Words\":{\"Word\":[{\"Text\":\"a\"}]}") != NULL
              && strstr (wrong, "InvalidAction.NotFound") != NULL
              && strstr (admin, "<IsAdmin>true</IsAdmin>") != NULL;
    }
  return GUINT_TO_POINTER (good);
}

static void
requests_of_many_threads_do_not_mix (void **state)
{
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("asker", ask, *state);
  for (guint i = 0; i < THREADS; i++)
    assert_int_equal (GPOINTER_TO_UINT (g_thread_join (threads[i])), CALLS);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (requests_of_many_threads_do_not_mix, world_setup,
                                     world_teardown),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
