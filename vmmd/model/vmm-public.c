/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Freeing of the records of public addresses. */
#include "config.h"

#include "vmm-public.h"

guint
vmm_bandwidth_in (guint out_mbit)
{
  return out_mbit == 0 ? 0 : MAX (out_mbit, VMM_BANDWIDTH_IN_LEAST_MBIT);
}

static void
free_strings (char *const *strings, guint n)
{
  for (guint i = 0; i < n; i++)
    g_free (strings[i]);
}
#define FREE_STRINGS(...)                                                                          \
  free_strings ((char *const[]){ __VA_ARGS__ }, G_N_ELEMENTS (((char *const[]){ __VA_ARGS__ })))

void
vmm_eip_free (VmmEip *e)
{
  if (e == NULL)
    return;
  FREE_STRINGS (e->id, e->account_id, e->name, e->description, e->ip, e->charge_type,
                e->target_type, e->target_id, e->vpc_id, e->nic_id, e->private_ip, e->reason);
  g_free (e);
}

void
vmm_nat_gateway_free (VmmNatGateway *n)
{
  if (n == NULL)
    return;
  FREE_STRINGS (n->id, n->account_id, n->vpc_id, n->vswitch_id, n->name, n->description,
                n->snat_table_id, n->forward_table_id);
  g_free (n);
}

void
vmm_snat_free (VmmSnat *s)
{
  if (s == NULL)
    return;
  FREE_STRINGS (s->id, s->account_id, s->nat_gateway_id, s->table_id, s->vpc_id, s->name,
                s->source_cidr, s->source_vswitch_id, s->eip_id, s->ip);
  g_free (s);
}

void
vmm_forward_free (VmmForward *f)
{
  if (f == NULL)
    return;
  FREE_STRINGS (f->id, f->account_id, f->nat_gateway_id, f->table_id, f->vpc_id, f->name, f->eip_id,
                f->ip, f->protocol, f->internal_ip);
  g_free (f);
}
