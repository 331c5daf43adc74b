/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of layers: who rests on whom, and who still needs whom. A layer lives while a disk (as
 * its active, origin or next layer), a snapshot, an image or a child names it. */
#pragma once
#include "store.h"
#include "vmm-disk.h"

/* The parent must exist. */
gboolean store_layer_insert (StoreTxn *txn, const VmmLayer *layer, GError **error);
/* NULL without @error set when it is not there. */
VmmLayer *store_layer_get (StoreTxn *txn, const char *id, GError **error);
/* Ids from @id down to the base (char*). */
GPtrArray *store_layer_chain (StoreTxn *txn, const char *id, GError **error);
/* Ids of layers of the host that nothing rests on and nobody names. */
GPtrArray *store_layer_unreferenced (StoreTxn *txn, const char *host_id, GError **error);
GPtrArray *store_layer_list (StoreTxn *txn, const char *host_id, GError **error); /* ids */
gboolean store_layer_delete (StoreTxn *txn, const char *id, GError **error);
gboolean store_layer_set_sealed (StoreTxn *txn, const char *id, GError **error);
/* What it takes on the host, and what work under way may add. */
gboolean store_layer_set_size (StoreTxn *txn, const char *id, guint64 size_bytes,
                               guint64 reserved_bytes, GError **error);
/* A grown disk's layer. */
gboolean store_layer_set_virtual (StoreTxn *txn, const char *id, guint64 virtual_bytes,
                                  GError **error);
/* @id rests on @parent_id (NULL: on nothing) from now on. */
gboolean store_layer_set_parent (StoreTxn *txn, const char *id, const char *parent_id,
                                 GError **error);
/* One layer of a chain. */
typedef struct
{
  char *id;
  guint64 size_bytes; /* on the host, as last seen */
  gboolean is_kept;   /* somebody names it, or more than one layer rests on it */
} StoreLink;
void store_link_free (StoreLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreLink, store_link_free)
/* StoreLink* from @id down to the base. */
GPtrArray *store_layer_links (StoreTxn *txn, const char *id, GError **error);
/* Whether the pool must keep its hands off the file of a layer: an instance that is not stopped has
 * it in a chain, a disk above it turns or grows, or nobody needs it any more. */
gboolean store_layer_is_wanted (StoreTxn *txn, const char *id, gboolean *out, GError **error);
/* Bytes that work under way may still add to the pool. */
gboolean store_layer_reserved (StoreTxn *txn, const char *host_id, guint64 *out, GError **error);
