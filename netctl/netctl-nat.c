/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses and routes of a VPC: what they answer for one packet. */
#include "netctl-nat.h"
#include <arpa/inet.h>
#include <netinet/in.h>

struct NetctlNat
{
  const NetctlVpc *vpc;
  GHashTable *inward; /* an EIP's public address -> its private one */
  GHashTable *all;    /* likewise, of what is forwarded whole */
  GHashTable *owners; /* private -> public */
};

static gpointer
key_of (const NetctlPrefix *address)
{
  return GUINT_TO_POINTER (netctl_prefix_ipv4 (address));
}

gboolean
netctl_vpc_has_uplink (const NetctlVpc *vpc)
{
  return vpc->nat || (vpc->publics != NULL && vpc->publics->len > 0);
}

gboolean
netctl_vpc_has_public (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  for (guint i = 0; vpc->publics != NULL && i < vpc->publics->len; i++)
    if (netctl_prefix_equal (&g_array_index (vpc->publics, NetctlPublic, i).address, address))
      return TRUE;
  return FALSE;
}

gboolean
netctl_nat_apart (const NetctlVpc *vpc, const NetctlVpc *other, NetctlError code, GError **error)
{
  if (other == NULL || other->index == vpc->index)
    return TRUE;
  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPrefix *address = &g_array_index (vpc->publics, NetctlPublic, i).address;
      g_autofree char *text = NULL;

      if (!netctl_vpc_has_public (other, address))
        continue;
      text = netctl_prefix_address (address);
      g_set_error (error, NETCTL_ERROR, code,
                   "vpc \"%s\" (index %u): the public address %s is vpc \"%s\"'s (index %u)",
                   vpc->id != NULL ? vpc->id : "", vpc->index, text,
                   other->id != NULL ? other->id : "", other->index);
      return FALSE;
    }
  return TRUE;
}

const NetctlRoute *
netctl_vpc_route_of (const NetctlVpc *vpc, const NetctlPrefix *address)
{
  const NetctlRoute *best = NULL;

  for (guint i = 0; i < vpc->routes->len; i++)
    {
      const NetctlRoute *route = &g_array_index (vpc->routes, NetctlRoute, i);

      if (netctl_prefix_contains (&route->destination, address)
          && (best == NULL || route->destination.length > best->destination.length))
        best = route;
    }
  return best;
}

NetctlNat *
netctl_nat_new (const NetctlVpc *vpc)
{
  NetctlNat *nat = g_new0 (NetctlNat, 1);

  nat->vpc = vpc;
  nat->inward = g_hash_table_new (NULL, NULL);
  nat->all = g_hash_table_new (NULL, NULL);
  nat->owners = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < vpc->eips->len; i++)
    {
      const NetctlEip *eip = &g_array_index (vpc->eips, NetctlEip, i);

      g_hash_table_insert (nat->inward, key_of (&eip->public_address),
                           key_of (&eip->private_address));
      g_hash_table_insert (nat->owners, key_of (&eip->private_address),
                           key_of (&eip->public_address));
    }
  for (guint i = 0; i < vpc->forwards->len; i++)
    {
      const NetctlForward *forward = &g_array_index (vpc->forwards, NetctlForward, i);

      if (forward->protocol != -1)
        continue;
      g_hash_table_insert (nat->all, key_of (&forward->public_address),
                           key_of (&forward->private_address));
      /* Who answers for a whole address also speaks under it, unless it has one all its own. */
      if (!g_hash_table_contains (nat->owners, key_of (&forward->private_address)))
        g_hash_table_insert (nat->owners, key_of (&forward->private_address),
                             key_of (&forward->public_address));
    }
  return nat;
}

void
netctl_nat_free (NetctlNat *nat)
{
  if (nat == NULL)
    return;
  g_hash_table_unref (nat->inward);
  g_hash_table_unref (nat->all);
  g_hash_table_unref (nat->owners);
  g_free (nat);
}

static const NetctlForward *
forward_of (const NetctlNat *nat, guint32 address, int protocol, guint16 port)
{
  for (guint i = 0; i < nat->vpc->forwards->len; i++)
    {
      const NetctlForward *forward = &g_array_index (nat->vpc->forwards, NetctlForward, i);

      if (forward->protocol == protocol && netctl_prefix_ipv4 (&forward->public_address) == address
          && (forward->port_min == -1 || (port >= forward->port_min && port <= forward->port_max)))
        return forward;
    }
  return NULL;
}

gboolean
netctl_nat_inward (const NetctlNat *nat, guint32 address, int protocol, guint16 port,
                   guint32 *out_address, guint16 *out_port)
{
  const NetctlForward *forward = NULL;
  gpointer private_address;

  *out_port = port;
  if (!g_hash_table_lookup_extended (nat->inward, GUINT_TO_POINTER (address), NULL,
                                     &private_address))
    {
      forward = forward_of (nat, address, protocol, port);
      if (forward != NULL)
        private_address = key_of (&forward->private_address);
      else if (!g_hash_table_lookup_extended (nat->all, GUINT_TO_POINTER (address), NULL,
                                              &private_address))
        return FALSE;
    }
  if (forward != NULL && forward->port_min != -1)
    *out_port = (guint16) (port - forward->port_min + forward->private_port_min);
  *out_address = GPOINTER_TO_UINT (private_address);
  return TRUE;
}

guint32
netctl_nat_own (const NetctlNat *nat, guint32 source)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (nat->owners, GUINT_TO_POINTER (source)));
}

/* The address of the longest SNAT entry for @source, or 0. */
static guint32
shared_address (const NetctlNat *nat, guint32 source)
{
  NetctlPrefix address = netctl_prefix_from_ipv4 (source);
  const NetctlSnat *best = NULL;

  for (guint i = 0; i < nat->vpc->snats->len; i++)
    {
      const NetctlSnat *snat = &g_array_index (nat->vpc->snats, NetctlSnat, i);

      if (netctl_prefix_contains (&snat->source, &address)
          && (best == NULL || snat->source.length > best->source.length))
        best = snat;
    }
  return best != NULL ? netctl_prefix_ipv4 (&best->public_address) : 0;
}

static guint32
host_address (const NetctlNat *nat)
{
  return nat->vpc->nat ? netctl_vpc_transit_address (nat->vpc->index) : 0;
}

guint32
netctl_nat_outward (const NetctlNat *nat, guint32 source)
{
  guint32 address = netctl_nat_own (nat, source);

  if (address == 0)
    address = shared_address (nat, source);
  return address != 0 ? address : host_address (nat);
}

gboolean
netctl_nat_may_show (const NetctlNat *nat, guint32 source, guint32 address)
{
  return address != 0
         && (address == netctl_nat_own (nat, source) || address == shared_address (nat, source)
             || address == host_address (nat));
}

GHashTable *
netctl_nat_owners (const NetctlNat *nat)
{
  return nat->owners;
}
