/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation between private and public addresses. */
#include "netctl-nat.h"
#include "netctl-nft-priv.h"
#include <arpa/inet.h>
#include <netinet/in.h>

#define PORTS "ipv4_addr . inet_proto . inet_service"

static NetctlTableObject *
add_map (NetctlTables *t, const char *name, const char *type)
{
  return netctl_tables_add (t, NETCTL_TABLE_MAP, INET, name, type);
}

static char *
text_of (guint32 address)
{
  NetctlPrefix prefix = netctl_prefix_from_ipv4 (address);

  return netctl_prefix_address (&prefix);
}

/* Inward */

/* Ports that keep their numbers stand in @ranges, others one by one in @ports. */
static void
add_forward (const NetctlForward *forward, NetctlTableObject *ports, NetctlTableObject *ranges,
             NetctlTableObject *all)
{
  g_autofree char *to = netctl_prefix_address (&forward->private_address);
  g_autofree char *from = netctl_prefix_address (&forward->public_address);
  const char *protocol = forward->protocol == IPPROTO_TCP ? "tcp" : "udp";

  if (forward->protocol == -1)
    netctl_table_line (all, "%s : %s", from, to);
  else if (forward->port_min == -1)
    netctl_table_line (ranges, "%s . %s . 0-65535 : %s", from, protocol, to);
  else if (forward->port_min != forward->port_max && forward->port_min == forward->private_port_min)
    netctl_table_line (ranges, "%s . %s . %d-%d : %s", from, protocol, forward->port_min,
                       forward->port_max, to);
  else
    for (int i = 0; i <= forward->port_max - forward->port_min; i++)
      netctl_table_line (ports, "%s . %s . %d : %s . %d", from, protocol, forward->port_min + i, to,
                         forward->private_port_min + i);
}

static void
add_inward (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *eips = add_map (t, "eip_in", "type ipv4_addr : ipv4_addr");
  NetctlTableObject *ports = add_map (t, "fwd_port", "type " PORTS " : ipv4_addr . inet_service");
  NetctlTableObject *ranges
      = add_map (t, "fwd_range", "type " PORTS " : ipv4_addr; flags interval");
  NetctlTableObject *all = add_map (t, "fwd_all", "type ipv4_addr : ipv4_addr");
  NetctlTableObject *pre
      = add_chain (t, INET, "c_pre", "type nat hook prerouting priority -100; policy accept");

  netctl_table_line (pre, "dnat ip to ip daddr map @eip_in");
  netctl_table_line (pre, "dnat ip to ip daddr . meta l4proto . th dport map @fwd_port");
  netctl_table_line (pre, "dnat ip to ip daddr . meta l4proto . th dport map @fwd_range");
  netctl_table_line (pre, "dnat ip to ip daddr map @fwd_all");
  for (guint i = 0; i < vpc->eips->len; i++)
    {
      const NetctlEip *eip = &g_array_index (vpc->eips, NetctlEip, i);
      g_autofree char *from = netctl_prefix_address (&eip->public_address);
      g_autofree char *to = netctl_prefix_address (&eip->private_address);

      netctl_table_line (eips, "%s : %s", from, to);
    }
  for (guint i = 0; i < vpc->forwards->len; i++)
    add_forward (&g_array_index (vpc->forwards, NetctlForward, i), ports, ranges, all);
}

/* Outward */

typedef struct
{
  guint64 first, last; /* host order */
  guint32 address;     /* network order */
} Span;

static int
compare_span (gconstpointer a, gconstpointer b)
{
  const Span *x = a, *y = b;

  if (x->first != y->first)
    return x->first < y->first ? -1 : 1;
  return x->last > y->last ? -1 : x->last < y->last;
}

static void
add_span (NetctlTableObject *map, NetctlTableObject *set, guint64 first, guint64 last,
          guint32 address)
{
  g_autofree char *from = text_of (htonl ((guint32) first)), *to = text_of (htonl ((guint32) last));
  g_autofree char *public_address = text_of (address);
  g_autofree char *range = NULL;

  if (first > last)
    return;
  range = first == last ? g_strdup (from) : g_strdup_printf ("%s-%s", from, to);
  netctl_table_line (map, "%s : %s", range, public_address);
  netctl_table_line (set, "%s", range);
}

static GArray *
sorted_spans (const NetctlVpc *vpc)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (Span));

  for (guint i = 0; i < vpc->snats->len; i++)
    {
      const NetctlSnat *snat = &g_array_index (vpc->snats, NetctlSnat, i);
      NetctlPrefix source = netctl_prefix_masked (&snat->source);
      guint64 first = ntohl (netctl_prefix_ipv4 (&source));
      Span span = { first, first + (G_GUINT64_CONSTANT (1) << (32 - source.length)) - 1,
                    netctl_prefix_ipv4 (&snat->public_address) };

      g_array_append_val (spans, span);
    }
  g_array_sort (spans, compare_span);
  return spans;
}

/* The kernel's maps of ranges know no longest prefix: sources are cut where a longer one lies
 * within, with the ranges still open kept on a stack. */
static void
add_spans (NetctlTableObject *map, NetctlTableObject *set, const NetctlVpc *vpc)
{
  g_autoptr (GArray) spans = sorted_spans (vpc);
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (Span));
  guint64 at = 0;

  for (guint i = 0; i <= spans->len; i++)
    {
      guint64 next = i < spans->len ? g_array_index (spans, Span, i).first : G_MAXUINT64;

      while (open->len > 0)
        {
          const Span *top = &g_array_index (open, Span, open->len - 1);

          if (next > at)
            add_span (map, set, at, MIN (top->last, next - 1), top->address);
          at = MAX (at, MIN (top->last + 1, next));
          if (top->last >= next)
            break;
          g_array_set_size (open, open->len - 1);
        }
      if (i == spans->len)
        break;
      at = next;
      g_array_append_val (open, g_array_index (spans, Span, i));
    }
}

/* A guest that speaks to itself by a public address must see the answer come from outside. */
static void
add_hairpins (NetctlTableObject *map, const NetctlVpc *vpc)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < vpc->eips->len + vpc->forwards->len; i++)
    {
      const NetctlEip *eip = i < vpc->eips->len ? &g_array_index (vpc->eips, NetctlEip, i) : NULL;
      const NetctlForward *forward
          = eip == NULL ? &g_array_index (vpc->forwards, NetctlForward, i - vpc->eips->len) : NULL;
      guint32 inner
          = netctl_prefix_ipv4 (eip != NULL ? &eip->private_address : &forward->private_address);
      guint32 outer
          = netctl_prefix_ipv4 (eip != NULL ? &eip->public_address : &forward->public_address);
      g_autofree char *from = text_of (inner), *to = text_of (outer);

      if (g_hash_table_add (seen, GUINT_TO_POINTER (inner)))
        netctl_table_line (map, "%s . %s : %s", from, from, to);
    }
}

static int
compare_address (gconstpointer a, gconstpointer b)
{
  guint32 x = ntohl (GPOINTER_TO_UINT (a)), y = ntohl (GPOINTER_TO_UINT (b));

  return x < y ? -1 : x > y;
}

static void
add_owners (NetctlTableObject *map, NetctlTableObject *set, const NetctlVpc *vpc)
{
  g_autoptr (NetctlNat) nat = netctl_nat_new (vpc);
  g_autoptr (GList) owners = g_hash_table_get_keys (netctl_nat_owners (nat));

  owners = g_list_sort (owners, compare_address);
  for (const GList *l = owners; l != NULL; l = l->next)
    {
      guint32 owner = GPOINTER_TO_UINT (l->data);
      g_autofree char *from = text_of (owner), *to = text_of (netctl_nat_own (nat, owner));

      netctl_table_line (map, "%s : %s", from, to);
      netctl_table_line (set, "%s", from);
    }
}

static void
add_outward (NetctlTables *t, const NetctlVpc *vpc)
{
  NetctlTableObject *hairpins, *owners, *own, *sources, *spans, *post;
  g_autofree char *transit = text_of (netctl_vpc_transit_address (vpc->index));

  if (vpc->publics->len > 0)
    {
      hairpins = add_map (t, "hairpin", "type ipv4_addr . ipv4_addr : ipv4_addr");
      owners = add_map (t, "eip_out", "type ipv4_addr : ipv4_addr");
      own = add_set (t, INET, "owners", "type ipv4_addr");
      spans = add_map (t, "snat_out", "type ipv4_addr : ipv4_addr; flags interval");
      sources = add_set (t, INET, "snat_src", "type ipv4_addr; flags interval");
      add_hairpins (hairpins, vpc);
      add_owners (owners, own, vpc);
      add_spans (spans, sources, vpc);
    }
  post = add_chain (t, INET, "c_post", "type nat hook postrouting priority 100; policy accept");
  if (vpc->publics->len > 0)
    {
      netctl_table_line (post, "ct status dnat snat ip to ip saddr . ip daddr map @hairpin");
      netctl_table_line (post, "oifname " INSIDE " snat ip to ip saddr map @eip_out");
      netctl_table_line (post, "oifname " INSIDE " snat ip to ip saddr map @snat_out");
    }
  netctl_table_line (post, "oifname " INSIDE " snat ip to %s", transit);
}

void
netctl_nft_add_nat (NetctlTables *t, const NetctlVpc *vpc)
{
  if (vpc->publics->len > 0)
    add_inward (t, vpc);
  if (netctl_vpc_has_uplink (vpc))
    add_outward (t, vpc);
}

void
netctl_nft_add_exits (NetctlTableObject *chain, const NetctlVpc *vpc)
{
  static const char way[] = "meta nfproto ipv4 iifname " TAP " oifname " INSIDE;

  if (vpc->nat)
    netctl_table_line (chain, "%s accept", way);
  else if (vpc->publics->len > 0)
    {
      netctl_table_line (chain, "%s ip saddr @owners accept", way);
      netctl_table_line (chain, "%s ip saddr @snat_src accept", way);
    }
}
