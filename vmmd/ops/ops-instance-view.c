/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at instances: one, a page of them, the console, what happened. */
#include "config.h"

#include "ops-instance.h"
#include "store-eip.h"
#include "store-instance.h"
#include "vmm-error.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What leads to the interfaces of @instances from outside, at the price of one statement. */
static gboolean
fill_publics (StoreTxn *txn, GPtrArray *instances, GError **error)
{
  g_autoptr (GPtrArray) nics = g_ptr_array_new ();

  for (guint i = 0; i < instances->len; i++)
    {
      const VmmInstance *instance = g_ptr_array_index (instances, i);

      for (guint n = 0; n < instance->nics->len; n++)
        g_ptr_array_add (nics, instance->nics->pdata[n]);
    }
  return store_eip_fill (txn, nics, error);
}

VmmInstance *
ops_instance_get (VmmContext *ctx, const VmmCaller *caller, const char *id, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);

  g_autoptr (VmmInstance) instance
      = txn != NULL ? store_instance_get (txn, caller->account_id, id, error) : NULL;

  return instance != NULL && store_eip_fill (txn, instance->nics, error)
             ? g_steal_pointer (&instance)
             : NULL;
}

GPtrArray *
ops_instance_list (VmmContext *ctx, const VmmCaller *caller, const VmmInstanceQuery *query,
                   const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) list = NULL;

  if (txn != NULL)
    list = store_instance_list (txn, caller->account_id, query, page, out_info, error);
  return list != NULL && fill_publics (txn, list, error) ? g_steal_pointer (&list) : NULL;
}

char *
ops_instance_console_path (VmmContext *ctx, const char *id)
{
  return g_strdup_printf ("%s/console/%s.log", ctx->config->state_dir, id);
}

char *
ops_instance_vnc_path (VmmContext *ctx, const char *id)
{
  return g_strdup_printf ("%s/vnc/%s.sock", ctx->config->run_dir, id);
}

/* The last bytes of a file that may be growing. */
static GBytes *
read_tail (int fd, const struct stat *st, gsize max_bytes, GError **error)
{
  gsize size = MIN ((gsize) st->st_size, max_bytes);
  g_autofree guint8 *data = g_malloc (size + 1);
  gsize got = 0;

  while (got < size)
    {
      ssize_t n = pread (fd, data + got, size - got, st->st_size - (off_t) (size - got));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          vmm_fail (error, VMM_ERROR_INTERNAL, "the console log: %s", g_strerror (errno));
          return NULL;
        }
      if (n == 0)
        break;
      got += (gsize) n;
    }
  return g_bytes_new_take (g_steal_pointer (&data), got);
}

GBytes *
ops_instance_console (VmmContext *ctx, const VmmCaller *caller, const char *id, gsize max_bytes,
                      gint64 *out_updated_ms, GError **error)
{
  g_autoptr (VmmInstance) instance = ops_instance_get (ctx, caller, id, error);
  g_autofree char *path = NULL;
  struct stat st;
  GBytes *bytes = NULL;
  int fd;

  if (instance == NULL)
    return NULL;
  *out_updated_ms = instance->created_ms;
  path = ops_instance_console_path (ctx, instance->id);
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT)
    return g_bytes_new_static ("", 0);
  if (fd < 0 || fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    vmm_fail (error, VMM_ERROR_INTERNAL, "%s: %s", path, g_strerror (errno));
  else
    {
      *out_updated_ms = (gint64) st.st_mtim.tv_sec * 1000;
      bytes = read_tail (fd, &st, max_bytes, error);
    }
  if (fd >= 0)
    close (fd);
  return bytes;
}

void
ops_instance_event_free (OpsInstanceEvent *event)
{
  if (event == NULL)
    return;
  g_free (event->id);
  g_free (event->instance_id);
  g_free (event->event);
  g_free (event->from);
  g_free (event->to);
  g_free (event->reason);
  g_free (event);
}

GPtrArray *
ops_instance_events (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                     const VmmPage *page, VmmPageInfo *out_info, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (ctx->store, error);
  g_autoptr (GPtrArray) rows = NULL;
  GPtrArray *events;

  if (txn != NULL)
    rows = store_event_list (txn, caller->account_id, instance_id, page, out_info, error);
  if (rows == NULL)
    return NULL;
  events = g_ptr_array_new_with_free_func ((GDestroyNotify) ops_instance_event_free);
  for (guint i = 0; i < rows->len; i++)
    {
      StoreEvent *row = g_ptr_array_index (rows, i);
      OpsInstanceEvent *event = g_new0 (OpsInstanceEvent, 1);

      event->id = g_steal_pointer (&row->id);
      event->instance_id = g_steal_pointer (&row->instance_id);
      event->event = g_steal_pointer (&row->event);
      event->from = g_steal_pointer (&row->from);
      event->to = g_steal_pointer (&row->to);
      event->reason = g_steal_pointer (&row->reason);
      event->at_ms = row->at_ms;
      g_ptr_array_add (events, event);
    }
  return events;
}
