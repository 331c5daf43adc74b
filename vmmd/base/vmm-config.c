/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration's rows and how a key file fills the struct from them. */
#include "config.h"

#include "vmm-config.h"
#include "vmm-error.h"
#include <stdio.h>
#include <string.h>

typedef enum
{
  KEY_STRING,
  KEY_INT,
  KEY_BOOL,
  KEY_DOUBLE
} KeyType;

typedef struct
{
  const char *group, *key;
  KeyType type;
  gsize offset;
  const char *fallback;
  double min, max;
  const char *doc;
} Key;

#define STR(group, key, field, fallback, doc)                                                      \
  {                                                                                                \
    group, key, KEY_STRING, G_STRUCT_OFFSET (VmmConfig, field), fallback, 0, 0, doc                \
  }
#define INT(group, key, field, fallback, min, max, doc)                                            \
  {                                                                                                \
    group, key, KEY_INT, G_STRUCT_OFFSET (VmmConfig, field), fallback, min, max, doc               \
  }
#define BOOL(group, key, field, fallback, doc)                                                     \
  {                                                                                                \
    group, key, KEY_BOOL, G_STRUCT_OFFSET (VmmConfig, field), fallback, 0, 0, doc                  \
  }
#define DOUBLE(group, key, field, fallback, min, max, doc)                                         \
  {                                                                                                \
    group, key, KEY_DOUBLE, G_STRUCT_OFFSET (VmmConfig, field), fallback, min, max, doc            \
  }

static const Key keys[] = {
  STR ("daemon", "state-dir", state_dir, "/var/lib/vmmd",
       "Database, keys, layers and console logs."),
  STR ("daemon", "run-dir", run_dir, "/run/vmmd", "Sockets and the pid file; emptied by a reboot."),
  STR ("daemon", "log-level", log_level, "info", "error, warning, info or debug."),
  INT ("daemon", "request-threads", request_threads, "8", 1, 256, "Requests served at once."),
  INT ("daemon", "work-threads", work_threads, "16", 1, 256,
       "Instances and images worked on at once."),
  STR ("api", "listen-address", listen_address, "127.0.0.1",
       "Address of the HTTP and HTTPS endpoints."),
  INT ("api", "port", port, "8774", 0, 65535, "HTTP port; 0 lets the kernel choose."),
  INT ("api", "tls-port", tls_port, "8775", 0, 65535,
       "HTTPS port, used when a certificate is set."),
  STR ("api", "tls-certificate", tls_certificate, "",
       "PEM file with the certificate chain; empty for HTTP only."),
  STR ("api", "tls-key", tls_key, "", "PEM file with the private key."),
  BOOL ("api", "signature-v1", signature_v1, "true", "Accept signature version 1.0 beside ACS3."),
  /* Half of what the service file's LimitNOFILE allows. */
  INT ("api", "max-connections", max_connections, "1024", 1, 32768, "Open connections in all."),
  INT ("api", "max-request-bytes", max_request_bytes, "1048576", 4096, 67108864,
       "Largest request body, and query."),
  INT ("api", "request-timeout-s", request_timeout_s, "20", 1, 3600,
       "Seconds in which a request must have arrived whole."),
  INT ("api", "idle-timeout-s", idle_timeout_s, "60", 1, 3600,
       "Seconds a connection may wait for its next request."),
  STR ("region", "id", region_id, "cn-local", "The region's id."),
  STR ("region", "name", region_name, "Local", "The region's name for people."),
  STR ("region", "zone", zone_id, "cn-local-a", "The zone's id."),
  DOUBLE ("capacity", "vcpu-ratio", vcpu_ratio, "4", 0.1, 10000,
          "vCPUs promised for each processor of the host."),
  INT ("capacity", "memory-reserve-mib", memory_reserve_mib, "1024", 0, 1048576,
       "Memory kept for the host itself."),
  DOUBLE ("capacity", "disk-ratio", disk_ratio, "4", 0.1, 10000,
          "Virtual disk bytes promised for each byte of the pool's file system."),
  INT ("capacity", "disk-reserve-gib", disk_reserve_gib, "1", 0, 1048576,
       "Free space below which nothing new is promised."),
  INT ("capacity", "max-instances", max_instances, "1000", 1, 100000,
       "Instances an account may have."),
  INT ("capacity", "max-interfaces", max_interfaces, "1000", 0, 100000,
       "Network interfaces an account may have beside its instances' primary ones."),
  INT ("capacity", "max-images", max_images, "1000", 0, 100000, "Images an account may have."),
  INT ("capacity", "max-tasks", max_tasks, "20", 1, 10000,
       "Imports and exports of an account that are not finished."),
  STR ("hypervisor", "driver", driver, "libvirt",
       "libvirt, or fake for tests of the control plane."),
  STR ("hypervisor", "libvirt-uri", libvirt_uri, "qemu:///system", "The libvirt connection."),
  STR ("hypervisor", "accelerator", accelerator, "auto",
       "auto, kvm or tcg; auto takes KVM only where it truly works."),
  INT ("hypervisor", "crash-restarts", crash_restarts, "3", 0, 100,
       "Restarts of a QEMU that dies unasked within crash-window-s."),
  INT ("hypervisor", "crash-window-s", crash_window_s, "600", 1, 86400,
       "The window of crash-restarts."),
  STR ("storage", "qemu-user", qemu_user, "libvirt-qemu", "The user QEMU runs as."),
  STR ("storage", "qemu-group", qemu_group, "kvm", "The group QEMU runs as."),
  STR ("storage", "import-user", import_user, "nobody",
       "The user foreign images are inspected as."),
  INT ("storage", "merge-bandwidth", merge_bandwidth, "64", 0, 1048576,
       "MiB a second that shortening the chain of a running guest's disk may copy; 0 for no "
       "bound."),
  INT ("storage", "max-image-gib", max_image_gib, "2048", 1, 32768,
       "Largest virtual size of an image or disk."),
  INT ("storage", "snapshot-utc-offset-h", snapshot_utc_offset_h, "8", -12, 14,
       "The hours of automatic snapshot policies are so many hours ahead of UTC; ECS has 8."),
  INT ("storage", "import-gib", import_gib, "64", 1, 32768,
       "GiB on the host that a file to import, and the image made of it, may each take."),
  STR ("storage", "import-ranges", import_ranges, "",
       "Address ranges that images may be fetched from though they are not public, as 10.1.0.0/16; "
       "comma separated."),
  STR ("storage", "drop-folder", drop_folder, "",
       "Folder whose files every account may import, and in it folders of accounts alone; empty "
       "for none."),
  STR ("storage", "export-folder", export_folder, "",
       "Folder into which images are exported; empty offers no export."),
  INT ("storage", "transfers", transfers, "4", 1, 64,
       "Imports and exports under way at once; an account may have all but one of them."),
  STR ("network", "default-vpc-cidr", default_vpc_cidr, "172.16.0.0/12",
       "Range of an account's default VPC."),
  STR ("network", "default-vswitch-cidr", default_vswitch_cidr, "172.16.0.0/20",
       "Range of its default vswitch."),
  STR ("network", "ipv6-pool", ipv6_pool, "fd00:ec5::/40",
       "Where VPCs with IPv6 have their /56 from; empty offers no IPv6. IPv6 does not leave its "
       "VPC."),
  STR ("network", "dns-servers", dns_servers, "",
       "Name servers that answer guests for what their VPC does not know, comma separated; empty "
       "takes the host's."),
  STR ("network", "domain", domain, "vpc.internal",
       "Domain of guests' names inside their VPC; empty for none."),
  STR ("network", "ntp-servers", ntp_servers, "",
       "Time servers shown in the metadata, comma separated; DHCP tells those that are IPv4 "
       "addresses."),
  BOOL ("network", "nat", nat, "true",
        "Let instances reach the outside through the host's address."),
  STR ("network", "public-pools", public_pools, "",
       "Public addresses to hand out, as 203.0.113.10-203.0.113.50, 198.51.100.0/28; comma "
       "separated."),
  STR ("network", "public-interface", public_interface, "",
       "The link on which the host answers for them; empty when they are routed to it."),
  INT ("network", "max-vpcs", max_vpcs, "100", 0, 100000,
       "VPCs an account may have, the default one counted."),
  INT ("network", "max-eips", max_eips, "100", 0, 100000, "Elastic addresses an account may have."),
  INT ("monitor", "minutes-h", minutes_h, "48", 1, 720,
       "Hours that samples of single minutes are kept; those of ten minutes 8 days, of hours 31."),
  INT ("deadlines", "stage-s", stage_s, "120", 1, 86400,
       "To make an instance's disks and network."),
  INT ("deadlines", "start-s", start_s, "120", 1, 86400, "To start or reboot an instance."),
  INT ("deadlines", "stop-s", stop_s, "90", 1, 86400,
       "For a guest to power itself off; then its power is cut."),
  INT ("deadlines", "delete-s", delete_s, "300", 1, 86400,
       "To take an instance away before it is reported as stuck."),
  INT ("deadlines", "address-s", address_s, "60", 1, 86400,
       "To lead a public address somewhere or take it back."),
  INT ("deadlines", "import-s", import_s, "3600", 1, 86400, "To fetch and convert an image."),
  INT ("deadlines", "export-s", export_s, "3600", 1, 86400, "To export an image."),
  INT ("deadlines", "attach-s", attach_s, "60", 1, 86400,
       "To plug a network interface into a running guest; then it is taken out again."),
  INT ("deadlines", "detach-s", detach_s, "60", 1, 86400,
       "For a running guest to give a network interface up; then it keeps it."),
};

/* ECS's own; without a section nothing is bounded. */
#define BOUNDS_GROUP "disk-bounds"
static const char bounds_sample[] = "cloud_efficiency=1800 8 5000 100 0.15 140\n"
                                    "cloud_ssd=1800 30 25000 120 0.5 300\n"
                                    "cloud_essd.PL0=1800 12 10000 100 0.25 180\n"
                                    "cloud_essd.PL1=1800 50 50000 120 0.5 350\n"
                                    "cloud_essd.PL2=4000 50 100000 120 0.5 750\n"
                                    "cloud_essd.PL3=4000 50 1000000 120 0.5 4000\n"
                                    "cloud_auto=3000 50 50000 120 0.5 350\n";
static const char *const bounded_names[]
    = { "cloud",          "cloud_efficiency", "cloud_ssd",      "cloud_auto",     "cloud_essd",
        "cloud_essd.PL0", "cloud_essd.PL1",   "cloud_essd.PL2", "cloud_essd.PL3", NULL };

#define TYPES_GROUP "instance-types"
static const VmmInstanceType default_types[] = {
  { "ecs.t1.nano", "ecs.t1", 1, 128 },      { "ecs.t1.micro", "ecs.t1", 1, 256 },
  { "ecs.t1.small", "ecs.t1", 1, 1024 },    { "ecs.s1.small", "ecs.s1", 1, 2048 },
  { "ecs.s1.medium", "ecs.s1", 2, 4096 },   { "ecs.g1.large", "ecs.g1", 2, 8192 },
  { "ecs.g1.xlarge", "ecs.g1", 4, 16384 },  { "ecs.g1.2xlarge", "ecs.g1", 8, 32768 },
  { "ecs.c1.large", "ecs.c1", 2, 4096 },    { "ecs.c1.xlarge", "ecs.c1", 4, 8192 },
  { "ecs.c1.2xlarge", "ecs.c1", 8, 16384 },
};

static void
instance_type_free (gpointer data)
{
  VmmInstanceType *type = data;

  g_free (type->id);
  g_free (type->family);
  g_free (type);
}

static void
disk_bounds_free (gpointer data)
{
  VmmDiskBounds *bounds = data;

  g_free (bounds->name);
  g_free (bounds);
}

static void
add_type (VmmConfig *config, const char *id, guint vcpus, guint memory_mib)
{
  VmmInstanceType *type = g_new0 (VmmInstanceType, 1);
  const char *dot = strrchr (id, '.');

  type->id = g_strdup (id);
  type->family = dot != NULL ? g_strndup (id, (gsize) (dot - id)) : g_strdup (id);
  type->vcpus = vcpus;
  type->memory_mib = memory_mib;
  g_ptr_array_add (config->types, type);
}

static gboolean
parse_number (const char *text, double min, double max, gboolean whole, double *out)
{
  char *end = NULL;
  double value = g_ascii_strtod (text, &end);

  if (end == text || *end != '\0' || !(value >= min && value <= max))
    return FALSE;
  if (whole && value != (double) (gint64) value)
    return FALSE;
  *out = value;
  return TRUE;
}

static gboolean
set_key (VmmConfig *config, const Key *key, const char *text, const char *path, GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (config, key->offset);
  double number = 0;

  switch (key->type)
    {
    case KEY_STRING:
      g_free (*(char **) field);
      *(char **) field = g_strdup (text);
      return TRUE;
    case KEY_BOOL:
      if (!g_str_equal (text, "true") && !g_str_equal (text, "false"))
        return vmm_fail (error, VMM_ERROR_CONFIG, "%s: [%s] %s is '%s', must be true or false",
                         path, key->group, key->key, text);
      *(gboolean *) field = g_str_equal (text, "true");
      return TRUE;
    case KEY_INT:
    case KEY_DOUBLE:
    default:
      if (!parse_number (text, key->min, key->max, key->type == KEY_INT, &number))
        return vmm_fail (error, VMM_ERROR_CONFIG,
                         "%s: [%s] %s is '%s', must be a number from %.10g to %.10g", path,
                         key->group, key->key, text, key->min, key->max);
      if (key->type == KEY_INT)
        *(int *) field = (int) number;
      else
        *(double *) field = number;
      return TRUE;
    }
}

/* "1800 50 50000 120 0.5 350": base, for each GiB and most; of IOPS, then of MiB/s. */
static gboolean
read_bounds (VmmConfig *config, const char *path, const char *name, const char *text,
             GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  double n[6] = { 0 };
  gboolean is_read = g_strv_contains (bounded_names, name) && g_strv_length (words) == 6;
  VmmDiskBounds *bounds;

  for (guint i = 0; is_read && i < 6; i++)
    is_read = parse_number (words[i], 0, 10e6, FALSE, &n[i]);
  /* Libvirt refuses a bound that rounds to nothing. */
  if (!is_read || n[0] + n[1] < 1 || n[2] < 1 || n[3] + n[4] <= 0 || n[5] <= 0)
    return vmm_fail (error, VMM_ERROR_CONFIG,
                     "%s: [" BOUNDS_GROUP "] %s is '%s', must be '<IOPS> <IOPS a GiB> <IOPS at "
                     "most> <MiB/s> <MiB/s a GiB> <MiB/s at most>' for a category of disks, or "
                     "for one of its levels, as cloud_essd.PL1",
                     path, name, text);
  bounds = g_new0 (VmmDiskBounds, 1);
  bounds->name = g_strdup (name);
  bounds->iops = (VmmDiskBound){ n[0], n[1], n[2] };
  bounds->mib = (VmmDiskBound){ n[3], n[4], n[5] };
  g_ptr_array_add (config->disk_bounds, bounds);
  return TRUE;
}

static const Key *
find_key (const char *group, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].group, group) && g_str_equal (keys[i].key, name))
      return &keys[i];
  return NULL;
}

static gboolean
read_type (VmmConfig *config, const char *path, const char *id, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 2);
  double vcpus = 0, memory = 0;

  if (g_strv_length (words) != 2 || !parse_number (words[0], 1, 255, TRUE, &vcpus)
      || !parse_number (words[1], 64, 16 * 1024 * 1024, TRUE, &memory))
    return vmm_fail (error, VMM_ERROR_CONFIG,
                     "%s: [" TYPES_GROUP "] %s is '%s', must be '<vcpus 1-255> <MiB from 64>'",
                     path, id, text);
  add_type (config, id, (guint) vcpus, (guint) memory);
  return TRUE;
}

static gboolean
read_group (VmmConfig *config, GKeyFile *file, const char *path, const char *group, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_keys (file, group, NULL, error);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *text = g_key_file_get_value (file, group, names[i], NULL);
      const Key *key = find_key (group, names[i]);

      if (g_str_equal (group, TYPES_GROUP))
        {
          if (!read_type (config, path, names[i], text, error))
            return FALSE;
        }
      else if (g_str_equal (group, BOUNDS_GROUP))
        {
          if (!read_bounds (config, path, names[i], text, error))
            return FALSE;
        }
      else if (key == NULL)
        return vmm_fail (error, VMM_ERROR_CONFIG,
                         "%s: [%s] %s is no known key; see vmmd --sample-config", path, group,
                         names[i]);
      else if (!set_key (config, key, text, path, error))
        return FALSE;
    }
  return names != NULL;
}

VmmConfig *
vmm_config_load (const char *path, GError **error)
{
  g_autoptr (VmmConfig) config = g_new0 (VmmConfig, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  g_autoptr (GError) local = NULL;

  config->types = g_ptr_array_new_with_free_func (instance_type_free);
  config->disk_bounds = g_ptr_array_new_with_free_func (disk_bounds_free);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!set_key (config, &keys[i], keys[i].fallback, "built-in defaults", error))
      return NULL;

  if (path != NULL && !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &local)
      && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", path, local->message);
      return NULL;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!read_group (config, file, path, groups[i], error))
      return NULL;

  if (config->types->len == 0)
    for (guint i = 0; i < G_N_ELEMENTS (default_types); i++)
      add_type (config, default_types[i].id, default_types[i].vcpus, default_types[i].memory_mib);
  return g_steal_pointer (&config);
}

void
vmm_config_free (VmmConfig *config)
{
  if (config == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].type == KEY_STRING)
      g_free (*(char **) G_STRUCT_MEMBER_P (config, keys[i].offset));
  g_clear_pointer (&config->types, g_ptr_array_unref);
  g_clear_pointer (&config->disk_bounds, g_ptr_array_unref);
  g_free (config);
}

const VmmInstanceType *
vmm_config_type (const VmmConfig *config, const char *id)
{
  for (guint i = 0; id != NULL && i < config->types->len; i++)
    {
      const VmmInstanceType *type = g_ptr_array_index (config->types, i);

      if (g_str_equal (type->id, id))
        return type;
    }
  return NULL;
}

static guint64
bound_of (const VmmDiskBound *bound, double gib, double unit)
{
  return (guint64) (MIN (bound->base + bound->per_gib * gib, bound->most) * unit);
}

void
vmm_config_disk_bounds (const VmmConfig *config, const char *category, const char *level,
                        guint64 virtual_bytes, guint64 *out_iops, guint64 *out_bytes_s)
{
  g_autofree char *of_level = g_strconcat (category, ".", level, NULL);
  double gib = (double) virtual_bytes / (1 << 30);
  const VmmDiskBounds *found = NULL;

  for (guint i = 0; i < config->disk_bounds->len; i++)
    {
      const VmmDiskBounds *bounds = g_ptr_array_index (config->disk_bounds, i);

      if (g_str_equal (bounds->name, of_level)
          || (found == NULL && g_str_equal (bounds->name, category)))
        found = bounds;
    }
  *out_iops = found != NULL ? MAX (1, bound_of (&found->iops, gib, 1)) : 0;
  *out_bytes_s = found != NULL ? MAX (1, bound_of (&found->mib, gib, 1 << 20)) : 0;
}

char *
vmm_config_sample (void)
{
  g_auto (GStrv) lines = g_strsplit (bounds_sample, "\n", -1);
  GString *out = g_string_new ("# vmmd's configuration. Every key is shown at its default.\n");
  const char *group = "";

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!g_str_equal (group, keys[i].group))
        g_string_append_printf (out, "\n[%s]\n", keys[i].group);
      group = keys[i].group;
      g_string_append_printf (out, "# %s", keys[i].doc);
      if (keys[i].type == KEY_INT || keys[i].type == KEY_DOUBLE)
        g_string_append_printf (out, " (%.10g to %.10g)", keys[i].min, keys[i].max);
      g_string_append_printf (out, "\n#%s=%s\n", keys[i].key, keys[i].fallback);
    }
  g_string_append (
      out, "\n# Instance types, <vcpus> <MiB of memory> each; naming one replaces the whole list.\n"
           "[" TYPES_GROUP "]\n");
  for (guint i = 0; i < G_N_ELEMENTS (default_types); i++)
    g_string_append_printf (out, "#%s=%u %u\n", default_types[i].id, default_types[i].vcpus,
                            default_types[i].memory_mib);
  g_string_append (out, "\n# What disks of a category, or of one of its levels, may do a second: "
                        "<IOPS> <IOPS a GiB>\n"
                        "# <IOPS at most> <MiB/s> <MiB/s a GiB> <MiB/s at most>. None is bounded "
                        "by default; these are\n"
                        "# ECS's bounds. A change is in force for guests that start after it.\n"
                        "[" BOUNDS_GROUP "]\n");
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    g_string_append_printf (out, "#%s\n", lines[i]);
  return g_string_free (out, FALSE);
}
