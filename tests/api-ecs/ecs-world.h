/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon's API above a real database and below HTTP: actions in, JSON out. Nothing works on what
 * is asked for; a test plays work's part with world_event(). One thread. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* Only behind those. */
#include <cmocka.h>

#include "ops-instance.h"
#include <json-glib/json-glib.h>

typedef struct
{
  VmmContext ctx;
  char *dir;
  char *account_id; /* a tenant */
  char *answer;     /* the last one's text */
  gboolean as_admin;
  guint kicks; /* how often work was asked for */
} World;

World *world_new (void);
void world_free (World *world);
/* For cmocka: the world is in *state. */
int world_set_up (void **state);
int world_tear_down (void **state);

/* What @params, "Action=…&Name=value", is answered with: NULL for success, or the code of the
 * error. The answer is read with the two below until the next call. */
const char *world_call (World *world, const char *params);
/* The same with @format filled in, and "OK" for success. */
const char *world_answer (World *world, const char *format, ...) G_GNUC_PRINTF (2, 3);
#define assert_call(code, ...) assert_string_equal (world_answer (__VA_ARGS__), code)
/* The text, number or boolean at a JSONPath that finds one, as text. Fails the test otherwise. */
const char *world_get (World *world, const char *path);
/* How many nodes the JSONPath finds. */
guint world_count (World *world, const char *path);

/* An available image that all see, with a disk of 3 GiB. Borrowed until the next call. */
const char *world_image (World *world, const char *name);
/* An instance made by CreateInstance (@params are added to it), now in @state; caller frees. */
char *world_instance (World *world, const char *params, VmmInstanceState state);
/* Reports @event of the instance in @from. */
void world_event (World *world, const char *id, VmmInstanceState from, VmmInstanceEvent event,
                  const char *reason);

/* assert_string_equal() on the code of an expected error, and NULL-safe. */
#define assert_answer(world, params, code)                                                         \
  assert_string_equal (world_call (world, params) ?: "OK", code)
#define assert_ok(world, params) assert_answer (world, params, "OK")
