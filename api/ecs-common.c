/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ecs-*.c files share; see the header. */
#include "config.h"

#include "ecs-common.h"
#include "ops-instance.h"
#include "ops-tag.h"
#include "vmm-clock.h"
#include "vmm-disk.h"
#include "vmm-prefix.h"
#include <string.h>

const char *const ecs_disk_categories[]
    = { "cloud", "cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", NULL };

/* "false", or a zero however it is written. */
static gboolean
means_nothing (const char *value)
{
  return *value == '\0' || g_ascii_strcasecmp (value, "false") == 0
         || (strspn (value, "0.") == strlen (value) && strchr (value, '0') != NULL);
}

static gboolean
is_empty (const char *value)
{
  return *value == '\0';
}

const ApiFormat ecs_format_refused
    = { "not offered here", means_nothing, .good = "0", .bad = "anything" };
const ApiFormat ecs_format_refused_filter
    = { "filter not offered here", is_empty, .good = "", .bad = "anything" };
const ApiFormat ecs_format_instance_name
    = { "name of 2 to 128 characters, beginning with a letter,", vmm_instance_name_is_valid,
        .good = "web-1", .bad = "1" };
const ApiFormat ecs_format_host_name
    = { "host name", vmm_instance_host_name_is_valid, .good = "web-1", .bad = "-web" };
const ApiFormat ecs_format_description
    = { "description", vmm_instance_description_is_valid, .good = "the shop", .bad = "http://x" };
const ApiFormat ecs_format_image_name
    = { "name of 2 to 128 characters, beginning with a letter,", vmm_image_name_is_valid,
        .good = "debian-12", .bad = "1" };

static gboolean
is_cidr (const char *value)
{
  VmmPrefix prefix;

  return vmm_prefix_parse (value, &prefix);
}

static gboolean
is_cidr6 (const char *value)
{
  VmmPrefix prefix;

  return vmm_prefix_parse (value, &prefix) && prefix.is_ipv6;
}

static gboolean
is_ipv6 (const char *value)
{
  return strchr (value, '/') == NULL && is_cidr6 (value);
}

const ApiFormat ecs_format_cidr
    = { "address range", is_cidr, .good = "10.9.0.0/16", .bad = "10.9.0.0/33" };
const ApiFormat ecs_format_cidr6
    = { "IPv6 range", is_cidr6, .good = "fd00:9::/48", .bad = "fd00:9::/129" };
const ApiFormat ecs_format_ipv6 = { "IPv6 address", is_ipv6, .good = "fd00:9::1", .bad = "fd00:9" };

const ApiParam ecs_refused_tag_params[2] = {
  ECS_REFUSED (EcsRefusedTag, key, "Key", .doc = "Choosing by these is not offered here."),
  ECS_REFUSED (EcsRefusedTag, value, "Value", .doc = "Choosing by these is not offered here."),
};

void
ecs_write_nothing (ApiReply *reply, const ApiPage *page, const char *plural, const char *singular)
{
  VmmPageInfo none = { 0 };

  api_reply_strings (reply, plural, singular, NULL);
  api_reply_page (reply, page, &none);
}

gboolean
ecs_is_or_unset (const char *value, const char *constant)
{
  return value == NULL || g_ascii_strcasecmp (value, constant) == 0;
}

gboolean
ecs_is_given (char *const *list)
{
  return list != NULL && list[0] != NULL;
}

gboolean
ecs_check_zone (const ApiCall *call, const char *zone_id, GError **error)
{
  if (zone_id == NULL || g_str_equal (zone_id, call->ctx->config->zone_id))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_ZONE_NOT_FOUND,
                   "zone \"%s\" does not exist; the zone is \"%s\"", zone_id,
                   call->ctx->config->zone_id);
}

GHashTable *
ecs_tags_of (ApiCall *call, VmmTagType type, const GPtrArray *records, gsize id_offset,
             GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (ids, G_STRUCT_MEMBER (char *, g_ptr_array_index (records, i), id_offset));
  g_ptr_array_add (ids, NULL);
  return ops_tag_map (call->ctx, call->caller, type, (const char *const *) ids->pdata, error);
}

static void
write_tags (ApiReply *reply, GHashTable *tags, const char *id, const char *key, const char *value)
{
  const GPtrArray *own = tags != NULL ? g_hash_table_lookup (tags, id) : NULL;

  api_reply_list (reply, "Tags", "Tag");
  for (guint i = 0; own != NULL && i < own->len; i++)
    {
      const VmmTag *tag = g_ptr_array_index (own, i);

      api_reply_item (reply);
      api_reply_string (reply, key, tag->key);
      api_reply_string (reply, value, tag->value);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

void
ecs_write_tags (ApiReply *reply, GHashTable *tags, const char *id)
{
  write_tags (reply, tags, id, "TagKey", "TagValue");
}

void
ecs_write_vpc_tags (ApiReply *reply, GHashTable *tags, const char *id)
{
  write_tags (reply, tags, id, "Key", "Value");
}

gint64
ecs_gib (guint64 bytes)
{
  return (bytes + ECS_GIB - 1) / ECS_GIB;
}

void
ecs_write_texts (ApiReply *reply, const char *plural, const char *singular, const GPtrArray *texts)
{
  api_reply_list (reply, plural, singular);
  for (guint i = 0; texts != NULL && i < texts->len; i++)
    api_reply_item_string (reply, texts->pdata[i]);
  api_reply_end (reply);
}

static void
write_private_ip (ApiReply *reply, const VmmNic *nic, const char *ip, gboolean is_primary)
{
  const VmmEip *public = vmm_nic_public (nic, ip);

  api_reply_item (reply);
  api_reply_string (reply, "PrivateIpAddress", ip);
  api_reply_bool (reply, "Primary", is_primary);
  if (public != NULL)
    {
      api_reply_begin (reply, "AssociatedPublicIp");
      api_reply_string (reply, "AllocationId", public->is_plain ? "" : public->id);
      api_reply_string (reply, "PublicIpAddress", public->ip);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

void
ecs_write_private_ips (ApiReply *reply, const VmmNic *nic)
{
  api_reply_list (reply, "PrivateIpSets", "PrivateIpSet");
  write_private_ip (reply, nic, nic->ip, TRUE);
  for (guint i = 0; nic->ips != NULL && i < nic->ips->len; i++)
    write_private_ip (reply, nic, nic->ips->pdata[i], FALSE);
  api_reply_end (reply);
}

void
ecs_write_ipv6s (ApiReply *reply, const VmmNic *nic)
{
  api_reply_list (reply, "Ipv6Sets", "Ipv6Set");
  for (guint i = 0; nic->ips6 != NULL && i < nic->ips6->len; i++)
    {
      api_reply_item (reply);
      api_reply_string (reply, "Ipv6Address", nic->ips6->pdata[i]);
      api_reply_end (reply);
    }
  api_reply_end (reply);
}

const ApiParam ecs_time_filter_params[2] = {
  API_STR (EcsTimeFilter, key, "Key", .max_length = 64,
           .doc = "CreationStartTime, CreationEndTime, ExpiredStartTime or ExpiredEndTime."),
  API_STR (EcsTimeFilter, value, "Value", .max_length = 32, .format = &api_format_time,
           .doc = "A time."),
};

const ApiParam ecs_created_filter_params[2] = {
  API_STR (EcsTimeFilter, key, "Key", .max_length = 64,
           .doc = "CreationStartTime or CreationEndTime."),
  API_STR (EcsTimeFilter, value, "Value", .max_length = 32, .format = &api_format_time,
           .doc = "A time."),
};

gboolean
ecs_take_time_filters (const GArray *filters, gint64 *out_from_ms, gint64 *out_to_ms,
                       gboolean *out_passes, GError **error)
{
  gint64 expired_ms = 0;

  vmm_clock_parse (ECS_EXPIRED_TIME, &expired_ms);
  for (guint i = 0; i < filters->len; i++)
    {
      const EcsTimeFilter *filter = &g_array_index (filters, EcsTimeFilter, i);
      gint64 ms = 0;

      if (filter->key == NULL || filter->value == NULL)
        continue;
      if (!vmm_clock_parse (filter->value, &ms))
        return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "Filter.%u.Value \"%s\" is not a time",
                         i + 1, filter->value);
      if (g_str_equal (filter->key, "CreationStartTime"))
        *out_from_ms = ms;
      else if (g_str_equal (filter->key, "CreationEndTime"))
        *out_to_ms = ms;
      else if (out_passes != NULL && g_str_equal (filter->key, "ExpiredStartTime"))
        *out_passes = *out_passes && ms <= expired_ms;
      else if (out_passes != NULL && g_str_equal (filter->key, "ExpiredEndTime"))
        *out_passes = *out_passes && ms >= expired_ms;
      else
        return vmm_fail (error, VMM_ERROR_FILTER_NOT_FOUND, "there is no filter \"%s\"",
                         filter->key);
    }
  return TRUE;
}

gboolean
ecs_write_instances (ApiCall *call, const VmmInstanceQuery *query, const ApiPage *page,
                     ApiReply *reply, const char *plural, const char *singular,
                     void (*write) (ApiReply *reply, const VmmInstance *instance), GError **error)
{
  const VmmPage wanted = api_page_get (page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) instances
      = ops_instance_list (call->ctx, call->caller, query, &wanted, &info, error);

  if (instances == NULL)
    return FALSE;
  api_reply_list (reply, plural, singular);
  for (guint i = 0; i < instances->len; i++)
    write (reply, instances->pdata[i]);
  api_reply_end (reply);
  api_reply_page (reply, page, &info);
  return TRUE;
}
