/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances: one row each, whose state only store_instance_move() changes, and their events. */
#pragma once
#include "store.h"
#include "vmm-instance.h"
#include "vmm-query.h"

/* With no interfaces yet. */
gboolean store_instance_insert (StoreTxn *txn, const VmmInstance *instance, GError **error);
/* With nics. @account_id NULL reads for the daemon itself. VMM_ERROR_INSTANCE_NOT_FOUND. */
VmmInstance *store_instance_get (StoreTxn *txn, const char *account_id, const char *id,
                                 GError **error);
/* Whether there is a row of that id, whoever owns it. */
gboolean store_instance_exists (StoreTxn *txn, const char *id, gboolean *out, GError **error);
/* With nics, without user data and public keys, newest first. */
GPtrArray *store_instance_list (StoreTxn *txn, const char *account_id,
                                const VmmInstanceQuery *query, const VmmPage *page,
                                VmmPageInfo *info, GError **error);

/* A step in an instance's life. */
typedef struct
{
  VmmInstanceState from, to;
  VmmInstanceEvent event;
  const char *reason; /* NULL for none */
  gint64 now_ms;
  gint64 deadline_ms; /* of @to; 0 when it is stable */
  gboolean force;
} StoreMove;
/* The one statement that changes a state: VMM_ERROR_INSTANCE_STATUS when another moved it first.
 * Writes the event beside it. RUNNING sets started_ms. */
gboolean store_instance_move (StoreTxn *txn, const VmmInstance *instance, const StoreMove *move,
                              GError **error);
/* Removes the row with its disks and interfaces; the events stay. */
gboolean store_instance_delete (StoreTxn *txn, const char *id, GError **error);
gboolean store_instance_set_name (StoreTxn *txn, const char *id, const char *name, GError **error);
gboolean store_instance_set_description (StoreTxn *txn, const char *id, const char *text,
                                         GError **error);
gboolean store_instance_set_host_name (StoreTxn *txn, const char *id, const char *name,
                                       GError **error);
gboolean store_instance_set_user_data (StoreTxn *txn, const char *id, const char *base64,
                                       GError **error);
gboolean store_instance_set_protection (StoreTxn *txn, const char *id, gboolean is_protected,
                                        GError **error);
gboolean store_instance_set_restart (StoreTxn *txn, const char *id, gboolean restart_on_crash,
                                     GError **error);
/* Its bounds and the way of charging, as @instance has them. */
gboolean store_instance_set_bandwidth (StoreTxn *txn, const VmmInstance *instance, GError **error);
/* 0 and 0 when there is no such instance. */
gboolean store_instance_get_bandwidth (StoreTxn *txn, const char *id, guint *out_in_mbit,
                                       guint *out_out_mbit, GError **error);
/* What it boots from and whose key it accepts (image_id, key_pair, public_key), as in @instance. */
gboolean store_instance_set_image (StoreTxn *txn, const VmmInstance *instance, GError **error);
gboolean store_instance_set_type (StoreTxn *txn, const char *id, const char *type, guint vcpus,
                                  guint memory_mib, GError **error);

/* Ids (char*) of the host's instances in a state that implies work, or, with @all, of all. */
GPtrArray *store_instance_ids (StoreTxn *txn, const char *host_id, gboolean all, GError **error);

/* Sums over rows: what the host has promised. */
typedef struct
{
  gint64 instances, vcpus, memory_mib, disk_bytes;
} StoreUsage;
gboolean store_instance_usage (StoreTxn *txn, const char *host_id, StoreUsage *out, GError **error);
gboolean store_instance_count_account (StoreTxn *txn, const char *account_id, guint *out,
                                       GError **error);

typedef struct
{
  char *id, *instance_id, *event, *from, *to, *reason;
  gint64 at_ms;
} StoreEvent;
void store_event_free (StoreEvent *event);
/* StoreEvent*, newest first; @instance_id NULL for all of the account. */
GPtrArray *store_event_list (StoreTxn *txn, const char *account_id, const char *instance_id,
                             const VmmPage *page, VmmPageInfo *info, GError **error);
/* Adds one that is no move of the instance: its state stands on both sides. None when the instance
 * is gone. */
gboolean store_event_add (StoreTxn *txn, const char *instance_id, const char *event,
                          const char *reason, gint64 now_ms, GError **error);
/* How many events of that kind the instance had since @since_ms. */
gboolean store_event_count (StoreTxn *txn, const char *instance_id, VmmInstanceEvent event,
                            gint64 since_ms, guint *out, GError **error);
/* Forgets events from before @before_ms. */
gboolean store_event_expire (StoreTxn *txn, gint64 before_ms, GError **error);
