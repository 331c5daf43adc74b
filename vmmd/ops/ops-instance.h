/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on instances. Each is one transaction: check, change, commit, then ask for work.
 * Any pool thread. Errors are VMM_ERROR; ids of other accounts are NotFound. A caller with dry_run
 * gets VMM_ERROR_DRY_RUN where the request would have worked, and nothing changes. */
#pragma once
#include "ops-context.h"
#include "ops-disk-spec.h"
#include "ops-nic-spec.h"
#include "vmm-instance.h"
#include "vmm-query.h"

/* What RunInstances and CreateInstance ask for. NULL or 0 means not given. */
typedef struct
{
  const char *image_family; /* instead of image_id: its newest Available image */
  const char *image_id, *type, *zone_id;
  const char *vswitch_id;       /* default: the account's default vswitch */
  const char *const *group_ids; /* default: the VPC's default group */
  const char *private_ip;
  const char *const *ips6; /* IPv6 addresses, or else how many of them to choose */
  guint ip6_count;
  const char *name, *description, *host_name, *user_data, *key_pair;
  OpsDiskSpec system_disk; /* category, performance_level, name, description, size_gib */
  /* 0 for no bound. With boot and a bound of what goes out it gets a public address, where there
   * are any to have. */
  guint bandwidth_in_mbit, bandwidth_out_mbit;
  const char *charge_type; /* of the bandwidth */
  gboolean deletion_protection;
  gboolean unique_suffix; /* 001, 002, … behind name, host name and names of disks */
  guint amount, min_amount;
  gboolean boot;              /* RunInstances; FALSE leaves it Stopped */
  const OpsInstanceNic *nics; /* beside the primary one */
  guint n_nics;
  const OpsInstanceDisk *disks; /* data disks */
  guint n_disks;
} OpsInstanceSpec;

/* All or nothing: as many rows as @spec asks for (at least min_amount when capacity falls short) or
 * none. Returns ids in order; with the same ClientToken and parameters the first answer again. */
GPtrArray *ops_instance_create (VmmContext *ctx, const VmmCaller *caller,
                                const OpsInstanceSpec *spec, GError **error);

/* Write the intent and answer at once; INSTANCE_STATUS when the state forbids it. @force cuts the
 * power instead of asking the guest. */
gboolean ops_instance_start (VmmContext *ctx, const VmmCaller *caller, const char *id,
                             GError **error);
gboolean ops_instance_stop (VmmContext *ctx, const VmmCaller *caller, const char *id,
                            gboolean force, GError **error);
gboolean ops_instance_reboot (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              gboolean force, GError **error);
/* All of @ids or none. */
gboolean ops_instance_delete (VmmContext *ctx, const VmmCaller *caller, const char *const *ids,
                              gboolean force, GError **error);

/* The batch verbs: one result an id, each its own transaction. */
typedef enum
{
  OPS_BATCH_START,
  OPS_BATCH_STOP,
  OPS_BATCH_REBOOT
} OpsBatchVerb;
typedef struct
{
  char *id, *code, *message;      /* "200", "success"; or the error's */
  const char *previous, *current; /* states on the wire, static; "" when unknown */
} OpsBatchResult;
/* OpsBatchResult* in the order of @ids. */
GPtrArray *ops_instance_batch (VmmContext *ctx, const VmmCaller *caller, OpsBatchVerb verb,
                               const char *const *ids, gboolean force, GError **error);

/* With its nics. INSTANCE_NOT_FOUND. */
VmmInstance *ops_instance_get (VmmContext *ctx, const VmmCaller *caller, const char *id,
                               GError **error);
/* VmmInstance* with nics, newest first. Costs what the page costs. */
GPtrArray *ops_instance_list (VmmContext *ctx, const VmmCaller *caller,
                              const VmmInstanceQuery *query, const VmmPage *page,
                              VmmPageInfo *out_info, GError **error);

/* NULL leaves a field; "" clears a description or user data. */
typedef struct
{
  const char *name, *description, *host_name, *user_data;
  int deletion_protection; /* -1 leaves it */
  int restart_on_crash;    /* -1 leaves it */
  /* All security groups, of its VPC; NULL leaves them. Only while Running or Stopped. */
  const char *const *group_ids;
} OpsInstanceChange;
gboolean ops_instance_modify (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              const OpsInstanceChange *change, GError **error);
/* Another type; only while Stopped. Capacity is checked. */
gboolean ops_instance_resize (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              const char *type, GError **error);
/* The last @max_bytes of the serial console; "" when there is none yet. The caller frees it. */
GBytes *ops_instance_console (VmmContext *ctx, const VmmCaller *caller, const char *id,
                              gsize max_bytes, gint64 *out_updated_ms, GError **error);
/* The file that keeps an instance's console, and its VNC socket. The caller frees them. */
char *ops_instance_console_path (VmmContext *ctx, const char *id);
char *ops_instance_vnc_path (VmmContext *ctx, const char *id);

/* What happened to an instance and why, newest first; also of deleted ones. */
typedef struct
{
  char *id, *instance_id, *event, *from, *to, *reason;
  gint64 at_ms;
} OpsInstanceEvent;
GPtrArray *ops_instance_events (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                                const VmmPage *page, VmmPageInfo *out_info, GError **error);
void ops_instance_event_free (OpsInstanceEvent *event);

/* For work: something was seen or done. Moves the row if its table allows, else fails with
 * INSTANCE_STATUS. @reason is kept and shown; NULL for none. */
gboolean ops_instance_event (VmmContext *ctx, const char *id, VmmInstanceState from,
                             VmmInstanceEvent event, const char *reason, GError **error);
/* What happened to it without its state being another. */
#define OPS_INSTANCE_PAUSED "paused"
#define OPS_INSTANCE_RESUMED "resumed"
#define OPS_INSTANCE_DISK_NOT_GROWN "disk-not-grown"
#define OPS_INSTANCE_DISK_NOT_BOUNDED "disk-not-bounded"
/* For the worker: one of these as an event of the instance. */
gboolean ops_instance_note (VmmContext *ctx, const char *id, const char *event, const char *reason,
                            GError **error);
