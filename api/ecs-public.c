/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses that go with their instance, and the bandwidth of instances. */
#include "config.h"

#include "ecs-common.h"
#include "ops-plain.h"
#include "vmm-public.h"

/* ---- AllocatePublicIpAddress ---- */

typedef struct
{
  char *id, *ip, *vlan;
} AllocateArgs;

static const ApiParam allocate_params[] = {
  ECS_INSTANCE_ID (AllocateArgs, id),
  API_STR (AllocateArgs, ip, "IpAddress", .max_length = 15, .format = &api_format_ipv4,
           .error = VMM_ERROR_PUBLIC_IP_MALFORMED,
           .doc = "A free address of the configured pools; otherwise one is chosen."),
  ECS_REFUSED (AllocateArgs, vlan, "VlanId", .doc = "VLANs are not offered here."),
};

static const ApiField allocate_fields[] = {
  API_OUT_STR ("IpAddress", API_REQUIRED, "The instance's public address."),
};

static gboolean
allocate_public_ip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AllocateArgs *args = data;
  g_autofree char *ip = ops_public_allocate (call->ctx, call->caller, args->id, args->ip, error);

  if (ip == NULL)
    return FALSE;

  api_reply_string (reply, "IpAddress", ip);
  return TRUE;
}

/* ---- ReleasePublicIpAddress ---- */

static const ApiParam release_params[] = {
  API_STR (AllocateArgs, ip, "PublicIpAddress", .flags = API_REQUIRED, .max_length = 15,
           .format = &api_format_ipv4, .error = VMM_ERROR_PUBLIC_IP_MALFORMED,
           .doc = "The public address of an instance."),
  API_STR (AllocateArgs, id, "InstanceId", .max_length = 64, .format = &api_format_instance_id,
           .error = VMM_ERROR_INSTANCE_NOT_FOUND, .doc = "Whose it must be, if given."),
};

static gboolean
release_public_ip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AllocateArgs *args = data;

  return ops_public_release (call->ctx, call->caller, args->ip, args->id, error);
}

/* ---- ModifyInstanceNetworkSpec ---- */

typedef struct
{
  char *id, *charge_type, *start, *end, *isp;
  int in, out;
  gboolean allocate;
} SpecArgs;

static const ApiParam spec_params[] = {
  ECS_INSTANCE_ID (SpecArgs, id),
  API_INT (SpecArgs, in, "InternetMaxBandwidthIn", .fallback = "-1", .min = 0,
           .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH_IN,
           .doc = "Mbit/s that may come in from outside the VPC; 0 for no bound."),
  API_INT (SpecArgs, out, "InternetMaxBandwidthOut", .fallback = "-1", .min = 0,
           .max = VMM_BANDWIDTH_MAX_MBIT, .error = VMM_ERROR_BANDWIDTH_OUT,
           .doc = "Mbit/s that may go out of the VPC; 0 for no bound and no public address."),
  API_STR (SpecArgs, charge_type, "NetworkChargeType", .max_length = 32,
           API_CHOICES ("PayByBandwidth", "PayByTraffic"), .error = VMM_ERROR_INTERNET_CHARGE_TYPE,
           .doc = "Kept and shown."),
  API_BOOL (SpecArgs, allocate, "AllocatePublicIp",
            .doc = "Give the instance a public address, see AllocatePublicIpAddress."),
  ECS_REFUSED (SpecArgs, start, "StartTime", .doc = "Temporary changes are not offered here."),
  ECS_REFUSED (SpecArgs, end, "EndTime", .doc = "Temporary changes are not offered here."),
  ECS_REFUSED (SpecArgs, isp, "ISP", .doc = "Lines cannot be chosen here."),
};

static gboolean
modify_network_spec (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SpecArgs *args = data;
  const OpsNetworkSpec spec = { .bandwidth_in_mbit = args->in,
                                .bandwidth_out_mbit = args->out,
                                .charge_type = args->charge_type,
                                .allocate = args->allocate };

  return ops_network_spec_modify (call->ctx, call->caller, args->id, &spec, error);
}

#define ALLOCATE_ERRORS                                                                            \
  VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS, VMM_ERROR_PUBLIC_BANDWIDTH,             \
      VMM_ERROR_PUBLIC_IP_NONE, VMM_ERROR_PUBLIC_IP_ALLOCATED, VMM_ERROR_PUBLIC_IP_MALFORMED,      \
      VMM_ERROR_PUBLIC_IP_NOT_FOUND, VMM_ERROR_PUBLIC_IP_USED, VMM_ERROR_EIP_OVERLAP

static const ApiAction actions[] = {
  { .name = "AllocatePublicIpAddress",
    .summary = "Gives an instance a public address that goes with it; the one it has, if it has.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:AllocatePublicIpAddress",
    .flags = API_DRY_RUN,
    .run = allocate_public_ip,
    API_PARAMS (AllocateArgs, allocate_params),
    API_FIELDS (allocate_fields),
    API_ERRORS (ALLOCATE_ERRORS) },
  { .name = "ReleasePublicIpAddress",
    .summary = "Takes the public address back that goes with an instance.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ReleasePublicIpAddress",
    .flags = API_DRY_RUN,
    .run = release_public_ip,
    API_PARAMS (AllocateArgs, release_params),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_PUBLIC_IP_MALFORMED,
                VMM_ERROR_PUBLIC_IP_NOT_FOUND) },
  { .name = "ModifyInstanceNetworkSpec",
    .summary = "Changes how much an instance may exchange with the outside.",
    .since = "0.1",
    .access = API_WRITE,
    .permission = "ecs:ModifyInstanceNetworkSpec",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_network_spec,
    API_PARAMS (SpecArgs, spec_params),
    API_ERRORS (ALLOCATE_ERRORS, VMM_ERROR_BANDWIDTH_IN, VMM_ERROR_BANDWIDTH_OUT,
                VMM_ERROR_BANDWIDTH_EIP, VMM_ERROR_INTERNET_CHARGE_TYPE,
                VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING) },
};

const ApiResource ecs_public = API_RESOURCE ("public", actions);
