/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which class of bandwidth a packet is of. */
#include "netctl-nft-priv.h"
#include "netctl-shape.h"

/* The sets that ports' parts add to: who is bounded on the way out and on the way in. */

static NetctlTableObject *
out_map (NetctlTables *t)
{
  return netctl_tables_ensure (t, NETCTL_TABLE_MAP, INET, "port_out", "type ipv4_addr : classid");
}

static NetctlTableObject *
in_set (NetctlTables *t)
{
  return netctl_tables_ensure (t, NETCTL_TABLE_SET, INET, "port_in", "type ifname");
}

static gboolean
has_bound_out (const NetctlVpc *vpc)
{
  for (guint i = 0; i < vpc->publics->len; i++)
    if (g_array_index (vpc->publics, NetctlPublic, i).kbit_s_out != 0)
      return TRUE;
  return FALSE;
}

static void
add_public_classes (NetctlTableObject *map, const NetctlVpc *vpc)
{
  g_autoptr (GHashTable) numbers = netctl_shape_publics (vpc);

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, i);
      guint number = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, &public->address));
      g_autofree char *address = netctl_prefix_address (&public->address);

      if (public->kbit_s_out != 0)
        netctl_table_line (map, "%s : 1:%x", address, number);
    }
}

/* A public address stands in the packet by now; what leaves or comes under the host's address is
 * told apart by what it was or will be inside. */
void
netctl_nft_add_shapes (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlPrefix transit = netctl_prefix_from_ipv4 (netctl_vpc_transit_address (vpc->index));
  g_autofree char *text = netctl_prefix_address (&transit);
  NetctlTableObject *chain, *map;

  if (!vpc->nat && !has_bound_out (vpc))
    return;
  chain
      = add_chain (t, INET, "c_shape", "type filter hook postrouting priority 150; policy accept");
  if (has_bound_out (vpc))
    {
      map = netctl_tables_add (t, NETCTL_TABLE_MAP, INET, "public_out", "type ipv4_addr : classid");
      add_public_classes (map, vpc);
      netctl_table_line (chain, "oifname " INSIDE " meta priority set ip saddr map @public_out");
    }
  if (!vpc->nat)
    return;
  out_map (t);
  in_set (t);
  netctl_table_line (chain,
                     "oifname " INSIDE " ip saddr %s meta priority set ct original ip saddr map "
                     "@port_out",
                     text);
  netctl_table_line (chain,
                     "iifname " INSIDE
                     " oifname @port_in ct reply ip daddr %s meta priority set " NETCTL_SHAPE_TAP,
                     text);
}

void
netctl_nft_add_port_shapes (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port)
{
  g_autofree char *tap = netctl_port_tap_name (port->index);

  if (vpc->nat && port->kbit_s_in != 0)
    netctl_table_line (in_set (t), "\"%s\"", tap);
  for (guint i = 0; vpc->nat && port->kbit_s_out != 0 && i < port->addresses->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (port->addresses, NetctlPrefix, i);
      g_autofree char *text = netctl_prefix_address (address);

      if (address->family == G_SOCKET_FAMILY_IPV4)
        netctl_table_line (out_map (t), "%s : 1:%x", text, netctl_shape_port_class (port->index));
    }
}
