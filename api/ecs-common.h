/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ecs-*.c files share: parameters that stand in many actions, paging, and the refusal of
 * what ECS has and this daemon has not. */
#pragma once
#include "api-action.h"
#include "vmm-instance.h"
#include "vmm-query.h"
#include "vmm-route.h"

/* When an instance that is not prepaid expires, as ECS writes it. */
#define ECS_EXPIRED_TIME "2099-12-31T15:59Z"
#define ECS_GIB ((guint64) 1 << 30)

/* A parameter that ECS obeys and this daemon does not. A value that means something is answered
 * with UnsupportedParameter, lest its sender believe it is in force; what some clients send always
 * and means nothing ("false", "0", "0.0000") passes. @field is a `char *` that nobody reads. */
extern const ApiFormat ecs_format_refused;
#define ECS_REFUSED(type, field, name, ...)                                                        \
  API_STR (type, field, name, .max_length = 65536, .format = &ecs_format_refused,                  \
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, __VA_ARGS__)
/* The same for Name.1, Name.2 …; @field is a `char **`. */
#define ECS_REFUSED_LIST(type, field, name, ...)                                                   \
  API_STRLIST (type, field, name, .max = 100, .max_length = 65536, .format = &ecs_format_refused,  \
               .error = VMM_ERROR_UNSUPPORTED_PARAMETER, __VA_ARGS__)
/* The same for a filter of a list, where "false" and "0" mean something too. */
extern const ApiFormat ecs_format_refused_filter;
#define ECS_REFUSED_FILTER(type, field, name, ...)                                                 \
  API_STR (type, field, name, .max_length = 4096, .format = &ecs_format_refused_filter,            \
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, __VA_ARGS__)
#define ECS_REFUSED_FILTER_LIST(type, field, name, ...)                                            \
  API_STRLIST (type, field, name, .max = 100, .max_length = 4096,                                  \
               .format = &ecs_format_refused_filter, .error = VMM_ERROR_UNSUPPORTED_PARAMETER,     \
               __VA_ARGS__)
/* Tags or filters that choose what an action is for; @field is a GArray of EcsRefusedTag. */
typedef struct
{
  char *key, *value;
} EcsRefusedTag;
extern const ApiParam ecs_refused_tag_params[2];
#define ECS_REFUSED_TAGS(type, field, name)                                                        \
  API_PARAM (type, field, GArray *, API_KIND_LIST, name, .items = ecs_refused_tag_params,          \
             .n_items = G_N_ELEMENTS (ecs_refused_tag_params),                                     \
             .item_size = sizeof (EcsRefusedTag), .max = 20, .doc = "Not offered here.")
/* The keys of encryption; @field is an EcsRefusedKeys. */
typedef struct
{
  char *key, *algorithm;
} EcsRefusedKeys;
#define ECS_REFUSED_KEYS(type, field, prefix)                                                      \
  ECS_REFUSED (type, field.key, prefix "KMSKeyId", .doc = "Encryption is not offered here."),      \
      ECS_REFUSED (type, field.algorithm, prefix "EncryptAlgorithm",                               \
                   .doc = "Encryption is not offered here.")
/* What else ECS has of a new disk, by names that begin with @prefix; @field is an EcsRefusedDisk.
 */
typedef struct
{
  EcsRefusedKeys keys;
  char *iops, *bursting, *cluster;
} EcsRefusedDisk;
#define ECS_NO_IOPS                                                                                \
  "The bounds of a disk's I/O are those of its category, level and size; see ModifyDiskSpec."
#define ECS_REFUSED_DISK(type, field, prefix)                                                      \
  ECS_REFUSED_KEYS (type, field.keys, prefix),                                                     \
      ECS_REFUSED (type, field.iops, prefix "ProvisionedIops", .doc = ECS_NO_IOPS),                \
      ECS_REFUSED (type, field.bursting, prefix "BurstingEnabled", .doc = ECS_NO_IOPS),            \
      ECS_REFUSED (type, field.cluster, prefix "StorageClusterId",                                 \
                   .doc = "Dedicated storage is not offered here.")
#define ECS_REFUSED_PLACE(type, field)                                                             \
  ECS_REFUSED (type, field, "StorageLocationArn",                                                  \
               .doc = "Other places than this host are not offered here.")

/* Names and texts, by the rules of the model. */
extern const ApiFormat ecs_format_instance_name, ecs_format_host_name, ecs_format_description,
    ecs_format_image_name;
/* A range or an address of either family; the same of IPv6 alone. */
extern const ApiFormat ecs_format_cidr, ecs_format_cidr6, ecs_format_ipv6;

/* IPv6 addresses of an interface, and how many of them to choose. */
#define ECS_IPV6_ADDRESSES(type, field, flags_, doc_)                                              \
  API_STRLIST (type, field, "Ipv6Address", .flags = flags_, .max = VMM_NIC_ADDRESSES6_MAX,         \
               .max_length = 45, .format = &ecs_format_ipv6, .error = VMM_ERROR_NIC_ADDRESS6,      \
               .doc = doc_)
#define ECS_IPV6_COUNT(type, field)                                                                \
  API_INT (type, field, "Ipv6AddressCount", .fallback = "0", .min = 0,                             \
           .max = VMM_NIC_ADDRESSES6_MAX, .error = VMM_ERROR_NIC_ADDRESS6_LIMIT,                   \
           .doc = "In place of Ipv6Address.N, how many of them to choose.")
#define ECS_IPV6_ERRORS                                                                            \
  VMM_ERROR_VSWITCH_NO_IPV6, VMM_ERROR_NIC_ADDRESS6, VMM_ERROR_NIC_ADDRESS6_LIMIT,                 \
      VMM_ERROR_NIC_ADDRESS_ASSIGNED, VMM_ERROR_NIC_ADDRESS_REPEATED
/* Of something made or changed; @flags: API_EMPTY_OK where an empty one clears it. */
#define ECS_DESCRIPTION(type, field, flags_)                                                       \
  API_STR (type, field, "Description", .flags = flags_, .max_length = 1024,                        \
           .format = &ecs_format_description, .error = VMM_ERROR_DESCRIPTION_MALFORMED,            \
           .doc = "A description of 2 to 256 characters.")
/* Actions that moved to the VPC product and that old clients still call in ECS. */
#define ECS_BOTH_VERSIONS API_VERSIONS (API_ECS_VERSION, API_VPC_VERSION)

#define ECS_INSTANCE_ID(type, field)                                                               \
  API_STR (type, field, "InstanceId", .flags = API_REQUIRED, .max_length = 64,                     \
           .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,               \
           .doc = "The instance.")
#define ECS_GROUP_ID(type, field)                                                                  \
  API_STR (type, field, "SecurityGroupId", .flags = API_REQUIRED, .max_length = 64,                \
           .format = &api_format_group_id, .error = VMM_ERROR_GROUP_NOT_FOUND,                     \
           .doc = "The security group.")
#define ECS_INSTANCE_ID_LIST(type, field)                                                          \
  API_STRLIST (type, field, "InstanceId", .flags = API_REQUIRED, .max = 100, .max_length = 64,     \
               .doc = "The instances.")
/* Ids that filter a list: unknown or malformed ones find nothing, as in ECS. */
#define ECS_ID_FILTER(type, field, name, doc_)                                                     \
  API_JSONLIST (type, field, name, .max = 100, .max_length = 64, .doc = doc_)
/* Any text that filters a list. */
#define ECS_TEXT_FILTER(type, field, name, doc_)                                                   \
  API_STR (type, field, name, .max_length = 512, .doc = doc_)
/* A resource group for something new, and one that filters a list of @things ("disk"). */
#define ECS_NO_RESOURCE_GROUP(type, field)                                                         \
  ECS_REFUSED (type, field, "ResourceGroupId", .doc = "Resource groups are not offered here.")
#define ECS_RESOURCE_GROUP_FILTER(type, field, things)                                             \
  ECS_TEXT_FILTER (type, field, "ResourceGroupId", "No " things " here is in a resource group.")
/* How fast new snapshots can be used; both fields are `char *` that nobody reads. */
#define ECS_INSTANT_ACCESS(type, field, days_field)                                                \
  ECS_TEXT_FILTER (type, field, "InstantAccess", "All snapshots are instant here."),               \
      ECS_TEXT_FILTER (type, days_field, "InstantAccessRetentionDays",                             \
                       "All snapshots are instant here.")
#define ECS_ZONE_ID(type, field)                                                                   \
  API_STR (type, field, "ZoneId", .max_length = 64, .doc = "The zone.")

/* The list @plural.@singular[] without entries, and its page. */
void ecs_write_nothing (ApiReply *reply, const ApiPage *page, const char *plural,
                        const char *singular);

/* Whether the filter @value is not set, or asks for what all resources here have anyway. */
gboolean ecs_is_or_unset (const char *value, const char *constant);
/* Whether one of Name.1 … was given. */
gboolean ecs_is_given (char *const *list);
/* FALSE with ZONE_NOT_FOUND unless @zone_id is NULL or ours. */
gboolean ecs_check_zone (const ApiCall *call, const char *zone_id, GError **error);
/* The list @plural.@singular[] of texts (char*, or NULL for none). */
void ecs_write_texts (ApiReply *reply, const char *plural, const char *singular,
                      const GPtrArray *texts);
/* PrivateIpSets of an interface: the primary address and the secondary ones, each with the public
 * one that leads there, where those are loaded. */
void ecs_write_private_ips (ApiReply *reply, const VmmNic *nic);
/* The list Ipv6Sets.Ipv6Set[] of an interface. */
void ecs_write_ipv6s (ApiReply *reply, const VmmNic *nic);
/* The tags of @records, structs whose id (char *) stands at @id_offset, by id; for the two below.
 */
GHashTable *ecs_tags_of (ApiCall *call, VmmTagType type, const GPtrArray *records, gsize id_offset,
                         GError **error);
#define ECS_TAGS_OF(call, type, records, struct_, field, error)                                    \
  ecs_tags_of (call, type, records, API_OFFSET (struct_, field, char *), error)
/* The list Tags.Tag[] of TagKey and TagValue; @tags may be NULL. */
void ecs_write_tags (ApiReply *reply, GHashTable *tags, const char *id);
/* The same with Key and Value, as the VPC product has it. */
void ecs_write_vpc_tags (ApiReply *reply, GHashTable *tags, const char *id);
/* Bytes as whole GiB, rounded up. */
gint64 ecs_gib (guint64 bytes);
/* Filter.N.Key and .Value of lists whose things were created and, in ECS, expire. */
typedef struct
{
  char *key, *value;
} EcsTimeFilter;
extern const ApiParam ecs_time_filter_params[2];
#define ECS_TIME_FILTERS(type, field)                                                              \
  API_PARAM (type, field, GArray *, API_KIND_LIST, "Filter", .items = ecs_time_filter_params,      \
             .n_items = G_N_ELEMENTS (ecs_time_filter_params),                                     \
             .item_size = sizeof (EcsTimeFilter), .max = 20, .doc = "Times between.")
/* The same where nothing expires. */
extern const ApiParam ecs_created_filter_params[2];
#define ECS_CREATED_FILTERS(type, field, doc_)                                                     \
  API_LIST (type, field, "Filter", EcsTimeFilter, ecs_created_filter_params, .max = 20, .doc = doc_)
/* What they ask of the time of creation; *@out_passes becomes FALSE when nothing can pass them, and
 * is NULL where nothing expires. INVALID_PARAMETER, FILTER_NOT_FOUND. */
gboolean ecs_take_time_filters (const GArray *filters, gint64 *out_from_ms, gint64 *out_to_ms,
                                gboolean *out_passes, GError **error);
/* The categories of disks that can be asked for; all are local storage. Ends with NULL. */
extern const char *const ecs_disk_categories[];
/* The list @plural.@singular[] of the instances that @query finds, each written by @write, and its
 * page. */
gboolean ecs_write_instances (ApiCall *call, const VmmInstanceQuery *query, const ApiPage *page,
                              ApiReply *reply, const char *plural, const char *singular,
                              void (*write) (ApiReply *reply, const VmmInstance *instance),
                              GError **error);
/* What both ways of listing routes show of one. */
void ecs_write_route (ApiReply *reply, const char *table_id, const VmmRoute *route);
