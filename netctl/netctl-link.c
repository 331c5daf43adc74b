/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes and neighbours by rtnetlink. */
#include "netctl-link.h"
#include "netctl-link-priv.h"
#include "netctl-ns.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER_SIZE 32768
/* The kernel asks for another try when a table changed while it was being read. */
#define DUMP_TRIES 8

struct NetctlLink
{
  struct mnl_socket *socket;
  guint32 sequence;
  char request[2048];
  char answer[BUFFER_SIZE];
};

static gboolean
open_socket (gpointer data, GError **error)
{
  struct mnl_socket **out = data;

  *out = mnl_socket_open2 (NETLINK_ROUTE, SOCK_CLOEXEC);
  if (*out == NULL || mnl_socket_bind (*out, 0, MNL_SOCKET_AUTOPID) != 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot open a route socket: %s",
                   g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

NetctlLink *
netctl_link_open (int fd, GError **error)
{
  g_autoptr (NetctlLink) link = g_new0 (NetctlLink, 1);
  int on = 1;

  if (!netctl_ns_run (fd, open_socket, &link->socket, error))
    return NULL;
  /* Lets the kernel filter what is listed; without it we filter ourselves. */
  mnl_socket_setsockopt (link->socket, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  return g_steal_pointer (&link);
}

void
netctl_link_close (NetctlLink *link)
{
  if (link == NULL)
    return;
  if (link->socket != NULL)
    mnl_socket_close (link->socket);
  g_free (link);
}

void
netctl_link_info_free (NetctlLinkInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->name);
  g_free (info);
}

static struct nlmsghdr *
begin (NetctlLink *link, guint16 type, guint16 flags)
{
  struct nlmsghdr *message;

  memset (link->request, 0, sizeof link->request);
  message = mnl_nlmsg_put_header (link->request);
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | flags;
  message->nlmsg_seq = ++link->sequence;
  return message;
}

static int
receive (NetctlLink *link, mnl_cb_t callback, gpointer data)
{
  guint port = mnl_socket_get_portid (link->socket);
  int status = MNL_CB_OK;

  while (status > MNL_CB_STOP)
    {
      ssize_t length = mnl_socket_recvfrom (link->socket, link->answer, sizeof link->answer);

      if (length < 0)
        return errno;
      status = mnl_cb_run (link->answer, (size_t) length, link->sequence, port, callback, data);
    }
  return status < 0 ? errno : 0;
}

/* Sends the message and reads the answer; returns 0 or an errno. */
static int
talk (NetctlLink *link, struct nlmsghdr *message, mnl_cb_t callback, gpointer data)
{
  if (mnl_socket_sendto (link->socket, message, message->nlmsg_len) < 0)
    return errno;
  return receive (link, callback, data);
}

static int
command (NetctlLink *link, struct nlmsghdr *message)
{
  message->nlmsg_flags |= NLM_F_ACK;
  return talk (link, message, NULL, NULL);
}

static gboolean
fail (GError **error, int code, const char *what, const char *object)
{
  gboolean is_gone = code == ENODEV;

  g_set_error (error, NETCTL_ERROR, is_gone ? NETCTL_ERROR_NO_TAP : NETCTL_ERROR_KERNEL,
               "cannot %s \"%s\": %s", what, object, g_strerror (code));
  return FALSE;
}

static gboolean
check (GError **error, int code, const char *what, const char *object)
{
  return code == 0 || fail (error, code, what, object);
}

/* Links */

static NetctlLinkInfo *
read_link (const struct nlmsghdr *message)
{
  const struct ifinfomsg *header = mnl_nlmsg_get_payload (message);
  NetctlLinkInfo *info = g_new0 (NetctlLinkInfo, 1);
  const struct nlattr *attribute;

  info->index = header->ifi_index;
  info->is_up = (header->ifi_flags & IFF_UP) != 0;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    int type = mnl_attr_get_type (attribute);

    if (type == IFLA_IFNAME && mnl_attr_validate (attribute, MNL_TYPE_NUL_STRING) >= 0)
      info->name = g_strdup (mnl_attr_get_str (attribute));
    else if (type == IFLA_LINK && mnl_attr_validate (attribute, MNL_TYPE_U32) >= 0)
      info->peer = (int) mnl_attr_get_u32 (attribute);
    else if (type == IFLA_CARRIER && mnl_attr_validate (attribute, MNL_TYPE_U8) >= 0)
      info->has_carrier = mnl_attr_get_u8 (attribute) != 0;
  }
  if (info->name == NULL)
    info->name = g_strdup ("");
  return info;
}

static int
collect_link (const struct nlmsghdr *message, void *data)
{
  g_ptr_array_add (data, read_link (message));
  return MNL_CB_OK;
}

GPtrArray *
netctl_link_list (NetctlLink *link, GError **error)
{
  int code = EINTR;

  for (guint i = 0; i < DUMP_TRIES && code == EINTR; i++)
    {
      g_autoptr (GPtrArray) links
          = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_link_info_free);
      struct nlmsghdr *message = begin (link, RTM_GETLINK, NLM_F_DUMP);

      mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
      code = talk (link, message, collect_link, links);
      if (code == 0)
        return g_steal_pointer (&links);
    }
  fail (error, code, "list", "links");
  return NULL;
}

static int
take_link (const struct nlmsghdr *message, void *data)
{
  NetctlLinkInfo **out = data;

  netctl_link_info_free (*out);
  *out = read_link (message);
  return MNL_CB_OK;
}

NetctlLinkInfo *
netctl_link_find (NetctlLink *link, const char *name, GError **error)
{
  struct nlmsghdr *message = begin (link, RTM_GETLINK, NLM_F_ACK);
  g_autoptr (NetctlLinkInfo) info = NULL;
  int code;

  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
  mnl_attr_put_strz (message, IFLA_IFNAME, name);
  code = talk (link, message, take_link, &info);
  if (code == ENODEV)
    return NULL;
  if (!check (error, code, "look up", name))
    return NULL;
  return g_steal_pointer (&info);
}

gboolean
netctl_link_add_bridge (NetctlLink *link, const char *name, GError **error)
{
  struct nlmsghdr *message = begin (link, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  struct nlattr *nest;
  int code;

  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
  mnl_attr_put_strz (message, IFLA_IFNAME, name);
  nest = mnl_attr_nest_start (message, IFLA_LINKINFO);
  mnl_attr_put_strz (message, IFLA_INFO_KIND, "bridge");
  mnl_attr_nest_end (message, nest);
  code = command (link, message);
  return code == EEXIST || check (error, code, "make bridge", name);
}

gboolean
netctl_link_add_veth (NetctlLink *link, const char *name, const char *peer, int peer_fd,
                      GError **error)
{
  struct nlmsghdr *message = begin (link, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  struct nlattr *info, *data, *other;

  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
  mnl_attr_put_strz (message, IFLA_IFNAME, name);
  info = mnl_attr_nest_start (message, IFLA_LINKINFO);
  mnl_attr_put_strz (message, IFLA_INFO_KIND, "veth");
  data = mnl_attr_nest_start (message, IFLA_INFO_DATA);
  other = mnl_attr_nest_start (message, VETH_INFO_PEER);
  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
  mnl_attr_put_strz (message, IFLA_IFNAME, peer);
  mnl_attr_put_u32 (message, IFLA_NET_NS_FD, (guint32) peer_fd);
  mnl_attr_nest_end (message, other);
  mnl_attr_nest_end (message, data);
  mnl_attr_nest_end (message, info);
  return check (error, command (link, message), "make veth pair", name);
}

gboolean
netctl_link_delete (NetctlLink *link, const char *name, GError **error)
{
  struct nlmsghdr *message = begin (link, RTM_DELLINK, 0);
  int code;

  mnl_nlmsg_put_extra_header (message, sizeof (struct ifinfomsg));
  mnl_attr_put_strz (message, IFLA_IFNAME, name);
  code = command (link, message);
  return code == ENODEV || check (error, code, "delete link", name);
}

static struct nlmsghdr *
begin_set (NetctlLink *link, const NetctlLinkInfo *info, struct ifinfomsg **out_header)
{
  struct nlmsghdr *message = begin (link, RTM_SETLINK, 0);

  *out_header = mnl_nlmsg_put_extra_header (message, sizeof **out_header);
  (*out_header)->ifi_index = info->index;
  return message;
}

gboolean
netctl_link_move (NetctlLink *link, const NetctlLinkInfo *info, int fd, GError **error)
{
  struct ifinfomsg *header;
  struct nlmsghdr *message = begin_set (link, info, &header);

  mnl_attr_put_u32 (message, IFLA_NET_NS_FD, (guint32) fd);
  return check (error, command (link, message), "move link", info->name);
}

gboolean
netctl_link_set_up (NetctlLink *link, const NetctlLinkInfo *info, gboolean up, GError **error)
{
  struct ifinfomsg *header;
  struct nlmsghdr *message = begin_set (link, info, &header);

  header->ifi_change = IFF_UP;
  header->ifi_flags = up ? IFF_UP : 0;
  return check (error, command (link, message), up ? "bring up" : "bring down", info->name);
}

gboolean
netctl_link_set_mac (NetctlLink *link, const NetctlLinkInfo *info, const guint8 mac[6],
                     GError **error)
{
  struct ifinfomsg *header;
  struct nlmsghdr *message = begin_set (link, info, &header);

  mnl_attr_put (message, IFLA_ADDRESS, 6, mac);
  return check (error, command (link, message), "set the MAC address of", info->name);
}

gboolean
netctl_link_set_mtu (NetctlLink *link, const NetctlLinkInfo *info, guint mtu, GError **error)
{
  struct ifinfomsg *header;
  struct nlmsghdr *message = begin_set (link, info, &header);

  mnl_attr_put_u32 (message, IFLA_MTU, mtu);
  return check (error, command (link, message), "set the MTU of", info->name);
}

/* Lists of one link's entries of one family. */

typedef struct
{
  guint32 index;
  GSocketFamily family;
  GArray *entries; /* NetctlPrefix */
} Listing;

static int
domain_of (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static guint
bytes_of (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
}

static void
list_entry (Listing *listing, const struct nlattr *address, guint length)
{
  NetctlPrefix prefix = { .family = listing->family, .length = length };
  guint bytes = bytes_of (listing->family);

  if (mnl_attr_get_payload_len (address) != bytes)
    return;
  memcpy (prefix.bytes, mnl_attr_get_payload (address), bytes);
  g_array_append_val (listing->entries, prefix);
}

static int
collect_address (const struct nlmsghdr *message, void *data)
{
  const struct ifaddrmsg *header = mnl_nlmsg_get_payload (message);
  Listing *listing = data;
  const struct nlattr *attribute;
  /* IPv6 has the first only where the other end has an address of its own. */
  int wanted = listing->family == G_SOCKET_FAMILY_IPV4 ? IFA_LOCAL : IFA_ADDRESS;

  if (header->ifa_family != domain_of (listing->family) || header->ifa_index != listing->index)
    return MNL_CB_OK;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == wanted)
      list_entry (listing, attribute, header->ifa_prefixlen);
  }
  return MNL_CB_OK;
}

static int
collect_route (const struct nlmsghdr *message, void *data)
{
  const struct rtmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute, *destination = NULL;
  Listing *listing = data;
  guint32 device = 0;

  if (header->rtm_family != domain_of (listing->family) || header->rtm_table != RT_TABLE_MAIN
      || header->rtm_dst_len != bytes_of (listing->family) * 8)
    return MNL_CB_OK;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == RTA_OIF)
      device = mnl_attr_get_u32 (attribute);
    else if (mnl_attr_get_type (attribute) == RTA_DST)
      destination = attribute;
    else if (mnl_attr_get_type (attribute) == RTA_GATEWAY)
      return MNL_CB_OK; /* a route of the VPC's, netctl-route.c */
  }
  if (device == listing->index && destination != NULL)
    list_entry (listing, destination, header->rtm_dst_len);
  return MNL_CB_OK;
}

static int
collect_neighbour (const struct nlmsghdr *message, void *data)
{
  const struct ndmsg *header = mnl_nlmsg_get_payload (message);
  Listing *listing = data;
  const struct nlattr *attribute;

  if (header->ndm_family != domain_of (listing->family)
      || header->ndm_ifindex != (int) listing->index)
    return MNL_CB_OK;
  /* Others of IPv6 come and go by themselves: the guest chooses its link-local addresses. */
  if (listing->family == G_SOCKET_FAMILY_IPV6 && (header->ndm_state & NUD_PERMANENT) == 0)
    return MNL_CB_OK;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == NDA_DST)
      list_entry (listing, attribute, bytes_of (listing->family) * 8);
  }
  return MNL_CB_OK;
}

static void
put_address_query (struct nlmsghdr *message, int domain, guint32 index)
{
  struct ifaddrmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ifa_family = (guint8) domain;
  header->ifa_index = index;
}

static void
put_route_query (struct nlmsghdr *message, int domain, guint32 index)
{
  struct rtmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->rtm_family = (guint8) domain;
  mnl_attr_put_u32 (message, RTA_OIF, index);
}

static void
put_neighbour_query (struct nlmsghdr *message, int domain, guint32 index)
{
  struct ndmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ndm_family = (guint8) domain;
  mnl_attr_put_u32 (message, NDA_IFINDEX, index);
}

/* The three kinds of entries a link has. */
typedef struct
{
  guint16 get;
  const char *what;
  void (*put_query) (struct nlmsghdr *message, int domain, guint32 index);
  mnl_cb_t collect;
} EntryKind;

static const EntryKind address_kind
    = { RTM_GETADDR, "list addresses of", put_address_query, collect_address };
static const EntryKind route_kind
    = { RTM_GETROUTE, "list routes of", put_route_query, collect_route };
static const EntryKind neighbour_kind
    = { RTM_GETNEIGH, "list neighbours of", put_neighbour_query, collect_neighbour };

static GArray *
list_entries (NetctlLink *link, const NetctlLinkInfo *info, const EntryKind *kind,
              GSocketFamily family, GError **error)
{
  int code = EINTR;

  for (guint i = 0; i < DUMP_TRIES && code == EINTR; i++)
    {
      g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
      Listing listing = { (guint32) info->index, family, entries };
      struct nlmsghdr *message = begin (link, kind->get, NLM_F_DUMP);

      kind->put_query (message, domain_of (family), listing.index);
      code = talk (link, message, kind->collect, &listing);
      if (code == 0)
        return g_steal_pointer (&entries);
    }
  fail (error, code, kind->what, info->name);
  return NULL;
}

/* Addresses */

static int
change_address (NetctlLink *link, const NetctlLinkInfo *info, guint16 type, guint16 flags,
                const NetctlPrefix *address)
{
  struct nlmsghdr *message = begin (link, type, flags);
  struct ifaddrmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ifa_family = (guint8) domain_of (address->family);
  header->ifa_prefixlen = (guint8) address->length;
  header->ifa_index = (guint32) info->index;
  /* Nobody else on our links can have it, and it must work at once. */
  if (address->family == G_SOCKET_FAMILY_IPV6)
    header->ifa_flags = IFA_F_NODAD;
  mnl_attr_put (message, IFA_LOCAL, bytes_of (address->family), address->bytes);
  mnl_attr_put (message, IFA_ADDRESS, bytes_of (address->family), address->bytes);
  return command (link, message);
}

static gboolean
contains (const GArray *prefixes, const NetctlPrefix *prefix)
{
  for (guint i = 0; i < prefixes->len; i++)
    if (netctl_prefix_equal (&g_array_index (prefixes, NetctlPrefix, i), prefix))
      return TRUE;
  return FALSE;
}

gboolean
netctl_link_set_addresses (NetctlLink *link, const NetctlLinkInfo *info, GSocketFamily family,
                           const GArray *addresses, GError **error)
{
  g_autoptr (GArray) present = list_entries (link, info, &address_kind, family, error);

  if (present == NULL)
    return FALSE;
  /* Unwanted ones go first: the kernel drops later addresses of a subnet with its first. */
  for (guint i = 0; i < present->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (present, NetctlPrefix, i);
      int code = contains (addresses, address)
                     ? 0
                     : change_address (link, info, RTM_DELADDR, 0, address);

      if (code != EADDRNOTAVAIL && !check (error, code, "remove an address from", info->name))
        return FALSE;
    }
  for (guint i = 0; i < addresses->len; i++)
    if (!check (error,
                change_address (link, info, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
                                &g_array_index (addresses, NetctlPrefix, i)),
                "add an address to", info->name))
      return FALSE;
  return TRUE;
}

/* Routes and neighbours */

typedef struct
{
  NetctlPrefix destination; /* of full length, or of length 0 for the default route */
  guint32 gateway;          /* IPv4, or 0 */
  guint32 source;           /* likewise */
} Route;

static int
change_route (NetctlLink *link, const NetctlLinkInfo *info, guint16 type, guint16 flags,
              const Route *route)
{
  struct nlmsghdr *message = begin (link, type, flags);
  struct rtmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->rtm_family = (guint8) domain_of (route->destination.family);
  header->rtm_dst_len = (guint8) route->destination.length;
  header->rtm_table = RT_TABLE_MAIN;
  header->rtm_protocol = RTPROT_STATIC;
  header->rtm_type = RTN_UNICAST;
  header->rtm_scope = route->gateway != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  if (route->gateway != 0)
    header->rtm_flags = RTNH_F_ONLINK;
  if (route->destination.length > 0)
    mnl_attr_put (message, RTA_DST, bytes_of (route->destination.family), route->destination.bytes);
  if (route->gateway != 0)
    mnl_attr_put (message, RTA_GATEWAY, 4, &route->gateway);
  if (route->source != 0)
    mnl_attr_put (message, RTA_PREFSRC, 4, &route->source);
  mnl_attr_put_u32 (message, RTA_OIF, (guint32) info->index);
  return command (link, message);
}

static int
change_neighbour (NetctlLink *link, const NetctlLinkInfo *info, guint16 type, guint16 flags,
                  const NetctlPrefix *address, const guint8 *mac)
{
  struct nlmsghdr *message = begin (link, type, flags);
  struct ndmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ndm_family = (guint8) domain_of (address->family);
  header->ndm_ifindex = info->index;
  header->ndm_state = NUD_PERMANENT;
  mnl_attr_put (message, NDA_DST, bytes_of (address->family), address->bytes);
  if (mac != NULL)
    mnl_attr_put (message, NDA_LLADDR, 6, mac);
  return command (link, message);
}

static gboolean
is_wanted_host (const GArray *hosts, const NetctlPrefix *entry)
{
  for (guint i = 0; i < hosts->len; i++)
    if (netctl_prefix_equal (&g_array_index (hosts, NetctlLinkHost, i).address, entry))
      return TRUE;
  return FALSE;
}

static gboolean
remove_other_hosts (NetctlLink *link, const NetctlLinkInfo *info, GSocketFamily family,
                    const GArray *hosts, GError **error)
{
  g_autoptr (GArray) routes = list_entries (link, info, &route_kind, family, error);
  g_autoptr (GArray) neighbours = NULL;

  if (routes == NULL)
    return FALSE;
  neighbours = list_entries (link, info, &neighbour_kind, family, error);
  if (neighbours == NULL)
    return FALSE;
  for (guint i = 0; i < routes->len; i++)
    {
      const NetctlPrefix *entry = &g_array_index (routes, NetctlPrefix, i);
      Route route = { .destination = *entry };
      int code
          = is_wanted_host (hosts, entry) ? 0 : change_route (link, info, RTM_DELROUTE, 0, &route);

      if (code != ESRCH && !check (error, code, "remove a route of", info->name))
        return FALSE;
    }
  for (guint i = 0; i < neighbours->len; i++)
    {
      const NetctlPrefix *entry = &g_array_index (neighbours, NetctlPrefix, i);
      int code = is_wanted_host (hosts, entry)
                     ? 0
                     : change_neighbour (link, info, RTM_DELNEIGH, 0, entry, NULL);

      if (code != ENOENT && !check (error, code, "remove a neighbour of", info->name))
        return FALSE;
    }
  return TRUE;
}

gboolean
netctl_link_set_hosts (NetctlLink *link, const NetctlLinkInfo *info, const GArray *hosts,
                       const guint8 mac[6], GError **error)
{
  for (guint i = 0; i < hosts->len; i++)
    {
      const NetctlLinkHost *host = &g_array_index (hosts, NetctlLinkHost, i);
      Route route = { .destination = host->address, .source = host->source };

      if (!host->is_on_link
          && !check (error,
                     change_route (link, info, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route),
                     "add a route to", info->name))
        return FALSE;
      if (!check (error,
                  change_neighbour (link, info, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
                                    &host->address, mac),
                  "add a neighbour to", info->name))
        return FALSE;
    }
  return remove_other_hosts (link, info, G_SOCKET_FAMILY_IPV4, hosts, error)
         && remove_other_hosts (link, info, G_SOCKET_FAMILY_IPV6, hosts, error);
}

gboolean
netctl_link_set_route (NetctlLink *link, const NetctlLinkInfo *info, guint32 address,
                       guint32 gateway, GError **error)
{
  Route route = { .destination = netctl_prefix_from_ipv4 (address), .gateway = gateway };

  if (address == 0)
    route.destination.length = 0;
  return check (error,
                change_route (link, info, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route),
                "add a route to", info->name);
}

/* For netctl-link-priv.h */

struct nlmsghdr *
netctl_link_begin (NetctlLink *link, guint16 type, guint16 flags)
{
  return begin (link, type, flags);
}

int
netctl_link_command (NetctlLink *link, struct nlmsghdr *message)
{
  return command (link, message);
}

int
netctl_link_talk (NetctlLink *link, struct nlmsghdr *message, mnl_cb_t callback, gpointer data)
{
  return talk (link, message, callback, data);
}

gboolean
netctl_link_dump (NetctlLink *link, guint16 type, NetctlLinkQuery query, gpointer data,
                  mnl_cb_t collect, GArray *entries, const char *what, GError **error)
{
  int code = EINTR;

  for (guint i = 0; i < DUMP_TRIES && code == EINTR; i++)
    {
      struct nlmsghdr *message = begin (link, type, NLM_F_DUMP);

      g_array_set_size (entries, 0);
      query (message, data);
      code = talk (link, message, collect, entries);
    }
  return check (error, code, "list", what);
}

gboolean
netctl_link_check (GError **error, int code, const char *what, const char *object)
{
  return check (error, code, what, object);
}
