/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host has in force of security groups and network interfaces, as generations. */
#pragma once
#include "store.h"

typedef struct
{
  guint64 generation; /* the newest in force; 0 when none is */
  gint64 at_ms;
  char *reason; /* why a newer one is not; "" when there is none or nothing failed */
} StoreApplied;
void store_applied_free (StoreApplied *applied);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreApplied, store_applied_free)

/* NULL without @error set when the host has nothing of it. */
StoreApplied *store_applied_get (StoreTxn *txn, const char *host_id, const char *object_id,
                                 GError **error);
/* All of the host: char* id → StoreApplied*. */
GHashTable *store_applied_list (StoreTxn *txn, const char *host_id, GError **error);
gboolean store_applied_set (StoreTxn *txn, const char *host_id, const char *object_id,
                            const StoreApplied *applied, GError **error);
/* The host has nothing of the object any more. */
gboolean store_applied_forget (StoreTxn *txn, const char *host_id, const char *object_id,
                               GError **error);
/* The host has nothing of the instance's interfaces any more. */
gboolean store_applied_forget_instance (StoreTxn *txn, const char *instance_id, GError **error);
/* Ids (char*) of running instances on the host with an interface in the group. */
GPtrArray *store_applied_instances (StoreTxn *txn, const char *host_id, const char *group_id,
                                    GError **error);
