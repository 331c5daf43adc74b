/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The location service, which clients ask where a product is to be had: all of them here, under the
 * name by which this server was called. */
#include "config.h"

#include "ecs-common.h"

#define LOCATION_VERSION "2015-06-12"
#define TYPE "openAPI"

/* The products whose actions this server knows. */
#define SERVICES "ecs", "vpc", "slb", "location"
static const char *const services[] = { SERVICES, NULL };

typedef struct
{
  char *region_id, *service, *type;
} EndpointArgs;

#define REGION                                                                                     \
  API_STR (EndpointArgs, region_id, "Id", .flags = API_REQUIRED, .max_length = 64,                 \
           .doc = "The region.")
#define KIND                                                                                       \
  API_STR (EndpointArgs, type, "Type", .max_length = 32,                                           \
           .doc = "Which sort of endpoint; there are those for the API, " TYPE ".")

static const ApiParam one_params[] = {
  REGION,
  API_STR (EndpointArgs, service, "ServiceCode", .flags = API_REQUIRED, .max_length = 64,
           API_CHOICES (SERVICES), .doc = "The product."),
  KIND,
};

static const ApiParam list_params[] = {
  REGION,
  API_STR (EndpointArgs, service, "ServiceCode", .flags = API_REQUIRED, .max_length = 64,
           .doc = "The product; one that is not here has no endpoints."),
  KIND,
};

/* An endpoint, at @AT. The misspelt member is so in the service itself. */
#define ENDPOINT_FIELDS(AT)                                                                        \
  API_OUT_STR (AT "Endpoint", API_REQUIRED, "Host and port."),                                     \
      API_OUT_STR (AT "Protocols.Protocols[]", 0, "What is spoken there."),                        \
      API_OUT_STR (AT "Type", API_REQUIRED, "Always " TYPE "."),                                   \
      API_OUT_STR (AT "Id", API_REQUIRED, "The region."),                                          \
      API_OUT_STR (AT "SerivceCode", API_REQUIRED, "The product."),                                \
      API_OUT_STR (AT "Namespace", API_REQUIRED, "Always empty.")

static const ApiField one_fields[] = {
  API_OUT_BOOL ("Success", API_REQUIRED, "Always true."),
  ENDPOINT_FIELDS (""),
};

static const ApiField list_fields[] = {
  API_OUT_BOOL ("Success", API_REQUIRED, "Always true."),
  ENDPOINT_FIELDS ("Endpoints.Endpoint[]."),
};

static gboolean
check_region (ApiCall *call, const EndpointArgs *args, GError **error)
{
  return g_str_equal (args->region_id, call->ctx->config->region_id)
         || vmm_fail (error, VMM_ERROR_REGION_NOT_FOUND, "Id is '%s'; the only region is '%s'",
                      args->region_id, call->ctx->config->region_id);
}

static void
write_endpoint (ApiCall *call, const char *service, ApiReply *reply)
{
  static const char *const protocols[] = { "HTTP", NULL };

  api_reply_string (reply, "Endpoint", call->host);
  api_reply_strings (reply, "Protocols", "Protocols", protocols);
  api_reply_string (reply, "Type", TYPE);
  api_reply_string (reply, "Id", call->ctx->config->region_id);
  api_reply_string (reply, "SerivceCode", service);
  api_reply_string (reply, "Namespace", "");
}

static gboolean
describe_endpoint (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const EndpointArgs *args = data;

  if (!check_region (call, args, error))
    return FALSE;

  api_reply_bool (reply, "Success", TRUE);
  write_endpoint (call, args->service, reply);
  return TRUE;
}

static gboolean
describe_endpoints (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const EndpointArgs *args = data;
  g_autofree char *service = g_ascii_strdown (args->service, -1);

  if (!check_region (call, args, error))
    return FALSE;

  api_reply_bool (reply, "Success", TRUE);
  api_reply_list (reply, "Endpoints", "Endpoint");
  if (g_strv_contains (services, service) && ecs_is_or_unset (args->type, TYPE))
    {
      api_reply_item (reply);
      write_endpoint (call, service, reply);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "DescribeEndpoint",
    .summary = "Tells where a product is to be had: here.",
    .since = "0.1",
    API_VERSIONS (LOCATION_VERSION),
    .access = API_READ,
    .permission = "location:DescribeEndpoint",
    .run = describe_endpoint,
    API_PARAMS (EndpointArgs, one_params),
    API_FIELDS (one_fields) },
  { .name = "DescribeEndpoints",
    .summary = "Lists where a product is to be had: here.",
    .since = "0.1",
    API_VERSIONS (LOCATION_VERSION),
    .access = API_READ,
    .permission = "location:DescribeEndpoints",
    .run = describe_endpoints,
    API_PARAMS (EndpointArgs, list_params),
    API_FIELDS (list_fields) },
};

const ApiResource ecs_location = API_RESOURCE ("location", actions);
