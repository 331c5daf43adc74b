/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes that are ours alone: of a VPC to guests that forward, of the host to public addresses. */
#include "netctl-route.h"
#include "netctl-link-priv.h"
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* A VPC's own default route stands apart from the one to the transit link. */
#define DEFAULT_TABLE 2
#define WAY_OUT_MARK 1
/* Above any metric that a live route has. */
#define DROP_METRIC 1000
#define LIVE_METRIC 100

static int
system_family (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static guint
size_of (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
}

/* Lists */

static void
put_query (struct nlmsghdr *message, gpointer data)
{
  struct rtmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->rtm_family = (guint8) system_family (GPOINTER_TO_INT (data));
  header->rtm_protocol = NETCTL_LINK_PROTOCOL;
}

static void
read_address (const struct nlattr *attribute, NetctlPrefix *out, GSocketFamily family, guint length)
{
  if (mnl_attr_get_payload_len (attribute) != size_of (family))
    return;
  out->family = family;
  out->length = length;
  memcpy (out->bytes, mnl_attr_get_payload (attribute), size_of (family));
}

static int
collect (const struct nlmsghdr *message, void *data)
{
  const struct rtmsg *header = mnl_nlmsg_get_payload (message);
  GSocketFamily family
      = header->rtm_family == AF_INET ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  const struct nlattr *attribute;
  NetctlRouteEntry entry = { .table = header->rtm_table };

  /* An old kernel does not filter by itself; entries of the cache are no routes. */
  if (header->rtm_protocol != NETCTL_LINK_PROTOCOL || (header->rtm_flags & RTM_F_CLONED) != 0)
    return MNL_CB_OK;
  entry.destination = (NetctlPrefix){ .family = family, .length = header->rtm_dst_len };
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    switch (mnl_attr_get_type (attribute))
      {
      case RTA_DST:
        read_address (attribute, &entry.destination, family, header->rtm_dst_len);
        break;
      case RTA_GATEWAY:
        read_address (attribute, &entry.gateway, family, size_of (family) * 8);
        break;
      case RTA_OIF:
        entry.device = (int) mnl_attr_get_u32 (attribute);
        break;
      case RTA_PRIORITY:
        entry.metric = mnl_attr_get_u32 (attribute);
        break;
      case RTA_TABLE:
        entry.table = mnl_attr_get_u32 (attribute);
        break;
      default:
        break;
      }
  }
  /* The kernel says of an IPv6 route that drops that it does so by the loopback. */
  if (header->rtm_type == RTN_BLACKHOLE)
    entry.device = 0;
  g_array_append_val (data, entry);
  return MNL_CB_OK;
}

static guint
hash_entry (gconstpointer key)
{
  const NetctlRouteEntry *entry = key;
  guint hash = entry->destination.length * 31 + (guint) entry->device;

  for (guint i = 0; i < size_of (entry->destination.family); i++)
    hash = hash * 33 + entry->destination.bytes[i];
  return hash * 33 + entry->metric;
}

static gboolean
equal_entries (gconstpointer x, gconstpointer y)
{
  const NetctlRouteEntry *a = x, *b = y;

  return netctl_prefix_equal (&a->destination, &b->destination)
         && (a->device == 0 || netctl_prefix_equal (&a->gateway, &b->gateway))
         && a->device == b->device && a->metric == b->metric && a->table == b->table;
}

static GHashTable *
index_entries (const GArray *entries)
{
  GHashTable *index = g_hash_table_new (hash_entry, equal_entries);

  for (guint i = 0; i < entries->len; i++)
    g_hash_table_add (index, &g_array_index (entries, NetctlRouteEntry, i));
  return index;
}

/* Changes */

static int
change (NetctlLink *link, guint16 type, guint16 flags, const NetctlRouteEntry *entry)
{
  struct nlmsghdr *message = netctl_link_begin (link, type, flags);
  struct rtmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);
  GSocketFamily family = entry->destination.family;

  header->rtm_family = (guint8) system_family (family);
  header->rtm_dst_len = (guint8) entry->destination.length;
  header->rtm_table = (guint8) entry->table;
  header->rtm_protocol = NETCTL_LINK_PROTOCOL;
  header->rtm_type = entry->device != 0 ? RTN_UNICAST : RTN_BLACKHOLE;
  /* What stands out of line may be of any scope. */
  header->rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
  if (entry->destination.length > 0)
    mnl_attr_put (message, RTA_DST, size_of (family), entry->destination.bytes);
  mnl_attr_put_u32 (message, RTA_PRIORITY, entry->metric);
  if (entry->device != 0)
    {
      header->rtm_flags = entry->gateway.family == family ? RTNH_F_ONLINK : 0;
      if (entry->gateway.family == family)
        mnl_attr_put (message, RTA_GATEWAY, size_of (family), entry->gateway.bytes);
      mnl_attr_put_u32 (message, RTA_OIF, (guint32) entry->device);
    }
  return netctl_link_command (link, message);
}

/* What @a has and @b has not is added or removed. */
static gboolean
change_those (NetctlLink *link, const GArray *a, const GArray *b, GSocketFamily family,
              gboolean is_new, GError **error)
{
  g_autoptr (GHashTable) known = index_entries (b);

  for (guint i = 0; i < a->len; i++)
    {
      const NetctlRouteEntry *entry = &g_array_index (a, NetctlRouteEntry, i);
      g_autofree char *name = NULL;
      int code;

      if (entry->destination.family != family || g_hash_table_contains (known, entry))
        continue;
      name = netctl_prefix_format (&entry->destination);
      code = change (link, is_new ? RTM_NEWROUTE : RTM_DELROUTE,
                     is_new ? NLM_F_CREATE | NLM_F_EXCL : 0, entry);
      /* Routes go by themselves with their link. */
      if (code == ESRCH && !is_new)
        code = 0;
      if (!netctl_link_check (error, code, is_new ? "add a route to" : "remove a route to", name))
        return FALSE;
    }
  return TRUE;
}

gboolean
netctl_route_set (NetctlLink *link, const GArray *entries, GError **error)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6 };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr (GArray) present = g_array_new (FALSE, FALSE, sizeof (NetctlRouteEntry));

      if (families[i] == G_SOCKET_FAMILY_IPV6
          && !g_file_test ("/proc/sys/net/ipv6", G_FILE_TEST_IS_DIR))
        continue;
      if (!netctl_link_dump (link, RTM_GETROUTE, put_query, GINT_TO_POINTER (families[i]), collect,
                             present, "routes", error)
          || !change_those (link, present, entries, families[i], FALSE, error)
          || !change_those (link, entries, present, families[i], TRUE, error))
        return FALSE;
    }
  return TRUE;
}

/* Rules that keep a VPC's own default route from what it must not swallow: what has a route of its
 * own, what is marked, and what the namespace itself sends. */

typedef struct
{
  guint32 priority, table;
  guint32 mark;
  gboolean but_default, is_local;
} Rule;

static const Rule rules[] = {
  { .priority = 100, .table = RT_TABLE_MAIN, .but_default = TRUE },
  { .priority = 101, .table = RT_TABLE_MAIN, .mark = WAY_OUT_MARK },
  { .priority = 102, .table = RT_TABLE_MAIN, .is_local = TRUE },
  { .priority = 103, .table = DEFAULT_TABLE },
};

static void
put_rule_query (struct nlmsghdr *message, gpointer data)
{
  struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->family = AF_INET;
}

static int
collect_rule (const struct nlmsghdr *message, void *data)
{
  const struct nlattr *attribute;
  guint32 priority = 0;
  gboolean is_ours = FALSE;

  mnl_attr_for_each (attribute, message, sizeof (struct fib_rule_hdr))
  {
    if (mnl_attr_get_type (attribute) == FRA_PROTOCOL)
      is_ours = mnl_attr_get_u8 (attribute) == NETCTL_LINK_PROTOCOL;
    else if (mnl_attr_get_type (attribute) == FRA_PRIORITY)
      priority = mnl_attr_get_u32 (attribute);
  }
  if (is_ours)
    g_array_append_val (data, priority);
  return MNL_CB_OK;
}

static int
change_rule (NetctlLink *link, guint16 type, guint16 flags, const Rule *rule)
{
  struct nlmsghdr *message = netctl_link_begin (link, type, flags);
  struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->family = AF_INET;
  header->action = FR_ACT_TO_TBL;
  header->table = (guint8) rule->table;
  mnl_attr_put_u32 (message, FRA_PRIORITY, rule->priority);
  mnl_attr_put_u8 (message, FRA_PROTOCOL, NETCTL_LINK_PROTOCOL);
  if (rule->but_default)
    mnl_attr_put_u32 (message, FRA_SUPPRESS_PREFIXLEN, 0);
  if (rule->mark != 0)
    {
      mnl_attr_put_u32 (message, FRA_FWMARK, rule->mark);
      mnl_attr_put_u32 (message, FRA_FWMASK, rule->mark);
    }
  if (rule->is_local)
    mnl_attr_put_strz (message, FRA_IIFNAME, "lo");
  return netctl_link_command (link, message);
}

static gboolean
set_rules (NetctlLink *link, gboolean wanted, GError **error)
{
  g_autoptr (GArray) present = g_array_new (FALSE, FALSE, sizeof (guint32));

  if (!netctl_link_dump (link, RTM_GETRULE, put_rule_query, NULL, collect_rule, present, "rules",
                         error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      gboolean is_there = FALSE;
      int code = 0;

      for (guint j = 0; j < present->len; j++)
        is_there |= g_array_index (present, guint32, j) == rules[i].priority;
      if (is_there != wanted)
        code = change_rule (link, wanted ? RTM_NEWRULE : RTM_DELRULE,
                            wanted ? NLM_F_CREATE | NLM_F_EXCL : 0, &rules[i]);
      if (!netctl_link_check (error, code, wanted ? "add" : "remove", "routing rule"))
        return FALSE;
    }
  return TRUE;
}

/* A VPC's */

gboolean
netctl_route_uses (const NetctlVpc *vpc, const NetctlPort *port)
{
  for (guint i = 0; i < vpc->routes->len; i++)
    for (guint j = 0; j < port->addresses->len; j++)
      if (netctl_prefix_equal (&g_array_index (vpc->routes, NetctlRoute, i).next_hop,
                               &g_array_index (port->addresses, NetctlPrefix, j)))
        return TRUE;
  return FALSE;
}

gboolean
netctl_route_is_default (const NetctlRoute *route)
{
  return route->destination.family == G_SOCKET_FAMILY_IPV4 && route->destination.length == 0;
}

/* The tap that @route leads to, *@out_device 0 if it is not here or not up. */
static gboolean
find_tap (NetctlLink *link, const NetctlModel *model, const NetctlRoute *route, int *out_device,
          GError **error)
{
  const NetctlPort *port = netctl_model_port_at (model, &route->next_hop);
  g_autofree char *name = port != NULL ? netctl_port_tap_name (port->index) : NULL;
  g_autoptr (NetctlLinkInfo) info = NULL;
  GError *fault = NULL;

  *out_device = 0;
  if (port == NULL)
    return TRUE;
  info = netctl_link_find (link, name, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (info != NULL && info->is_up)
    *out_device = info->index;
  return TRUE;
}

/* A live route goes with its tap; what it matched must then be dropped and not find another way,
 * hence the second one behind it. */
static GArray *
entries_of (NetctlLink *link, const NetctlModel *model, gboolean *out_has_default, GError **error)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (NetctlRouteEntry));

  *out_has_default = FALSE;
  for (guint i = 0; i < model->vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (model->vpc->routes, NetctlRoute, i);
      gboolean is_default = netctl_route_is_default (route);
      NetctlRouteEntry entry = { .destination = netctl_prefix_masked (&route->destination),
                                 .metric = DROP_METRIC,
                                 .table = is_default ? DEFAULT_TABLE : RT_TABLE_MAIN };

      *out_has_default |= is_default;
      g_array_append_val (entries, entry);
      if (!find_tap (link, model, route, &entry.device, error))
        return NULL;
      entry.gateway = route->next_hop;
      entry.metric = LIVE_METRIC;
      if (entry.device != 0)
        g_array_append_val (entries, entry);
    }
  return g_steal_pointer (&entries);
}

gboolean
netctl_route_apply (int fd, const NetctlModel *model, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GArray) entries = NULL;
  gboolean has_default = FALSE;

  if (link == NULL)
    return FALSE;
  entries = entries_of (link, model, &has_default, error);
  /* The table is filled before packets are led to it, and emptied after. */
  if (entries == NULL || (!has_default && !set_rules (link, FALSE, error))
      || !netctl_route_set (link, entries, error))
    return FALSE;
  return !has_default || set_rules (link, TRUE, error);
}
