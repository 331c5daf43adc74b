/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be ordered here: region, zone, types and what is left of them. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"
#include <string.h>

#define MIB_A_GIB 1024.0
#define GENERATION "ecs-1"

/* The generation that all types here count as, and the network they are in. */
static const char *const generations[] = { GENERATION, NULL };
static const char *const network_types[] = { "vpc", NULL };

static const VmmInstanceType *
type_at (const VmmConfig *config, guint i)
{
  return config->types->pdata[i];
}

/* The ids of all types, or their families each once, borrowed; ends with NULL. */
static const char **
list_types (const VmmConfig *config, gboolean families)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < config->types->len; i++)
    {
      const VmmInstanceType *type = type_at (config, i);
      char *name = families ? type->family : type->id;

      if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, name);
    }
  g_ptr_array_add (names, NULL);
  return (const char **) g_ptr_array_steal (names, NULL);
}

/* ---- DescribeRegions ---- */

static const ApiField regions_fields[] = {
  API_OUT_STR ("Regions.Region[].RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("Regions.Region[].LocalName", API_REQUIRED, "Its name for people."),
  API_OUT_STR ("Regions.Region[].RegionEndpoint", API_REQUIRED,
               "Host and port of this server, as it was called."),
  API_OUT_STR ("Regions.Region[].Status", API_REQUIRED, "Always available."),
};

static gboolean
describe_regions (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const VmmConfig *config = call->ctx->config;

  api_reply_list (reply, "Regions", "Region");
  api_reply_item (reply);
  api_reply_string (reply, "RegionId", config->region_id);
  api_reply_string (reply, "LocalName", config->region_name);
  api_reply_string (reply, "RegionEndpoint", call->host);
  api_reply_string (reply, "Status", "available");
  api_reply_end (reply);
  api_reply_end (reply);
  return TRUE;
}

/* ---- DescribeZones ---- */

#define Z "Zones.Zone[]."
#define R "Zones.Zone[].AvailableResources.ResourcesInfo[]."
static const ApiField zones_fields[] = {
  API_OUT_STR (Z "ZoneId", API_REQUIRED, "The zone."),
  API_OUT_STR (Z "LocalName", API_REQUIRED, "Its name for people."),
  API_OUT_STR (Z "ZoneType", API_REQUIRED, "Always AvailabilityZone."),
  API_OUT_STR (Z "AvailableResourceCreation.ResourceTypes[]", 0, "What can be made here."),
  API_OUT_STR (Z "AvailableDiskCategories.DiskCategories[]", 0, "Categories of disks."),
  API_OUT_STR (Z "AvailableVolumeCategories.VolumeCategories[]", 0, "None is ever listed."),
  API_OUT_STR (Z "AvailableInstanceTypes.InstanceTypes[]", 0, "Types of instances."),
  API_OUT_STR (Z "AvailableDedicatedHostTypes.DedicatedHostType[]", 0, "None is ever listed."),
  API_OUT_STR (Z "DedicatedHostGenerations.DedicatedHostGeneration[]", 0, "None is ever listed."),
  API_OUT_BOOL (R "IoOptimized", API_REQUIRED, "Always true."),
  API_OUT_STR (R "InstanceTypes.supportedInstanceType[]", 0, "Types of instances."),
  API_OUT_STR (R "InstanceTypeFamilies.supportedInstanceTypeFamily[]", 0, "Their families."),
  API_OUT_STR (R "InstanceGenerations.supportedInstanceGeneration[]", 0, "Their generations."),
  API_OUT_STR (R "SystemDiskCategories.supportedSystemDiskCategory[]", 0,
               "Categories of system disks."),
  API_OUT_STR (R "DataDiskCategories.supportedDataDiskCategory[]", 0, "None is ever listed."),
  API_OUT_STR (R "NetworkTypes.supportedNetworkCategory[]", 0, "Always vpc."),
};

static gboolean
describe_zones (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  static const char *const creations[] = { "IoOptimized", "Instance", NULL };
  const VmmConfig *config = call->ctx->config;
  g_autofree const char **types = list_types (config, FALSE);
  g_autofree const char **families = list_types (config, TRUE);

  api_reply_list (reply, "Zones", "Zone");
  api_reply_item (reply);
  api_reply_string (reply, "ZoneId", config->zone_id);
  api_reply_string (reply, "LocalName", config->zone_id);
  api_reply_string (reply, "ZoneType", "AvailabilityZone");
  api_reply_strings (reply, "AvailableResourceCreation", "ResourceTypes", creations);
  api_reply_strings (reply, "AvailableDiskCategories", "DiskCategories", ecs_disk_categories);
  api_reply_strings (reply, "AvailableVolumeCategories", "VolumeCategories", NULL);
  api_reply_strings (reply, "AvailableInstanceTypes", "InstanceTypes", types);
  api_reply_strings (reply, "AvailableDedicatedHostTypes", "DedicatedHostType", NULL);
  api_reply_strings (reply, "DedicatedHostGenerations", "DedicatedHostGeneration", NULL);
  api_reply_list (reply, "AvailableResources", "ResourcesInfo");
  api_reply_item (reply);
  api_reply_bool (reply, "IoOptimized", TRUE);
  api_reply_strings (reply, "InstanceTypes", "supportedInstanceType", types);
  api_reply_strings (reply, "InstanceTypeFamilies", "supportedInstanceTypeFamily", families);
  api_reply_strings (reply, "InstanceGenerations", "supportedInstanceGeneration", generations);
  api_reply_strings (reply, "SystemDiskCategories", "supportedSystemDiskCategory",
                     ecs_disk_categories);
  api_reply_strings (reply, "DataDiskCategories", "supportedDataDiskCategory", NULL);
  api_reply_strings (reply, "NetworkTypes", "supportedNetworkCategory", network_types);
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_end (reply);
  return TRUE;
}

/* ---- DescribeInstanceTypes ---- */

typedef struct
{
  char **ids, **families;
  char *family, *generation;
  int min_cpu, max_cpu;
  char *min_memory, *max_memory;
  char *gpu_spec, *min_gpus, *min_local_disks, *min_local_size;
} TypesArgs;

static gboolean
is_gib (const char *value)
{
  char *end = NULL;
  double gib = g_ascii_strtod (value, &end);

  return strspn (value, "0123456789.") == strlen (value) && *end == '\0' && gib < 1e6;
}

static const ApiFormat format_gib = { "number of GiB", is_gib, .good = "0.5", .bad = "big" };

static const ApiParam types_params[] = {
  API_STRLIST (TypesArgs, ids, "InstanceTypes", .max = 100, .max_length = 64, .doc = "Types."),
  ECS_TEXT_FILTER (TypesArgs, family, "InstanceTypeFamily", "The family."),
  API_STRLIST (TypesArgs, families, "InstanceTypeFamilies", .max = 100, .max_length = 64,
               .doc = "Families."),
  API_INT (TypesArgs, min_cpu, "MinimumCpuCoreCount", .fallback = "0", .min = 0, .max = 100000,
           .doc = "vCPUs at least."),
  API_INT (TypesArgs, max_cpu, "MaximumCpuCoreCount", .fallback = "100000", .min = 0, .max = 100000,
           .doc = "vCPUs at most."),
  API_STR (TypesArgs, min_memory, "MinimumMemorySize", .max_length = 16, .format = &format_gib,
           .doc = "GiB of memory at least."),
  API_STR (TypesArgs, max_memory, "MaximumMemorySize", .max_length = 16, .format = &format_gib,
           .doc = "GiB of memory at most."),
  ECS_REFUSED (TypesArgs, gpu_spec, "GPUSpec", .doc = "No type here has a GPU."),
  ECS_REFUSED (TypesArgs, min_gpus, "MinimumGPUAmount", .doc = "No type here has a GPU."),
  ECS_REFUSED (TypesArgs, min_local_disks, "MinimumLocalStorageAmount",
               .doc = "No type here has local disks."),
  ECS_REFUSED (TypesArgs, min_local_size, "MinimumLocalStorageCapacity",
               .doc = "No type here has local disks."),
};

#define T "InstanceTypes.InstanceType[]."
static const ApiField types_fields[] = {
  API_OUT_STR (T "InstanceTypeId", API_REQUIRED, "The type."),
  API_OUT_STR (T "InstanceTypeFamily", API_REQUIRED, "Its family."),
  API_OUT_INT (T "CpuCoreCount", API_REQUIRED, "vCPUs."),
  API_OUT_NUMBER (T "MemorySize", API_REQUIRED, "GiB of memory, with fractions."),
  API_OUT_STR (T "CpuArchitecture", API_REQUIRED, "X86 or ARM."),
  API_OUT_INT (T "EniQuantity", API_REQUIRED,
               "Network interfaces an instance may have: as many as vCPUs, at least 2, at most 8."),
  API_OUT_INT (T "EniPrivateIpAddressQuantity", API_REQUIRED, "Addresses an interface may have."),
  API_OUT_INT (T "EniIpv6AddressQuantity", API_REQUIRED, "Always 0."),
  API_OUT_INT (T "PrimaryEniQueueNumber", API_REQUIRED, "Always 1."),
  API_OUT_INT (T "SecondaryEniQueueNumber", API_REQUIRED, "Always 1."),
  API_OUT_INT (T "MaximumQueueNumberPerEni", API_REQUIRED, "Always 1."),
  API_OUT_INT (T "TotalEniQueueQuantity", API_REQUIRED, "The same as EniQuantity."),
  API_OUT_INT (T "GPUAmount", API_REQUIRED, "Always 0."),
  API_OUT_STR (T "GPUSpec", API_REQUIRED, "Always empty."),
  API_OUT_INT (T "InitialCredit", API_REQUIRED, "Always 0."),
  API_OUT_INT (T "BaselineCredit", API_REQUIRED, "Always 0."),
  API_OUT_INT (T "LocalStorageAmount", API_REQUIRED, "Always 0."),
  API_OUT_INT (T "LocalStorageCapacity", API_REQUIRED, "Always 0."),
  API_OUT_STR (T "LocalStorageCategory", API_REQUIRED, "Always empty."),
  API_OUT_STR (T "NvmeSupport", API_REQUIRED, "Always unsupported."),
  API_OUT_STR ("NextToken", API_REQUIRED, "Always empty: all types are listed."),
};

/* What the host's processor is, which all types share. */
static const char *
architecture (void)
{
#if defined(__aarch64__)
  return "ARM";
#else
  return "X86";
#endif
}

static double
gib_or (const char *value, double otherwise)
{
  return value != NULL ? g_ascii_strtod (value, NULL) : otherwise;
}

static gboolean
is_among (char *const *names, const char *name)
{
  return !ecs_is_given (names) || g_strv_contains ((const char *const *) names, name);
}

static gboolean
is_wanted (const TypesArgs *args, const VmmInstanceType *type)
{
  double gib = type->memory_mib / MIB_A_GIB;

  return is_among (args->ids, type->id) && is_among (args->families, type->family)
         && ecs_is_or_unset (args->family, type->family) && type->vcpus >= (guint) args->min_cpu
         && type->vcpus <= (guint) args->max_cpu && gib >= gib_or (args->min_memory, 0)
         && gib <= gib_or (args->max_memory, G_MAXDOUBLE);
}

static void
write_type (ApiReply *reply, const VmmInstanceType *type)
{
  api_reply_item (reply);
  api_reply_string (reply, "InstanceTypeId", type->id);
  api_reply_string (reply, "InstanceTypeFamily", type->family);
  api_reply_int (reply, "CpuCoreCount", type->vcpus);
  api_reply_number (reply, "MemorySize", type->memory_mib / MIB_A_GIB);
  api_reply_string (reply, "CpuArchitecture", architecture ());
  api_reply_int (reply, "EniQuantity", vmm_nic_limit (type->vcpus));
  api_reply_int (reply, "EniPrivateIpAddressQuantity", VMM_NIC_ADDRESSES_MAX);
  api_reply_int (reply, "EniIpv6AddressQuantity", 0);
  api_reply_int (reply, "PrimaryEniQueueNumber", 1);
  api_reply_int (reply, "SecondaryEniQueueNumber", 1);
  api_reply_int (reply, "MaximumQueueNumberPerEni", 1);
  api_reply_int (reply, "TotalEniQueueQuantity", vmm_nic_limit (type->vcpus));
  api_reply_int (reply, "GPUAmount", 0);
  api_reply_string (reply, "GPUSpec", "");
  api_reply_int (reply, "InitialCredit", 0);
  api_reply_int (reply, "BaselineCredit", 0);
  api_reply_int (reply, "LocalStorageAmount", 0);
  api_reply_int (reply, "LocalStorageCapacity", 0);
  api_reply_string (reply, "LocalStorageCategory", "");
  api_reply_string (reply, "NvmeSupport", "unsupported");
  api_reply_end (reply);
}

static gboolean
describe_types (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const VmmConfig *config = call->ctx->config;

  api_reply_list (reply, "InstanceTypes", "InstanceType");
  for (guint i = 0; i < config->types->len; i++)
    if (is_wanted (data, type_at (config, i)))
      write_type (reply, type_at (config, i));
  api_reply_end (reply);
  api_reply_string (reply, "NextToken", "");
  return TRUE;
}

/* ---- DescribeInstanceTypeFamilies ---- */

static const ApiParam families_params[] = {
  ECS_TEXT_FILTER (TypesArgs, generation, "Generation", "All families are " GENERATION "."),
};

static const ApiField families_fields[] = {
  API_OUT_STR ("InstanceTypeFamilies.InstanceTypeFamily[].InstanceTypeFamilyId", API_REQUIRED,
               "The family."),
  API_OUT_STR ("InstanceTypeFamilies.InstanceTypeFamily[].Generation", API_REQUIRED,
               "Always " GENERATION "."),
};

static gboolean
describe_families (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const TypesArgs *args = data;
  g_autofree const char **families = list_types (call->ctx->config, TRUE);

  api_reply_list (reply, "InstanceTypeFamilies", "InstanceTypeFamily");
  for (guint i = 0; families[i] != NULL && ecs_is_or_unset (args->generation, GENERATION); i++)
    {
      api_reply_item (reply);
      api_reply_string (reply, "InstanceTypeFamilyId", families[i]);
      api_reply_string (reply, "Generation", GENERATION);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

/* ---- DescribeAvailableResource ---- */

typedef struct
{
  char *destination, *zone_id, *type, *disk_category, *network;
  int cores;
  char *memory;
} ResourceArgs;

static const ApiParam resource_params[] = {
  API_STR (ResourceArgs, destination, "DestinationResource", .flags = API_REQUIRED,
           .max_length = 32,
           API_CHOICES ("Zone", "IoOptimized", "InstanceType", "SystemDisk", "DataDisk", "Network",
                        "ddh"),
           .error = VMM_ERROR_DESTINATION_RESOURCE, .doc = "What is asked for."),
  ECS_ZONE_ID (ResourceArgs, zone_id),
  ECS_TEXT_FILTER (ResourceArgs, type, "InstanceType", "Only this type."),
  ECS_TEXT_FILTER (ResourceArgs, disk_category, "SystemDiskCategory", "Only this category."),
  API_STR (ResourceArgs, network, "NetworkCategory", .max_length = 16,
           API_CHOICES ("vpc", "classic"), .error = VMM_ERROR_NETWORK_TYPE_NOT_FOUND,
           .doc = "All instances are in a vpc."),
  API_INT (ResourceArgs, cores, "Cores", .fallback = "0", .min = 0, .max = 100000,
           .doc = "Only types of so many vCPUs."),
  API_STR (ResourceArgs, memory, "Memory", .max_length = 16, .format = &format_gib,
           .doc = "Only types of so many GiB of memory."),
};

#define A "AvailableZones.AvailableZone[]."
#define AR "AvailableZones.AvailableZone[].AvailableResources.AvailableResource[]."
#define S                                                                                          \
  "AvailableZones.AvailableZone[].AvailableResources.AvailableResource[]."                         \
  "SupportedResources.SupportedResource[]."
static const ApiField resource_fields[] = {
  API_OUT_STR (A "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (A "ZoneId", API_REQUIRED, "The zone."),
  API_OUT_STR (A "Status", API_REQUIRED, "Available, or SoldOut when nothing is left."),
  API_OUT_STR (A "StatusCategory", API_REQUIRED, "WithStock or WithoutStock."),
  API_OUT_STR (AR "Type", API_REQUIRED, "What is listed: the DestinationResource."),
  API_OUT_STR (S "Value", API_REQUIRED, "A type, category or the like."),
  API_OUT_STR (S "Status", API_REQUIRED, "Available, or SoldOut when there is no room for one."),
  API_OUT_STR (S "StatusCategory", API_REQUIRED, "WithStock or WithoutStock."),
  API_OUT_STR (S "Min", API_REQUIRED, "Of a disk: the least size; else empty."),
  API_OUT_STR (S "Max", API_REQUIRED, "Of a disk: the largest size; else empty."),
  API_OUT_STR (S "Unit", API_REQUIRED, "Of a disk: GiB; else empty."),
};

static void
write_status (ApiReply *reply, gboolean has_room)
{
  api_reply_string (reply, "Status", has_room ? "Available" : "SoldOut");
  api_reply_string (reply, "StatusCategory", has_room ? "WithStock" : "WithoutStock");
}

/* @max_gib 0: no disk, and hence no sizes. */
static void
write_resource (ApiReply *reply, const char *value, gboolean has_room, gint64 max_gib)
{
  g_autofree char *max
      = max_gib > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, max_gib) : g_strdup ("");

  api_reply_item (reply);
  api_reply_string (reply, "Value", value);
  write_status (reply, has_room);
  api_reply_string (reply, "Min", max_gib > 0 ? "1" : "");
  api_reply_string (reply, "Max", max);
  api_reply_string (reply, "Unit", max_gib > 0 ? "GiB" : "");
  api_reply_end (reply);
}

static gboolean
fits (const OpsCapacity *capacity, const VmmInstanceType *type)
{
  return capacity->vcpus_used + type->vcpus <= capacity->vcpus_total
         && capacity->memory_mib_used + type->memory_mib <= capacity->memory_mib_total;
}

/* The types asked for; what is asked of them in vCPUs and memory must be met exactly. */
static void
write_available_types (ApiReply *reply, const ResourceArgs *args, const VmmConfig *config,
                       const OpsCapacity *capacity)
{
  for (guint i = 0; i < config->types->len; i++)
    {
      const VmmInstanceType *type = type_at (config, i);
      double gib = type->memory_mib / MIB_A_GIB;
      double wanted_gib = gib_or (args->memory, gib);

      if (ecs_is_or_unset (args->type, type->id)
          && (args->cores == 0 || type->vcpus == (guint) args->cores) && gib >= wanted_gib
          && gib <= wanted_gib)
        write_resource (reply, type->id, fits (capacity, type), 0);
    }
}

static void
write_available_disks (ApiReply *reply, const ResourceArgs *args, const VmmConfig *config,
                       const OpsCapacity *capacity)
{
  guint64 left = MAX (capacity->disk_bytes_total - capacity->disk_bytes_used, 0);
  gint64 max_gib = config->max_image_gib;

  for (guint i = 0; ecs_disk_categories[i] != NULL; i++)
    if (ecs_is_or_unset (args->disk_category, ecs_disk_categories[i]))
      write_resource (reply, ecs_disk_categories[i], left >= ECS_GIB, max_gib);
}

/* Of data disks and dedicated hosts there are none, and so nothing is listed. */
static void
write_available (ApiReply *reply, const ResourceArgs *args, const VmmConfig *config,
                 const OpsCapacity *capacity, gboolean has_room)
{
  if (g_str_equal (args->destination, "InstanceType"))
    write_available_types (reply, args, config, capacity);
  else if (g_str_equal (args->destination, "SystemDisk"))
    write_available_disks (reply, args, config, capacity);
  else if (g_str_equal (args->destination, "Zone"))
    write_resource (reply, config->zone_id, has_room, 0);
  else if (g_str_equal (args->destination, "IoOptimized"))
    write_resource (reply, "optimized", has_room, 0);
  else if (g_str_equal (args->destination, "Network"))
    write_resource (reply, "vpc", has_room, 0);
}

/* Whether one of the types fits in. */
static gboolean
any_fits (const VmmConfig *config, const OpsCapacity *capacity)
{
  for (guint i = 0; i < config->types->len; i++)
    if (fits (capacity, type_at (config, i)))
      return TRUE;
  return FALSE;
}

static gboolean
describe_available (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ResourceArgs *args = data;
  const VmmConfig *config = call->ctx->config;
  OpsCapacity capacity;
  gboolean has_room;

  if (!ecs_check_zone (call, args->zone_id, error) || !ops_capacity (call->ctx, &capacity, error))
    return FALSE;

  has_room = any_fits (config, &capacity);
  api_reply_list (reply, "AvailableZones", "AvailableZone");
  if (ecs_is_or_unset (args->network, "vpc"))
    {
      api_reply_item (reply);
      api_reply_string (reply, "RegionId", config->region_id);
      api_reply_string (reply, "ZoneId", config->zone_id);
      write_status (reply, has_room);
      api_reply_list (reply, "AvailableResources", "AvailableResource");
      api_reply_item (reply);
      api_reply_string (reply, "Type", args->destination);
      api_reply_list (reply, "SupportedResources", "SupportedResource");
      write_available (reply, args, config, &capacity, has_room);
      api_reply_end (reply);
      api_reply_end (reply);
      api_reply_end (reply);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeRegions",
    .summary = "Lists the region.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeRegions",
    .flags = API_ANY_REGION,
    .run = describe_regions,
    API_FIELDS (regions_fields) },
  { .name = "DescribeZones",
    .summary = "Lists the zone and what can be made there.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeZones",
    .run = describe_zones,
    API_FIELDS (zones_fields) },
  { .name = "DescribeInstanceTypes",
    .summary = "Lists the types of instances.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceTypes",
    .run = describe_types,
    API_PARAMS (TypesArgs, types_params),
    API_FIELDS (types_fields) },
  { .name = "DescribeInstanceTypeFamilies",
    .summary = "Lists the families of types.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceTypeFamilies",
    .run = describe_families,
    API_PARAMS (TypesArgs, families_params),
    API_FIELDS (families_fields) },
  { .name = "DescribeAvailableResource",
    .summary = "Lists what there is room for.",
    .since = "0.1",
    .access = API_READ,
    .permission = "ecs:DescribeAvailableResource",
    .run = describe_available,
    API_PARAMS (ResourceArgs, resource_params),
    API_FIELDS (resource_fields),
    API_ERRORS (VMM_ERROR_DESTINATION_RESOURCE, VMM_ERROR_NETWORK_TYPE_NOT_FOUND,
                VMM_ERROR_ZONE_NOT_FOUND) },
};

const ApiResource ecs_catalogue = API_RESOURCE ("catalogue", actions);
