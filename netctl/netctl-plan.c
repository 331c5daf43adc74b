/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a plan: copying, checking, comparing, and the names of the objects made from them. */
#include "netctl-plan.h"
#include <arpa/inet.h>
#include <string.h>

/* Not G_DEFINE_QUARK: its cache is a plain static, a data race where two threads fail at once. */
GQuark
netctl_error_quark (void)
{
  return g_quark_from_static_string ("netctl-error-quark");
}

/* A port in more groups than this would need a chain name longer than nft allows. */
#define GROUPS_MAX 16
#define ADDRESSES_MAX 64

NetctlVpc *
netctl_vpc_new (void)
{
  NetctlVpc *vpc = g_new0 (NetctlVpc, 1);

  vpc->subnets = g_array_new (FALSE, TRUE, sizeof (NetctlSubnet));
  vpc->routes = g_array_new (FALSE, TRUE, sizeof (NetctlRoute));
  vpc->publics = g_array_new (FALSE, TRUE, sizeof (NetctlPublic));
  vpc->eips = g_array_new (FALSE, TRUE, sizeof (NetctlEip));
  vpc->snats = g_array_new (FALSE, TRUE, sizeof (NetctlSnat));
  vpc->forwards = g_array_new (FALSE, TRUE, sizeof (NetctlForward));
  vpc->remotes = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_remote_free);
  return vpc;
}

NetctlRemote *
netctl_remote_new (void)
{
  NetctlRemote *remote = g_new0 (NetctlRemote, 1);

  remote->groups = g_array_new (FALSE, TRUE, sizeof (guint32));
  return remote;
}

NetctlGroup *
netctl_group_new (void)
{
  NetctlGroup *group = g_new0 (NetctlGroup, 1);

  group->rules = g_array_new (FALSE, TRUE, sizeof (NetctlRule));
  return group;
}

NetctlPort *
netctl_port_new (void)
{
  NetctlPort *port = g_new0 (NetctlPort, 1);

  port->addresses = g_array_new (FALSE, TRUE, sizeof (NetctlPrefix));
  port->groups = g_array_new (FALSE, TRUE, sizeof (guint32));
  return port;
}

NetctlPlan *
netctl_plan_new (void)
{
  NetctlPlan *plan = g_new0 (NetctlPlan, 1);

  plan->vpcs = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_vpc_free);
  plan->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_group_free);
  plan->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_port_free);
  plan->hosts = g_array_new (FALSE, TRUE, sizeof (NetctlHost));
  return plan;
}

NetctlUse *
netctl_use_new (void)
{
  NetctlUse *use = g_new0 (NetctlUse, 1);

  use->ports = g_array_new (FALSE, TRUE, sizeof (NetctlPortUse));
  use->publics = g_array_new (FALSE, TRUE, sizeof (NetctlPublicUse));
  return use;
}

void
netctl_use_free (NetctlUse *use)
{
  if (use == NULL)
    return;
  g_array_unref (use->ports);
  g_array_unref (use->publics);
  g_free (use);
}

void
netctl_vpc_free (NetctlVpc *vpc)
{
  if (vpc == NULL)
    return;
  g_free (vpc->id);
  g_free (vpc->domain);
  g_array_unref (vpc->subnets);
  g_array_unref (vpc->routes);
  g_array_unref (vpc->publics);
  g_array_unref (vpc->eips);
  g_array_unref (vpc->snats);
  g_array_unref (vpc->forwards);
  g_ptr_array_unref (vpc->remotes);
  g_free (vpc);
}

void
netctl_remote_free (NetctlRemote *remote)
{
  if (remote == NULL)
    return;
  g_array_unref (remote->groups);
  g_free (remote);
}

void
netctl_group_free (NetctlGroup *group)
{
  if (group == NULL)
    return;
  g_array_unref (group->rules);
  g_free (group);
}

void
netctl_port_free (NetctlPort *port)
{
  if (port == NULL)
    return;
  g_free (port->id);
  g_free (port->host_name);
  g_array_unref (port->addresses);
  g_array_unref (port->groups);
  g_free (port);
}

void
netctl_plan_free (NetctlPlan *plan)
{
  if (plan == NULL)
    return;
  g_ptr_array_unref (plan->vpcs);
  g_ptr_array_unref (plan->groups);
  g_ptr_array_unref (plan->ports);
  g_array_unref (plan->hosts);
  g_free (plan);
}

static void
copy_array (GArray *to, const GArray *from)
{
  g_array_append_vals (to, from->data, from->len);
}

static NetctlRemote *
remote_copy (const NetctlRemote *remote)
{
  NetctlRemote *copy = netctl_remote_new ();

  copy->address = remote->address;
  copy->host = remote->host;
  copy_array (copy->groups, remote->groups);
  return copy;
}

NetctlVpc *
netctl_vpc_copy (const NetctlVpc *vpc)
{
  NetctlVpc *copy = netctl_vpc_new ();

  copy->index = vpc->index;
  copy->id = g_strdup (vpc->id);
  copy->nat = vpc->nat;
  copy->domain = g_strdup (vpc->domain);
  copy_array (copy->subnets, vpc->subnets);
  copy_array (copy->routes, vpc->routes);
  copy_array (copy->publics, vpc->publics);
  copy_array (copy->eips, vpc->eips);
  copy_array (copy->snats, vpc->snats);
  copy_array (copy->forwards, vpc->forwards);
  for (guint i = 0; i < vpc->remotes->len; i++)
    g_ptr_array_add (copy->remotes, remote_copy (g_ptr_array_index (vpc->remotes, i)));
  return copy;
}

NetctlGroup *
netctl_group_copy (const NetctlGroup *group)
{
  NetctlGroup *copy = netctl_group_new ();

  copy->vpc = group->vpc;
  copy->index = group->index;
  copy->members_reach_each_other = group->members_reach_each_other;
  copy_array (copy->rules, group->rules);
  return copy;
}

NetctlPort *
netctl_port_copy (const NetctlPort *port)
{
  NetctlPort *copy = netctl_port_new ();

  copy->vpc = port->vpc;
  copy->index = port->index;
  copy->id = g_strdup (port->id);
  copy->host_name = g_strdup (port->host_name);
  memcpy (copy->mac, port->mac, sizeof copy->mac);
  copy->is_secondary = port->is_secondary;
  copy->kbit_s_in = port->kbit_s_in;
  copy->kbit_s_out = port->kbit_s_out;
  copy_array (copy->addresses, port->addresses);
  copy_array (copy->groups, port->groups);
  return copy;
}

gboolean
netctl_prefix_parse (const char *text, NetctlPrefix *out)
{
  g_autofree char *address = NULL;
  NetctlPrefix prefix = { 0 };
  const char *slash;
  guint64 length;
  guint full;

  if (text == NULL)
    return FALSE;
  slash = strchr (text, '/');
  address = slash != NULL ? g_strndup (text, slash - text) : g_strdup (text);
  if (inet_pton (AF_INET, address, prefix.bytes) == 1)
    prefix.family = G_SOCKET_FAMILY_IPV4;
  else if (inet_pton (AF_INET6, address, prefix.bytes) == 1)
    prefix.family = G_SOCKET_FAMILY_IPV6;
  else
    return FALSE;
  full = prefix.family == G_SOCKET_FAMILY_IPV4 ? 32 : 128;
  prefix.length = full;
  if (slash != NULL)
    {
      /* "010" and "" are not lengths anybody should have to guess about. */
      if (!g_ascii_string_to_unsigned (slash + 1, 10, 0, full, &length, NULL)
          || (slash[1] == '0' && slash[2] != '\0'))
        return FALSE;
      prefix.length = (guint) length;
    }
  *out = prefix;
  return TRUE;
}

char *
netctl_prefix_address (const NetctlPrefix *prefix)
{
  char text[INET6_ADDRSTRLEN];

  inet_ntop (prefix->family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6, prefix->bytes, text,
             sizeof text);
  return g_strdup (text);
}

char *
netctl_prefix_format (const NetctlPrefix *prefix)
{
  g_autofree char *address = netctl_prefix_address (prefix);

  if (prefix->length == (prefix->family == G_SOCKET_FAMILY_IPV4 ? 32 : 128))
    return g_steal_pointer (&address);
  return g_strdup_printf ("%s/%u", address, prefix->length);
}

NetctlPrefix
netctl_prefix_masked (const NetctlPrefix *prefix)
{
  NetctlPrefix masked = *prefix;

  for (guint i = 0; i < sizeof masked.bytes; i++)
    {
      guint kept = prefix->length > i * 8 ? MIN (prefix->length - i * 8, 8) : 0;

      masked.bytes[i] &= (guint8) (0xff00u >> kept);
    }
  return masked;
}

char *
netctl_prefix_network (const NetctlPrefix *prefix)
{
  NetctlPrefix masked = netctl_prefix_masked (prefix);
  g_autofree char *address = netctl_prefix_address (&masked);

  return g_strdup_printf ("%s/%u", address, prefix->length);
}

gboolean
netctl_prefix_equal (const NetctlPrefix *a, const NetctlPrefix *b)
{
  return a->family == b->family && a->length == b->length
         && memcmp (a->bytes, b->bytes, a->family == G_SOCKET_FAMILY_IPV4 ? 4 : 16) == 0;
}

guint
netctl_prefix_hash (gconstpointer key)
{
  const NetctlPrefix *prefix = key;
  guint hash = prefix->length;

  for (guint i = 0; i < (prefix->family == G_SOCKET_FAMILY_IPV4 ? 4 : 16); i++)
    hash = hash * 31 + prefix->bytes[i];
  return hash;
}

gboolean
netctl_prefix_contains (const NetctlPrefix *range, const NetctlPrefix *address)
{
  guint whole = range->length / 8, rest = range->length % 8;

  if (range->family != address->family || range->length > address->length)
    return FALSE;
  if (memcmp (range->bytes, address->bytes, whole) != 0)
    return FALSE;
  return rest == 0 || ((range->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

gboolean
netctl_prefix_is_host4 (const NetctlPrefix *prefix)
{
  return prefix->family == G_SOCKET_FAMILY_IPV4 && prefix->length == 32;
}

gboolean
netctl_prefix_is_host6 (const NetctlPrefix *prefix)
{
  return prefix->family == G_SOCKET_FAMILY_IPV6 && prefix->length == 128;
}

guint32
netctl_prefix_ipv4 (const NetctlPrefix *prefix)
{
  guint32 address;

  memcpy (&address, prefix->bytes, sizeof address);
  return address;
}

NetctlPrefix
netctl_prefix_from_ipv4 (guint32 address)
{
  NetctlPrefix prefix = { .family = G_SOCKET_FAMILY_IPV4, .length = 32 };

  memcpy (prefix.bytes, &address, sizeof address);
  return prefix;
}

const NetctlSubnet *
netctl_vpc_subnet_of (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlSubnet *subnet = &g_array_index (vpc->subnets, NetctlSubnet, i);

      if (netctl_prefix_contains (&subnet->range, address))
        return subnet;
    }
  return NULL;
}

gboolean
netctl_vpc_has_ipv6 (const NetctlVpc *vpc)
{
  for (guint i = 0; i < vpc->subnets->len; i++)
    if (g_array_index (vpc->subnets, NetctlSubnet, i).range.family == G_SOCKET_FAMILY_IPV6)
      return TRUE;
  return FALSE;
}

NetctlPrefix
netctl_prefix_link_local (const guint8 mac[6])
{
  return (NetctlPrefix){ .family = G_SOCKET_FAMILY_IPV6,
                         .length = 128,
                         .bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff,
                                    0xfe, mac[3], mac[4], mac[5] } };
}

gboolean
netctl_vpc_same_subnets (const NetctlVpc *a, const NetctlVpc *b)
{
  if (a == NULL || a->subnets->len != b->subnets->len)
    return FALSE;
  for (guint i = 0; i < a->subnets->len; i++)
    {
      const NetctlSubnet *x = &g_array_index (a->subnets, NetctlSubnet, i);
      const NetctlSubnet *y = &g_array_index (b->subnets, NetctlSubnet, i);

      if (!netctl_prefix_equal (&x->range, &y->range)
          || !netctl_prefix_equal (&x->gateway, &y->gateway))
        return FALSE;
    }
  return TRUE;
}

gboolean
netctl_vpc_same_routes (const NetctlVpc *a, const NetctlVpc *b)
{
  if (a == NULL || a->routes->len != b->routes->len)
    return FALSE;
  for (guint i = 0; i < a->routes->len; i++)
    {
      const NetctlRoute *x = &g_array_index (a->routes, NetctlRoute, i);
      const NetctlRoute *y = &g_array_index (b->routes, NetctlRoute, i);

      if (!netctl_prefix_equal (&x->destination, &y->destination)
          || !netctl_prefix_equal (&x->next_hop, &y->next_hop))
        return FALSE;
    }
  return TRUE;
}

gboolean
netctl_port_same_guest (const NetctlPort *a, const NetctlPort *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  if (memcmp (a->mac, b->mac, sizeof a->mac) != 0 || g_strcmp0 (a->host_name, b->host_name) != 0
      || !a->is_secondary != !b->is_secondary || a->addresses->len != b->addresses->len)
    return FALSE;
  for (guint i = 0; i < a->addresses->len; i++)
    if (!netctl_prefix_equal (&g_array_index (a->addresses, NetctlPrefix, i),
                              &g_array_index (b->addresses, NetctlPrefix, i)))
      return FALSE;
  return TRUE;
}

char *
netctl_port_tap_name (guint32 port_index)
{
  return g_strdup_printf ("et%08x", port_index);
}

char *
netctl_vpc_namespace_name (guint32 vpc_index)
{
  return g_strdup_printf ("ecs-v%06x", vpc_index);
}

char *
netctl_vpc_uplink_name (guint32 vpc_index)
{
  return g_strdup_printf ("eu%06x", vpc_index);
}

guint32
netctl_vpc_transit_address (guint32 vpc_index)
{
  return htonl (0x64400002u + vpc_index);
}

char *
netctl_mac_format (const guint8 mac[6])
{
  return g_strdup_printf ("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                          mac[5]);
}

static gboolean
name_parse (const char *name, const char *prefix, guint digits, guint32 max, guint32 *out_index)
{
  guint64 index = 0;
  const char *text;

  if (!g_str_has_prefix (name, prefix))
    return FALSE;
  text = name + strlen (prefix);
  if (strlen (text) != digits)
    return FALSE;
  for (; *text != '\0'; text++)
    {
      if (!g_ascii_isxdigit (*text) || g_ascii_isupper (*text))
        return FALSE;
      index = index * 16 + (guint64) g_ascii_xdigit_value (*text);
    }
  if (index > max)
    return FALSE;
  *out_index = (guint32) index;
  return TRUE;
}

gboolean
netctl_namespace_name_parse (const char *name, guint32 *out_index)
{
  return name_parse (name, "ecs-v", 6, NETCTL_VPC_INDEX_MAX, out_index);
}

gboolean
netctl_uplink_name_parse (const char *name, guint32 *out_index)
{
  return name_parse (name, "eu", 6, NETCTL_VPC_INDEX_MAX, out_index);
}

gboolean
netctl_tap_name_parse (const char *name, guint32 *out_index)
{
  return name_parse (name, "et", 8, NETCTL_PORT_INDEX_MAX, out_index);
}

static gboolean
refuse (GError **error, const char *kind, const char *id, guint32 index, const char *what)
{
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "%s \"%s\" (index %u): %s", kind,
               id != NULL ? id : "", index, what);
  return FALSE;
}

static gboolean
overlap (const NetctlPrefix *a, const NetctlPrefix *b)
{
  return netctl_prefix_contains (a, b) || netctl_prefix_contains (b, a);
}

static gboolean
host_name_is_sane (const char *name)
{
  gsize length = strlen (name);

  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-' && *p != '.')
      return FALSE;
  return length <= 253 && name[0] != '-' && name[0] != '.';
}

static const char *
subnet4_fault (const NetctlSubnet *subnet)
{
  static const char *const own[] = { NETCTL_METADATA_ADDRESS, NETCTL_DNS_ADDRESS };
  const NetctlPrefix *range = &subnet->range;

  if (range->family != G_SOCKET_FAMILY_IPV4 || range->length < 8 || range->length > 30)
    return "a subnet must be an IPv4 range of 8 to 30 bits";
  if (!netctl_prefix_is_host4 (&subnet->gateway)
      || !netctl_prefix_contains (range, &subnet->gateway))
    return "a gateway must be a host address inside its subnet";
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    {
      NetctlPrefix address;

      netctl_prefix_parse (own[i], &address);
      if (netctl_prefix_contains (range, &address))
        return "a subnet contains the metadata address or the name server's";
    }
  return NULL;
}

static const char *
subnet6_fault (const NetctlSubnet *subnet)
{
  /* Not of any single host, or not of one alone. */
  static const char *const special[] = { "::/8", "fe80::/9", "ff00::/8" };

  if (subnet->range.length != 64)
    return "an IPv6 subnet must have 64 bits";
  for (guint i = 0; i < G_N_ELEMENTS (special); i++)
    {
      NetctlPrefix range;

      netctl_prefix_parse (special[i], &range);
      if (overlap (&range, &subnet->range))
        return "an IPv6 subnet is of a kind that cannot be routed";
    }
  return NULL;
}

gboolean
netctl_vpc_check (const NetctlVpc *vpc, GError **error)
{
  if (vpc->index > NETCTL_VPC_INDEX_MAX)
    return refuse (error, "vpc", vpc->id, vpc->index, "the index is too large");
  if (vpc->domain != NULL && !host_name_is_sane (vpc->domain))
    return refuse (error, "vpc", vpc->id, vpc->index, "the domain has a wrong character");
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlSubnet *subnet = &g_array_index (vpc->subnets, NetctlSubnet, i);
      const char *fault = subnet->range.family == G_SOCKET_FAMILY_IPV6 ? subnet6_fault (subnet)
                                                                       : subnet4_fault (subnet);

      if (fault != NULL)
        return refuse (error, "vpc", vpc->id, vpc->index, fault);
      for (guint j = 0; j < i; j++)
        if (overlap (&subnet->range, &g_array_index (vpc->subnets, NetctlSubnet, j).range))
          return refuse (error, "vpc", vpc->id, vpc->index, "two subnets overlap");
    }
  return netctl_vpc_check_ways (vpc, error);
}

gboolean
netctl_port_check (const NetctlPort *port, GError **error)
{
  static const guint8 no_mac[6];

  if (port->index > NETCTL_PORT_INDEX_MAX)
    return refuse (error, "port", port->id, port->index, "the index is too large");
  if (port->vpc > NETCTL_VPC_INDEX_MAX)
    return refuse (error, "port", port->id, port->index, "the vpc's index is too large");
  if ((port->mac[0] & 1) != 0 || memcmp (port->mac, no_mac, sizeof no_mac) == 0)
    return refuse (error, "port", port->id, port->index, "the MAC address is not a station's");
  if (port->addresses->len == 0 || port->addresses->len > ADDRESSES_MAX)
    return refuse (error, "port", port->id, port->index, "it needs 1 to 64 addresses");
  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (port->addresses, NetctlPrefix, i);

      if (!netctl_prefix_is_host4 (address) && !netctl_prefix_is_host6 (address))
        return refuse (error, "port", port->id, port->index, "an address is not a single one");
      if (i == 0 && address->family != G_SOCKET_FAMILY_IPV4)
        return refuse (error, "port", port->id, port->index, "its first address is not IPv4");
    }
  if (port->groups->len == 0 || port->groups->len > GROUPS_MAX)
    return refuse (error, "port", port->id, port->index, "it needs 1 to 16 groups");
  if (port->host_name != NULL && !host_name_is_sane (port->host_name))
    return refuse (error, "port", port->id, port->index, "the host name has a wrong character");
  return TRUE;
}
