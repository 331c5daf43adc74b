/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a list may ask for: a page, and for each noun its filters. Borrowed strings throughout. */
#pragma once
#include "vmm-instance-state.h"
#include "vmm-tag.h"
#include <glib.h>

/* By number (old style), or by token when @max_results or @next_token is set (new style). */
typedef struct
{
  guint number, size;     /* from 1 */
  guint max_results;      /* 0 unless new style */
  const char *next_token; /* NULL at the beginning */
} VmmPage;

/* What came back beside the items. */
typedef struct
{
  guint total;
  char *next_token; /* NULL at the end, or in old style */
} VmmPageInfo;

void vmm_page_info_clear (VmmPageInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmPageInfo, vmm_page_info_clear)

/* A NULL or empty field does not filter. */
typedef struct
{
  const char *const *ids;
  const char *const *private_ips, *const *nic_ids;
  const char *const *public_ips, *const *eips; /* that go with it; elastic ones */
  const char *name;                            /* '*' stands for anything */
  const char *image_id, *type, *type_family, *zone_id, *vpc_id, *vswitch_id, *group_id, *key_pair;
  const char *charge_type;               /* of its bandwidth, as on the wire */
  const char *status;                    /* on the wire: "Running" */
  gint64 created_from_ms, created_to_ms; /* 0 for open */
  VmmTags tags;                          /* that all are there */
} VmmInstanceQuery;

typedef struct
{
  const char *const *ids;
  const char *name;
  const char *os_type, *architecture, *family, *snapshot_id;
  const char *owner;                     /* "self", "system", "others" */
  const char *owner_id;                  /* an account's; "0" for system images */
  gint64 created_from_ms, created_to_ms; /* 0 for open */
  const char *not_architecture;
  int is_public, is_usable;    /* -1 for both */
  const char *usage;           /* "instance", "none": by instances of the caller */
  const char *const *statuses; /* on the wire; empty means Available only */
  VmmTags tags;                /* that all are there */
} VmmImageQuery;

typedef struct
{
  const char *const *ids;
  const char *instance_id, *name, *category, *zone_id;
  const char *status; /* "In_use", "Available", "Creating" */
  int is_system;      /* -1 for both */
  const char *snapshot_id, *policy_id;
  int delete_with_instance, enable_auto_snapshot; /* -1 for both */
  int has_policy, delete_auto_snapshot;           /* likewise */
  gint64 created_from_ms, created_to_ms;          /* 0 for open */
  VmmTags tags;                                   /* that all are there */
} VmmDiskQuery;

typedef struct
{
  const char *const *ids;
  const char *name; /* '*' stands for anything */
  const char *disk_id, *instance_id, *group_id;
  const char *status;                    /* "progressing", "accomplished", "failed" */
  int is_system, is_auto;                /* -1 for both */
  int is_used_by_image, is_used_by_disk; /* -1 for any */
  gint64 created_from_ms, created_to_ms; /* 0 for open */
  VmmTags tags;                          /* that all are there */
} VmmSnapshotQuery;

typedef struct
{
  const char *const *ids, *const *statuses; /* as of snapshots */
  const char *instance_id, *name;           /* '*' in the name stands for anything */
  VmmTags tags;                             /* that all are there */
} VmmSnapshotGroupQuery;

typedef struct
{
  const char *name; /* '*' stands for anything */
  VmmTags tags;     /* that all are there */
} VmmKeyPairQuery;

typedef struct
{
  const char *id, *name; /* '*' in the name stands for anything */
  VmmTags tags;          /* that all are there */
} VmmPolicyQuery;

typedef struct
{
  const char *const *ids, *const *image_ids;
  const char *action;                    /* "ImportImage" */
  const char *status;                    /* on the wire: "Processing" */
  gint64 created_from_ms, created_to_ms; /* 0 for open */
} VmmTaskQuery;

typedef struct
{
  const char *const *ids;
  const char *name, *vpc_id;
  VmmTags tags; /* that all are there */
} VmmGroupQuery;

typedef struct
{
  const char *const *ids, *const *router_ids;
  const char *name, *route_table_id;
  int is_default; /* -1 for both */
  VmmTags tags;   /* that all are there */
} VmmVpcQuery;

typedef struct
{
  const char *const *ids;
  const char *name, *vpc_id, *route_table_id, *cidr;
  int is_default; /* -1 for both */
  VmmTags tags;   /* that all are there */
} VmmVswitchQuery;

typedef struct
{
  const char *const *ids, *const *private_ips; /* private_ips: any address of it */
  const char *primary_ip;
  const char *name, *instance_id, *vpc_id, *vswitch_id, *group_id;
  const char *status; /* on the wire: "InUse" */
  int is_primary;     /* -1 for both */
  VmmTags tags;       /* that all are there */
} VmmNicQuery;

typedef struct
{
  const char *table_id; /* required */
  const char *id, *name, *destination, *next_hop_id, *next_hop_type;
  const char *type; /* on the wire: "System", "Custom" */
} VmmRouteQuery;

typedef struct
{
  const char *const *ids;
  const char *name;
  int is_ipv6;  /* -1 for both */
  VmmTags tags; /* that all are there */
} VmmPrefixListQuery;
