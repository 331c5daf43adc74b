/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live flows: the kernel's connection tracking table of a namespace. */
#include "netctl-flow.h"
#include "netctl-ns.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER_SIZE 32768
#define DUMP_TRIES 8

typedef struct
{
  NetctlFlowFunc keep;
  gpointer data;
  GPtrArray *ended; /* GBytes*: the original tuple, as the kernel sent it */
} Sweep;

static gboolean
fail (GError **error, int code, const char *what)
{
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot %s: %s", what, g_strerror (code));
  return FALSE;
}

static void
read_addresses (const struct nlattr *nest, NetctlFlow *flow, guint *out_found)
{
  const struct nlattr *attribute;

  mnl_attr_for_each_nested (attribute, nest)
  {
    int type = mnl_attr_get_type (attribute);

    if (mnl_attr_get_payload_len (attribute) != 4)
      continue;
    if (type == CTA_IP_V4_SRC)
      flow->source = mnl_attr_get_u32 (attribute);
    else if (type == CTA_IP_V4_DST)
      flow->destination = mnl_attr_get_u32 (attribute);
    else
      continue;
    (*out_found)++;
  }
}

static void
read_protocol (const struct nlattr *nest, NetctlFlow *flow, guint *out_found)
{
  const struct nlattr *attribute;

  mnl_attr_for_each_nested (attribute, nest)
  {
    int type = mnl_attr_get_type (attribute);
    guint length = mnl_attr_get_payload_len (attribute);

    if (type == CTA_PROTO_NUM && length == 1)
      {
        flow->protocol = mnl_attr_get_u8 (attribute);
        (*out_found)++;
      }
    else if (type == CTA_PROTO_SRC_PORT && length == 2)
      flow->source_port = ntohs (mnl_attr_get_u16 (attribute));
    else if (type == CTA_PROTO_DST_PORT && length == 2)
      flow->destination_port = ntohs (mnl_attr_get_u16 (attribute));
  }
}

static gboolean
read_tuple (const struct nlattr *tuple, NetctlFlow *flow)
{
  const struct nlattr *attribute;
  guint found = 0;

  mnl_attr_for_each_nested (attribute, tuple)
  {
    if (mnl_attr_get_type (attribute) == CTA_TUPLE_IP)
      read_addresses (attribute, flow, &found);
    else if (mnl_attr_get_type (attribute) == CTA_TUPLE_PROTO)
      read_protocol (attribute, flow, &found);
  }
  return found == 3;
}

static int
judge (const struct nlmsghdr *message, void *data)
{
  Sweep *sweep = data;
  const struct nlattr *attribute;

  mnl_attr_for_each (attribute, message, sizeof (struct nfgenmsg))
  {
    NetctlFlow flow = { 0 };

    if (mnl_attr_get_type (attribute) == CTA_TUPLE_ORIG && read_tuple (attribute, &flow)
        && !sweep->keep (&flow, sweep->data))
      g_ptr_array_add (sweep->ended, g_bytes_new (mnl_attr_get_payload (attribute),
                                                  mnl_attr_get_payload_len (attribute)));
  }
  return MNL_CB_OK;
}

/* One request and its answer; returns 0 or an errno. */
static int
talk (struct mnl_socket *socket, guint16 type, guint16 flags, GBytes *tuple, mnl_cb_t callback,
      gpointer data)
{
  g_autofree char *buffer = g_malloc0 (BUFFER_SIZE);
  struct nlmsghdr *message = mnl_nlmsg_put_header (buffer);
  struct nfgenmsg *header;
  int status = MNL_CB_OK;

  message->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
  message->nlmsg_flags = NLM_F_REQUEST | flags;
  message->nlmsg_seq = 1;
  header = mnl_nlmsg_put_extra_header (message, sizeof *header);
  header->nfgen_family = AF_INET;
  header->version = NFNETLINK_V0;
  if (tuple != NULL)
    mnl_attr_put (message, CTA_TUPLE_ORIG | NLA_F_NESTED, g_bytes_get_size (tuple),
                  g_bytes_get_data (tuple, NULL));
  if (mnl_socket_sendto (socket, message, message->nlmsg_len) < 0)
    return errno;
  while (status > MNL_CB_STOP)
    {
      ssize_t length = mnl_socket_recvfrom (socket, buffer, BUFFER_SIZE);

      if (length < 0)
        return errno;
      status
          = mnl_cb_run (buffer, (size_t) length, 1, mnl_socket_get_portid (socket), callback, data);
    }
  return status < 0 ? errno : 0;
}

static int
list_ended (struct mnl_socket *socket, Sweep *sweep)
{
  int code = EINTR;

  for (guint i = 0; i < DUMP_TRIES && code == EINTR; i++)
    {
      g_ptr_array_set_size (sweep->ended, 0);
      code = talk (socket, IPCTNL_MSG_CT_GET, NLM_F_DUMP, NULL, judge, sweep);
    }
  return code;
}

static gboolean
sweep_here (gpointer data, GError **error)
{
  Sweep *sweep = data;
  struct mnl_socket *socket = mnl_socket_open2 (NETLINK_NETFILTER, SOCK_CLOEXEC);
  int code;

  if (socket == NULL)
    return fail (error, errno, "open a connection tracking socket");
  code = mnl_socket_bind (socket, 0, MNL_SOCKET_AUTOPID) == 0 ? list_ended (socket, sweep) : errno;
  for (guint i = 0; i < sweep->ended->len && code == 0; i++)
    {
      code = talk (socket, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, g_ptr_array_index (sweep->ended, i),
                   NULL, NULL);
      /* It may have ended by itself meanwhile. */
      if (code == ENOENT)
        code = 0;
    }
  mnl_socket_close (socket);
  return code == 0 || fail (error, code, "end flows");
}

gboolean
netctl_flow_sweep (int fd, NetctlFlowFunc keep, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) ended = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  Sweep sweep = { keep, data, ended };

  return netctl_ns_run (fd, sweep_here, &sweep, error);
}
