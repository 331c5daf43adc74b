/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes and neighbours by rtnetlink. */
#pragma once
#include "netctl-plan.h"

/* A route socket of one namespace. Not for two threads at once. */
typedef struct NetctlLink NetctlLink;

/* One link as the kernel describes it. */
typedef struct
{
  char *name;
  int index;
  int peer; /* index of a veth's other end, in its own namespace; else 0 */
  gboolean is_up;
  gboolean has_carrier; /* of a tap: a process holds it */
} NetctlLinkInfo;

/* A socket of the namespace behind @fd, or of the caller's with -1. Usable from any thread. */
NetctlLink *netctl_link_open (int fd, GError **error);
void netctl_link_close (NetctlLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlLink, netctl_link_close)
void netctl_link_info_free (NetctlLinkInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlLinkInfo, netctl_link_info_free)

/* All links; NetctlLinkInfo*, owned by the array. NULL on failure. */
GPtrArray *netctl_link_list (NetctlLink *link, GError **error);
/* The link called @name, or NULL without an error if there is none. */
NetctlLinkInfo *netctl_link_find (NetctlLink *link, const char *name, GError **error);

/* A bridge without ports, as an anchor of addresses. */
gboolean netctl_link_add_bridge (NetctlLink *link, const char *name, GError **error);
/* A veth pair: @name here, @peer in the namespace behind @peer_fd. */
gboolean netctl_link_add_veth (NetctlLink *link, const char *name, const char *peer, int peer_fd,
                               GError **error);
/* Absent is success. */
gboolean netctl_link_delete (NetctlLink *link, const char *name, GError **error);
/* Into the namespace behind @fd; the link is down afterwards. NETCTL_ERROR_NO_TAP if it is gone. */
gboolean netctl_link_move (NetctlLink *link, const NetctlLinkInfo *info, int fd, GError **error);
/* NETCTL_ERROR_NO_TAP if it is gone, here and below. */
gboolean netctl_link_set_up (NetctlLink *link, const NetctlLinkInfo *info, gboolean up,
                             GError **error);
gboolean netctl_link_set_mac (NetctlLink *link, const NetctlLinkInfo *info, const guint8 mac[6],
                              GError **error);
gboolean netctl_link_set_mtu (NetctlLink *link, const NetctlLinkInfo *info, guint mtu,
                              GError **error);

/* Makes the link's addresses of that family exactly these (NetctlPrefix, host bits set). Those of
 * IPv6 are lost when the link goes down. */
gboolean netctl_link_set_addresses (NetctlLink *link, const NetctlLinkInfo *info,
                                    GSocketFamily family, const GArray *addresses, GError **error);

/* A host behind a link: a route of full length and a permanent neighbour. */
typedef struct
{
  NetctlPrefix address; /* of full length */
  guint32 source;       /* which of our addresses speaks to it, IPv4 in network order; 0 for the
                           kernel's choice */
  gboolean is_on_link;  /* needs no route of its own: a link-local address */
} NetctlLinkHost;
/* Makes the hosts behind the link exactly these (NetctlLinkHost), all at @mac. */
gboolean netctl_link_set_hosts (NetctlLink *link, const NetctlLinkInfo *info, const GArray *hosts,
                                const guint8 mac[6], GError **error);
/* A route of full length to @address by the link, or the default route with @address 0 via
 * @gateway. */
gboolean netctl_link_set_route (NetctlLink *link, const NetctlLinkInfo *info, guint32 address,
                                guint32 gateway, GError **error);
