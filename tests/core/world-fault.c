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
