/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: one row a key, with type, default and bounds; see `vmmd --sample-config`. */
#pragma once
#include <glib.h>

typedef struct
{
  char *id;     /* "ecs.t1.tiny" */
  char *family; /* "ecs.t1" */
  guint vcpus;
  guint memory_mib;
} VmmInstanceType;

/* What a category of disks, or one of its levels, may do a second: the lesser of @most and @base
 * and
 * @per_gib for each GiB of the disk. */
typedef struct
{
  double base, per_gib, most;
} VmmDiskBound;
typedef struct
{
  char *name; /* "cloud_ssd", or with a level "cloud_essd.PL1" */
  VmmDiskBound iops, mib;
} VmmDiskBounds;

/* Filled once before threads start and read-only afterwards, hence safe from any thread. */
typedef struct
{
  /* [daemon] */
  char *state_dir, *run_dir, *log_level;
  int request_threads, work_threads;
  /* [api] */
  char *listen_address, *tls_certificate, *tls_key;
  int port, tls_port;
  gboolean signature_v1;
  int max_connections, max_request_bytes, request_timeout_s, idle_timeout_s;
  /* [region] */
  char *region_id, *zone_id, *region_name;
  /* [capacity] */
  double vcpu_ratio, disk_ratio;
  int memory_reserve_mib, disk_reserve_gib, max_instances, max_interfaces, max_images, max_tasks;
  /* [hypervisor] */
  char *driver, *libvirt_uri, *accelerator;
  int crash_restarts, crash_window_s;
  /* [storage] */
  char *qemu_user, *qemu_group, *import_user;
  int max_image_gib, merge_bandwidth, snapshot_utc_offset_h, import_gib, transfers;
  char *import_ranges, *drop_folder, *export_folder;
  /* [network] */
  char *ipv6_pool;
  char *default_vpc_cidr, *default_vswitch_cidr, *dns_servers, *domain, *ntp_servers;
  char *public_pools, *public_interface;
  int max_vpcs, max_eips;
  gboolean nat;
  /* [monitor] */
  int minutes_h;
  /* [deadlines] in seconds, each for one transitional state */
  int stage_s, start_s, stop_s, delete_s, import_s, export_s, attach_s, detach_s, address_s;
  /* [instance-types] */
  GPtrArray *types; /* VmmInstanceType*, in the order of the file */
  /* [disk-bounds] */
  GPtrArray *disk_bounds; /* VmmDiskBounds* */
} VmmConfig;

/* Reads @path; NULL or a missing file gives the defaults. An unknown key, a wrong type or a value
 * out of bounds fails with VMM_ERROR_CONFIG naming file, key and bounds. */
VmmConfig *vmm_config_load (const char *path, GError **error);
void vmm_config_free (VmmConfig *config);
/* The type of that id, or NULL. Borrowed. */
const VmmInstanceType *vmm_config_type (const VmmConfig *config, const char *id);
/* What a disk of that category, level ("" for none) and size may do a second: operations and bytes,
 * 0 for as much as the host can. */
void vmm_config_disk_bounds (const VmmConfig *config, const char *category, const char *level,
                             guint64 virtual_bytes, guint64 *out_iops, guint64 *out_bytes_s);
/* A commented file with every key at its default; the caller frees it. */
char *vmm_config_sample (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmConfig, vmm_config_free)
