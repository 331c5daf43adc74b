/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before anything was done, after all was done and only the answer was lost, and away. */
#include "world-fault.h"

static guint
virt_calls (World *w)
{
  return virt_fake_calls (w->host->virt);
}

static void
virt_disarm (World *w)
{
  virt_fake_fail_call (w->host->virt, 0, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_FAILED);
}

static void
virt_before (World *w, guint n)
{
  virt_fake_fail_call (w->host->virt, n, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_FAILED);
}

static void
virt_after (World *w, guint n)
{
  virt_fake_fail_call (w->host->virt, n, VIRT_FAKE_AFTER, VMM_ERROR_VIRT_FAILED);
}

static void
virt_away_before (World *w, guint n)
{
  virt_fake_fail_call (w->host->virt, n, VIRT_FAKE_BEFORE, VMM_ERROR_VIRT_AWAY);
}

static void
virt_away_after (World *w, guint n)
{
  virt_fake_fail_call (w->host->virt, n, VIRT_FAKE_AFTER, VMM_ERROR_VIRT_AWAY);
}

static guint
net_calls (World *w)
{
  return netctl_fake_calls (w->host->net);
}

static void
net_disarm (World *w)
{
  netctl_fake_fail_at (w->host->net, 0, NETCTL_FAKE_BEFORE);
}

static void
net_before (World *w, guint n)
{
  netctl_fake_fail_at (w->host->net, n, NETCTL_FAKE_BEFORE);
}

static void
net_after (World *w, guint n)
{
  netctl_fake_fail_at (w->host->net, n, NETCTL_FAKE_AFTER);
}

static guint
img_calls (World *w)
{
  return img_fake_calls (w->host->img);
}

static void
img_disarm (World *w)
{
  img_fake_fail_at (w->host->img, 0, IMG_ERROR_IO);
}

static void
img_before (World *w, guint n)
{
  img_fake_fail_at (w->host->img, n, IMG_ERROR_IO);
}

const WorldFault world_faults[WORLD_FAULTS] = {
  { "virt, before", virt_before, virt_disarm, virt_calls },
  { "virt, after", virt_after, virt_disarm, virt_calls },
  { "virt, away before", virt_away_before, virt_disarm, virt_calls },
  { "virt, away after", virt_away_after, virt_disarm, virt_calls },
  { "net, before", net_before, net_disarm, net_calls },
  { "net, after", net_after, net_disarm, net_calls },
  { "img, before", img_before, img_disarm, img_calls },
};

guint
world_fault_arm (World *w, const WorldFault *fault, guint n)
{
  guint armed = fault->calls (w) + n;

  fault->arm (w, n);
  return armed;
}

gboolean
world_fault_end (World *w, const WorldFault *fault, guint armed)
{
  gboolean has_struck;

  host_wait_idle (w);
  has_struck = fault->calls (w) >= armed;
  fault->disarm (w);
  return has_struck;
}

guint
world_fault_each (World *w, WorldTrial trial, gconstpointer data)
{
  guint struck = 0;

  host_allow_faults ();
  for (guint f = 0; f < WORLD_FAULTS; f++)
    for (guint n = 1; trial (w, data, &world_faults[f], n); n++)
      struck++;
  return struck;
}

void
world_slow_down (World *w)
{
  virt_fake_set_delay_ms (w->host->virt, 1);
}

void
world_go_down (World *w, const char *instance, guint looks)
{
  for (guint i = 0; i < looks; i++)
    host_fact (w, instance);
  host_stop (w);
  world_reopen (w);
  host_start (w);
  virt_fake_set_delay_ms (w->host->virt, 0);
}

void
world_deed_stop (World *w, const char *thing, const char *instance)
{
  assert_true (ops_instance_stop (&w->ctx, &w->alice, instance, FALSE, NULL));
}

void
world_deed_delete (World *w, const char *thing, const char *instance)
{
  const char *ids[] = { instance, NULL };

  assert_true (ops_instance_delete (&w->ctx, &w->alice, ids, TRUE, NULL));
}
