/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small world for one test: a directory, a configuration, a database, accounts, a clock that
 * stands still, a host of round numbers. world-host.h adds the host's drivers and the executor. */
#pragma once
#include "core-test.h"
#include "log-trap.h"
#include "ops-context.h"
#include "ops-instance.h"
#include "store.h"
#include "vmm-disk.h"

#define WORLD_GIB (G_GUINT64_CONSTANT (1) << 30)

typedef struct World World;
struct World
{
  char *dir;
  VmmConfig *config; /* may be changed by a test before it starts anything */
  VmmContext ctx;    /* ctx.app is the world */
  VmmCaller alice;   /* an account's owner, without token or dry run */
  VmmCaller bob;     /* another's */
  VmmCaller admin;   /* the administrator */

  /* The host, as admission sees it. Not locked: set before threads start. */
  guint processors;
  guint64 memory_mib, pool_total_bytes, pool_free_bytes;

  GMutex lock;
  GCond kicked;
  GPtrArray *kicks;                                 /* char*: every id that was kicked */
  void (*pass_kick) (World *world, const char *id); /* set by world-host.c */
  struct WorldHost *host;                           /* NULL without one */
  VmmPool *pools;                                   /* of public addresses; NULL for none */
  GPtrArray *strings;                               /* what lives as long as the world */
};

/* For cmocka: the world is in *state; the log is trapped. Tearing down checks the log. */
int world_set_up (void **state);
int world_tear_down (void **state);
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown (name, world_set_up, world_tear_down)

/* Closes database and nonces and opens them again, as a restart of the daemon does. */
void world_reopen (World *w);
/* The path of the database, of its nonces and of the key file. The world owns them. */
const char *world_path (World *w, const char *name);

/* Public addresses to hand out, as the configuration writes them. */
void world_set_pools (World *w, const char *text);
/* Moves the clock forward. */
void world_advance_ms (World *w, gint64 ms);
/* What the clock shows now. */
gint64 world_now_ms (void);

/* An image that is Available without any work done; its id, which the world owns. */
const char *world_add_image (World *w, guint virtual_gib);
/* What a test asks for when it has no wishes: a nano of @image_id, to be booted. */
OpsInstanceSpec world_spec (const char *image_id);
/* Creates one and moves its row to @state by legal moves alone, without any work. */
const char *world_add_instance (World *w, const VmmCaller *caller, const char *image_id,
                                VmmInstanceState state);
/* The state of the row; VMM_INSTANCE_GONE when there is none. */
VmmInstanceState world_state (World *w, const char *id);
/* The row; fails the test when there is none. The caller frees it. */
VmmInstance *world_get (World *w, const char *id);
#define assert_state(w, id, state)                                                                 \
  assert_string_equal (vmm_instance_state_to_string (world_state (w, id)),                         \
                       vmm_instance_state_to_string (state))

/* The first page of all, old style. */
VmmPage world_page (void);
/* How many times @id was kicked so far; NULL counts all. */
guint world_kicks (World *w, const char *id);
/* Every row of every table as text, to compare before and after. The caller frees it. */
char *world_dump (World *w);
/* An integer of the database by @sql. */
gint64 world_query (World *w, const char *sql);
/* Runs a statement behind the code's back. */
void world_exec (World *w, const char *sql);
/* Fills the database to its last page and keeps it from growing, or lets it grow again. */
void world_fill (World *w, gboolean is_full);
/* Keeps @text for as long as the world lives, and returns it. */
const char *world_keep (World *w, char *text);
