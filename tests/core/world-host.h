/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world with a host: drivers that only remember, and the executor on threads of its own. */
#pragma once
#include "img-fake.h"
#include "netctl-fake.h"
#include "virt-fake.h"
#include "work.h"
#include "world.h"

typedef struct WorldHost
{
  VirtDriver *virt;
  Netctl *net;
  ImgStore *img;
  Work *work;        /* NULL while the daemon is "down" */
  const char *image; /* one that is Available, of 1 GiB */
  gint connections;  /* atomic: how often the driver said that its connection came or went */
  gint events;       /* atomic: how often it spoke of a domain */
} WorldHost;

/* For cmocka: a world with a host at work. Tearing down checks the log too. */
int host_set_up (void **state);
int host_tear_down (void **state);
#define HOST_TEST(name) cmocka_unit_test_setup_teardown (name, host_set_up, host_tear_down)

/* Takes "libvirtd" away, or back, and waits until that has been dealt with. */
void host_set_away (World *w, gboolean is_away);
/* The daemon goes down; guests and kernel state stay. */
void host_stop (World *w);
/* The daemon comes up. */
void host_start (World *w);

/* The path of a new sparse file of @gib that can be imported as raw. The world owns it. */
const char *host_raw_file (World *w, guint gib);
/* Imports a sparse file of @gib through the front; waits until it is Available. The world owns the
 * id. */
const char *host_import (World *w, guint gib);
/* What world_spec() says, created by @caller; the id, which the world owns. Does not wait. */
const char *host_create (World *w, const VmmCaller *caller, const OpsInstanceSpec *spec);
/* One that runs. */
const char *host_run (World *w);
/* One that never ran. */
const char *host_create_stopped (World *w);
/* Deletes by force and waits until the row is gone. */
void host_delete (World *w, const char *id);

/* Waits until @condition holds while nothing is being done. What waits for its next attempt is
 * kicked on, so that no back-off is sat through. Fails the test after 30 s, naming @what. */
typedef gboolean (*HostCondition) (World *w, gconstpointer data);
void host_settle (World *w, HostCondition condition, gconstpointer data, const char *what);
/* The same without kicking: what happens must happen by itself. */
void host_wait (World *w, HostCondition condition, gconstpointer data, const char *what);
/* Until the instance is in @state. */
void host_settle_state (World *w, const char *id, VmmInstanceState state);
void host_wait_state (World *w, const char *id, VmmInstanceState state);
/* Until no instance and no image is in a state that implies work. */
void host_settle_all (World *w);
/* The same without kicking, and though something else never rests. */
void host_wait_rows (World *w);
/* Until nothing runs and nothing is due. */
void host_wait_idle (World *w);

/* What the hypervisor says of the domain. */
VirtState host_fact (World *w, const char *id);
/* The reason of the newest event of the instance; the world owns it. */
const char *host_last_reason (World *w, const char *id);
/* How many events of that kind the instance had. */
guint host_events (World *w, const char *id, VmmInstanceEvent event);
/* Rows and host agree in everything: domains, ports, groups, VPCs, layers. Nothing may be at work.
 */
void host_assert_consistent (World *w);
/* No instance is left, nor anything of one. */
void host_assert_empty (World *w);
/* The faults that the fakes stage may show in the log. */
void host_allow_faults (void);
