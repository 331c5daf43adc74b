/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwarding: between taps, and between a VPC and the world. */
#include "netctl-nft-priv.h"

void
netctl_nft_add_ways (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *fwd, *fwd_in;

  fwd = add_chain (t, INET, "c_fwd", "type filter hook forward priority 0; policy drop");
  netctl_table_line (fwd, "ct state established,related accept");
  netctl_table_line (fwd, "ct state invalid drop");
  /* Addresses are dispensed by us alone. */
  netctl_table_line (fwd, "udp sport . udp dport { 67 . 68, 547 . 546 } drop");
  netctl_table_line (fwd, "iifname vmap @egress");
  netctl_table_line (fwd, "iifname " TAP " drop");
  netctl_table_line (fwd, "goto c_fwd_in");

  fwd_in = add_chain (t, INET, "c_fwd_in", NULL);
  netctl_table_line (fwd_in, "oifname vmap @ingress");
  netctl_table_line (fwd_in, "oifname " TAP " drop");
  netctl_nft_add_exits (fwd_in, vpc);
  netctl_table_line (fwd_in, "drop");
  netctl_nft_add_nat (t, vpc);
  netctl_nft_add_marks (t, vpc);
  netctl_nft_add_shapes (t, vpc);
}
