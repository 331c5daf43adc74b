/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 at the taps: who may speak as whom, and what a guest may say to its router. There is nobody
 * else on its link, so what is meant for the link is meant for the router or for nobody. */
#include "netctl-nft-priv.h"

/* Fields of ICMPv6 behind the eight bytes that all have: the target of neighbour discovery, the
 * same as far as link-local addresses are alike, and the option behind it, "1, 1, MAC". */
#define TARGET "@th,64,128"
#define TARGET_SCOPE "@th,64,10"
#define OPTION_KIND "@th,192,16"
#define OPTION_MAC "@th,208,48"
#define LINK_LOCAL_SCOPE "0x3fa"
#define ROUTER_TARGET "0xfe800000000000000000000000000001"
/* The kind of a DHCPv6 message. To decline would take an address from its owner; to relay would
 * speak for others. */
#define DHCP6_KIND "@th,64,8"
#define DHCP6_KINDS "{ 1, 3, 4, 5, 6, 8, 11 }"
/* To netctl-guide.c, which answers. */
#define TO_GUIDE "log group " G_STRINGIFY (NETCTL_GUIDE_GROUP)

void
netctl_nft_add_identity6 (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port)
{
  NetctlTableObject *port6;
  NetctlPrefix link_local = netctl_prefix_link_local (port->mac);
  g_autofree char *tap = netctl_port_tap_name (port->index);
  g_autofree char *mac = netctl_mac_format (port->mac);

  if (!netctl_vpc_has_ipv6 (vpc))
    return;
  port6 = ensure_set (t, INET, "port6", "type ifname . ether_addr . ipv6_addr");
  for (guint i = 0; i <= port->addresses->len; i++)
    {
      const NetctlPrefix *address = i < port->addresses->len
                                        ? &g_array_index (port->addresses, NetctlPrefix, i)
                                        : &link_local;
      g_autofree char *text = netctl_prefix_address (address);

      if (address->family == G_SOCKET_FAMILY_IPV6)
        netctl_table_line (port6, "\"%s\" . %s . %s", tap, mac, text);
    }
}

/* What concerns the link: neighbours, routers, listeners of groups. */
static void
add_neighbours (NetctlTables *t)
{
  NetctlTableObject *nd = add_chain (t, INET, "c_nd", NULL);

  netctl_table_line (nd, "iifname . ether saddr != @portmac counter drop");
  netctl_table_line (nd, "ip6 saddr " NETCTL_ROUTER6 " counter drop");
  /* An address that does not follow from the MAC costs the kernel an entry. */
  netctl_table_line (nd, "ip6 saddr != :: iifname . ether saddr . ip6 saddr != @port6 "
                         "update @strangers { iifname limit rate over 2/second burst 20 packets } "
                         "counter drop");
  netctl_table_line (nd, "update @nd { iifname limit rate over 100/second burst 200 packets } "
                         "counter drop");
  /* Nobody forwards groups. */
  netctl_table_line (nd, "icmpv6 type { 130, 131, 132, 143 } drop");
  netctl_table_line (nd, "ip6 hoplimit != 255 counter drop");
  netctl_table_line (nd, "icmpv6 type nd-router-solicit ip6 saddr fe80::/10 goto c_guide");
  netctl_table_line (nd, "icmpv6 type nd-router-solicit ip6 saddr :: goto c_guide");
  /* Our kernel asks after link-local addresses alone. */
  netctl_table_line (nd, "icmpv6 type nd-neighbor-advert ip6 saddr fe80::/10 " TARGET_SCOPE
                         " " LINK_LOCAL_SCOPE " " TARGET " != " ROUTER_TARGET " accept");
  netctl_table_line (nd, "icmpv6 type != nd-neighbor-solicit counter drop");
  /* Whether an address is free: of ours only one is not, of others' none can be in the way. */
  netctl_table_line (nd, "ip6 saddr :: " TARGET " " ROUTER_TARGET " accept");
  netctl_table_line (nd, "ip6 saddr :: drop");
  netctl_table_line (nd, "ip6 saddr != fe80::/10 iifname . ether saddr . ip6 saddr != @port6 "
                         "counter drop");
  netctl_table_line (nd, "ip6 length != { 24, 32 } counter drop");
  netctl_table_line (nd, "ip6 length 32 " OPTION_KIND " != 0x0101 counter drop");
  netctl_table_line (nd, "ip6 length 32 iifname . " OPTION_MAC " != @dhcpmac counter drop");
  netctl_table_line (nd, TARGET " " ROUTER_TARGET " accept");
  netctl_table_line (nd, TARGET_SCOPE " " LINK_LOCAL_SCOPE " drop");
  netctl_table_line (nd, "goto c_guide");
}

void
netctl_nft_add_doors6 (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *raw, *near, *guide, *in, *out;

  ensure_set (t, INET, "port6", "type ifname . ether_addr . ipv6_addr");
  add_set (t, INET, "strangers", NETCTL_NFT_RATES);
  add_set (t, INET, "nd", NETCTL_NFT_RATES);
  add_set (t, INET, "guided", NETCTL_NFT_RATES);

  guide = add_chain (t, INET, "c_guide", NULL);
  netctl_table_line (guide, "update @guided { iifname limit rate over 10/second burst 30 packets } "
                            "counter drop");
  netctl_table_line (guide, TO_GUIDE " drop");
  add_neighbours (t);

  near = add_chain (t, INET, "c_near6", NULL);
  netctl_table_line (near, "iifname . ether saddr != @portmac counter drop");
  netctl_table_line (near, "ip6 saddr " NETCTL_ROUTER6 " counter drop");
  netctl_table_line (
      near, "ip6 saddr fe80::/10 udp sport 546 udp dport 547 ip6 daddr { ff02::1:2, " NETCTL_ROUTER6
            " } " DHCP6_KIND " " DHCP6_KINDS " goto c_guide");
  netctl_table_line (near, "ip6 daddr != " NETCTL_ROUTER6 " counter drop");
  netctl_table_line (near, "iifname . ether saddr . ip6 saddr @port6 accept");
  netctl_table_line (near,
                     "update @strangers { iifname limit rate over 2/second burst 20 packets } "
                     "counter drop");
  netctl_table_line (near, "ip6 saddr fe80::/10 icmpv6 type echo-request accept");
  netctl_table_line (near, "counter drop");

  raw = add_chain (t, INET, "c_raw6", NULL);
  netctl_table_line (raw, "icmpv6 type { 130-143, 148, 149, 151-153 } goto c_nd");
  /* Of link-local addresses on there are none that are routed. */
  netctl_table_line (raw, "ip6 daddr >= fe80:: goto c_near6");
  netctl_table_line (raw, "ip6 saddr < fe80:: iifname . ether saddr . ip6 saddr @port6 accept");
  netctl_nft_add_forwarders (t, vpc, raw, G_SOCKET_FAMILY_IPV6);
  netctl_table_line (raw, "counter drop");

  in = add_chain (t, INET, "c_in6", NULL);
  netctl_table_line (in, "iifname \"lo\" accept");
  netctl_table_line (in, "ct state established,related accept");
  netctl_table_line (in, "iifname != " TAP " drop");
  netctl_table_line (in, "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept");
  netctl_table_line (in, "icmpv6 type echo-request limit rate 50/second accept");
  netctl_table_line (in, "drop");

  out = add_chain (t, INET, "c_out6", NULL);
  netctl_table_line (out, "oifname \"lo\" accept");
  netctl_table_line (out, "ct state established,related accept");
  netctl_table_line (out, "oifname != " TAP " drop");
  netctl_table_line (out, "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, "
                          "parameter-problem, nd-neighbor-solicit, nd-neighbor-advert } accept");
  netctl_table_line (out, "oifname vmap @ingress");
  netctl_table_line (out, "drop");
}
