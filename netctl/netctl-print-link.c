/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes, neighbours and routing rules of a namespace as lines. */
#include "netctl-link-priv.h"
#include "netctl-link.h"
#include "netctl-print.h"
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* What a route of IPv6 has when none is asked for. */
#define USUAL_METRIC6 1024

typedef struct
{
  NetctlLines *lines;
  const char *place;
  gboolean all;
  GHashTable *names; /* link index -> name */
} Reader;

typedef void (*ReadFunc) (const Reader *reader, const struct nlmsghdr *message);

static GSocketFamily
family_of (int system_family)
{
  return system_family == AF_INET    ? G_SOCKET_FAMILY_IPV4
         : system_family == AF_INET6 ? G_SOCKET_FAMILY_IPV6
                                     : G_SOCKET_FAMILY_INVALID;
}

/* "10.0.0.0/24", or "" without such an attribute. The caller frees it. */
static char *
address_text (const struct nlattr *attribute, int system_family, guint length)
{
  NetctlPrefix prefix = { .family = family_of (system_family), .length = length };
  guint size = prefix.family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;

  if (attribute == NULL || prefix.family == G_SOCKET_FAMILY_INVALID
      || mnl_attr_get_payload_len (attribute) != size)
    return g_strdup ("");
  memcpy (prefix.bytes, mnl_attr_get_payload (attribute), size);
  return netctl_prefix_format (&prefix);
}

static char *
host_text (const struct nlattr *attribute, int system_family)
{
  return address_text (attribute, system_family, system_family == AF_INET ? 32 : 128);
}

static guint32
number_of (const struct nlattr *attribute, guint32 otherwise)
{
  return attribute != NULL && mnl_attr_get_payload_len (attribute) == 4
             ? mnl_attr_get_u32 (attribute)
             : otherwise;
}

static guint8
byte_of (const struct nlattr *attribute)
{
  return attribute != NULL && mnl_attr_get_payload_len (attribute) == 1
             ? mnl_attr_get_u8 (attribute)
             : 0;
}

static const char *
name_of (const Reader *reader, guint32 index)
{
  const char *name = g_hash_table_lookup (reader->names, GUINT_TO_POINTER (index));

  return name != NULL ? name : "?";
}

/* On the host, which is not ours alone. */
static gboolean
is_our_link (const Reader *reader, const char *name)
{
  guint32 index;

  return reader->all || netctl_uplink_name_parse (name, &index)
         || netctl_tap_name_parse (name, &index);
}

/* Attributes by their type; those above @max are left out. */
static void
index_attributes (const struct nlmsghdr *message, gsize header, const struct nlattr **out,
                  guint max)
{
  const struct nlattr *attribute;

  memset (out, 0, sizeof *out * (max + 1));
  mnl_attr_for_each (attribute, message, header)
  {
    if (mnl_attr_get_type (attribute) <= max)
      out[mnl_attr_get_type (attribute)] = attribute;
  }
}

static void
read_link (const Reader *reader, const struct nlmsghdr *message)
{
  const struct ifinfomsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *found[IFLA_LINKINFO + 1];
  const char *name, *state = (header->ifi_flags & IFF_UP) != 0 ? "up" : "down";
  guint32 index;

  index_attributes (message, sizeof *header, found, IFLA_LINKINFO);
  name = mnl_attr_get_str (found[IFLA_IFNAME]);
  g_hash_table_insert (reader->names, GINT_TO_POINTER (header->ifi_index), g_strdup (name));
  if (!is_our_link (reader, name))
    return;
  if (netctl_tap_name_parse (name, &index) && found[IFLA_ADDRESS] != NULL)
    {
      g_autofree char *mac = netctl_mac_format (mnl_attr_get_payload (found[IFLA_ADDRESS]));

      netctl_lines_add (reader->lines, reader->place, "link %s mac %s mtu %u %s", name, mac,
                        number_of (found[IFLA_MTU], 0), state);
    }
  else
    netctl_lines_add (reader->lines, reader->place, "link %s %s", name, state);
}

/* Without what the kernel gives each link by itself. */
static void
read_address (const Reader *reader, const struct nlmsghdr *message)
{
  const struct ifaddrmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *found[IFA_PROTO + 1];
  const char *name = name_of (reader, header->ifa_index);
  g_autofree char *text = NULL;

  index_attributes (message, sizeof *header, found, IFA_PROTO);
  text = address_text (found[found[IFA_LOCAL] != NULL ? IFA_LOCAL : IFA_ADDRESS],
                       header->ifa_family, header->ifa_prefixlen);
  if (is_our_link (reader, name) && !g_str_equal (name, "lo")
      && byte_of (found[IFA_PROTO]) != IFAPROT_KERNEL_LL)
    netctl_lines_add (reader->lines, reader->place, "address %s dev %s", text, name);
}

static void
append_if (GString *out, const char *format, const char *text)
{
  if (*text == '\0')
    return;
  g_string_append (out, format);
  g_string_append (out, text);
}

/* What follows the destination of a route. */
static char *
route_text (const Reader *reader, const struct rtmsg *header, const struct nlattr **found)
{
  GString *out = g_string_new (header->rtm_type == RTN_UNICAST ? NULL : " drop");
  g_autofree char *gateway = host_text (found[RTA_GATEWAY], header->rtm_family);
  g_autofree char *source = host_text (found[RTA_PREFSRC], header->rtm_family);
  guint32 usual = header->rtm_family == AF_INET6 ? USUAL_METRIC6 : 0;
  guint32 metric = number_of (found[RTA_PRIORITY], 0);
  guint32 table = number_of (found[RTA_TABLE], header->rtm_table);

  append_if (out, " via ", gateway);
  if (header->rtm_type == RTN_UNICAST && found[RTA_OIF] != NULL)
    append_if (out, " dev ", name_of (reader, number_of (found[RTA_OIF], 0)));
  append_if (out, " src ", source);
  if (metric != usual)
    g_string_append_printf (out, " metric %u", metric);
  if (table != RT_TABLE_MAIN)
    g_string_append_printf (out, " table %u", table);
  return g_string_free (out, FALSE);
}

/* Without those that the kernel makes of addresses. */
static void
read_route (const Reader *reader, const struct nlmsghdr *message)
{
  const struct rtmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *found[RTA_TABLE + 1];
  g_autofree char *destination = NULL, *rest = NULL;
  const char *device;

  index_attributes (message, sizeof *header, found, RTA_TABLE);
  device = name_of (reader, number_of (found[RTA_OIF], 0));
  if (header->rtm_protocol == RTPROT_KERNEL || (header->rtm_flags & RTM_F_CLONED) != 0
      || (header->rtm_type != RTN_UNICAST && header->rtm_type != RTN_BLACKHOLE)
      || (header->rtm_protocol != NETCTL_LINK_PROTOCOL && !is_our_link (reader, device)))
    return;
  destination = address_text (found[RTA_DST], header->rtm_family, header->rtm_dst_len);
  rest = route_text (reader, header, found);
  netctl_lines_add (reader->lines, reader->place, "route %s%s",
                    *destination != '\0'             ? destination
                    : header->rtm_family == AF_INET6 ? "default6"
                                                     : "default",
                    rest);
}

/* What was not learnt. */
static void
read_neighbour (const Reader *reader, const struct nlmsghdr *message)
{
  const struct ndmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *found[NDA_PROTOCOL + 1];
  const char *name = name_of (reader, (guint32) header->ndm_ifindex);
  g_autofree char *address = NULL;

  index_attributes (message, sizeof *header, found, NDA_PROTOCOL);
  address = host_text (found[NDA_DST], header->ndm_family);
  if (*address == '\0'
      || (byte_of (found[NDA_PROTOCOL]) != NETCTL_LINK_PROTOCOL && !is_our_link (reader, name)))
    return;
  if ((header->ndm_flags & NTF_PROXY) != 0)
    netctl_lines_add (reader->lines, reader->place, "neighbour %s dev %s proxy", address, name);
  else if ((header->ndm_state & NUD_PERMANENT) != 0 && found[NDA_LLADDR] != NULL
           && mnl_attr_get_payload_len (found[NDA_LLADDR]) == 6)
    {
      g_autofree char *mac = netctl_mac_format (mnl_attr_get_payload (found[NDA_LLADDR]));

      netctl_lines_add (reader->lines, reader->place, "neighbour %s dev %s mac %s", address, name,
                        mac);
    }
}

/* Without the three that every namespace has. */
static void
read_rule (const Reader *reader, const struct nlmsghdr *message)
{
  const struct fib_rule_hdr *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *found[FRA_PROTOCOL + 1];
  guint8 protocol;

  index_attributes (message, sizeof *header, found, FRA_PROTOCOL);
  protocol = byte_of (found[FRA_PROTOCOL]);
  if (protocol == RTPROT_KERNEL || (protocol != NETCTL_LINK_PROTOCOL && !reader->all))
    return;
  netctl_lines_add (reader->lines, reader->place, "rule %u%s table %u",
                    number_of (found[FRA_PRIORITY], 0), header->family == AF_INET6 ? " ipv6" : "",
                    number_of (found[FRA_TABLE], header->table));
}

/* Lists */

static void
put_query (struct nlmsghdr *message, gpointer data)
{
  /* Each kind's header is at least this long, and begins with the family. */
  mnl_nlmsg_put_extra_header (message, GPOINTER_TO_SIZE (data));
}

static void
put_proxy_query (struct nlmsghdr *message, gpointer data)
{
  struct ndmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ndm_flags = NTF_PROXY;
}

static int
collect (const struct nlmsghdr *message, void *data)
{
  GBytes *copy = g_bytes_new (message, message->nlmsg_len);

  g_array_append_val (data, copy);
  return MNL_CB_OK;
}

static void
clear_bytes (gpointer data)
{
  g_bytes_unref (*(GBytes **) data);
}

static gboolean
read_all (const Reader *reader, NetctlLink *link, guint16 type, NetctlLinkQuery query, gsize size,
          ReadFunc func, GError **error)
{
  g_autoptr (GArray) messages = g_array_new (FALSE, FALSE, sizeof (GBytes *));

  g_array_set_clear_func (messages, clear_bytes);
  if (!netctl_link_dump (link, type, query, GSIZE_TO_POINTER (size), collect, messages, "network",
                         error))
    return FALSE;
  for (guint i = 0; i < messages->len; i++)
    func (reader, g_bytes_get_data (g_array_index (messages, GBytes *, i), NULL));
  return TRUE;
}

gboolean
netctl_print_links (NetctlLines *lines, const char *place, int fd, gboolean all, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GHashTable) names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  Reader reader = { lines, place, all, names };

  return link != NULL
         && read_all (&reader, link, RTM_GETLINK, put_query, sizeof (struct ifinfomsg), read_link,
                      error)
         && read_all (&reader, link, RTM_GETADDR, put_query, sizeof (struct ifaddrmsg),
                      read_address, error)
         && read_all (&reader, link, RTM_GETROUTE, put_query, sizeof (struct rtmsg), read_route,
                      error)
         && read_all (&reader, link, RTM_GETNEIGH, put_query, sizeof (struct ndmsg), read_neighbour,
                      error)
         && read_all (&reader, link, RTM_GETNEIGH, put_proxy_query, 0, read_neighbour, error)
         && read_all (&reader, link, RTM_GETRULE, put_query, sizeof (struct fib_rule_hdr),
                      read_rule, error);
}
