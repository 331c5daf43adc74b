/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNAT and forward entries of NAT gateways. */
#include "config.h"

#include "ecs-common.h"
#include "ops-nat.h"
#include <string.h>

#define TABLE_ID(type, field, name)                                                                \
  API_STR (type, field, name, .flags = API_REQUIRED, .max_length = 64, .doc = "The table.")
#define ENTRY_ID(type, field, name)                                                                \
  API_STR (type, field, name, .flags = API_REQUIRED, .max_length = 64, .doc = "The entry.")
#define ENTRY_NAME(type, field, name)                                                              \
  API_STR (type, field, name, .max_length = 512, .format = &ecs_format_instance_name,              \
           .error = VMM_ERROR_PUBLIC_NAME,                                                         \
           .doc = "A name of 2 to 128 characters that begins with a letter.")

/* What an entry that the host was not told of yet is called. */
static const char *
status (gboolean is_applied)
{
  return is_applied ? "Available" : "Pending";
}

/* ---- SNAT ---- */

typedef struct
{
  char *table_id, *id, *ip, *cidr, *vswitch_id, *name, *nic_id, *affinity;
} SnatArgs;

#define SNAT_IP(flags_)                                                                            \
  API_STR (SnatArgs, ip, "SnatIp", .flags = flags_, .max_length = 15, .format = &api_format_ipv4,  \
           .error = VMM_ERROR_SNAT_IP_MALFORMED,                                                   \
           .doc = "The address of an elastic address in use by the gateway; one alone.")
#define SNAT_NIC                                                                                   \
  ECS_REFUSED (SnatArgs, nic_id, "NetworkInterfaceId",                                             \
               .doc = "Sources by interface are not offered here.")

static const ApiParam create_snat_params[] = {
  TABLE_ID (SnatArgs, table_id, "SnatTableId"),
  SNAT_IP (API_REQUIRED),
  API_STR (SnatArgs, cidr, "SourceCIDR", .max_length = 18, .format = &api_format_ipv4_cidr,
           .error = VMM_ERROR_CIDR_MALFORMED,
           .doc = "A range inside the VPC; this or SourceVSwitchId."),
  API_STR (SnatArgs, vswitch_id, "SourceVSwitchId", .max_length = 64,
           .format = &api_format_vswitch_id, .error = VMM_ERROR_VSWITCH_NOT_FOUND,
           .doc = "A vswitch of the VPC."),
  ENTRY_NAME (SnatArgs, name, "SnatEntryName"),
  ECS_REFUSED (SnatArgs, affinity, "EipAffinity", .doc = "An entry has one address here."),
  SNAT_NIC,
};

static const ApiField create_snat_fields[] = {
  API_OUT_STR ("SnatEntryId", API_REQUIRED, "The new entry."),
};

static gboolean
create_snat (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SnatArgs *args = data;
  const OpsSnatSpec spec = { .table_id = args->table_id,
                             .ip = args->ip,
                             .source_cidr = args->cidr,
                             .source_vswitch_id = args->vswitch_id,
                             .name = args->name };
  g_autoptr (VmmSnat) entry = ops_snat_create (call->ctx, call->caller, &spec, error);

  if (entry == NULL)
    return FALSE;

  api_reply_string (reply, "SnatEntryId", entry->id);
  return TRUE;
}

static const ApiParam modify_snat_params[] = {
  TABLE_ID (SnatArgs, table_id, "SnatTableId"),
  ENTRY_ID (SnatArgs, id, "SnatEntryId"),
  SNAT_IP (0),
  ENTRY_NAME (SnatArgs, name, "SnatEntryName"),
  SNAT_NIC,
};

static gboolean
modify_snat (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SnatArgs *args = data;

  return ops_snat_modify (call->ctx, call->caller, args->table_id, args->id, args->ip, args->name,
                          error);
}

static const ApiParam delete_snat_params[] = {
  TABLE_ID (SnatArgs, table_id, "SnatTableId"),
  ENTRY_ID (SnatArgs, id, "SnatEntryId"),
};

static gboolean
delete_snat (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SnatArgs *args = data;

  return ops_snat_delete (call->ctx, call->caller, args->table_id, args->id, error);
}

typedef struct
{
  ApiPage page;
  char *id, *table_id, *gateway_id, *name, *ip, *cidr, *vswitch_id;
  char **nic_ids;
} SnatListArgs;

static const ApiParam list_snat_params[] = {
  API_PAGE_PARAMS (SnatListArgs, page, 50),
  ECS_TEXT_FILTER (SnatListArgs, table_id, "SnatTableId", "The SNAT table."),
  ECS_TEXT_FILTER (SnatListArgs, id, "SnatEntryId", "The entry."),
  ECS_TEXT_FILTER (SnatListArgs, gateway_id, "NatGatewayId", "The NAT gateway."),
  ECS_TEXT_FILTER (SnatListArgs, name, "SnatEntryName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (SnatListArgs, ip, "SnatIp", "The public address."),
  ECS_TEXT_FILTER (SnatListArgs, cidr, "SourceCIDR", "The source."),
  ECS_TEXT_FILTER (SnatListArgs, vswitch_id, "SourceVSwitchId", "The vswitch."),
  ECS_REFUSED_FILTER_LIST (SnatListArgs, nic_ids, "NetworkInterfaceIds",
                           .doc = "Sources by interface are not offered here."),
};

#define S "SnatTableEntries.SnatTableEntry[]."
static const ApiField list_snat_fields[] = {
  API_OUT_STR (S "SnatEntryId", API_REQUIRED, "The entry."),
  API_OUT_STR (S "SnatTableId", API_REQUIRED, "Its table."),
  API_OUT_STR (S "NatGatewayId", API_REQUIRED, "Its NAT gateway."),
  API_OUT_STR (S "SnatEntryName", API_REQUIRED, "Its name."),
  API_OUT_STR (S "SnatIp", API_REQUIRED, "The public address that the source goes out under."),
  API_OUT_STR (S "SourceCIDR", API_REQUIRED, "The source."),
  API_OUT_STR (S "SourceVSwitchId", API_REQUIRED, "Its vswitch; empty when a range was given."),
  API_OUT_STR (S "Status", API_REQUIRED, "Pending or Available."),
  API_PAGE_FIELDS,
};

static gboolean
describe_snats (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const SnatListArgs *args = data;
  const VmmSnatQuery query = { .id = args->id,
                               .table_id = args->table_id,
                               .nat_gateway_id = args->gateway_id,
                               .name = args->name,
                               .ip = args->ip,
                               .source_cidr = args->cidr,
                               .source_vswitch_id = args->vswitch_id };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) entries
      = ops_snat_list (call->ctx, call->caller, &query, &page, &info, error);

  if (entries == NULL)
    return FALSE;

  api_reply_list (reply, "SnatTableEntries", "SnatTableEntry");
  for (guint i = 0; i < entries->len; i++)
    {
      const VmmSnat *entry = g_ptr_array_index (entries, i);

      api_reply_item (reply);
      api_reply_string (reply, "SnatEntryId", entry->id);
      api_reply_string (reply, "SnatTableId", entry->table_id);
      api_reply_string (reply, "NatGatewayId", entry->nat_gateway_id);
      api_reply_string (reply, "SnatEntryName", entry->name);
      api_reply_string (reply, "SnatIp", entry->ip);
      api_reply_string (reply, "SourceCIDR", entry->source_cidr);
      api_reply_string (reply, "SourceVSwitchId", entry->source_vswitch_id);
      api_reply_string (reply, "Status", status (entry->is_applied));
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- Forwarding ---- */

typedef struct
{
  char *table_id, *id, *external_ip, *external_port, *internal_ip, *internal_port, *protocol, *name;
  char *port_break;
} ForwardArgs;

#define FORWARD_PARAMS(flags_)                                                                     \
  API_STR (ForwardArgs, external_ip, "ExternalIp", .flags = flags_, .max_length = 15,              \
           .format = &api_format_ipv4, .error = VMM_ERROR_FORWARD_EXTERNAL_IP,                     \
           .doc = "The address of an elastic address in use by the gateway."),                     \
      API_STR (ForwardArgs, external_port, "ExternalPort", .flags = flags_, .max_length = 11,      \
               .error = VMM_ERROR_FORWARD_EXTERNAL_PORT,                                           \
               .doc = "A port, two with a slash between them, or any."),                           \
      API_STR (ForwardArgs, internal_ip, "InternalIp", .flags = flags_, .max_length = 15,          \
               .format = &api_format_ipv4, .error = VMM_ERROR_FORWARD_INTERNAL_IP,                 \
               .doc = "A private address that an instance of the VPC may have."),                  \
      API_STR (ForwardArgs, internal_port, "InternalPort", .flags = flags_, .max_length = 11,      \
               .error = VMM_ERROR_FORWARD_INTERNAL_PORT, .doc = "As many ports as ExternalPort."), \
      API_STR (ForwardArgs, protocol, "IpProtocol", .flags = flags_, .max_length = 8,              \
               API_CHOICES ("TCP", "UDP", "Any"), .error = VMM_ERROR_FORWARD_PROTOCOL,             \
               .doc = "TCP, UDP, or Any for all that comes to the address."),                      \
      ENTRY_NAME (ForwardArgs, name, "ForwardEntryName"),                                          \
      API_STR (ForwardArgs, port_break, "PortBreak", .max_length = 8,                              \
               .doc = "Not looked at: no port is kept from use here.")

static const ApiParam create_forward_params[] = {
  TABLE_ID (ForwardArgs, table_id, "ForwardTableId"),
  FORWARD_PARAMS (API_REQUIRED),
};

static const ApiParam modify_forward_params[] = {
  TABLE_ID (ForwardArgs, table_id, "ForwardTableId"),
  ENTRY_ID (ForwardArgs, id, "ForwardEntryId"),
  FORWARD_PARAMS (0),
};

static const ApiField create_forward_fields[] = {
  API_OUT_STR ("ForwardEntryId", API_REQUIRED, "The new entry."),
};

static OpsForwardSpec
forward_spec (const ForwardArgs *args)
{
  return (OpsForwardSpec){ .table_id = args->table_id,
                           .external_ip = args->external_ip,
                           .external_port = args->external_port,
                           .internal_ip = args->internal_ip,
                           .internal_port = args->internal_port,
                           .protocol = args->protocol,
                           .name = args->name };
}

static gboolean
create_forward (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const OpsForwardSpec spec = forward_spec (data);
  g_autoptr (VmmForward) entry = ops_forward_create (call->ctx, call->caller, &spec, error);

  if (entry == NULL)
    return FALSE;

  api_reply_string (reply, "ForwardEntryId", entry->id);
  return TRUE;
}

static gboolean
modify_forward (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ForwardArgs *args = data;
  const OpsForwardSpec spec = forward_spec (args);

  return ops_forward_modify (call->ctx, call->caller, args->id, &spec, error);
}

static const ApiParam delete_forward_params[] = {
  TABLE_ID (ForwardArgs, table_id, "ForwardTableId"),
  ENTRY_ID (ForwardArgs, id, "ForwardEntryId"),
};

static gboolean
delete_forward (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ForwardArgs *args = data;

  return ops_forward_delete (call->ctx, call->caller, args->table_id, args->id, error);
}

typedef struct
{
  ApiPage page;
  char *id, *table_id, *gateway_id, *name, *external_ip, *internal_ip, *protocol;
  char *external_port, *internal_port;
} ForwardListArgs;

static const ApiParam list_forward_params[] = {
  API_PAGE_PARAMS (ForwardListArgs, page, 50),
  ECS_TEXT_FILTER (ForwardListArgs, table_id, "ForwardTableId", "The forward table."),
  ECS_TEXT_FILTER (ForwardListArgs, id, "ForwardEntryId", "The entry."),
  ECS_TEXT_FILTER (ForwardListArgs, gateway_id, "NatGatewayId", "The NAT gateway."),
  ECS_TEXT_FILTER (ForwardListArgs, name, "ForwardEntryName", "The name; * stands for anything."),
  ECS_TEXT_FILTER (ForwardListArgs, external_ip, "ExternalIp", "The public address."),
  ECS_TEXT_FILTER (ForwardListArgs, external_port, "ExternalPort", "The port, as it is shown."),
  ECS_TEXT_FILTER (ForwardListArgs, internal_ip, "InternalIp", "The private address."),
  ECS_TEXT_FILTER (ForwardListArgs, internal_port, "InternalPort", "The port, as it is shown."),
  ECS_TEXT_FILTER (ForwardListArgs, protocol, "IpProtocol", "tcp, udp or any."),
};

#define F "ForwardTableEntries.ForwardTableEntry[]."
static const ApiField list_forward_fields[] = {
  API_OUT_STR (F "ForwardEntryId", API_REQUIRED, "The entry."),
  API_OUT_STR (F "ForwardTableId", API_REQUIRED, "Its table."),
  API_OUT_STR (F "NatGatewayId", API_REQUIRED, "Its NAT gateway."),
  API_OUT_STR (F "ForwardEntryName", API_REQUIRED, "Its name."),
  API_OUT_STR (F "ExternalIp", API_REQUIRED, "The public address."),
  API_OUT_STR (F "ExternalPort", API_REQUIRED, "A port, two with a slash between them, or any."),
  API_OUT_STR (F "InternalIp", API_REQUIRED, "The private address."),
  API_OUT_STR (F "InternalPort", API_REQUIRED, "As many ports."),
  API_OUT_STR (F "IpProtocol", API_REQUIRED, "tcp, udp or any."),
  API_OUT_STR (F "Status", API_REQUIRED, "Pending or Available."),
  API_PAGE_FIELDS,
};

/* As an entry's ports are shown and asked for; the caller frees it. */
static char *
ports_text (int min, int max)
{
  if (min < 0)
    return g_strdup ("any");
  return min == max ? g_strdup_printf ("%d", min) : g_strdup_printf ("%d/%d", min, max);
}

/* The first port of a filter: -1 for none, and what no entry has for what cannot be read. */
static int
ports_filter (const char *text)
{
  g_auto (GStrv) ends = NULL;
  guint64 port = 0;

  if (text == NULL || *text == '\0' || g_ascii_strcasecmp (text, "any") == 0)
    return -1;
  ends = g_strsplit (text, "/", 2);
  return g_ascii_string_to_unsigned (ends[0], 10, 1, 65535, &port, NULL) ? (int) port : 0;
}

static void
write_forward (ApiReply *reply, const VmmForward *entry)
{
  g_autofree char *external = ports_text (entry->external_min, entry->external_max);
  g_autofree char *internal = ports_text (entry->internal_min, entry->internal_max);

  api_reply_item (reply);
  api_reply_string (reply, "ForwardEntryId", entry->id);
  api_reply_string (reply, "ForwardTableId", entry->table_id);
  api_reply_string (reply, "NatGatewayId", entry->nat_gateway_id);
  api_reply_string (reply, "ForwardEntryName", entry->name);
  api_reply_string (reply, "ExternalIp", entry->ip);
  api_reply_string (reply, "ExternalPort", external);
  api_reply_string (reply, "InternalIp", entry->internal_ip);
  api_reply_string (reply, "InternalPort", internal);
  api_reply_string (reply, "IpProtocol", entry->protocol);
  api_reply_string (reply, "Status", status (entry->is_applied));
  api_reply_end (reply);
}

static gboolean
describe_forwards (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ForwardListArgs *args = data;
  g_autofree char *protocol = args->protocol != NULL ? g_ascii_strdown (args->protocol, -1) : NULL;
  const VmmForwardQuery query = { .id = args->id,
                                  .table_id = args->table_id,
                                  .nat_gateway_id = args->gateway_id,
                                  .name = args->name,
                                  .ip = args->external_ip,
                                  .internal_ip = args->internal_ip,
                                  .protocol = protocol,
                                  .external_port = ports_filter (args->external_port),
                                  .internal_port = ports_filter (args->internal_port) };
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) entries
      = ops_forward_list (call->ctx, call->caller, &query, &page, &info, error);

  if (entries == NULL)
    return FALSE;

  api_reply_list (reply, "ForwardTableEntries", "ForwardTableEntry");
  for (guint i = 0; i < entries->len; i++)
    write_forward (reply, entries->pdata[i]);
  api_reply_end (reply);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

#define TOKEN_ERRORS VMM_ERROR_IDEMPOTENT_MISMATCH, VMM_ERROR_IDEMPOTENT_PROCESSING
#define FORWARD_ERRORS                                                                             \
  VMM_ERROR_FORWARD_TABLE_NOT_FOUND, VMM_ERROR_FORWARD_NOT_FOUND, VMM_ERROR_FORWARD_EXISTS,        \
      VMM_ERROR_FORWARD_EXTERNAL_IP, VMM_ERROR_FORWARD_IP_NOT_FOUND,                               \
      VMM_ERROR_FORWARD_INTERNAL_IP, VMM_ERROR_FORWARD_OUTSIDE, VMM_ERROR_FORWARD_EXTERNAL_PORT,   \
      VMM_ERROR_FORWARD_INTERNAL_PORT, VMM_ERROR_FORWARD_PROTOCOL, VMM_ERROR_PUBLIC_NAME,          \
      TOKEN_ERRORS

static const ApiAction actions[] = {
  { .name = "CreateSnatEntry",
    .summary = "Lets a part of a VPC go out under an address of a NAT gateway.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_WRITE,
    .permission = "vpc:CreateSnatEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = create_snat,
    API_PARAMS (SnatArgs, create_snat_params),
    API_FIELDS (create_snat_fields),
    API_ERRORS (VMM_ERROR_SNAT_TABLE_NOT_FOUND, VMM_ERROR_SNAT_NOT_FOUND, VMM_ERROR_SNAT_EXISTS,
                VMM_ERROR_SNAT_IP_MALFORMED, VMM_ERROR_SNAT_IP_NOT_FOUND, VMM_ERROR_SNAT_QUOTA,
                VMM_ERROR_VSWITCH_NOT_FOUND, VMM_ERROR_VPC_MISMATCH, VMM_ERROR_CIDR_MALFORMED,
                VMM_ERROR_PUBLIC_NAME, TOKEN_ERRORS) },
  { .name = "ModifySnatEntry",
    .summary = "Changes the address or the name of an SNAT entry.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_WRITE,
    .permission = "vpc:ModifySnatEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_snat,
    API_PARAMS (SnatArgs, modify_snat_params),
    API_ERRORS (VMM_ERROR_SNAT_TABLE_NOT_FOUND, VMM_ERROR_SNAT_NOT_FOUND,
                VMM_ERROR_SNAT_IP_MALFORMED, VMM_ERROR_SNAT_IP_NOT_FOUND, VMM_ERROR_PUBLIC_NAME,
                TOKEN_ERRORS) },
  { .name = "DeleteSnatEntry",
    .summary = "Deletes an SNAT entry.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_WRITE,
    .permission = "vpc:DeleteSnatEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = delete_snat,
    API_PARAMS (SnatArgs, delete_snat_params),
    API_ERRORS (VMM_ERROR_SNAT_TABLE_NOT_FOUND, VMM_ERROR_SNAT_NOT_FOUND, TOKEN_ERRORS) },
  { .name = "DescribeSnatTableEntries",
    .summary = "Lists SNAT entries, newest first.",
    .since = "0.1",
    API_VERSIONS (API_VPC_VERSION),
    .access = API_READ,
    .permission = "vpc:DescribeSnatTableEntries",
    .run = describe_snats,
    API_PARAMS (SnatListArgs, list_snat_params),
    API_FIELDS (list_snat_fields) },
  { .name = "CreateForwardEntry",
    .summary = "Leads ports of an address of a NAT gateway to a private address.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:CreateForwardEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = create_forward,
    API_PARAMS (ForwardArgs, create_forward_params),
    API_FIELDS (create_forward_fields),
    API_ERRORS (FORWARD_ERRORS, VMM_ERROR_FORWARD_QUOTA) },
  { .name = "ModifyForwardEntry",
    .summary = "Changes a forward entry.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:ModifyForwardEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = modify_forward,
    API_PARAMS (ForwardArgs, modify_forward_params),
    API_ERRORS (FORWARD_ERRORS) },
  { .name = "DeleteForwardEntry",
    .summary = "Deletes a forward entry.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_WRITE,
    .permission = "vpc:DeleteForwardEntry",
    .flags = API_DRY_RUN | API_CLIENT_TOKEN,
    .run = delete_forward,
    API_PARAMS (ForwardArgs, delete_forward_params),
    API_ERRORS (VMM_ERROR_FORWARD_TABLE_NOT_FOUND, VMM_ERROR_FORWARD_NOT_FOUND, TOKEN_ERRORS) },
  { .name = "DescribeForwardTableEntries",
    .summary = "Lists forward entries, newest first.",
    .since = "0.1",
    ECS_BOTH_VERSIONS,
    .access = API_READ,
    .permission = "vpc:DescribeForwardTableEntries",
    .run = describe_forwards,
    API_PARAMS (ForwardListArgs, list_forward_params),
    API_FIELDS (list_forward_fields) },
};

const ApiResource ecs_nat_entry = API_RESOURCE ("nat-entry", actions);
