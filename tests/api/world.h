/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the front door stand in: a table of test actions, one account with one key, a
 * fixed clock, and a log that may hold no unexpected fault. */
#pragma once
#include "api-front.h"
/* cmocka.h needs the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */

#define WORLD_KEY "testid"
#define WORLD_SECRET "testsecret"
#define WORLD_ACCOUNT "1000000000000001"
#define WORLD_ADMIN_ACCOUNT "1000000000000002"
/* 2026-01-02T03:04:05Z */
#define WORLD_TIME G_GINT64_CONSTANT (1767323045000)
#define WORLD_TIME_TEXT "2026-01-02T03:04:05Z"

typedef struct
{
  VmmConfig *config;
  VmmContext ctx;
  ApiTable *table;
  ApiFront front;
  gboolean is_disabled; /* the key */
  GString *log;         /* all lines since the start */
  guint n_criticals;
  gboolean expects_criticals;
} World;

extern const ApiResource world_resource; /* of the test actions */
extern const ApiResource *const world_resources[];
extern const ApiDoors world_doors;

/* For cmocka_unit_test_setup_teardown: *state is the World. The teardown fails the test on a
 * critical log line that it did not expect. */
int world_setup (void **state);
int world_teardown (void **state);

/* Blocks SlowThing until released, and says how many are in it. For tests with threads. */
void world_hold (gboolean hold);
guint world_held (void);
guint world_n_changes (void); /* runs of ChangeThing */

/* A query signed by v1: "A=1&B=2" with the common parameters and the signature added. Set
 * parameters of the same name to replace those added. The caller frees it. */
char *world_signed_query (const char *method, const char *params, const char *secret);
/* The same with a nonce of one's own. */
char *world_signed_query_nonce (const char *method, const char *params, const char *secret,
                                const char *nonce);

/* Serves a request without headers and body. */
void world_serve (World *world, const char *method, const char *query, ApiAnswer *out);
/* Serves one action with @params, signed; the body as text, the status in @out_status (may be
 * NULL). The caller frees it. */
char *world_call (World *world, const char *params, guint *out_status);
/* The same through the administrator's door, unsigned. */
char *world_admin_call (World *world, const char *params, guint *out_status);

void world_assert_error (const GError *error, VmmError code);
#define assert_contains(text, part) world_assert_contains (text, part, __FILE__, __LINE__)
#define assert_lacks(text, part) world_assert_lacks (text, part, __FILE__, __LINE__)
void world_assert_contains (const char *text, const char *part, const char *file, int line);
void world_assert_lacks (const char *text, const char *part, const char *file, int line);
