/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall: what a VPC's model and the host need as nft tables. */
#include "netctl-nft.h"
#include "netctl-nft-priv.h"

NetctlTables *
netctl_nft_vpc (const NetctlModel *model)
{
  NetctlTables *t = netctl_tables_new ();

  netctl_nft_add_doors (t, model);
  netctl_nft_add_groups (t, model);
  netctl_nft_add_ways (t, model);
  return t;
}

/* Which public address is behind which way out. */
static void
add_publics (NetctlTables *t, const GArray *publics)
{
  NetctlTableObject *set = add_set (t, HOST_INET, "public", "type ifname . ipv4_addr");

  for (guint i = 0; i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      g_autofree char *uplink = netctl_vpc_uplink_name (entry->vpc);
      g_autofree char *address = netctl_prefix_address (&entry->public.address);

      netctl_table_line (set, "\"%s\" . %s", uplink, address);
    }
}

static void
add_way_out (NetctlTables *t, const GPtrArray *name_servers)
{
  NetctlTableObject *in, *fwd, *post;

  /* Guests reach the world through the host, not the host's own services. */
  in = add_chain (t, HOST_INET, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (in, "iifname != " UPLINK " accept");
  netctl_table_line (in, "ct state established,related accept");
  netctl_table_line (in, "icmp type echo-request limit rate 50/second accept");
  for (guint i = 0; i < name_servers->len; i++)
    netctl_table_line (in, "ip daddr %s meta l4proto { tcp, udp } th dport 53 accept",
                       (char *) g_ptr_array_index (name_servers, i));
  netctl_table_line (in, "counter drop");

  fwd = add_chain (t, HOST_INET, "c_fwd", "type filter hook forward priority 0; policy accept");
  netctl_table_line (fwd, "iifname " UPLINK " meta nfproto != ipv4 drop");
  netctl_table_line (fwd, "iifname " UPLINK " ip saddr != " NETCTL_TRANSIT_RANGE
                          " iifname . ip saddr != @public drop");
  /* The host may itself be a guest of a cloud whose metadata is not for ours. */
  netctl_table_line (fwd, "iifname " UPLINK " ip daddr { 169.254.0.0/16, " NETCTL_METADATA_ADDRESS
                          " } drop");
  netctl_table_line (fwd, "oifname " UPLINK " ct state established,related accept");
  netctl_table_line (fwd, "oifname . ip daddr @public accept");
  netctl_table_line (fwd, "oifname " UPLINK " drop");

  post
      = add_chain (t, HOST_INET, "c_post", "type nat hook postrouting priority 100; policy accept");
  /* Towards another VPC's public address as well: nobody sees who is behind the host. */
  netctl_table_line (post, "ip saddr " NETCTL_TRANSIT_RANGE " masquerade");
}

NetctlTables *
netctl_nft_host (gboolean nat, const GPtrArray *name_servers, const GArray *publics)
{
  NetctlTables *t = netctl_tables_new ();
  NetctlTableObject *chain;

  chain = add_chain (t, HOST_INET, "c_raw",
                     "type filter hook prerouting priority -310; policy accept");
  netctl_table_line (chain, "iifname " TAP " counter drop");
  chain = add_chain (t, HOST_INET, "c_out",
                     "type filter hook postrouting priority -310; policy accept");
  netctl_table_line (chain, "oifname " TAP " counter drop");
  chain = add_chain (t, HOST_ARP, "c_in", "type filter hook input priority 0; policy accept");
  netctl_table_line (chain, "iifname " TAP " drop");
  chain = add_chain (t, HOST_ARP, "c_out", "type filter hook output priority 0; policy accept");
  netctl_table_line (chain, "oifname " TAP " drop");
  if (nat)
    {
      add_publics (t, publics);
      add_way_out (t, name_servers);
    }
  return t;
}
