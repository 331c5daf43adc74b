/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pulls: a layer takes in what others below it hold. Which could be, and the journal of those under
 * way. */
#pragma once
#include "store.h"

/* A layer that may be worth a pull: one that nobody else needs is below it, or it is the active
 * layer of a disk that rests on many. */
typedef struct
{
  char *layer_id;
  char *disk_id, *instance_id; /* whose active layer it is, or "" */
  gboolean is_fresh;           /* the disk has not turned since it was made from what is below */
  gboolean is_wanted;          /* see store_layer_is_wanted() */
  gint64 after_ms;             /* not to be begun before */
} StorePullable;
void store_pullable_free (StorePullable *pullable);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StorePullable, store_pullable_free)
/* StorePullable* of the host that no pull is journalled for, oldest layer first. Chains of more
 * than @deep layers count as deep. */
GPtrArray *store_pull_candidates (StoreTxn *txn, const char *host_id, guint deep, GError **error);
/* The same for one layer; NULL without @error set when it is none. */
StorePullable *store_pull_candidate (StoreTxn *txn, const char *layer_id, guint deep,
                                     GError **error);

/* The journal; see migration 0003. */
typedef struct
{
  char *layer_id;    /* that takes in */
  char *base_id;     /* what it rests on afterwards, or NULL */
  char *instance_id; /* whose QEMU does it, or "" for the pool */
  char *disk_id;     /* that instance's, or "" */
  gint64 started_ms;
} StorePull;
void store_pull_free (StorePull *pull);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StorePull, store_pull_free)
/* Begins: @reserved_bytes may be added to the layer by it. */
gboolean store_pull_insert (StoreTxn *txn, const StorePull *pull, guint64 reserved_bytes,
                            GError **error);
/* It is over, done or not. The next may begin at @after_ms; with @has_failed one more failure in a
 * row is counted, else they are forgotten. */
gboolean store_pull_delete (StoreTxn *txn, const char *layer_id, gboolean has_failed,
                            gint64 after_ms, GError **error);
/* StorePull* of the host, oldest first. */
GPtrArray *store_pull_list (StoreTxn *txn, const char *host_id, GError **error);
/* The one of that layer; NULL without @error set when there is none. */
StorePull *store_pull_get (StoreTxn *txn, const char *layer_id, GError **error);
/* How many pulls into the layer failed in a row. */
gboolean store_pull_failures (StoreTxn *txn, const char *layer_id, guint *out, GError **error);
/* How many are under way in guests, on all hosts. */
gboolean store_pull_count_open (StoreTxn *txn, guint *out, GError **error);
/* Whether the QEMU of the journal's instance may have the layer open. */
gboolean store_pull_is_open (StoreTxn *txn, const StorePull *pull, gboolean *out, GError **error);
/* StorePull* of the layers that the chain of @layer_id consists of. */
GPtrArray *store_pull_list_below (StoreTxn *txn, const char *layer_id, GError **error);
