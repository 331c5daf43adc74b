/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every verb gets: the daemon's parts it may use, and who asks for what. */
#pragma once
#include "vmm-config.h"
#include "vmm-pool.h"
#include "vmm-tag.h"
#include <glib.h>

typedef struct Store Store;
typedef struct StoreTxn StoreTxn;
typedef struct StoreNonces StoreNonces;
typedef struct OpsSecretBox OpsSecretBox;

/* What the daemon knows of itself, for DescribeServiceStatus. Borrowed strings. */
typedef struct
{
  const char *accelerator, *accelerator_why; /* "kvm" or "tcg" */
  gboolean hypervisor_connected;
  guint64 pool_total_bytes, pool_free_bytes;
} OpsServiceStatus;

#define OPS_LAYERS "layers"
#define OPS_POLICIES "policies"

typedef struct VmmContext VmmContext;
struct VmmContext
{
  const VmmConfig *config;
  Store *store;
  StoreNonces *nonces;
  OpsSecretBox *secrets;
  char *host_id;
  char **dns_servers;   /* given to guests */
  const VmmPool *pools; /* of public addresses; NULL for none */
  /* Asks the executor to look at the object of that id, or with OPS_LAYERS at layers that may be
   * nobody's, with OPS_POLICIES at policies of automatic snapshots. Never blocks. */
  void (*kick) (VmmContext *ctx, const char *id);
  /* These come from above ops, as kick does; set by the application. */
  void (*service_status) (VmmContext *ctx, OpsServiceStatus *out);
  guint (*host_processors) (VmmContext *ctx);
  guint64 (*host_memory_mib) (VmmContext *ctx);
  /* The host's network as lines: as the rows want it and as the kernel has it, at one moment.
   * Either out may be NULL; the caller frees the text. VMM_ERROR_UNAVAILABLE. Any thread; may
   * take seconds and holds up changes of the network meanwhile. */
  gboolean (*host_network) (VmmContext *ctx, char **out_plan, char **out_state, GError **error);
  gpointer app;
};

/* Who asks, filled by the front door; borrowed for the length of the call. */
typedef struct
{
  const char *account_id;
  gboolean is_admin; /* came through the administrator's socket */
  const char *request_id;
  const char *action;
  const char *client_token; /* NULL when there is none */
  const char *token_params; /* "Name=value&…" of the business parameters, sorted; for ClientToken */
  gboolean dry_run;
  VmmTagType tag_type; /* of what the call makes; NONE when it makes nothing with tags */
  VmmTags tags;        /* that this is to have */
} VmmCaller;
