/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ports and public addresses have carried: the counters of links and of the queues of classes
 * of bandwidth, by two lists of the kernel for each namespace. */
#include "netctl-kernel-use.h"
#include "netctl-kernel-steps.h"
#include "netctl-link-priv.h"
#include "netctl-nat.h"
#include "netctl-ns.h"
#include "netctl-shape.h"
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

/* What a link carried, seen from this end. */
typedef struct
{
  int index;
  char name[IF_NAMESIZE];
  guint64 rx_bytes, rx_packets, tx_bytes, tx_packets;
} LinkCount;

/* What the queue of a class of ours let pass. */
typedef struct
{
  gint64 key;
  guint64 bytes, packets;
} QueueCount;

/* The counters of one namespace. */
typedef struct
{
  GArray *links;      /* LinkCount */
  GArray *queues;     /* QueueCount */
  GHashTable *by_key; /* &QueueCount.key -> QueueCount* */
} Counts;

static void
counts_clear (Counts *counts)
{
  g_clear_pointer (&counts->links, g_array_unref);
  g_clear_pointer (&counts->queues, g_array_unref);
  g_clear_pointer (&counts->by_key, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Counts, counts_clear)

static gint64
queue_key (int link_index, guint minor)
{
  return (gint64) link_index << 16 | minor;
}

/* Reading */

static void
put_link_query (struct nlmsghdr *message, gpointer data)
{
  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
}

static int
collect_link (const struct nlmsghdr *message, void *data)
{
  const struct ifinfomsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute;
  LinkCount count = { .index = header->ifi_index };
  struct rtnl_link_stats64 stats = { 0 };

  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    gsize size = mnl_attr_get_payload_len (attribute);

    if (mnl_attr_get_type (attribute) == IFLA_IFNAME)
      g_strlcpy (count.name, mnl_attr_get_str (attribute), sizeof count.name);
    else if (mnl_attr_get_type (attribute) == IFLA_STATS64)
      memcpy (&stats, mnl_attr_get_payload (attribute), MIN (size, sizeof stats));
  }
  count.rx_bytes = stats.rx_bytes;
  count.rx_packets = stats.rx_packets;
  count.tx_bytes = stats.tx_bytes;
  count.tx_packets = stats.tx_packets;
  g_array_append_val (data, count);
  return MNL_CB_OK;
}

static void
put_queue_query (struct nlmsghdr *message, gpointer data)
{
  mnl_nlmsg_put_extra_header (message, sizeof (struct tcmsg));
}

static void
read_stats (const struct nlattr *nest, QueueCount *count)
{
  const struct nlattr *attribute;

  mnl_attr_for_each_nested (attribute, nest)
  {
    struct gnet_stats_basic basic = { 0 };

    if (mnl_attr_get_type (attribute) != TCA_STATS_BASIC)
      continue;
    memcpy (&basic, mnl_attr_get_payload (attribute),
            MIN (mnl_attr_get_payload_len (attribute), sizeof basic));
    count->bytes = basic.bytes;
    count->packets = basic.packets;
  }
}

static int
collect_queue (const struct nlmsghdr *message, void *data)
{
  const struct tcmsg *header = mnl_nlmsg_get_payload (message);
  QueueCount count = { .key = queue_key (header->tcm_ifindex, TC_H_MIN (header->tcm_parent)) };
  const struct nlattr *attribute;

  if (header->tcm_parent == TC_H_ROOT || TC_H_MAJ (header->tcm_parent) != NETCTL_SHAPE_ROOT)
    return MNL_CB_OK;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == TCA_STATS2)
      read_stats (attribute, &count);
  }
  g_array_append_val (data, count);
  return MNL_CB_OK;
}

/* Of the namespace behind @fd, or of the host with -1. */
static gboolean
read_counts (int fd, Counts *out, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);

  *out = (Counts){ g_array_new (FALSE, FALSE, sizeof (LinkCount)),
                   g_array_new (FALSE, FALSE, sizeof (QueueCount)),
                   g_hash_table_new (g_int64_hash, g_int64_equal) };
  if (link == NULL
      || !netctl_link_dump (link, RTM_GETLINK, put_link_query, NULL, collect_link, out->links,
                            "links", error)
      || !netctl_link_dump (link, RTM_GETQDISC, put_queue_query, NULL, collect_queue, out->queues,
                            "queues", error))
    return FALSE;
  for (guint i = 0; i < out->queues->len; i++)
    {
      QueueCount *count = &g_array_index (out->queues, QueueCount, i);

      g_hash_table_insert (out->by_key, &count->key, count);
    }
  return TRUE;
}

/* Finding */

static const LinkCount *
find_link (const Counts *counts, const char *name)
{
  for (guint i = 0; i < counts->links->len; i++)
    {
      const LinkCount *count = &g_array_index (counts->links, LinkCount, i);

      if (g_str_equal (count->name, name))
        return count;
    }
  return NULL;
}

/* What a class of @link let pass; nothing if it is not there. */
static QueueCount
queue_of (const Counts *counts, const LinkCount *link, guint minor)
{
  gint64 key = link != NULL ? queue_key (link->index, minor) : 0;
  const QueueCount *count = link != NULL ? g_hash_table_lookup (counts->by_key, &key) : NULL;

  return count != NULL ? *count : (QueueCount){ 0 };
}

static void
add_ports (const Counts *inside, GArray *out)
{
  const LinkCount *uplink = find_link (inside, NETCTL_UPLINK_INSIDE);

  for (guint i = 0; i < inside->links->len; i++)
    {
      const LinkCount *link = &g_array_index (inside->links, LinkCount, i);
      NetctlPortUse use = { 0 };
      QueueCount in, sent;

      if (!netctl_tap_name_parse (link->name, &use.port))
        continue;
      in = queue_of (inside, link, NETCTL_SHAPE_TAP_MINOR);
      sent = queue_of (inside, uplink, netctl_shape_port_class (use.port));
      use.all
          = (NetctlCount){ link->tx_bytes, link->rx_bytes, link->tx_packets + link->rx_packets };
      use.outside = (NetctlCount){ in.bytes, sent.bytes, in.packets + sent.packets };
      g_array_append_val (out, use);
    }
}

static void
add_publics (const NetctlVpc *vpc, const Counts *host, const Counts *inside, GArray *out)
{
  g_autofree char *name = netctl_vpc_uplink_name (vpc->index);
  g_autoptr (GHashTable) classes = netctl_shape_publics (vpc);
  const LinkCount *outer = find_link (host, name);
  const LinkCount *inner = find_link (inside, NETCTL_UPLINK_INSIDE);
  GHashTableIter iter;
  gpointer address, minor;

  g_hash_table_iter_init (&iter, classes);
  while (g_hash_table_iter_next (&iter, &address, &minor))
    {
      QueueCount in = queue_of (host, outer, GPOINTER_TO_UINT (minor));
      QueueCount sent = queue_of (inside, inner, GPOINTER_TO_UINT (minor));
      NetctlPublicUse use = { *(const NetctlPrefix *) address,
                              { in.bytes, sent.bytes, in.packets + sent.packets } };

      g_array_append_val (out, use);
    }
}

/* The call */

static GArray *
known_vpcs (NetctlKernel *kernel)
{
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (guint32));
  GHashTableIter iter;
  gpointer key;

  g_mutex_lock (&kernel->lock);
  g_hash_table_iter_init (&iter, kernel->vpcs);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      guint32 index = GPOINTER_TO_UINT (key);

      g_array_append_val (indexes, index);
    }
  g_mutex_unlock (&kernel->lock);
  return indexes;
}

/* With the lock held. One without a namespace has carried nothing. */
static gboolean
use_vpc (const NetctlKernelVpc *vpc, const Counts *host, NetctlUse *out, GError **error)
{
  const NetctlModel *model = vpc != NULL ? netctl_firewall_model (vpc->firewall) : NULL;
  g_auto (Counts) inside = { NULL, NULL, NULL };
  g_autoptr (GError) fault = NULL;
  gboolean is_read;
  int fd;

  if (model == NULL || model->vpc == NULL)
    return TRUE;
  fd = netctl_ns_open (vpc->ns, TRUE, &fault);
  if (fd < 0 && fault == NULL)
    return TRUE;
  is_read = fd >= 0 && read_counts (fd, &inside, &fault);
  if (fd >= 0)
    close (fd);
  if (!is_read)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  add_ports (&inside, out->ports);
  add_publics (model->vpc, host, &inside, out->publics);
  return TRUE;
}

/* Others may change a VPC between two of them. */
gboolean
netctl_kernel_use (Netctl *net, NetctlUse *out, GError **error)
{
  NetctlKernel *kernel = (NetctlKernel *) net;
  g_autoptr (GArray) indexes = known_vpcs (kernel);
  g_auto (Counts) host = { NULL, NULL, NULL };
  gboolean is_read = read_counts (-1, &host, error);

  for (guint i = 0; is_read && i < indexes->len; i++)
    {
      gpointer key = GUINT_TO_POINTER (g_array_index (indexes, guint32, i));

      g_mutex_lock (&kernel->lock);
      is_read = use_vpc (g_hash_table_lookup (kernel->vpcs, key), &host, out, error);
      g_mutex_unlock (&kernel->lock);
    }
  return is_read;
}
