/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elastic addresses, in both products. */
#include "config.h"

#include "ecs-common.h"
#include "ops-eip.h"

#define EIP_ID(type, field)                                                                        \
  API_STR (type, field, "AllocationId", .flags = API_REQUIRED, .max_length = 64,                   \
           .format = &api_format_eip_id, .error = VMM_ERROR_EIP_NOT_FOUND,                         \
           .doc = "The elastic address.")
#define EIP_NAME(type, field, flags_)                                                              \
  API_STR (type, field, "Name", .flags = flags_, .max_length = 512,                                \
           .format = &ecs_format_instance_name, .error = VMM_ERROR_PUBLIC_NAME,                    \
           .doc = "A name of 2 to 128 characters that begins with a letter.")

/* ---- AllocateEipAddress ---- */

typedef struct
{
  char *ip, *name, *description, *internet_charge_type, *charge_type, *isp, *netmode;
  char *instance_id, *resource_group_id, *pool_id, *zone;
  int bandwidth;
  GArray *tags;
} AllocateArgs;

static const ApiParam allocate_params[] = {
  API_INT (AllocateArgs, bandwidth, "Bandwidth", .fallback = "5", .min = 1,
           .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH,
           .doc = "Mbit/s of what goes out under the address. As much may come in, but at least "
                  "10."),
  API_STR (AllocateArgs, internet_charge_type, "InternetChargeType", .max_length = 32,
           .fallback = "PayByBandwidth", API_CHOICES ("PayByBandwidth", "PayByTraffic"),
           .error = VMM_ERROR_INTERNET_CHARGE_TYPE, .doc = "Kept and shown."),
  API_STR (AllocateArgs, charge_type, "InstanceChargeType", .max_length = 32,
           API_CHOICES ("PostPaid"), .error = VMM_ERROR_UNSUPPORTED_PARAMETER,
           .doc = "All addresses are PostPaid."),
  API_STR (AllocateArgs, ip, "IpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_PUBLIC_IP_MALFORMED,
           .doc = "A free address of the configured pools; otherwise one is chosen."),
  EIP_NAME (AllocateArgs, name, 0),
  ECS_DESCRIPTION (AllocateArgs, description, 0),
  API_STR (AllocateArgs, isp, "ISP", .max_length = 32, API_CHOICES ("BGP"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "Lines cannot be chosen here."),
  API_STR (AllocateArgs, netmode, "Netmode", .max_length = 32, API_CHOICES ("public"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "Networks cannot be chosen here."),
  ECS_REFUSED (AllocateArgs, instance_id, "InstanceId",
               .doc = "Taking over an allocation is not offered here."),
  ECS_REFUSED (AllocateArgs, pool_id, "PublicIpAddressPoolId",
               .doc = "Pools cannot be chosen here; see IpAddress."),
  ECS_REFUSED (AllocateArgs, zone, "Zone", .doc = "Addresses here belong to no zone."),
  ECS_NO_RESOURCE_GROUP (AllocateArgs, resource_group_id),
  API_NEW_TAG_PARAM (AllocateArgs, tags),
};

static const ApiField allocate_fields[] = {
  API_OUT_STR ("AllocationId", API_REQUIRED, "The new elastic address."),
  API_OUT_STR ("EipAddress", API_REQUIRED, "The address itself."),
  API_OUT_STR ("ResourceGroupId", API_REQUIRED, "Always empty."),
};

static gboolean
allocate_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AllocateArgs *args = data;
  const OpsEipSpec spec = { .ip = args->ip,
                            .name = args->name,
                            .description = args->description,
                            .charge_type = args->internet_charge_type,
                            .bandwidth_mbit = (guint) args->bandwidth };
  g_autoptr (VmmEip) eip = ops_eip_allocate (call->ctx, call->caller, &spec, error);

  if (eip == NULL)
    return FALSE;

  api_reply_string (reply, "AllocationId", eip->id);
  api_reply_string (reply, "EipAddress", eip->ip);
  api_reply_string (reply, "ResourceGroupId", "");
  return TRUE;
}

/* ---- AssociateEipAddress, UnassociateEipAddress ---- */

typedef struct
{
  char *id, *target_id, *target_type, *private_ip, *region_id, *mode, *vpc_id;
  gboolean force;
} BindArgs;

#define TARGET_TYPE                                                                                \
  API_STR (BindArgs, target_type, "InstanceType", .max_length = 32,                                \
           API_CHOICES (VMM_EIP_INSTANCE, VMM_EIP_NIC, VMM_EIP_NAT),                               \
           .error = VMM_ERROR_INSTANCE_TYPE, .doc = "Otherwise what the id tells.")

static const ApiParam associate_params[] = {
  EIP_ID (BindArgs, id),
  API_STR (BindArgs, target_id, "InstanceId", .flags = API_REQUIRED, .max_length = 64,
           .doc = "An instance, a network interface or a NAT gateway."),
  TARGET_TYPE,
  API_STR (BindArgs, private_ip, "PrivateIpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_EIP_PARAMS_NOT_FOUND,
           .doc = "An address of the network interface; otherwise its primary one."),
  API_STR (BindArgs, mode, "Mode", .max_length = 32, API_CHOICES ("NAT"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "Other modes are not offered here."),
  ECS_REFUSED (BindArgs, region_id, "InstanceRegionId",
               .doc = "Targets in other regions are not offered here."),
  ECS_REFUSED (BindArgs, vpc_id, "VpcId", .doc = "Single addresses are no targets here."),
};

static gboolean
associate_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const BindArgs *args = data;
  const OpsEipTarget target
      = { .type = args->target_type, .id = args->target_id, .private_ip = args->private_ip };

  return ops_eip_associate (call->ctx, call->caller, args->id, &target, error);
}

static const ApiParam unassociate_params[] = {
  EIP_ID (BindArgs, id),
  API_STR (BindArgs, target_id, "InstanceId", .max_length = 64,
           .doc = "What it must lead to, if given."),
  TARGET_TYPE,
  API_STR (BindArgs, private_ip, "PrivateIpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_EIP_BINDING, .doc = "What it must lead to, if given."),
  API_BOOL (BindArgs, force, "Force",
            .doc = "Delete the entries of a NAT gateway that use it; otherwise they keep it."),
};

static gboolean
unassociate_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const BindArgs *args = data;
  const OpsEipTarget target
      = { .type = args->target_type, .id = args->target_id, .private_ip = args->private_ip };

  return ops_eip_unassociate (call->ctx, call->caller, args->id, &target, args->force, error);
}

/* ---- ReleaseEipAddress, ModifyEipAddressAttribute ---- */

typedef struct
{
  char *id, *name, *description;
  int bandwidth;
} OneArgs;

static const ApiParam release_params[] = { EIP_ID (OneArgs, id) };

static gboolean
release_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_eip_release (call->ctx, call->caller, args->id, error);
}

static const ApiParam modify_params[] = {
  EIP_ID (OneArgs, id),
  API_INT (OneArgs, bandwidth, "Bandwidth", .fallback = "0", .min = 1,
           .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH,
           .doc = "Mbit/s of what goes out under the address, at once."),
  EIP_NAME (OneArgs, name, API_EMPTY_OK),
  ECS_DESCRIPTION (OneArgs, description, API_EMPTY_OK),
};

static gboolean
modify_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OneArgs *args = data;

  return ops_eip_modify (call->ctx, call->caller, args->id, args->name, args->description,
                         (guint) args->bandwidth, error);
}

/* ---- DescribeEipAddresses ---- */

typedef struct
{
  ApiPage page;
  char **ids, **ips;
  char *name, *status, *target_id, *target_type, *charge_type, *lock_reason, *resource_group_id;
  GArray *filters, *tags;
} ListArgs;

static const ApiParam list_params[] = {
  API_PAGE_PARAMS (ListArgs, page, 100),
  ECS_ID_FILTER (ListArgs, ids, "AllocationId", "Ids, with commas between them."),
  ECS_ID_FILTER (ListArgs, ips, "EipAddress", "Addresses, with commas between them."),
  ECS_TEXT_FILTER (ListArgs, name, "EipName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ListArgs, status, "Status", "Available, Associating, InUse or Unassociating."),
  ECS_TEXT_FILTER (ListArgs, target_id, "AssociatedInstanceId", "What it leads to."),
  ECS_TEXT_FILTER (ListArgs, target_type, "AssociatedInstanceType",
                   "EcsInstance, NetworkInterface or Nat."),
  ECS_TEXT_FILTER (ListArgs, charge_type, "ChargeType", "All addresses are PostPaid."),
  ECS_TEXT_FILTER (ListArgs, lock_reason, "LockReason", "No address here is locked."),
  ECS_RESOURCE_GROUP_FILTER (ListArgs, resource_group_id, "address"),
  ECS_CREATED_FILTERS (ListArgs, filters, "Times between."),
  API_TAG_PARAM (ListArgs, tags),
};

#define E "EipAddresses.EipAddress[]."
static const ApiField list_fields[] = {
  API_OUT_STR (E "AllocationId", API_REQUIRED, "The elastic address."),
  API_OUT_STR (E "IpAddress", API_REQUIRED, "The address itself."),
  API_OUT_STR (E "Name", API_REQUIRED, "Its name."),
  API_OUT_STR (E "Description", API_REQUIRED, "Its description."),
  API_OUT_STR (E "Descritpion", API_REQUIRED, "The same, as older clients spell it."),
  API_OUT_STR (E "RegionId", API_REQUIRED, "The region."),
  API_OUT_STR (E "Status", API_REQUIRED, "Available, Associating, InUse or Unassociating."),
  API_OUT_STR (E "InstanceId", API_REQUIRED, "What it leads to; empty for nothing."),
  API_OUT_STR (E "InstanceType", API_REQUIRED, "EcsInstance, NetworkInterface, Nat, or empty."),
  API_OUT_STR (E "InstanceRegionId", API_REQUIRED, "The region of what it leads to, or empty."),
  API_OUT_STR (E "PrivateIpAddress", API_REQUIRED,
               "The private address it leads to; empty for none."),
  API_OUT_STR (E "VpcId", API_REQUIRED, "The VPC it leads to; empty for none."),
  API_OUT_STR (E "Bandwidth", API_REQUIRED, "Mbit/s, as text."),
  API_OUT_STR (E "EipBandwidth", API_REQUIRED, "The same."),
  API_OUT_STR (E "InternetChargeType", API_REQUIRED, "PayByBandwidth or PayByTraffic."),
  API_OUT_STR (E "ChargeType", API_REQUIRED, "Always PostPaid."),
  API_OUT_STR (E "AllocationTime", API_REQUIRED, "When it was allocated."),
  API_OUT_STR (E "ExpiredTime", API_REQUIRED, "Always empty."),
  API_OUT_STR (E "ISP", API_REQUIRED, "Always BGP."),
  API_OUT_STR (E "Netmode", API_REQUIRED, "Always public."),
  API_OUT_STR (E "Mode", API_REQUIRED, "Always NAT."),
  API_OUT_STR (E "BusinessStatus", API_REQUIRED, "Always Normal."),
  API_OUT_STR (E "ResourceGroupId", API_REQUIRED, "Always empty."),
  API_OUT_STR (E "StatusReason", API_REQUIRED,
               "Why it is in this state, unless it was asked for; ours, not of ECS."),
  API_OUT_STR (E "OperationLocks.LockReason[].LockReason", 0, "None is ever listed."),
  API_OUT_STR (E "Tags.Tag[].Key", 0, "A tag's key."),
  API_OUT_STR (E "Tags.Tag[].Value", 0, "A tag's value."),
  API_PAGE_FIELDS,
};

static void
write_eip (ApiCall *call, ApiReply *reply, const VmmEip *eip, GHashTable *tags)
{
  g_autofree char *bandwidth = g_strdup_printf ("%u", eip->bandwidth_mbit);
  const char *region = call->ctx->config->region_id;

  api_reply_item (reply);
  api_reply_string (reply, "AllocationId", eip->id);
  api_reply_string (reply, "IpAddress", eip->ip);
  api_reply_string (reply, "Name", eip->name);
  api_reply_string (reply, "Description", eip->description);
  api_reply_string (reply, "Descritpion", eip->description);
  api_reply_string (reply, "RegionId", region);
  api_reply_string (reply, "Status", vmm_eip_state_wire (eip->state));
  api_reply_string (reply, "InstanceId", eip->target_id);
  api_reply_string (reply, "InstanceType", eip->target_type);
  api_reply_string (reply, "InstanceRegionId", *eip->target_id != '\0' ? region : "");
  api_reply_string (reply, "PrivateIpAddress", eip->private_ip);
  api_reply_string (reply, "VpcId", eip->vpc_id);
  api_reply_string (reply, "Bandwidth", bandwidth);
  api_reply_string (reply, "EipBandwidth", bandwidth);
  api_reply_string (reply, "InternetChargeType", eip->charge_type);
  api_reply_string (reply, "ChargeType", "PostPaid");
  api_reply_second (reply, "AllocationTime", eip->created_ms);
  api_reply_string (reply, "ExpiredTime", "");
  api_reply_string (reply, "ISP", "BGP");
  api_reply_string (reply, "Netmode", "public");
  api_reply_string (reply, "Mode", "NAT");
  api_reply_string (reply, "BusinessStatus", "Normal");
  api_reply_string (reply, "ResourceGroupId", "");
  api_reply_string (reply, "StatusReason", eip->reason);
  api_reply_strings (reply, "OperationLocks", "LockReason", NULL);
  ecs_write_vpc_tags (reply, tags, eip->id);
  api_reply_end (reply);
}

static gboolean
describe_eips (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ListArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  VmmEipQuery query = { .ids = (const char *const *) args->ids,
                        .ips = (const char *const *) args->ips,
                        .name = args->name,
                        .status = args->status,
                        .target_id = args->target_id,
                        .target_type = args->target_type,
                        .tags = api_tags_get (args->tags) };
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) eips = NULL;
  g_autoptr (GHashTable) tags = NULL;

  if (!ecs_take_time_filters (args->filters, &query.created_from_ms, &query.created_to_ms, NULL,
                              error))
    return FALSE;
  if (!ecs_is_or_unset (args->charge_type, "PostPaid") || !ecs_is_or_unset (args->lock_reason, "")
      || !ecs_is_or_unset (args->resource_group_id, ""))
    {
      ecs_write_nothing (reply, &args->page, "EipAddresses", "EipAddress");
      return TRUE;
    }
  eips = ops_eip_list (call->ctx, call->caller, &query, &page, &info, error);
  tags = eips != NULL ? ECS_TAGS_OF (call, VMM_TAG_EIP, eips, VmmEip, id, error) : NULL;
  if (tags == NULL)
    return FALSE;

  api_reply_list (reply, "EipAddresses", "EipAddress");
  for (guint i = 0; i < eips->len; i++)
    write_eip (call, reply, eips->pdata[i], tags);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "AllocateEipAddress",
    .summary = "Reserves a public address.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:AllocateEipAddress",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .makes = VMM_TAG_EIP,
    .run = allocate_eip,
    API_PARAMS (AllocateArgs, allocate_params),
    API_FIELDS (allocate_fields),
    API_ERRORS (VMM_ERROR_EIP_NONE, VMM_ERROR_EIP_QUOTA, VMM_ERROR_BANDWIDTH,
                VMM_ERROR_INTERNET_CHARGE_TYPE, VMM_ERROR_PUBLIC_IP_MALFORMED,
                VMM_ERROR_PUBLIC_IP_NOT_FOUND, VMM_ERROR_PUBLIC_IP_USED, VMM_ERROR_PUBLIC_NAME,
                VMM_ERROR_DESCRIPTION_MALFORMED, VMM_ERROR_EIP_NOT_FOUND,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "AssociateEipAddress",
    .summary = "Leads an elastic address to an instance, a network interface or a NAT gateway.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:AssociateEipAddress",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = associate_eip,
    API_PARAMS (BindArgs, associate_params),
    API_ERRORS (VMM_ERROR_EIP_NOT_FOUND, VMM_ERROR_EIP_STATUS, VMM_ERROR_EIP_INSTANCE_NOT_FOUND,
                VMM_ERROR_EIP_DUPLICATED, VMM_ERROR_EIP_PARAMS_NOT_FOUND, VMM_ERROR_EIP_OVERLAP,
                VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_NIC_STATUS, VMM_ERROR_INSTANCE_TYPE,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "UnassociateEipAddress",
    .summary = "Takes an elastic address back from what it leads to.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:UnassociateEipAddress",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = unassociate_eip,
    API_PARAMS (BindArgs, unassociate_params),
    API_ERRORS (VMM_ERROR_EIP_NOT_FOUND, VMM_ERROR_EIP_STATUS, VMM_ERROR_EIP_BINDING,
                VMM_ERROR_INSTANCE_TYPE, VMM_ERROR_IDEMPOTENT_MISMATCH,
                VMM_ERROR_IDEMPOTENT_PROCESSING) },
  { .name = "ReleaseEipAddress",
    .summary = "Gives an elastic address back that leads nowhere.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ReleaseEipAddress",
    .flags = API_DRY_RUN,
    .run = release_eip,
    API_PARAMS (OneArgs, release_params),
    API_ERRORS (VMM_ERROR_EIP_NOT_FOUND, VMM_ERROR_EIP_STATUS) },
  { .name = "ModifyEipAddressAttribute",
    .summary = "Changes the bandwidth, name or description of an elastic address.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ModifyEipAddressAttribute",
    .flags = API_DRY_RUN,
    .run = modify_eip,
    API_PARAMS (OneArgs, modify_params),
    API_ERRORS (VMM_ERROR_EIP_NOT_FOUND, VMM_ERROR_BANDWIDTH, VMM_ERROR_PUBLIC_NAME,
                VMM_ERROR_DESCRIPTION_MALFORMED) },
  { .name = "DescribeEipAddresses",
    .summary = "Lists elastic addresses, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeEipAddresses",
    .run = describe_eips,
    API_PARAMS (ListArgs, list_params),
    API_FIELDS (list_fields),
    API_ERRORS (VMM_ERROR_FILTER_NOT_FOUND) },
};

const ApiResource ecs_eip = API_RESOURCE ("eip", actions);
