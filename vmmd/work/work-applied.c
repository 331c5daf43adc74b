/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run put in force, gathered while locks are held and written when they are not. */
#include "config.h"

#include "ops-applied.h"
#include "vmm-log.h"
#include "work-item.h"

static void
free_news (gpointer data)
{
  OpsAppliedNews *news = data;

  g_free (news->id);
  g_free (news->reason);
  g_free (news);
}

GHashTable *
work_applied_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_news);
}

void
work_applied (WorkItem *item, const char *id, guint64 generation, const GError *failure)
{
  OpsAppliedNews *news;

  /* A tap that is gone or a helper that is busy is no fault of the rules. */
  if (failure != NULL && !g_error_matches (failure, NETCTL_ERROR, NETCTL_ERROR_INVALID)
      && !g_error_matches (failure, NETCTL_ERROR, NETCTL_ERROR_KERNEL))
    return;
  news = g_new0 (OpsAppliedNews, 1);
  news->id = g_strdup (id);
  news->generation = generation;
  news->reason = failure != NULL ? g_strdup (failure->message) : NULL;
  g_hash_table_replace (item->news, news->id, news); /* the last word counts */
}

void
work_applied_flush (WorkItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) news = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer one;

  g_hash_table_iter_init (&iter, item->news);
  while (g_hash_table_iter_next (&iter, NULL, &one))
    g_ptr_array_add (news, one);
  if (news->len > 0 && !ops_applied_record (item->ctx, news, &error))
    vmm_warning ("what is in force could not be noted: %s; the next comparison does it",
                 error->message);
}
