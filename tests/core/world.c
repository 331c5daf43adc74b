/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world without drivers: rows and verbs. */
#include "world.h"
#include "ops-image.h"
#include "ops-key.h"
#include "ops-secret.h"
#include "store-db.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-nonce.h"
#include "vmm-clock.h"
#include "vmm-id.h"
#include <glib/gstdio.h>
#include <string.h>

#define BOOT_ID "11111111-2222-3333-4444-555555555555"
#define CLOCK_START_MS G_GINT64_CONSTANT (1767323045000) /* 2026-01-02T03:04:05Z */

static gint64 clock_ms;

gint64
world_now_ms (void)
{
  return __atomic_load_n (&clock_ms, __ATOMIC_SEQ_CST);
}

void
world_advance_ms (World *w, gint64 ms)
{
  __atomic_add_fetch (&clock_ms, ms, __ATOMIC_SEQ_CST);
}

const char *
world_keep (World *w, char *text)
{
  g_ptr_array_add (w->strings, text);
  return text;
}

const char *
world_path (World *w, const char *name)
{
  return world_keep (w, g_build_filename (w->dir, name, NULL));
}

static void
kick (VmmContext *ctx, const char *id)
{
  World *w = ctx->app;

  g_mutex_lock (&w->lock);
  g_ptr_array_add (w->kicks, g_strdup (id));
  g_cond_broadcast (&w->kicked);
  g_mutex_unlock (&w->lock);
  if (w->pass_kick != NULL)
    w->pass_kick (w, id);
}

guint
world_kicks (World *w, const char *id)
{
  guint count = 0;

  g_mutex_lock (&w->lock);
  for (guint i = 0; i < w->kicks->len; i++)
    count += id == NULL || g_str_equal (g_ptr_array_index (w->kicks, i), id) ? 1 : 0;
  g_mutex_unlock (&w->lock);
  return count;
}

static void
service_status (VmmContext *ctx, OpsServiceStatus *out)
{
  World *w = ctx->app;

  out->accelerator = "tcg";
  out->accelerator_why = "a test";
  out->hypervisor_connected = TRUE;
  out->pool_total_bytes = w->pool_total_bytes;
  out->pool_free_bytes = w->pool_free_bytes;
}

static guint
host_processors (VmmContext *ctx)
{
  return ((World *) ctx->app)->processors;
}

static guint64
host_memory_mib (VmmContext *ctx)
{
  return ((World *) ctx->app)->memory_mib;
}

static void
open_rows (World *w)
{
  g_autoptr (GError) error = NULL;

  w->ctx.store = store_open (world_path (w, "vmmd.db"), &error);
  assert_no_error (error);
  w->ctx.nonces = store_nonces_open (world_path (w, "nonces.db"), BOOT_ID, world_now_ms (), &error);
  assert_no_error (error);
  w->ctx.secrets = ops_secret_box_new (world_path (w, "secret.key"), &error);
  assert_no_error (error);
}

static void
close_rows (World *w)
{
  g_clear_pointer (&w->ctx.nonces, store_nonces_close);
  g_clear_pointer (&w->ctx.store, store_close);
  g_clear_pointer (&w->ctx.secrets, ops_secret_box_free);
}

void
world_reopen (World *w)
{
  close_rows (w);
  open_rows (w);
}

static void
set_path (World *w, char **field, const char *name)
{
  g_autofree char *parent = g_build_filename (w->dir, name, NULL);

  g_free (*field);
  *field = g_strdup (parent);
}

static void
configure (World *w)
{
  g_autofree char *console = g_build_filename (w->dir, "console", NULL);
  g_autoptr (GError) error = NULL;

  w->config = vmm_config_load (NULL, &error);
  assert_no_error (error);
  set_path (w, &w->config->state_dir, NULL);
  set_path (w, &w->config->run_dir, "run");
  w->config->work_threads = 4;
  w->config->memory_reserve_mib = 0;
  w->config->vcpu_ratio = w->config->disk_ratio = 1;
  assert_int_equal (g_mkdir (console, 0700), 0);
}

static VmmCaller
caller_of (World *w, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OpsAccount) account = ops_account_ensure (&w->ctx, name, &error);

  assert_no_error (error);
  return (VmmCaller){ .account_id = world_keep (w, g_strdup (account->id)),
                      .request_id = "R",
                      .action = "Test",
                      .token_params = "" };
}

int
world_set_up (void **state)
{
  World *w = g_new0 (World, 1);

  /* Quarks are made on first use without a lock; here nobody else is running yet. */
  vmm_error_quark ();
  log_trap_install ();
  w->strings = g_ptr_array_new_with_free_func (g_free);
  w->kicks = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&w->lock);
  g_cond_init (&w->kicked);
  w->dir = core_dir_new ();
  __atomic_store_n (&clock_ms, CLOCK_START_MS, __ATOMIC_SEQ_CST);
  vmm_clock_replace (world_now_ms);
  configure (w);
  w->processors = 1000;
  w->memory_mib = 1024 * 1024;
  w->pool_total_bytes = w->pool_free_bytes = 10000 * WORLD_GIB;
  w->ctx = (VmmContext){ .config = w->config,
                         .kick = kick,
                         .service_status = service_status,
                         .host_processors = host_processors,
                         .host_memory_mib = host_memory_mib,
                         .app = w };
  w->ctx.host_id = vmm_id_new (VMM_ID_HOST);
  w->ctx.dns_servers = g_strsplit ("10.1.1.1,10.1.1.2", ",", -1);
  open_rows (w);
  w->alice = caller_of (w, "alice");
  w->bob = caller_of (w, "bob");
  w->admin = caller_of (w, "default");
  w->admin.is_admin = TRUE;
  *state = w;
  return 0;
}

int
world_tear_down (void **state)
{
  World *w = *state;

  close_rows (w);
  vmm_clock_replace (NULL);
  g_free (w->ctx.host_id);
  g_strfreev (w->ctx.dns_servers);
  vmm_config_free (w->config);
  g_clear_pointer (&w->pools, vmm_pool_free);
  core_dir_free (w->dir);
  g_ptr_array_unref (w->kicks);
  g_ptr_array_unref (w->strings);
  g_mutex_clear (&w->lock);
  g_cond_clear (&w->kicked);
  g_free (w);
  log_trap_check ();
  return 0;
}

void
world_set_pools (World *w, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&w->pools, vmm_pool_free);
  w->ctx.pools = w->pools = vmm_pool_parse (text, &error);
  assert_no_error (error);
}

static void
insert_image_rows (World *w, VmmImage *image)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);
  VmmLayer layer = { .id = image->layer_id,
                     .host_id = w->ctx.host_id,
                     .virtual_bytes = image->virtual_bytes,
                     .created_ms = world_now_ms () };

  assert_no_error (error);
  store_layer_insert (txn, &layer, &error);
  assert_no_error (error);
  store_image_insert (txn, image, &error);
  assert_no_error (error);
  store_commit (txn, &error);
  assert_no_error (error);
}

const char *
world_add_image (World *w, guint virtual_gib)
{
  g_autoptr (VmmImage) image = g_new0 (VmmImage, 1);
  char **texts[] = { &image->account_id, &image->description, &image->source_file,
                     &image->source_format, &image->reason };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup ("");
  image->id = vmm_id_new (VMM_ID_IMAGE);
  image->layer_id = vmm_id_new (VMM_ID_LAYER);
  image->state = VMM_IMAGE_AVAILABLE;
  image->name = g_strdup_printf ("image-%s", image->id);
  image->os_type = g_strdup ("linux");
  image->os_name = g_strdup ("Debian");
  image->architecture = g_strdup ("x86_64");
  image->progress = 100;
  image->virtual_bytes = virtual_gib * WORLD_GIB;
  image->created_ms = world_now_ms ();
  insert_image_rows (w, image);
  return world_keep (w, g_strdup (image->id));
}

OpsInstanceSpec
world_spec (const char *image_id)
{
  return (
      OpsInstanceSpec){ .image_id = image_id, .type = "ecs.t1.nano", .amount = 1, .boot = TRUE };
}

/* The shortest path of events from @from to @to; events in reverse, -1 when there is none. */
static gint
find_path (VmmInstanceState from, VmmInstanceState to, VmmInstanceEvent *events)
{
  gint came_from[VMM_INSTANCE_STATE_LAST], by[VMM_INSTANCE_STATE_LAST], n = 0;
  VmmInstanceState queue[VMM_INSTANCE_STATE_LAST] = { from };

  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    came_from[s] = -1;
  came_from[from] = (gint) from;
  for (guint head = 0, tail = 1; head < tail; head++)
    for (guint e = 0; e < VMM_INSTANCE_EVENT_LAST; e++)
      {
        VmmInstanceState next;

        if (!vmm_instance_state_next (queue[head], e, &next) || came_from[next] >= 0)
          continue;
        came_from[next] = (gint) queue[head];
        by[next] = (gint) e;
        queue[tail++] = next;
      }
  if (came_from[to] < 0)
    return -1;
  for (gint s = (gint) to; s != (gint) from; s = came_from[s])
    events[n++] = (VmmInstanceEvent) by[s];
  return n;
}

const char *
world_add_instance (World *w, const VmmCaller *caller, const char *image_id, VmmInstanceState state)
{
  OpsInstanceSpec spec = world_spec (image_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = ops_instance_create (&w->ctx, caller, &spec, &error);
  VmmInstanceEvent events[VMM_INSTANCE_STATE_LAST];
  VmmInstanceState at = VMM_INSTANCE_PENDING;
  const char *id;

  assert_no_error (error);
  id = world_keep (w, g_strdup (g_ptr_array_index (ids, 0)));
  for (gint n = find_path (at, state, events) - 1; n >= 0; n--)
    {
      ops_instance_event (&w->ctx, id, at, events[n], NULL, &error);
      assert_no_error (error);
      assert_true (vmm_instance_state_next (at, events[n], &at));
    }
  assert_int_equal (at, state);
  return id;
}

VmmInstance *
world_get (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  VmmInstance *instance;

  assert_no_error (error);
  instance = store_instance_get (txn, NULL, id, &error);
  assert_no_error (error);
  return instance;
}

VmmInstanceState
world_state (World *w, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  g_autoptr (VmmInstance) instance = NULL;

  assert_no_error (error);
  instance = store_instance_get (txn, NULL, id, &error);
  if (instance == NULL)
    assert_vmm_error (error, VMM_ERROR_INSTANCE_NOT_FOUND);
  return instance != NULL ? instance->state : VMM_INSTANCE_GONE;
}

VmmPage
world_page (void)
{
  return (VmmPage){ .number = 1, .size = 100 };
}

static gpointer
read_text (StoreRows *rows)
{
  return store_rows_string (rows, 0);
}

static GPtrArray *
read_texts (StoreTxn *txn, const char *sql, const char *argument)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreRows) rows
      = store_query (txn, &error, sql, argument != NULL ? "s" : "", argument);
  GPtrArray *texts;

  assert_no_error (error);
  texts = store_read_all (rows, read_text, g_free, &error);
  assert_no_error (error);
  return texts;
}

static void
dump_table (StoreTxn *txn, const char *table, GString *out)
{
  g_autoptr (GPtrArray) columns
      = read_texts (txn, "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info(?)", table);
  g_autofree char *list = NULL, *sql = NULL;
  g_autoptr (GPtrArray) rows = NULL;

  g_ptr_array_add (columns, NULL);
  list = g_strjoinv (" || '|' || ", (char **) columns->pdata);
  sql = g_strdup_printf ("SELECT %s AS line FROM \"%s\" ORDER BY line", list, table);
  rows = read_texts (txn, sql, NULL);
  for (guint i = 0; i < rows->len; i++)
    g_string_append_printf (out, "%s: %s\n", table, (const char *) g_ptr_array_index (rows, i));
}

char *
world_dump (World *w)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  g_autoptr (GPtrArray) tables = NULL;
  GString *out = g_string_new (NULL);

  assert_no_error (error);
  tables
      = read_texts (txn, "SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name", NULL);
  for (guint i = 0; i < tables->len; i++)
    dump_table (txn, g_ptr_array_index (tables, i), out);
  return g_string_free (out, FALSE);
}

gint64
world_query (World *w, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, &error);
  gint64 value = 0;

  assert_no_error (error);
  store_query_int (txn, &value, &error, sql, "");
  assert_no_error (error);
  return value;
}

void
world_exec (World *w, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, &error);

  assert_no_error (error);
  store_exec (txn, &error, sql, "");
  assert_no_error (error);
  store_commit (txn, &error);
  assert_no_error (error);
}

/* One more event that belongs to nobody; FALSE when there is no room for it. */
static gboolean
add_filler (World *w)
{
  g_autoptr (StoreTxn) txn = store_begin (w->ctx.store, NULL);

  return store_exec (txn, NULL,
                     "INSERT INTO instance_event (id, account_id, instance_id, event, from_state,"
                     " to_state, reason, at_ms) VALUES (hex (randomblob (10)), '', '', '', '', '',"
                     " '', ?)",
                     "i", world_now_ms ())
             > 0
         && store_commit (txn, NULL);
}

void
world_fill (World *w, gboolean is_full)
{
  g_autoptr (GError) error = NULL;
  StoreTxn *txn = store_begin (w->ctx.store, &error);
  gint64 pages = 0;

  assert_no_error (error);
  store_query_int (txn, &pages, &error,
                   is_full ? "PRAGMA max_page_count=1" : "PRAGMA max_page_count=1000000", "");
  assert_no_error (error);
  store_txn_free (txn);
  while (is_full && add_filler (w))
    ;
}
