/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, rules and prefix lists on a host at work: whichever call fails once, and though the
 * daemon goes down before it did anything, the network comes to be as the rows say. */
#include "ops-group.h"
#include "ops-ipv6.h"
#include "ops-network.h"
#include "ops-prefix-list.h"
#include "ops-route.h"
#include "world-host.h"
#include <string.h>

/* A guest that runs, its group with a rule that names a list, and what is asked of them. */
typedef struct
{
  VmmInstance *guest;
  const VmmNic *nic;
  const char *group, *list, *table;
} Scene;

static void
scene_clear (Scene *scene)
{
  vmm_instance_free (scene->guest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static const char *
add_list (World *w)
{
  const OpsPrefixListSpec spec = { .name = "office", .max_entries = 5 };
  g_autoptr (GError) error = NULL;
  char *id = ops_prefix_list_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
  return world_keep (w, id);
}

/* Of a network that lives. */
static void
turn_ipv6_on (World *w, const VmmNic *nic)
{
  const OpsVpcChange vpc = { .ipv6 = 1 };
  const OpsVswitchChange vswitch = { .ipv6 = 1, .ipv6_number = 0 };

  assert_true (ops_vpc_modify (&w->ctx, &w->alice, nic->vpc_id, &vpc, NULL));
  assert_true (ops_vswitch_modify (&w->ctx, &w->alice, nic->vswitch_id, &vswitch, NULL));
}

static Scene
add_scene (World *w)
{
  Scene scene = { .guest = world_get (w, host_run (w)), .list = add_list (w) };
  const OpsRuleSpec rule = { .protocol = "all", .prefix_list_id = scene.list };
  g_autoptr (VmmVpc) vpc = NULL;
  g_autoptr (GError) error = NULL;

  scene.nic = g_ptr_array_index (scene.guest->nics, 0);
  scene.group = g_ptr_array_index (scene.nic->group_ids, 0);
  vpc = ops_vpc_get (&w->ctx, &w->alice, scene.nic->vpc_id, &error);
  assert_no_error (error);
  scene.table = world_keep (w, g_strdup (vpc->route_table_id));
  turn_ipv6_on (w, scene.nic);
  assert_true (ops_group_authorize (&w->ctx, &w->alice, scene.group, &rule, 1, &error));
  host_wait_idle (w);
  return scene;
}

/* ---- what is asked, and how it shows ---- */

static void
add_route (World *w, const Scene *scene)
{
  const OpsRouteSpec spec
      = { .table_id = scene->table, .destination = "10.9.0.0/16", .next_hop_id = scene->guest->id };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = ops_route_create (&w->ctx, &w->alice, &spec, &error);

  assert_no_error (error);
}

static void
remove_route (World *w, const Scene *scene)
{
  const OpsRouteRef ref = { .table_id = scene->table, .destination = "10.9.0.0/16" };

  assert_true (ops_route_delete (&w->ctx, &w->alice, &ref, NULL));
}

static gboolean
has_route (World *w, const Scene *scene)
{
  g_autofree char *text = netctl_fake_describe (w->host->net);

  return strstr (text, "routes=1") != NULL;
}

static void
change_list (World *w, const Scene *scene, gboolean adds)
{
  const OpsPrefixEntry entry = { "10.1.0.0/16", NULL };
  const char *cidrs[] = { entry.cidr, NULL };
  const OpsPrefixListChange change
      = { .add = &entry, .n_add = adds, .remove = adds ? NULL : cidrs };

  assert_true (ops_prefix_list_modify (&w->ctx, &w->alice, scene->list, &change, NULL));
}

static void
add_entry (World *w, const Scene *scene)
{
  change_list (w, scene, TRUE);
}

static void
remove_entry (World *w, const Scene *scene)
{
  change_list (w, scene, FALSE);
}

static gboolean
lets_in (World *w, const Scene *scene, const char *from, int port)
{
  return netctl_fake_allows (w->host->net, scene->nic->vpc_index, 6, from, port, scene->nic->ip,
                             80);
}

static gboolean
list_lets_in (World *w, const Scene *scene)
{
  return lets_in (w, scene, "10.1.2.3", 1000);
}

/* From one port of one range to the guest's own address alone. */
static OpsRuleSpec
five_tuple (const Scene *scene)
{
  return (OpsRuleSpec){ .protocol = "tcp",
                        .port_range = "80/80",
                        .source_port_range = "1000/1000",
                        .cidr = "10.2.0.0/16",
                        .near_cidr = scene->nic->ip };
}

static void
add_rule (World *w, const Scene *scene)
{
  const OpsRuleSpec rule = five_tuple (scene);

  assert_true (ops_group_authorize (&w->ctx, &w->alice, scene->group, &rule, 1, NULL));
}

static void
remove_rule (World *w, const Scene *scene)
{
  const OpsRuleSpec rule = five_tuple (scene);

  assert_true (ops_group_revoke (&w->ctx, &w->alice, scene->group, &rule, 1, NULL, NULL));
}

static gboolean
rule_lets_in (World *w, const Scene *scene)
{
  return lets_in (w, scene, "10.2.0.1", 1000) && !lets_in (w, scene, "10.2.0.1", 1001)
         && !lets_in (w, scene, "10.3.0.1", 1000);
}

#define ADDRESS6 "fd00:ec5::9"

static void
add_address (World *w, const Scene *scene)
{
  const char *ips[] = { ADDRESS6, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) added
      = ops_ipv6_assign (&w->ctx, &w->alice, scene->nic->id, ips, 0, &error);

  assert_no_error (error);
}

static void
remove_address (World *w, const Scene *scene)
{
  const char *ips[] = { ADDRESS6, NULL };

  assert_true (ops_ipv6_unassign (&w->ctx, &w->alice, scene->nic->id, ips, NULL));
}

static gboolean
has_address (World *w, const Scene *scene)
{
  g_autofree char *text = netctl_fake_describe (w->host->net);

  return strstr (text, ADDRESS6) != NULL;
}

static const struct
{
  const char *name;
  void (*make) (World *w, const Scene *scene);
  void (*take) (World *w, const Scene *scene);
  gboolean (*shows) (World *w, const Scene *scene);
} deeds[] = {
  { "route", add_route, remove_route, has_route },
  { "entry of a list", add_entry, remove_entry, list_lets_in },
  { "rule with both sides", add_rule, remove_rule, rule_lets_in },
  { "IPv6 address", add_address, remove_address, has_address },
};

/* ---- failures ---- */

typedef struct
{
  const Scene *scene;
  guint deed;
  gboolean is_made;
} Goal;

static gboolean
is_reached (World *w, gconstpointer data)
{
  const Goal *goal = data;

  return deeds[goal->deed].shows (w, goal->scene) == goal->is_made;
}

static void
ask (World *w, const Goal *goal)
{
  if (goal->is_made)
    deeds[goal->deed].make (w, goal->scene);
  else
    deeds[goal->deed].take (w, goal->scene);
}

/* FALSE when there was no n-th call to fail. */
static gboolean
reach_with_fault (World *w, const Goal *goal, guint n, NetctlFakeMoment moment)
{
  guint before = netctl_fake_calls (w->host->net);
  gboolean has_struck;

  netctl_fake_fail_at (w->host->net, n, moment);
  ask (w, goal);
  host_settle (w, is_reached, goal, deeds[goal->deed].name);
  host_wait_idle (w);
  has_struck = netctl_fake_calls (w->host->net) >= before + n;
  netctl_fake_fail_at (w->host->net, 0, NETCTL_FAKE_BEFORE);
  return has_struck;
}

static void
each_change_comes_true_whichever_call_fails_once (void **state)
{
  static const NetctlFakeMoment moments[] = { NETCTL_FAKE_BEFORE, NETCTL_FAKE_AFTER };
  World *w = *state;
  g_auto (Scene) scene = add_scene (w);
  guint struck = 0;

  host_allow_faults ();
  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    for (guint m = 0; m < G_N_ELEMENTS (moments); m++)
      for (guint n = 1; n < 3; n++)
        {
          const Goal made = { &scene, d, TRUE }, taken = { &scene, d, FALSE };

          struck += reach_with_fault (w, &made, n, moments[m]);
          struck += reach_with_fault (w, &taken, n, moments[m]);
        }
  assert_true (struck >= 2 * G_N_ELEMENTS (deeds) * G_N_ELEMENTS (moments));
  host_assert_consistent (w);
}

/* ---- the daemon down ---- */

static void
lose_kick (World *w, const char *id)
{
}

/* Asks while nobody listens: the rows are all that is left of it. */
static void
ask_and_go_down (World *w, const Goal *goal)
{
  void (*pass_kick) (World *, const char *) = w->pass_kick;

  w->pass_kick = lose_kick;
  ask (w, goal);
  host_stop (w);
  world_reopen (w);
  w->pass_kick = pass_kick;
}

static void
each_change_is_made_by_the_next_daemon (void **state)
{
  World *w = *state;
  g_auto (Scene) scene = add_scene (w);

  for (guint d = 0; d < G_N_ELEMENTS (deeds); d++)
    for (guint i = 0; i < 2; i++)
      {
        const Goal goal = { &scene, d, i == 0 };

        ask_and_go_down (w, &goal);
        assert_false (is_reached (w, &goal));
        host_start (w);
        host_wait (w, is_reached, &goal, deeds[d].name);
      }
  host_wait_idle (w);
  host_assert_consistent (w);
}

/* ---- a next hop's life ---- */

static void
a_route_outlives_a_stop_of_its_next_hop (void **state)
{
  World *w = *state;
  g_auto (Scene) scene = add_scene (w);
  const Goal made = { &scene, 0, TRUE };

  add_route (w, &scene);
  host_settle (w, is_reached, &made, "the route");
  assert_true (ops_instance_stop (&w->ctx, &w->alice, scene.guest->id, TRUE, NULL));
  host_settle_state (w, scene.guest->id, VMM_INSTANCE_STOPPED);
  host_wait_idle (w);
  assert_true (has_route (w, &scene));
  assert_true (ops_instance_start (&w->ctx, &w->alice, scene.guest->id, NULL));
  host_settle_state (w, scene.guest->id, VMM_INSTANCE_RUNNING);
  host_wait_idle (w);
  assert_true (has_route (w, &scene));
  host_assert_consistent (w);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    HOST_TEST (each_change_comes_true_whichever_call_fails_once),
    HOST_TEST (each_change_is_made_by_the_next_daemon),
    HOST_TEST (a_route_outlives_a_stop_of_its_next_hop),
  };

  return cmocka_run_group_tests_name ("work-rows", tests, NULL, NULL);
}
