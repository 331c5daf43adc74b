/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The links of a VPC: the anchor that holds its gateways, its way out, its taps. */
#include "netctl-wire.h"
#include "netctl-link.h"
#include "netctl-nat.h"
#include "netctl-ns.h"
#include <unistd.h>

typedef struct
{
  const char *path, *value;
} Setting;

static const Setting namespace_settings[] = {
  { "ipv4/conf/all/send_redirects", "0" },
  { "ipv4/conf/default/send_redirects", "0" },
  { "ipv4/conf/all/accept_redirects", "0" },
  { "ipv4/conf/default/accept_redirects", "0" },
  { "ipv4/conf/all/accept_source_route", "0" },
  { "ipv4/conf/default/accept_source_route", "0" },
  /* Sources are checked against the port's own addresses by our rules. */
  { "ipv4/conf/all/rp_filter", "0" },
  { "ipv4/conf/default/rp_filter", "0" },
  /* A flow that was ended must not start again in its middle. */
  { "netfilter/nf_conntrack_tcp_loose", "0" },
  { "ipv4/ip_forward", "1" },
};

/* Only where the kernel has IPv6 at all. "all" reaches the links that are there. */
static const Setting ipv6_settings[] = {
  { "ipv6/conf/all/accept_ra", "0" },
  { "ipv6/conf/default/accept_ra", "0" },
  { "ipv6/conf/all/accept_redirects", "0" },
  { "ipv6/conf/default/accept_redirects", "0" },
  { "ipv6/conf/default/autoconf", "0" },
  { "ipv6/conf/default/accept_dad", "0" },
  { "ipv6/conf/default/dad_transmits", "0" },
  { "ipv6/conf/default/router_solicitations", "0" },
  /* No link-local addresses but those we give. */
  { "ipv6/conf/all/addr_gen_mode", "1" },
  { "ipv6/conf/default/addr_gen_mode", "1" },
  { "ipv6/conf/all/forwarding", "1" },
};

static const Setting ipv6_on[]
    = { { "ipv6/conf/all/disable_ipv6", "0" }, { "ipv6/conf/default/disable_ipv6", "0" } };
static const Setting ipv6_off[]
    = { { "ipv6/conf/all/disable_ipv6", "1" }, { "ipv6/conf/default/disable_ipv6", "1" } };

static gboolean
write_settings (const Setting *settings, gsize count, GError **error)
{
  for (gsize i = 0; i < count; i++)
    if (!netctl_ns_sysctl (settings[i].path, settings[i].value, error))
      return FALSE;
  return TRUE;
}

static gboolean
set_up_namespace (gpointer data, GError **error)
{
  const NetctlVpc *vpc = data;

  if (!write_settings (namespace_settings, G_N_ELEMENTS (namespace_settings), error))
    return FALSE;
  if (!netctl_vpc_has_ipv6 (vpc) && !g_file_test ("/proc/sys/net/ipv6", G_FILE_TEST_IS_DIR))
    return TRUE;
  return write_settings (ipv6_settings, G_N_ELEMENTS (ipv6_settings), error)
         && write_settings (netctl_vpc_has_ipv6 (vpc) ? ipv6_on : ipv6_off, G_N_ELEMENTS (ipv6_on),
                            error);
}

/* A link that has to be there. */
static NetctlLinkInfo *
need (NetctlLink *link, const char *name, GError **error)
{
  g_autoptr (GError) fault = NULL;
  NetctlLinkInfo *info = netctl_link_find (link, name, &fault);

  if (info == NULL && fault == NULL)
    g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "link \"%s\" is not there", name);
  else if (info == NULL)
    g_propagate_error (error, g_steal_pointer (&fault));
  return info;
}

static gboolean
bring_up (NetctlLink *link, const char *name, GError **error)
{
  g_autoptr (NetctlLinkInfo) info = need (link, name, error);

  return info != NULL && (info->is_up || netctl_link_set_up (link, info, TRUE, error));
}

static gboolean
set_addresses (NetctlLink *link, const char *name, const GArray *addresses, GError **error)
{
  g_autoptr (NetctlLinkInfo) info = need (link, name, error);

  return info != NULL
         && netctl_link_set_addresses (link, info, G_SOCKET_FAMILY_IPV4, addresses, error);
}

gboolean
netctl_wire_anchor (int fd, const NetctlVpc *vpc, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  NetctlPrefix metadata, names;

  if (link == NULL || !netctl_ns_run (fd, set_up_namespace, (gpointer) vpc, error))
    return FALSE;
  netctl_prefix_parse (NETCTL_METADATA_ADDRESS, &metadata);
  netctl_prefix_parse (NETCTL_DNS_ADDRESS, &names);
  g_array_append_val (addresses, metadata);
  g_array_append_val (addresses, names);
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlSubnet *subnet = &g_array_index (vpc->subnets, NetctlSubnet, i);
      NetctlPrefix gateway = subnet->gateway;

      /* Of IPv6 there is one router for all subnets, on each tap. */
      if (subnet->range.family != G_SOCKET_FAMILY_IPV4)
        continue;
      gateway.length = subnet->range.length;
      g_array_append_val (addresses, gateway);
    }
  return bring_up (link, "lo", error) && netctl_link_add_bridge (link, NETCTL_ANCHOR, error)
         && set_addresses (link, NETCTL_ANCHOR, addresses, error)
         && bring_up (link, NETCTL_ANCHOR, error);
}

/* Whether the two ends are both there and belong to each other. */
static gboolean
is_paired (NetctlLink *host, NetctlLink *inside, const char *uplink, GError **error)
{
  g_autoptr (NetctlLinkInfo) outer = NULL, inner = NULL;
  g_autoptr (GError) fault = NULL;

  outer = netctl_link_find (host, uplink, &fault);
  if (fault == NULL)
    inner = netctl_link_find (inside, NETCTL_UPLINK_INSIDE, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  return outer != NULL && inner != NULL && outer->peer == inner->index
         && inner->peer == outer->index;
}

static gboolean
make_pair (NetctlLink *host, NetctlLink *inside, const char *uplink, int fd, GError **error)
{
  GError *fault = NULL;

  if (is_paired (host, inside, uplink, &fault))
    return TRUE;
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  return netctl_link_delete (host, uplink, error)
         && netctl_link_delete (inside, NETCTL_UPLINK_INSIDE, error)
         && netctl_link_add_veth (host, uplink, NETCTL_UPLINK_INSIDE, fd, error);
}

/* One end: its address, up, and the route to the other end's address. */
static gboolean
set_end (NetctlLink *link, const char *name, guint32 own, guint32 other, GError **error)
{
  g_autoptr (NetctlLinkInfo) info = need (link, name, error);
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  NetctlPrefix address = netctl_prefix_from_ipv4 (own);

  g_array_append_val (addresses, address);
  return info != NULL
         && netctl_link_set_addresses (link, info, G_SOCKET_FAMILY_IPV4, addresses, error)
         && netctl_link_set_up (link, info, TRUE, error)
         && netctl_link_set_route (link, info, other, 0, error);
}

gboolean
netctl_wire_uplink (int fd, const NetctlVpc *vpc, GError **error)
{
  g_autofree char *uplink = netctl_vpc_uplink_name (vpc->index);
  g_autoptr (NetctlLink) host = netctl_link_open (-1, error);
  g_autoptr (NetctlLink) inside = NULL;
  g_autoptr (NetctlLinkInfo) info = NULL;
  guint32 own = netctl_vpc_transit_address (vpc->index);
  NetctlPrefix gateway;

  if (host == NULL)
    return FALSE;
  if (!netctl_vpc_has_uplink (vpc))
    return netctl_link_delete (host, uplink, error);
  inside = netctl_link_open (fd, error);
  netctl_prefix_parse (NETCTL_TRANSIT_HOST, &gateway);
  if (inside == NULL || !make_pair (host, inside, uplink, fd, error)
      || !set_end (host, uplink, netctl_prefix_ipv4 (&gateway), own, error)
      || !set_end (inside, NETCTL_UPLINK_INSIDE, own, netctl_prefix_ipv4 (&gateway), error))
    return FALSE;
  info = need (inside, NETCTL_UPLINK_INSIDE, error);
  return info != NULL
         && netctl_link_set_route (inside, info, 0, netctl_prefix_ipv4 (&gateway), error);
}

/* Taps */

static gboolean
set_tap_options (gpointer data, GError **error)
{
  static const struct
  {
    const char *format, *value;
  } options[] = {
    { "ipv4/conf/%s/proxy_arp", "1" },
    /* Else the first answer to each guest waits up to 0.8 s. */
    { "ipv4/neigh/%s/proxy_delay", "0" },
    { "ipv4/conf/%s/send_redirects", "0" },
    { "ipv4/conf/%s/accept_redirects", "0" },
  };
  const NetctlLinkInfo *info = data;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_auto (GStrv) parts = g_strsplit (options[i].format, "%s", 2);
      g_autofree char *path = g_strconcat (parts[0], info->name, parts[1], NULL);

      if (!netctl_ns_sysctl (path, options[i].value, error))
        return FALSE;
    }
  return TRUE;
}

/* The tap inside, moved here if it still was on the host. */
static NetctlLinkInfo *
fetch_tap (NetctlLink *inside, int fd, const char *name, GError **error)
{
  g_autoptr (NetctlLink) host = NULL;
  g_autoptr (NetctlLinkInfo) info = NULL;
  g_autoptr (GError) fault = NULL;

  info = netctl_link_find (inside, name, &fault);
  if (info != NULL)
    return g_steal_pointer (&info);
  host = fault == NULL ? netctl_link_open (-1, &fault) : NULL;
  info = host != NULL ? netctl_link_find (host, name, &fault) : NULL;
  if (info != NULL && netctl_link_move (host, info, fd, &fault))
    {
      netctl_link_info_free (info);
      info = netctl_link_find (inside, name, &fault);
    }
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return NULL;
    }
  if (info == NULL)
    g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_NO_TAP, "there is no tap \"%s\"", name);
  return g_steal_pointer (&info);
}

static GArray *
hosts_of (const NetctlVpc *vpc, const NetctlPort *port)
{
  GArray *hosts = g_array_new (FALSE, FALSE, sizeof (NetctlLinkHost));

  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (port->addresses, NetctlPrefix, i);
      const NetctlSubnet *subnet = netctl_vpc_subnet_of (vpc, address);
      NetctlLinkHost host = { .address = *address };

      if (subnet != NULL && address->family == G_SOCKET_FAMILY_IPV4)
        host.source = netctl_prefix_ipv4 (&subnet->gateway);
      g_array_append_val (hosts, host);
    }
  if (netctl_vpc_has_ipv6 (vpc))
    {
      NetctlLinkHost host = { .address = netctl_prefix_link_local (port->mac), .is_on_link = TRUE };

      g_array_append_val (hosts, host);
    }
  return hosts;
}

/* The router's address on a tap; only a link that is up keeps it. */
static gboolean
set_router (NetctlLink *link, const NetctlLinkInfo *info, GError **error)
{
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  NetctlPrefix router;

  netctl_prefix_parse (NETCTL_ROUTER6 "/64", &router);
  g_array_append_val (addresses, router);
  return netctl_link_set_addresses (link, info, G_SOCKET_FAMILY_IPV6, addresses, error);
}

gboolean
netctl_wire_tap (int fd, const NetctlVpc *vpc, const NetctlPort *port, GError **error)
{
  static const guint8 mac[6] = NETCTL_GATEWAY_MAC;
  g_autofree char *name = netctl_port_tap_name (port->index);
  g_autoptr (NetctlLink) inside = netctl_link_open (fd, error);
  g_autoptr (NetctlLinkInfo) info = NULL;
  g_autoptr (GArray) hosts = hosts_of (vpc, port);

  if (inside == NULL)
    return FALSE;
  info = fetch_tap (inside, fd, name, error);
  return info != NULL && netctl_link_set_mac (inside, info, mac, error)
         && netctl_link_set_mtu (inside, info, NETCTL_GUEST_MTU, error)
         && netctl_ns_run (fd, set_tap_options, info, error)
         && netctl_link_set_up (inside, info, TRUE, error)
         && (!netctl_vpc_has_ipv6 (vpc) || set_router (inside, info, error))
         && netctl_link_set_hosts (inside, info, hosts, port->mac, error);
}

static gboolean
close_tap (NetctlLink *link, const NetctlLinkInfo *info, GError **error)
{
  static const guint8 nobody[6];
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (NetctlLinkHost));
  g_autoptr (GError) fault = NULL;

  if (netctl_link_set_up (link, info, FALSE, &fault)
      && netctl_link_set_hosts (link, info, none, nobody, &fault))
    return TRUE;
  if (g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

gboolean
netctl_wire_untap (int fd, guint32 port_index, GError **error)
{
  g_autofree char *name = netctl_port_tap_name (port_index);
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (NetctlLinkInfo) info = NULL;
  GError *fault = NULL;

  if (link == NULL)
    return FALSE;
  info = netctl_link_find (link, name, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  return info == NULL || close_tap (link, info, error);
}

GArray *
netctl_wire_taps (int fd, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GPtrArray) links = link != NULL ? netctl_link_list (link, error) : NULL;
  GArray *taps;

  if (links == NULL)
    return NULL;
  taps = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < links->len; i++)
    {
      const NetctlLinkInfo *info = g_ptr_array_index (links, i);
      guint32 index;

      if (netctl_tap_name_parse (info->name, &index))
        g_array_append_val (taps, index);
    }
  return taps;
}

gboolean
netctl_wire_count_taps (const char *ns, guint *out_count, GError **error)
{
  g_autoptr (GArray) taps = NULL;
  GError *fault = NULL;
  int fd = netctl_ns_open (ns, TRUE, &fault);

  if (fd >= 0)
    {
      taps = netctl_wire_taps (fd, &fault);
      close (fd);
    }
  *out_count = taps != NULL ? taps->len : 0;
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

gboolean
netctl_wire_prune (int fd, const NetctlModel *model, gboolean *out_left, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GPtrArray) links = link != NULL ? netctl_link_list (link, error) : NULL;

  if (links == NULL)
    return FALSE;
  *out_left = FALSE;
  for (guint i = 0; i < links->len; i++)
    {
      const NetctlLinkInfo *info = g_ptr_array_index (links, i);
      guint32 index;

      if (!netctl_tap_name_parse (info->name, &index)
          || (model != NULL && netctl_model_port (model, index) != NULL))
        continue;
      /* A guest whose tap is deleted under it has no network ever again; a closed one harms
       * nobody and may still turn out to be wanted. */
      if (info->has_carrier)
        *out_left = TRUE;
      if (info->has_carrier ? !close_tap (link, info, error)
                            : !netctl_link_delete (link, info->name, error))
        return FALSE;
    }
  return TRUE;
}

/* Indexes of the VPCs of @plan that need a way out. */
static GHashTable *
uplinks_of (const NetctlPlan *plan)
{
  GHashTable *uplinks = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < plan->vpcs->len; i++)
    {
      const NetctlVpc *vpc = g_ptr_array_index (plan->vpcs, i);

      if (netctl_vpc_has_uplink (vpc))
        g_hash_table_add (uplinks, GUINT_TO_POINTER (vpc->index));
    }
  return uplinks;
}

static GHashTable *
ports_of (const NetctlPlan *plan)
{
  GHashTable *ports = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < plan->ports->len; i++)
    g_hash_table_add (
        ports, GUINT_TO_POINTER (((const NetctlPort *) g_ptr_array_index (plan->ports, i))->index));
  return ports;
}

gboolean
netctl_wire_prune_host (const NetctlPlan *plan, GError **error)
{
  g_autoptr (GHashTable) uplinks = uplinks_of (plan), ports = ports_of (plan);
  g_autoptr (NetctlLink) link = netctl_link_open (-1, error);
  g_autoptr (GPtrArray) links = link != NULL ? netctl_link_list (link, error) : NULL;

  if (links == NULL)
    return FALSE;
  for (guint i = 0; i < links->len; i++)
    {
      const NetctlLinkInfo *info = g_ptr_array_index (links, i);
      gboolean is_left_over = FALSE;
      guint32 index;

      if (netctl_uplink_name_parse (info->name, &index))
        is_left_over = !g_hash_table_contains (uplinks, GUINT_TO_POINTER (index));
      else if (netctl_tap_name_parse (info->name, &index))
        is_left_over
            = !info->has_carrier && !g_hash_table_contains (ports, GUINT_TO_POINTER (index));
      if (is_left_over && !netctl_link_delete (link, info->name, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
netctl_wire_forward (GError **error)
{
  return netctl_ns_sysctl ("ipv4/ip_forward", "1", error);
}
