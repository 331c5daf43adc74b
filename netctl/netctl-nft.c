/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall: what a VPC's model and the host need as nft tables. */
#include "netctl-nft.h"
#include "netctl-nft-priv.h"
#include "netctl-nft-rule.h"
#include <string.h>

char *
netctl_nft_group_key (guint32 group)
{
  return g_strdup_printf ("group %x", group);
}

char *
netctl_nft_set_key (const GArray *groups)
{
  g_autofree char *name = netctl_group_set_name (groups);

  return g_strconcat ("set ", name, NULL);
}

char *
netctl_nft_port_key (guint32 port)
{
  return g_strdup_printf ("port %x", port);
}

static void
add_vpc (NetctlTables *t, const NetctlVpc *vpc)
{
  netctl_nft_add_doors (t, vpc);
  netctl_nft_add_ways_to_groups (t, vpc);
  netctl_nft_add_ways (t, vpc);
}

static void
add_set_of_groups (NetctlTables *t, const NetctlModel *model, const NetctlGroupSet *set)
{
  netctl_nft_add_chain (t, model, set->groups, NETCTL_INGRESS);
  netctl_nft_add_chain (t, model, set->groups, NETCTL_EGRESS);
}

static void
add_port (NetctlTables *t, const NetctlVpc *vpc, const NetctlPort *port)
{
  netctl_nft_add_identity (t, port);
  netctl_nft_add_identity6 (t, vpc, port);
  netctl_nft_add_port_members (t, port);
  netctl_nft_add_port_ways (t, port);
  netctl_nft_add_port_routes (t, vpc, port);
  netctl_nft_add_port_shapes (t, vpc, port);
}

/* Adds one part; FALSE if there is none of that key. */
static gboolean
add_part (NetctlTables *t, const NetctlModel *model, const char *key)
{
  const char *name = strchr (key, ' ');
  gconstpointer record;
  guint64 index = 0;

  if (name == NULL)
    {
      add_vpc (t, model->vpc);
      return TRUE;
    }
  if (*key == 's')
    {
      record = g_hash_table_lookup (model->sets, name + 1);
      if (record != NULL)
        add_set_of_groups (t, model, record);
      return record != NULL;
    }
  g_ascii_string_to_unsigned (name + 1, 16, 0, G_MAXUINT32, &index, NULL);
  if (*key == 'g')
    {
      record = netctl_model_group (model, (guint32) index);
      if (record != NULL)
        netctl_nft_add_member_sets (t, (guint32) index);
      return record != NULL;
    }
  record = netctl_model_port (model, (guint32) index);
  if (record != NULL)
    add_port (t, model->vpc, record);
  return record != NULL;
}

NetctlTables *
netctl_nft_part (const NetctlModel *model, const char *key)
{
  g_autoptr (NetctlTables) t = netctl_tables_new ();

  return add_part (t, model, key) ? g_steal_pointer (&t) : NULL;
}

GPtrArray *
netctl_nft_keys (const NetctlModel *model)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GList) sets = g_list_sort (g_hash_table_get_keys (model->sets), (GCompareFunc) strcmp);

  g_ptr_array_add (keys, g_strdup (NETCTL_NFT_VPC));
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    g_ptr_array_add (keys, netctl_nft_group_key (GPOINTER_TO_UINT (g_tree_node_key (n))));
  for (const GList *l = sets; l != NULL; l = l->next)
    g_ptr_array_add (keys, g_strconcat ("set ", l->data, NULL));
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    g_ptr_array_add (keys, netctl_nft_port_key (GPOINTER_TO_UINT (g_tree_node_key (n))));
  return keys;
}

NetctlTables *
netctl_nft_vpc (const NetctlModel *model)
{
  NetctlTables *t = netctl_tables_new ();
  g_autoptr (GPtrArray) keys = netctl_nft_keys (model);

  for (guint i = 0; i < keys->len; i++)
    add_part (t, model, g_ptr_array_index (keys, i));
  return t;
}

/* Which public address is behind which way out. */
static void
add_publics (NetctlTables *t, const GArray *publics)
{
  NetctlTableObject *set = add_set (t, HOST_INET, "public", "type ifname . ipv4_addr");
  NetctlTableObject *alone = add_set (t, HOST_INET, "public_addr", "type ipv4_addr");

  for (guint i = 0; i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      g_autofree char *uplink = netctl_vpc_uplink_name (entry->vpc);
      g_autofree char *address = netctl_prefix_address (&entry->public.address);

      netctl_table_line (set, "\"%s\" . %s", uplink, address);
      netctl_table_line (alone, "%s", address);
    }
}

/* Of which class of bandwidth what goes to a VPC is. */
static void
add_classes (NetctlTables *t, const GArray *publics)
{
  NetctlTableObject *map, *chain;
  gboolean has_bound = FALSE;

  for (guint i = 0; i < publics->len; i++)
    has_bound |= g_array_index (publics, NetctlHostPublic, i).class != 0;
  if (!has_bound)
    return;
  map = netctl_tables_add (t, NETCTL_TABLE_MAP, HOST_INET, "public_in", "type ipv4_addr : classid");
  for (guint i = 0; i < publics->len; i++)
    {
      const NetctlHostPublic *entry = &g_array_index (publics, NetctlHostPublic, i);
      g_autofree char *address = netctl_prefix_address (&entry->public.address);

      if (entry->class != 0)
        netctl_table_line (map, "%s : 1:%x", address, entry->class);
    }
  chain = add_chain (t, HOST_INET, "c_shape",
                     "type filter hook postrouting priority 150; policy accept");
  netctl_table_line (chain, "oifname " UPLINK " meta priority set ip daddr map @public_in");
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
  /* Nobody outside has an address of ours. */
  netctl_table_line (fwd, "iifname != " UPLINK " oifname " UPLINK " ip saddr " NETCTL_TRANSIT_RANGE
                          " drop");
  netctl_table_line (fwd, "iifname != " UPLINK " oifname " UPLINK " ip saddr @public_addr drop");
  netctl_table_line (fwd, "oifname " UPLINK " ct state established,related accept");
  netctl_table_line (fwd, "oifname . ip daddr @public accept");
  netctl_table_line (fwd, "oifname " UPLINK " drop");

  post
      = add_chain (t, HOST_INET, "c_post", "type nat hook postrouting priority 100; policy accept");
  /* Towards another VPC's public address as well: nobody sees who is behind the host. */
  netctl_table_line (post, "ip saddr " NETCTL_TRANSIT_RANGE " ip saddr != " NETCTL_TRANSIT_HOST
                           " masquerade");
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
      add_classes (t, publics);
      add_way_out (t, name_servers);
    }
  return t;
}
