/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity of the taps, and the doors of a VPC's namespace. */
#include "netctl-nft-priv.h"

/* The sets that tell who a tap may speak as. */
typedef struct
{
  NetctlTableObject *port4, *portmac, *client, *bind;
} Identity;

static Identity
identity_sets (NetctlTables *t)
{
  return (Identity){
    .port4 = ensure_set (t, INET, "port4", "type ifname . ether_addr . ipv4_addr"),
    .portmac = ensure_set (t, INET, "portmac", "type ifname . ether_addr"),
    .client = ensure_set (t, INET, "dhcpmac", "typeof iifname . " CLIENT_MAC),
    .bind = ensure_set (t, ARP, "bind", "type ifname . ether_addr . ether_addr . ipv4_addr"),
  };
}

void
netctl_nft_add_identity (NetctlTables *t, const NetctlPort *port)
{
  Identity sets = identity_sets (t);
  g_autofree char *tap = netctl_port_tap_name (port->index);
  g_autofree char *mac = netctl_mac_format (port->mac);
  const guint8 *m = port->mac;

  netctl_table_line (sets.portmac, "\"%s\" . %s", tap, mac);
  netctl_table_line (sets.client, "\"%s\" . 0x%02x%02x%02x%02x%02x%02x", tap, m[0], m[1], m[2],
                     m[3], m[4], m[5]);
  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *prefix = &g_array_index (port->addresses, NetctlPrefix, i);
      g_autofree char *address = netctl_prefix_address (prefix);

      if (prefix->family != G_SOCKET_FAMILY_IPV4)
        continue;
      netctl_table_line (sets.port4, "\"%s\" . %s . %s", tap, mac, address);
      netctl_table_line (sets.bind, "\"%s\" . %s . %s . %s", tap, mac, mac, address);
    }
}

static void
add_door_chains (NetctlTables *t, const NetctlVpc *vpc)
{
  gboolean has_ipv6 = netctl_vpc_has_ipv6 (vpc);
  NetctlTableObject *raw, *in, *out, *arp;

  if (has_ipv6)
    netctl_nft_add_doors6 (t, vpc);
  raw = add_chain (t, INET, "c_raw", "type filter hook prerouting priority -310; policy accept");
  if (has_ipv6)
    netctl_table_line (raw, "iifname " INSIDE " meta nfproto ipv6 counter drop");
  netctl_table_line (raw, "iifname != " TAP " accept");
  if (has_ipv6)
    netctl_table_line (raw, "meta nfproto ipv6 goto c_raw6");
  netctl_table_line (raw, "iifname . ether saddr . ip saddr @port4 accept");
  netctl_table_line (raw, "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 "
                          "iifname . ether saddr @portmac accept");
  netctl_nft_add_forwarders (t, vpc, raw, G_SOCKET_FAMILY_IPV4);
  netctl_table_line (raw, "counter drop");

  add_set (t, INET, "asks", NETCTL_NFT_RATES);
  in = add_chain (t, INET, "c_in", "type filter hook input priority 0; policy drop");
  netctl_table_line (in, "meta nfproto ipv6 %s", has_ipv6 ? "goto c_in6" : "drop");
  netctl_table_line (in, "iifname \"lo\" accept");
  /* Before live flows: to ask again from the same port is to go on. */
  netctl_table_line (in, "iifname " TAP " meta l4proto { tcp, udp } ip daddr " NETCTL_DNS_ADDRESS
                         " th dport 53 update @asks { iifname limit rate "
                         "over 1000/second burst 2000 packets } drop");
  netctl_table_line (in, "ct state established,related accept");
  netctl_table_line (in, "iifname " TAP " ip daddr " NETCTL_DNS_ADDRESS
                         " meta l4proto { tcp, udp } th dport 53 accept");
  /* Without the client's address a guest could decline another guest's lease. */
  netctl_table_line (in, "iifname " TAP " udp sport 68 udp dport 67 iifname . " CLIENT_MAC
                         " @dhcpmac accept");
  netctl_table_line (in,
                     "iifname " TAP " ip daddr " NETCTL_METADATA_ADDRESS " tcp dport 80 accept");
  netctl_table_line (in, "icmp type echo-request limit rate 50/second accept");

  /* What starts in the namespace itself, such as an operator's login, obeys the port's rules. */
  out = add_chain (t, INET, "c_out", "type filter hook output priority 0; policy drop");
  netctl_table_line (out, "meta nfproto ipv6 %s", has_ipv6 ? "goto c_out6" : "drop");
  netctl_table_line (out, "oifname \"lo\" accept");
  netctl_table_line (out, "ct state established,related accept");
  netctl_table_line (out, "oifname " TAP " udp sport 67 udp dport 68 accept");
  /* What nobody forwarded is the VPC's own name server, asking those behind the way out. */
  netctl_table_line (out, "oifname " INSIDE " meta l4proto { tcp, udp } th dport 53 accept");
  netctl_table_line (out, "oifname vmap @ingress");

  add_set (t, ARP, "asks", NETCTL_NFT_RATES);
  arp = add_chain (t, ARP, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (arp, "iifname != " TAP " accept");
  netctl_table_line (arp, "update @asks { iifname limit rate over 100/second burst 200 packets } "
                          "counter drop");
  netctl_table_line (arp, "arp operation { request, reply } iifname . ether saddr . arp saddr "
                          "ether . arp saddr ip @bind accept");
  netctl_table_line (arp, "counter drop");
}

void
netctl_nft_add_doors (NetctlTables *t, const NetctlVpc *vpc)
{
  identity_sets (t);
  add_door_chains (t, vpc);
}
