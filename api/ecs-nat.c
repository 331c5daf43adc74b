/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT gateways. */
#include "config.h"

#include "ecs-common.h"
#include "ops-nat.h"

#define GATEWAY_ID(type, field)                                                                    \
  API_STR (type, field, "NatGatewayId", .flags = API_REQUIRED, .max_length = 64,                   \
           .format = &api_format_nat_gateway_id, .error = VMM_ERROR_NAT_NOT_FOUND,                 \
           .doc = "The NAT gateway.")

/* ---- CreateNatGateway ---- */

typedef struct
{
  char *vpc_id, *vswitch_id, *name, *description;
  char *nat_type, *network_type, *charge_type, *internet_charge_type, *bind_mode, *icmp, *spec;
  char *protection, *resource_group_id;
  GArray *tags;
} CreateArgs;

static const ApiParam create_params[] = {
  API_STR (CreateArgs, vpc_id, "VpcId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_vpc_id, .error = VMM_ERROR_VPC_NOT_FOUND, .doc = "The VPC."),
  API_STR (CreateArgs, vswitch_id, "VSwitchId", .max_length = 64, .format = &api_format_vswitch_id,
           .error = VMM_ERROR_VSWITCH_NOT_FOUND, .doc = "A vswitch of the VPC; kept and shown."),
  API_STR (CreateArgs, name, "Name", .max_length = 512, .format = &ecs_format_instance_name,
           .error = VMM_ERROR_PUBLIC_NAME,
           .doc = "A name of 2 to 128 characters that begins with a letter."),
  ECS_DESCRIPTION (CreateArgs, description, 0),
  API_STR (CreateArgs, nat_type, "NatType", .max_length = 32, API_CHOICES ("Enhanced", "Normal"),
           .error = VMM_ERROR_INVALID_PARAMETER, .doc = "Shown as Enhanced."),
  API_STR (CreateArgs, network_type, "NetworkType", .max_length = 32, API_CHOICES ("internet"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "Gateways between VPCs are not offered here."),
  API_STR (CreateArgs, charge_type, "InstanceChargeType", .max_length = 32,
           API_CHOICES ("PostPaid"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "All gateways are PostPaid."),
  ECS_TEXT_FILTER (CreateArgs, internet_charge_type, "InternetChargeType", "Not looked at."),
  API_STR (CreateArgs, bind_mode, "EipBindMode", .max_length = 32,
           API_CHOICES ("MULTI_BINDED", "NAT"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "Not looked at."),
  API_STR (CreateArgs, icmp, "IcmpReplyEnabled", .max_length = 8, .doc = "Not looked at."),
  ECS_TEXT_FILTER (CreateArgs, spec, "Spec", "Not looked at: no gateway here has a size."),
  ECS_REFUSED (CreateArgs, protection, "SecurityProtectionEnabled",
               .doc = "A firewall of its own is not offered here."),
  ECS_NO_RESOURCE_GROUP (CreateArgs, resource_group_id),
  API_NEW_TAG_PARAM (CreateArgs, tags),
};

static const ApiField create_fields[] = {
  API_OUT_STR ("NatGatewayId", API_REQUIRED, "The new NAT gateway."),
  API_OUT_STR ("ForwardTableIds.ForwardTableId[]", 0, "Its forward table."),
  API_OUT_STR ("SnatTableIds.SnatTableId[]", 0, "Its SNAT table."),
  API_OUT_STR ("BandwidthPackageIds.BandwidthPackageId[]", 0, "None is ever listed."),
};

static void
write_tables (ApiReply *reply, const VmmNatGateway *gateway)
{
  const char *const forward[] = { gateway->forward_table_id, NULL };
  const char *const snat[] = { gateway->snat_table_id, NULL };

  api_reply_strings (reply, "ForwardTableIds", "ForwardTableId", forward);
  api_reply_strings (reply, "SnatTableIds", "SnatTableId", snat);
  api_reply_strings (reply, "BandwidthPackageIds", "BandwidthPackageId", NULL);
}

static gboolean
create_gateway (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const CreateArgs *args = data;
  const OpsNatSpec spec = { .vpc_id = args->vpc_id,
                            .vswitch_id = args->vswitch_id,
                            .name = args->name,
                            .description = args->description };
  g_autoptr (VmmNatGateway) gateway = ops_nat_create (call->ctx, call->caller, &spec, error);

  if (gateway == NULL)
    return FALSE;

  api_reply_string (reply, "NatGatewayId", gateway->id);
  write_tables (reply, gateway);
  return TRUE;
}

/* ---- DeleteNatGateway ---- */

typedef struct
{
  char *id;
  gboolean force;
} DeleteArgs;

static const ApiParam delete_params[] = {
  GATEWAY_ID (DeleteArgs, id),
  API_BOOL (DeleteArgs, force, "Force",
            .doc = "Delete its entries too, and take its elastic addresses back."),
};

static gboolean
delete_gateway (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const DeleteArgs *args = data;

  return ops_nat_delete (call->ctx, call->caller, args->id, args->force, error);
}

/* ---- DescribeNatGateways ---- */

typedef struct
{
  ApiPage page;
  char *id, *name, *vpc_id, *vswitch_id, *status, *nat_type, *network_type, *charge_type;
  char *zone_id, *spec, *resource_group_id;
  GArray *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 50),
  ECS_TEXT_FILTER (ListArgs, id, "NatGatewayId", "The NAT gateway."),
  ECS_TEXT_FILTER (ListArgs, name, "Name", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, vpc_id, "VpcId", "The VPC."),
  ECS_TEXT_FILTER (ListArgs, vswitch_id, "VSwitchId", "The vswitch."),
  ECS_TEXT_FILTER (ListArgs, status, "Status", "All gateways are Available."),
  ECS_TEXT_FILTER (ListArgs, nat_type, "NatType", "All gateways are Enhanced."),
  ECS_TEXT_FILTER (ListArgs, network_type, "NetworkType", "All gateways are internet ones."),
  ECS_TEXT_FILTER (ListArgs, charge_type, "InstanceChargeType", "All gateways are PostPaid."),
  ECS_TEXT_FILTER (ListArgs, spec, "Spec", "No gateway here has a size."),
  ECS_ZONE_ID (ListArgs, zone_id),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "gateway"),
  API_TAG_PARAM (ListArgs, tags),
};

#define N "NatGateways.NatGateway[]."
static const ApiField list_fields[] = {
  API_OUT_STR (N "NatGatewayId", API_REQUIRED, "The NAT gateway."),
  API_OUT_STR (N "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (N "VpcId", API_REQUIRED, "Its VPC."),
  API_OUT_STR (N "Name", API_REQUIRED, "Its name."),
  API_OUT_STR (N "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (N "Status", API_REQUIRED, "Always Available."),
  API_OUT_STR (N "BusinessStatus", API_REQUIRED, "Always Normal."),
  API_OUT_STR (N "NatType", API_REQUIRED, "Always Enhanced."),
  API_OUT_STR (N "NetworkType", API_REQUIRED, "Always internet."),
  API_OUT_STR (N "Spec", API_REQUIRED, "Always empty."),
  API_OUT_STR (N "InstanceChargeType", API_REQUIRED, "Always PostPaid."),
  API_OUT_STR (N "InternetChargeType", API_REQUIRED, "Always PayByLcu."),
  API_OUT_STR (N "EipBindMode", API_REQUIRED, "Always MULTI_BINDED."),
  API_OUT_BOOL (N "IcmpReplyEnabled", API_REQUIRED, "Always true."),
  API_OUT_BOOL (N "DeletionProtection", API_REQUIRED, "Always false."),
  API_OUT_BOOL (N "AutoPay", API_REQUIRED, "Always false."),
  API_OUT_STR (N "CreationTime", API_REQUIRED, "When it was made."),
  API_OUT_STR (N "ExpiredTime", API_REQUIRED, "Always empty."),
  API_OUT_STR (N "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (N "NatGatewayPrivateInfo.VswitchId", API_REQUIRED, "Its vswitch, or empty."),
  API_OUT_STR (N "NatGatewayPrivateInfo.IzNo", API_REQUIRED, "The zone."),
  API_OUT_STR (N "IpLists.IpList[].AllocationId", 0, "An elastic address of it."),
  API_OUT_STR (N "IpLists.IpList[].IpAddress", 0, "The address itself."),
  API_OUT_STR (N "ForwardTableIds.ForwardTableId[]", 0, "Its forward table."),
  API_OUT_STR (N "SnatTableIds.SnatTableId[]", 0, "Its SNAT table."),
  API_OUT_STR (N "BandwidthPackageIds.BandwidthPackageId[]", 0, "None is ever listed."),
  API_OUT_STR (N "Tags.Tag[].TagKey", 0, "A tag's key."),
  API_OUT_STR (N "Tags.Tag[].TagValue", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_constants (ApiReply *reply)
{
  api_reply_string (reply, "Status", "Available");
  api_reply_string (reply, "BusinessStatus", "Normal");
  api_reply_string (reply, "NatType", "Enhanced");
  api_reply_string (reply, "NetworkType", "internet");
  api_reply_string (reply, "Spec", "");
  api_reply_string (reply, "InstanceChargeType", "PostPaid");
  api_reply_string (reply, "InternetChargeType", "PayByLcu");
  api_reply_string (reply, "EipBindMode", "MULTI_BINDED");
  api_reply_bool (reply, "IcmpReplyEnabled", TRUE);
  api_reply_bool (reply, "DeletionProtection", FALSE);
  api_reply_bool (reply, "AutoPay", FALSE);
  api_reply_string (reply, "ExpiredTime", "");
  api_reply_string (reply, "ResourceGroupId", "");
}

static void
write_gateway (ApiCall *call, ApiReply *reply, const VmmNatGateway *gateway, GPtrArray *eips,
               GHashTable *tags)
{
  api_reply_item (reply);
  api_reply_string (reply, "NatGatewayId", gateway->id);
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "VpcId", gateway->vpc_id);
  api_reply_string (reply, "Name", gateway->name);
  api_reply_string (reply, "Description", gateway->description);
  write_constants (reply);
  api_reply_second (reply, "CreationTime", gateway->created_ms);
  api_reply_begin (reply, "NatGatewayPrivateInfo");
  api_reply_string (reply, "VswitchId", gateway->vswitch_id);
  api_reply_string (reply, "IzNo", call->ctx->config->zone_id);
  api_reply_end (reply);
  api_reply_list (reply, "IpLists", "IpList");
  for (guint i = 0; i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);

      api_reply_item (reply);
      api_reply_string (reply, "AllocationId", eip->id);
      api_reply_string (reply, "IpAddress", eip->ip);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  write_tables (reply, gateway);
  ecs_write_tags (reply, tags, gateway->id);
  api_reply_end (reply);
}

/* Whether the filters on what is the same for all gateways here let any pass. */
static gboolean
constants_pass (const ApiCall *call, const ListArgs *args)
{
  return ecs_is_or_unset (args->status, "Available") && ecs_is_or_unset (args->nat_type, "Enhanced")
         && ecs_is_or_unset (args->network_type, "internet")
         && ecs_is_or_unset (args->charge_type, "PostPaid") && ecs_is_or_unset (args->spec, "")
         && ecs_is_or_unset (args->zone_id, call->ctx->config->zone_id)
         && ecs_is_or_unset (args->resource_group_id, "");
}

static gboolean
describe_gateways (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  const VmmNatGatewayQuery query = { .id = args->id,
                                     .name = args->name,
                                     .vpc_id = args->vpc_id,
                                     .vswitch_id = args->vswitch_id,
                                     .tags = api_tags_get (args->tags) };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) eips = NULL;
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!constants_pass (call, args))
    {
      ecs_write_nothing (reply, &args->page, "NatGateways", "NatGateway");
      return TRUE;
    }
  gateways = ops_nat_list (call->ctx, call->caller, &query, &page, &info, &eips, error);
  tags = gateways != NULL
             ? ECS_TAGS_OF (call, VMM_TAG_NAT_GATEWAY, gateways, VmmNatGateway, id, error)
             : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "NatGateways", "NatGateway");
  for (guint i = 0; i < gateways->len; i++)
    write_gateway (call, reply, gateways->pdata[i], eips->pdata[i], tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateNatGateway",
    .summary = "Makes a NAT gateway with an SNAT and a forward table.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:CreateNatGateway",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_NAT_GATEWAY,
    .run = create_gateway,
    API_PARAMS (CreateArgs, create_params),
    API_FIELDS (create_fields),
    API_ERRORS (VMM_ERROR_VPC_NOT_FOUND, VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VPC_MISMATCH,
                VMM_ERROR_NAT_QUOTA, VMM_ERROR_PUBLIC_NAME, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_NAT_NOT_FOUND, VMM_ERROR_IDEMPOTENT_MISMATCH,
                VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "DeleteNatGateway",
    .summary = "Deletes a NAT gateway, with Force also its entries.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:DeleteNatGateway",
    .flags = API_DRY_RUN,
    .run = delete_gateway,
    API_PARAMS (DeleteArgs, delete_params),
    API_ERRORS (VMM_ERROR_NAT_NOT_FOUND, VMM_ERROR_NAT_HAS_EIP, VMM_ERROR_NAT_HAS_ENTRY) },
  { .name = "DescribeNatGateways",
    .summary = "Lists NAT gateways, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeNatGateways",
    .run = describe_gateways,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields) },
};

const ApiResource ecs_nat = API_RESOURCE ("nat", actions);
