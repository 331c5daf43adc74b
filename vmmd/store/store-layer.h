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
/* How many of that chain nobody names and only one layer rests on, so that they will be merged. */
gboolean store_layer_count_loose (StoreTxn *txn, const char *id, guint *out, GError **error);
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
/* All that names layer @from (disks, snapshots, images, children) names @to instead. */
gboolean store_layer_repoint (StoreTxn *txn, const char *from, const char *to, GError **error);

/* A layer that nobody names but one child, to be merged with it. */
typedef struct
{
  char *layer_id, *child_id;
  char *parent_id; /* of the layer, or NULL */
} StoreMergeable;
void store_mergeable_free (StoreMergeable *mergeable);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreMergeable, store_mergeable_free)
/* StoreMergeable* of the host that no merge is journalled for. */
GPtrArray *store_layer_mergeable (StoreTxn *txn, const char *host_id, GError **error);
/* Ids of the instances (char*) one of whose plugged disks has @layer_id in its chain, and that are
 * not stopped. */
GPtrArray *store_layer_openers (StoreTxn *txn, const char *layer_id, GError **error);

/* The journal of merges; see migration 0003. */
typedef struct
{
  char *layer_id, *child_id;
  char *method;      /* "pull": the child takes the layer's bytes; "commit": the other way round */
  char *instance_id; /* whose QEMU does it, or "" */
  char *disk_id;     /* the disk of that instance, or "" */
  gint64 started_ms;
} StoreMerge;
void store_merge_free (StoreMerge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreMerge, store_merge_free)
gboolean store_merge_insert (StoreTxn *txn, const StoreMerge *merge, GError **error);
gboolean store_merge_delete (StoreTxn *txn, const char *layer_id, GError **error);
/* StoreMerge* of the host, oldest first; @instance_id NULL for all. */
GPtrArray *store_merge_list (StoreTxn *txn, const char *host_id, const char *instance_id,
                             GError **error);
