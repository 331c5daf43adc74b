/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's part in public addresses: routes to the VPCs and neighbours that the host answers
 * for. */
#include "netctl-public.h"
#include "netctl-link-priv.h"
#include "netctl-ns.h"
#include "netctl-route.h"
#include "netctl-shape.h"
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

void
netctl_public_collect (GArray *publics, const NetctlVpc *vpc)
{
  g_autoptr (GHashTable) classes = netctl_shape_publics (vpc);

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, i);
      NetctlHostPublic entry = { .vpc = vpc->index, .public = *public };

      if (public->kbit_s_in != 0)
        entry.class = GPOINTER_TO_UINT (g_hash_table_lookup (classes, &public->address));
      g_array_append_val (publics, entry);
    }
}

/* Neighbours that the host answers for */

typedef struct
{
  guint32 address; /* network order */
  int device;
} Proxy;

static void
put_query (struct nlmsghdr *message, gpointer data)
{
  struct ndmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ndm_family = AF_INET;
  header->ndm_flags = NTF_PROXY;
}

static int
collect (const struct nlmsghdr *message, void *data)
{
  const struct ndmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute;
  Proxy proxy = { .device = header->ndm_ifindex };
  gboolean is_ours = FALSE;

  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == NDA_DST && mnl_attr_get_payload_len (attribute) == 4)
      proxy.address = mnl_attr_get_u32 (attribute);
    else if (mnl_attr_get_type (attribute) == NDA_PROTOCOL)
      is_ours = mnl_attr_get_u8 (attribute) == NETCTL_LINK_PROTOCOL;
  }
  if (is_ours && (header->ndm_flags & NTF_PROXY) != 0)
    g_array_append_val (data, proxy);
  return MNL_CB_OK;
}

static int
change (NetctlLink *link, guint16 type, guint16 flags, const Proxy *proxy)
{
  struct nlmsghdr *message = netctl_link_begin (link, type, flags);
  struct ndmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->ndm_family = AF_INET;
  header->ndm_ifindex = proxy->device;
  header->ndm_flags = NTF_PROXY;
  header->ndm_state = NUD_PERMANENT;
  mnl_attr_put (message, NDA_DST, sizeof proxy->address, &proxy->address);
  if (type == RTM_NEWNEIGH)
    mnl_attr_put_u8 (message, NDA_PROTOCOL, NETCTL_LINK_PROTOCOL);
  return netctl_link_command (link, message);
}

static guint
hash_proxy (gconstpointer key)
{
  return ((const Proxy *) key)->address;
}

static gboolean
equal_proxies (gconstpointer x, gconstpointer y)
{
  const Proxy *a = x, *b = y;

  return a->address == b->address && a->device == b->device;
}

static GHashTable *
index_proxies (const GArray *proxies)
{
  GHashTable *index = g_hash_table_new (hash_proxy, equal_proxies);

  for (guint i = 0; i < proxies->len; i++)
    g_hash_table_add (index, &g_array_index (proxies, Proxy, i));
  return index;
}

static gboolean
set_proxies (NetctlLink *link, const GArray *wanted, GError **error)
{
  g_autoptr (GArray) present = g_array_new (FALSE, FALSE, sizeof (Proxy));
  g_autoptr (GHashTable) wish = index_proxies (wanted), known = NULL;

  if (!netctl_link_dump (link, RTM_GETNEIGH, put_query, NULL, collect, present, "neighbours",
                         error))
    return FALSE;
  known = index_proxies (present);
  for (guint i = 0; i < present->len; i++)
    {
      const Proxy *proxy = &g_array_index (present, Proxy, i);
      int code = g_hash_table_contains (wish, proxy) ? 0 : change (link, RTM_DELNEIGH, 0, proxy);

      if (code != ENOENT
          && !netctl_link_check (error, code, "stop answering for", "public address"))
        return FALSE;
    }
  for (guint i = 0; i < wanted->len; i++)
    {
      const Proxy *proxy = &g_array_index (wanted, Proxy, i);

      if (!g_hash_table_contains (known, proxy)
          && !netctl_link_check (error,
                                 change (link, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, proxy),
                                 "answer for", "public address"))
        return FALSE;
    }
  return TRUE;
}

static gboolean
set_neighbours (NetctlLink *link, const GArray *publics, const char *interface, GError **error)
{
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (Proxy));
  g_autoptr (NetctlLinkInfo) info = NULL;
  GError *fault = NULL;

  if (interface != NULL && publics->len > 0)
    {
      info = netctl_link_find (link, interface, &fault);
      if (info == NULL && fault == NULL)
        g_set_error (&fault, NETCTL_ERROR, NETCTL_ERROR_KERNEL,
                     "the link \"%s\" for public addresses is not there", interface);
      if (fault != NULL)
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
    }
  for (guint i = 0; info != NULL && i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      Proxy proxy = { netctl_prefix_ipv4 (&entry->public.address), info->index };

      g_array_append_val (wanted, proxy);
    }
  /* Else the kernel lets each asker wait for up to 0.8 s. */
  if (wanted->len > 0)
    {
      g_autofree char *delay = g_strdup_printf ("ipv4/neigh/%s/proxy_delay", interface);

      if (!netctl_ns_sysctl (delay, "0", error))
        return FALSE;
    }
  return set_proxies (link, wanted, error);
}

/* Routes */

static GArray *
routes_of (NetctlLink *link, const GArray *publics, GError **error)
{
  g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (NetctlRouteEntry));
  g_autoptr (GHashTable) devices = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) links = NULL;

  if (publics->len == 0)
    return g_steal_pointer (&routes);
  links = netctl_link_list (link, error);
  if (links == NULL)
    return NULL;
  for (guint i = 0; i < links->len; i++)
    {
      NetctlLinkInfo *info = g_ptr_array_index (links, i);

      if (info->is_up)
        g_hash_table_insert (devices, info->name, GINT_TO_POINTER (info->index));
    }
  for (guint i = 0; i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      g_autofree char *name = netctl_vpc_uplink_name (entry->vpc);
      NetctlRouteEntry route
          = { .destination = entry->public.address,
              .gateway = netctl_prefix_from_ipv4 (netctl_vpc_transit_address (entry->vpc)),
              .device = GPOINTER_TO_INT (g_hash_table_lookup (devices, name)),
              .table = RT_TABLE_MAIN };

      if (route.device != 0)
        g_array_append_val (routes, route);
    }
  return g_steal_pointer (&routes);
}

gboolean
netctl_public_apply (const GArray *publics, const char *interface, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (-1, error);
  g_autoptr (GArray) routes = link != NULL ? routes_of (link, publics, error) : NULL;

  return routes != NULL && netctl_route_set (link, routes, error)
         && set_neighbours (link, publics, interface, error);
}
