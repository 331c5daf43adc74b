/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 addresses of network interfaces. */
#include "config.h"

#include "ecs-common.h"
#include "ops-ipv6.h"

#define NIC_ID(type, field)                                                                        \
  API_STR (type, field, "NetworkInterfaceId", .flags = API_REQUIRED, .max_length = 64,             \
           .format = &api_format_nic_id, .error = VMM_ERROR_NIC_NOT_FOUND,                         \
           .doc = "The network interface.")

typedef struct
{
  char *id;
  char **ips;
  int count;
} AddressArgs;

static const ApiParam assign_params[] = {
  NIC_ID (AddressArgs, id),
  ECS_IPV6_ADDRESSES (AddressArgs, ips, 0, "Free IPv6 addresses of its vswitch."),
  ECS_IPV6_COUNT (AddressArgs, count),
};

static const ApiParam unassign_params[] = {
  NIC_ID (AddressArgs, id),
  ECS_IPV6_ADDRESSES (AddressArgs, ips, API_REQUIRED, "IPv6 addresses that it has."),
};

static const ApiField assign_fields[] = {
  API_OUT_STR ("NetworkInterfaceId", API_REQUIRED, "The network interface."),
  API_OUT_STR ("Ipv6Sets.Ipv6Address[]", 0, "Its new addresses."),
};

static gboolean
assign_addresses (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AddressArgs *args = data;
  g_autoptr (GPtrArray) ips
      = ops_ipv6_assign (call->ctx, call->caller, args->id, (const char *const *) args->ips,
                         (guint) args->count, error);

  if (ips == NULL)
    return FALSE;

  api_reply_string (reply, "NetworkInterfaceId", args->id);
  ecs_write_texts (reply, "Ipv6Sets", "Ipv6Address", ips);
  return TRUE;
}

static gboolean
unassign_addresses (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AddressArgs *args = data;

  return ops_ipv6_unassign (call->ctx, call->caller, args->id, (const char *const *) args->ips,
                            error);
}

static const ApiAction actions[] = {
  { .name = "AssignIpv6Addresses",
    .summary = "Gives a network interface IPv6 addresses.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AssignIpv6Addresses",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = assign_addresses,
    API_PARAMS (AddressArgs, assign_params),
    API_FIELDS (assign_fields),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS, VMM_ERROR_NIC_INSTANCE_STATUS,
                ECS_IPV6_ERRORS) },
  { .name = "UnassignIpv6Addresses",
    .summary = "Takes IPv6 addresses from a network interface.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:UnassignIpv6Addresses",
    .flags = API_DRY_RUN,
    .run = unassign_addresses,
    API_PARAMS (AddressArgs, unassign_params),
    API_ERRORS (VMM_ERROR_NIC_NOT_FOUND, VMM_ERROR_NIC_STATUS, VMM_ERROR_NIC_INSTANCE_STATUS,
                VMM_ERROR_NIC_ADDRESS6, VMM_ERROR_NIC_ADDRESS6_LIMIT,
                VMM_ERROR_NIC_ADDRESS_UNASSIGNED, VMM_ERROR_DEPENDENCY_ROUTE) },
};

const ApiResource ecs_ipv6 = API_RESOURCE ("ipv6", actions);
