/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many at once: capacity to the last machine, no address twice, nothing left when all are gone. */
#include "ops-group.h"
#include "world-host.h"
#include <string.h>

#define THREADS 10
#define REQUESTS 10 /* by each thread */

static gint is_comparing; /* atomic */

/* A thread that asks again and again. */
typedef struct
{
  World *w;
  const VmmCaller *caller;
  GPtrArray *ids; /* char* */
  guint refusals, surprises;
} Client;

static gpointer
run_many (gpointer data)
{
  Client *client = data;
  OpsInstanceSpec spec = world_spec (client->w->host->image);

  for (guint i = 0; i < REQUESTS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) ids
          = ops_instance_create (&client->w->ctx, client->caller, &spec, &error);

      if (ids != NULL)
        g_ptr_array_add (client->ids, g_strdup (g_ptr_array_index (ids, 0)));
      else if (g_error_matches (error, VMM_ERROR, VMM_ERROR_NO_STOCK))
        client->refusals++;
      else
        client->surprises++;
    }
  return NULL;
}

static gpointer
copy_text (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

/* All clients ask at once; what they got, which the caller frees. */
static GPtrArray *
rush (World *w, guint *out_refusals)
{
  Client clients[THREADS];
  GThread *threads[THREADS];
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  *out_refusals = 0;
  for (guint i = 0; i < THREADS; i++)
    {
      clients[i] = (Client){ w, i % 2 == 0 ? &w->alice : &w->bob,
                             g_ptr_array_new_with_free_func (g_free), 0, 0 };
      threads[i] = g_thread_new ("client", run_many, &clients[i]);
    }
  for (guint i = 0; i < THREADS; i++)
    {
      g_thread_join (threads[i]);
      assert_int_equal (clients[i].surprises, 0);
      *out_refusals += clients[i].refusals;
      g_ptr_array_extend (ids, clients[i].ids, copy_text, NULL);
      g_ptr_array_unref (clients[i].ids);
    }
  return ids;
}

static void
capacity_is_given_out_to_the_last_machine_and_not_beyond (void **state)
{
  World *w = *state;
  guint refusals;
  g_autoptr (GPtrArray) ids = NULL;

  w->processors = 60;
  ids = rush (w, &refusals);
  assert_int_equal (ids->len, 60);
  assert_int_equal (refusals, THREADS * REQUESTS - 60);
  assert_int_equal (world_query (w, "SELECT sum(vcpus) FROM instance"), 60);
  host_settle_all (w);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance WHERE state='running'"), 60);
  host_assert_consistent (w);
}

static void
a_hundred_at_once_have_addresses_of_their_own_and_all_run (void **state)
{
  World *w = *state;
  guint refusals;
  g_autoptr (GPtrArray) ids = rush (w, &refusals);

  assert_int_equal (ids->len, THREADS * REQUESTS);
  host_settle_all (w);
  host_wait_idle (w);
  assert_int_equal (world_query (w, "SELECT count(*) FROM instance WHERE state='running'"),
                    ids->len);
  assert_int_equal (world_query (w, "SELECT count(*) FROM (SELECT DISTINCT vpc_id, ip FROM nic)"),
                    ids->len);
  assert_int_equal (world_query (w, "SELECT count(DISTINCT mac) FROM nic"), ids->len);
  assert_int_equal (world_query (w, "SELECT count(*) FROM vpc"), 2);
  host_assert_consistent (w);
}

static gpointer
delete_many (gpointer data)
{
  Client *client = data;

  for (guint i = 0; i < client->ids->len; i++)
    {
      const char *ids[] = { g_ptr_array_index (client->ids, i), NULL };

      if (!ops_instance_delete (&client->w->ctx, client->caller, ids, TRUE, NULL))
        client->surprises++;
    }
  return NULL;
}

static gboolean
all_gone (World *w, gconstpointer data)
{
  return world_query (w, "SELECT count(*) FROM instance") == 0;
}

/* Instances of both accounts go at once; so do networks, while others' still start. */
static void
when_all_go_at_once_nothing_is_left (void **state)
{
  World *w = *state;
  Client clients[] = { { w, &w->alice, g_ptr_array_new_with_free_func (g_free), 0, 0 },
                       { w, &w->bob, g_ptr_array_new_with_free_func (g_free), 0, 0 } };
  GThread *threads[G_N_ELEMENTS (clients)];

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    run_many (&clients[i]);
  host_settle_all (w);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    threads[i] = g_thread_new ("client", delete_many, &clients[i]);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_thread_join (threads[i]);
      assert_int_equal (clients[i].surprises, 0);
      g_ptr_array_unref (clients[i].ids);
    }
  host_settle (w, all_gone, NULL, "all are gone");
  host_wait_idle (w);
  host_assert_empty (w);
}

/* Each thread's instances come and go in the same VPC, which comes and goes with them. */
static gpointer
come_and_go (gpointer data)
{
  Client *client = data;
  World *w = client->w;
  OpsInstanceSpec spec = world_spec (w->host->image);

  for (guint i = 0; i < REQUESTS; i++)
    {
      g_autoptr (GPtrArray) ids = ops_instance_create (&w->ctx, client->caller, &spec, NULL);
      const char *id = ids != NULL ? g_ptr_array_index (ids, 0) : NULL;
      const char *goes[] = { id, NULL };
      gboolean is_asked = FALSE;

      /* Pending refuses; anything later takes it. */
      for (guint tries = 0; id != NULL && !is_asked && tries < 30000; tries++)
        {
          is_asked = ops_instance_delete (&w->ctx, client->caller, goes, TRUE, NULL);
          if (!is_asked)
            g_usleep (1000);
        }
      client->surprises += is_asked ? 0 : 1;
    }
  return NULL;
}

static void
a_network_that_comes_and_goes_with_its_guests_is_there_when_needed (void **state)
{
  World *w = *state;
  Client clients[4];
  GThread *threads[G_N_ELEMENTS (clients)];

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = (Client){ w, &w->alice, NULL, 0, 0 };
      threads[i] = g_thread_new ("client", come_and_go, &clients[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_thread_join (threads[i]);
      assert_int_equal (clients[i].surprises, 0);
    }
  host_settle (w, all_gone, NULL, "all are gone");
  host_wait_idle (w);
  host_assert_empty (w);
}

#define GUESTS 8

/* Compares rows and host again and again until it is told to end. */
static gpointer
compare_on_and_on (gpointer data)
{
  World *w = data;

  while (g_atomic_int_get (&is_comparing))
    {
      work_kick (w->host->work, WORK_RECONCILE);
      g_thread_yield ();
    }
  return NULL;
}

static void
move_all (World *w, const char *const *ids, gboolean up)
{
  for (guint i = 0; i < GUESTS; i++)
    if (up)
      assert_true (ops_instance_start (&w->ctx, &w->alice, ids[i], NULL));
    else
      assert_true (ops_instance_stop (&w->ctx, &w->alice, ids[i], TRUE, NULL));
}

static void
a_comparison_at_any_moment_changes_nothing (void **state)
{
  World *w = *state;
  const char *ids[GUESTS];

  for (guint i = 0; i < GUESTS; i++)
    ids[i] = host_run (w);
  for (guint round = 0; round < 6; round++)
    {
      GThread *thread;

      g_atomic_int_set (&is_comparing, TRUE);
      thread = g_thread_new ("compare", compare_on_and_on, w);
      move_all (w, ids, round % 2 != 0);
      host_wait_rows (w);
      g_atomic_int_set (&is_comparing, FALSE);
      g_thread_join (thread);
      host_wait_idle (w);
      host_assert_consistent (w);
    }
}

/* Memberships of one instance change while it comes, runs and goes. */
typedef struct
{
  World *w;
  const char *id, *group;
} Member;

static gpointer
join_and_leave (gpointer data)
{
  const Member *member = data;
  World *w = member->w;

  while (g_atomic_int_get (&is_comparing))
    {
      ops_group_join (&w->ctx, &w->alice, member->group, member->id, NULL);
      ops_group_leave (&w->ctx, &w->alice, member->group, member->id, NULL);
      g_thread_yield ();
    }
  return NULL;
}

static void
groups_may_change_at_any_moment_of_a_life (void **state)
{
  World *w = *state;
  const OpsRuleSpec rule = { .protocol = "icmp", .cidr = "192.0.2.0/24" };
  g_autofree char *group = ops_group_create (&w->ctx, &w->alice, NULL, "extra", NULL, NULL);

  log_trap_allow ("*port is in the group*");
  assert_true (ops_group_authorize (&w->ctx, &w->alice, group, &rule, 1, NULL));
  for (guint round = 0; round < 8; round++)
    {
      const Member member = { w, host_run (w), group };
      GThread *thread;

      g_atomic_int_set (&is_comparing, TRUE);
      thread = g_thread_new ("member", join_and_leave, (gpointer) &member);
      assert_true (ops_instance_reboot (&w->ctx, &w->alice, member.id, TRUE, NULL));
      host_wait_rows (w);
      host_delete (w, member.id);
      g_atomic_int_set (&is_comparing, FALSE);
      g_thread_join (thread);
      host_wait_idle (w);
      host_assert_empty (w);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (capacity_is_given_out_to_the_last_machine_and_not_beyond),
    HOST_TEST (a_hundred_at_once_have_addresses_of_their_own_and_all_run),
    HOST_TEST (when_all_go_at_once_nothing_is_left),
    HOST_TEST (a_comparison_at_any_moment_changes_nothing),
    HOST_TEST (groups_may_change_at_any_moment_of_a_life),
    HOST_TEST (a_network_that_comes_and_goes_with_its_guests_is_there_when_needed),
  };

  return cmocka_run_group_tests_name ("work-many", tests, NULL, NULL);
}
