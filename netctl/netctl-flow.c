/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live flows: the kernel's connection tracking table of a namespace. */
#include "netctl-flow.h"
#include "netctl-nat-flow.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

/* A tuple of IPv6 takes some 100 bytes. */
#define REQUEST_SIZE 1024
#define DUMP_TRIES 8

typedef struct
{
  guint8 family;
  GBytes *tuple; /* the original one, as the kernel sent it */
} Ended;

typedef struct
{
  NetctlFlowFunc keep;
  gpointer data;
  GArray *ended; /* Ended */
} Sweep;

/* One direction of a flow. */
typedef struct
{
  NetctlPrefix source, destination;
  guint16 source_port, destination_port;
  guint8 protocol;
} Tuple;

static void
clear_ended (gpointer ended)
{
  g_bytes_unref (((Ended *) ended)->tuple);
}

static gboolean
fail (GError **error, int code, const char *what)
{
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot %s: %s", what, g_strerror (code));
  return FALSE;
}

static gboolean
read_address (const struct nlattr *attribute, GSocketFamily family, guint length, NetctlPrefix *out)
{
  if (mnl_attr_get_payload_len (attribute) != length)
    return FALSE;
  out->family = family;
  out->length = length * 8;
  memcpy (out->bytes, mnl_attr_get_payload (attribute), length);
  return TRUE;
}

static void
read_addresses (const struct nlattr *nest, Tuple *out, guint *out_found)
{
  const struct nlattr *attribute;

  mnl_attr_for_each_nested (attribute, nest)
  {
    int type = mnl_attr_get_type (attribute);

    if (type == CTA_IP_V4_SRC)
      *out_found += read_address (attribute, G_SOCKET_FAMILY_IPV4, 4, &out->source);
    else if (type == CTA_IP_V4_DST)
      *out_found += read_address (attribute, G_SOCKET_FAMILY_IPV4, 4, &out->destination);
    else if (type == CTA_IP_V6_SRC)
      *out_found += read_address (attribute, G_SOCKET_FAMILY_IPV6, 16, &out->source);
    else if (type == CTA_IP_V6_DST)
      *out_found += read_address (attribute, G_SOCKET_FAMILY_IPV6, 16, &out->destination);
  }
}

static void
read_protocol (const struct nlattr *nest, Tuple *out, guint *out_found)
{
  const struct nlattr *attribute;

  mnl_attr_for_each_nested (attribute, nest)
  {
    int type = mnl_attr_get_type (attribute);
    guint length = mnl_attr_get_payload_len (attribute);

    if (type == CTA_PROTO_NUM && length == 1)
      {
        out->protocol = mnl_attr_get_u8 (attribute);
        (*out_found)++;
      }
    else if (type == CTA_PROTO_SRC_PORT && length == 2)
      out->source_port = ntohs (mnl_attr_get_u16 (attribute));
    else if (type == CTA_PROTO_DST_PORT && length == 2)
      out->destination_port = ntohs (mnl_attr_get_u16 (attribute));
  }
}

static gboolean
read_tuple (const struct nlattr *tuple, Tuple *out)
{
  const struct nlattr *attribute;
  guint found = 0;

  mnl_attr_for_each_nested (attribute, tuple)
  {
    if (mnl_attr_get_type (attribute) == CTA_TUPLE_IP)
      read_addresses (attribute, out, &found);
    else if (mnl_attr_get_type (attribute) == CTA_TUPLE_PROTO)
      read_protocol (attribute, out, &found);
  }
  return found == 3 && out->source.family == out->destination.family;
}

/* The flow as it is behind all translation: who answers is the true destination. */
static NetctlFlow
flow_of (const Tuple *asked, const Tuple *answered)
{
  return (NetctlFlow){ .source = asked->source,
                       .destination = answered->source,
                       .protocol = asked->protocol,
                       .source_port = asked->source_port,
                       .destination_port = answered->source_port,
                       .is_live = TRUE,
                       .shown = answered->destination,
                       .called = asked->destination,
                       .called_port = asked->destination_port };
}

static int
judge (const struct nlmsghdr *message, void *data)
{
  Sweep *sweep = data;
  const struct nfgenmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute, *first = NULL;
  Tuple asked = { 0 }, answered = { 0 };
  gboolean has_answer = FALSE;
  NetctlFlow flow;

  mnl_attr_for_each (attribute, message, sizeof (struct nfgenmsg))
  {
    if (mnl_attr_get_type (attribute) == CTA_TUPLE_ORIG && read_tuple (attribute, &asked))
      first = attribute;
    else if (mnl_attr_get_type (attribute) == CTA_TUPLE_REPLY)
      has_answer = read_tuple (attribute, &answered);
  }
  if (first == NULL || !has_answer)
    return MNL_CB_OK;
  flow = flow_of (&asked, &answered);
  if (!sweep->keep (&flow, sweep->data))
    {
      Ended ended = { header->nfgen_family, g_bytes_new (mnl_attr_get_payload (first),
                                                         mnl_attr_get_payload_len (first)) };

      g_array_append_val (sweep->ended, ended);
    }
  return MNL_CB_OK;
}

/* One request and its answer; returns 0 or an errno. */
static int
talk (NetctlFilter *filter, guint16 type, guint16 flags, const Ended *ended, mnl_cb_t callback,
      gpointer data)
{
  char buffer[REQUEST_SIZE] = { 0 };
  struct nlmsghdr *message = mnl_nlmsg_put_header (buffer);
  struct nfgenmsg *header;

  message->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
  message->nlmsg_flags = NLM_F_REQUEST | flags;
  header = mnl_nlmsg_put_extra_header (message, sizeof *header);
  header->nfgen_family = ended != NULL ? ended->family : AF_UNSPEC;
  header->version = NFNETLINK_V0;
  if (ended != NULL)
    mnl_attr_put (message, CTA_TUPLE_ORIG | NLA_F_NESTED, g_bytes_get_size (ended->tuple),
                  g_bytes_get_data (ended->tuple, NULL));
  return netctl_filter_talk (filter, message, callback, data);
}

static int
read_count (const struct nlmsghdr *message, void *data)
{
  const struct nlattr *attribute;

  mnl_attr_for_each (attribute, message, sizeof (struct nfgenmsg))
  {
    if (mnl_attr_get_type (attribute) == CTA_STATS_GLOBAL_ENTRIES
        && mnl_attr_get_payload_len (attribute) == sizeof (guint32))
      *(guint32 *) data = ntohl (mnl_attr_get_u32 (attribute));
  }
  return MNL_CB_OK;
}

/* To list them the kernel looks through the table of all namespaces, 10 ms even for none. Its count
 * has those too that are still being made. */
static gboolean
has_none (NetctlFilter *filter)
{
  guint32 count = G_MAXUINT32;

  return talk (filter, IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, NULL, read_count, &count) == 0
         && count == 0;
}

static int
list_ended (NetctlFilter *filter, Sweep *sweep)
{
  int code = EINTR;

  for (guint i = 0; i < DUMP_TRIES && code == EINTR; i++)
    {
      g_array_set_size (sweep->ended, 0);
      code = talk (filter, IPCTNL_MSG_CT_GET, NLM_F_DUMP, NULL, judge, sweep);
    }
  return code;
}

gboolean
netctl_flow_sweep (NetctlFilter *filter, NetctlFlowFunc keep, gpointer data, GError **error)
{
  g_autoptr (GArray) ended = g_array_new (FALSE, FALSE, sizeof (Ended));
  Sweep sweep = { keep, data, ended };
  int code;

  if (has_none (filter))
    return TRUE;
  g_array_set_clear_func (ended, clear_ended);
  code = list_ended (filter, &sweep);
  for (guint i = 0; i < ended->len && code == 0; i++)
    {
      code = talk (filter, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, &g_array_index (ended, Ended, i), NULL,
                   NULL);
      /* It may have ended by itself meanwhile. */
      if (code == ENOENT)
        code = 0;
    }
  return code == 0 || fail (error, code, "end flows");
}

/* Who decides on a VPC's live flows. */
typedef struct
{
  const NetctlModel *model;
  NetctlJudge *judge;
  NetctlNat *nat;
} Bench;

static gboolean
may_go_on (const NetctlFlow *flow, gpointer data)
{
  const Bench *bench = data;

  return netctl_nat_keeps (bench->nat, bench->model, flow)
         && netctl_judge_allows (bench->judge, flow);
}

gboolean
netctl_flow_sweep_model (NetctlFilter *filter, const NetctlModel *model, GError **error)
{
  g_autoptr (NetctlJudge) judge = netctl_judge_new (model);
  g_autoptr (NetctlNat) nat = netctl_nat_new (model->vpc);
  Bench bench = { model, judge, nat };

  return netctl_flow_sweep (filter, may_go_on, &bench, error);
}
