/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Freeing of the plain records. */
#include "config.h"

#include "vmm-disk.h"
#include "vmm-instance.h"
#include "vmm-nic.h"
#include "vmm-prefix-list.h"
#include "vmm-query.h"
#include "vmm-route.h"
#include "vmm-task.h"

/* Frees each of the strings named. */
static void
free_strings (char *const *strings, guint n)
{
  for (guint i = 0; i < n; i++)
    g_free (strings[i]);
}
#define FREE_STRINGS(...)                                                                          \
  free_strings ((char *const[]){ __VA_ARGS__ }, G_N_ELEMENTS (((char *const[]){ __VA_ARGS__ })))

void
vmm_instance_free (VmmInstance *i)
{
  if (i == NULL)
    return;
  FREE_STRINGS (i->id, i->account_id, i->host_id, i->uuid, i->name, i->description, i->host_name,
                i->image_id, i->type, i->zone_id, i->user_data, i->key_pair, i->public_key,
                i->reason, i->charge_type);
  g_clear_pointer (&i->nics, g_ptr_array_unref);
  g_free (i);
}

void
vmm_vpc_free (VmmVpc *v)
{
  if (v == NULL)
    return;
  FREE_STRINGS (v->id, v->account_id, v->name, v->description, v->cidr, v->ipv6_cidr, v->router_id,
                v->router_name, v->router_description, v->route_table_id);
  g_free (v);
}

void
vmm_vswitch_free (VmmVswitch *v)
{
  if (v == NULL)
    return;
  FREE_STRINGS (v->id, v->account_id, v->vpc_id, v->zone_id, v->name, v->description, v->cidr,
                v->ipv6_cidr);
  g_free (v);
}

void
vmm_group_free (VmmGroup *g)
{
  if (g == NULL)
    return;
  FREE_STRINGS (g->id, g->account_id, g->vpc_id, g->name, g->description);
  g_clear_pointer (&g->rules, g_ptr_array_unref);
  g_free (g);
}

void
vmm_rule_free (VmmRule *r)
{
  if (r == NULL)
    return;
  FREE_STRINGS (r->id, r->group_id, r->protocol, r->cidr, r->peer_group_id, r->peer_account,
                r->prefix_list_id, r->near_cidr, r->description);
  g_free (r);
}

void
vmm_nic_free (VmmNic *n)
{
  if (n == NULL)
    return;
  FREE_STRINGS (n->id, n->account_id, n->instance_id, n->vpc_id, n->vswitch_id, n->name,
                n->description, n->mac, n->ip, n->reason);
  g_clear_pointer (&n->ips, g_ptr_array_unref);
  g_clear_pointer (&n->ips6, g_ptr_array_unref);
  g_clear_pointer (&n->group_ids, g_ptr_array_unref);
  g_clear_pointer (&n->publics, g_ptr_array_unref);
  g_free (n);
}

void
vmm_image_free (VmmImage *i)
{
  if (i == NULL)
    return;
  FREE_STRINGS (i->id, i->account_id, i->name, i->description, i->os_type, i->os_name,
                i->architecture, i->layer_id, i->source_file, i->source_format, i->reason,
                i->family, i->version);
  g_clear_pointer (&i->disks, g_ptr_array_unref);
  g_free (i);
}

void
vmm_image_disk_free (VmmImageDisk *d)
{
  if (d == NULL)
    return;
  FREE_STRINGS (d->device, d->layer_id, d->snapshot_id);
  g_free (d);
}

void
vmm_image_share_free (VmmImageShare *s)
{
  if (s == NULL)
    return;
  g_free (s->account_id);
  g_free (s);
}

void
vmm_disk_free (VmmDisk *d)
{
  if (d == NULL)
    return;
  FREE_STRINGS (d->id, d->account_id, d->host_id, d->instance_id, d->image_id, d->zone_id, d->name,
                d->description, d->category, d->performance_level, d->layer_id, d->origin_layer_id,
                d->next_layer_id, d->source_snapshot_id, d->file_system, d->policy_id, d->device,
                d->reason);
  g_free (d);
}

void
vmm_snapshot_free (VmmSnapshot *s)
{
  if (s == NULL)
    return;
  FREE_STRINGS (s->id, s->account_id, s->host_id, s->group_id, s->disk_id, s->instance_id,
                s->image_id, s->zone_id, s->category, s->name, s->description, s->layer_id,
                s->policy_id, s->reason);
  g_free (s);
}

void
vmm_snapshot_group_free (VmmSnapshotGroup *g)
{
  if (g == NULL)
    return;
  FREE_STRINGS (g->id, g->account_id, g->instance_id, g->name, g->description);
  g_clear_pointer (&g->snapshots, g_ptr_array_unref);
  g_free (g);
}

void
vmm_layer_free (VmmLayer *l)
{
  if (l == NULL)
    return;
  FREE_STRINGS (l->id, l->host_id, l->parent_id);
  g_free (l);
}

void
vmm_page_info_clear (VmmPageInfo *info)
{
  g_clear_pointer (&info->next_token, g_free);
}

void
vmm_route_free (VmmRoute *r)
{
  if (r == NULL)
    return;
  FREE_STRINGS (r->id, r->account_id, r->vpc_id, r->destination, r->next_hop_type, r->next_hop_id,
                r->name, r->description);
  g_free (r);
}

void
vmm_route_hop_free (VmmRouteHop *h)
{
  if (h == NULL)
    return;
  FREE_STRINGS (h->destination, h->next_hop);
  g_free (h);
}

void
vmm_prefix_entry_free (VmmPrefixEntry *e)
{
  if (e == NULL)
    return;
  FREE_STRINGS (e->cidr, e->description);
  g_free (e);
}

void
vmm_prefix_list_free (VmmPrefixList *l)
{
  if (l == NULL)
    return;
  FREE_STRINGS (l->id, l->account_id, l->name, l->description);
  g_clear_pointer (&l->entries, g_ptr_array_unref);
  g_free (l);
}

void
vmm_task_free (VmmTask *t)
{
  if (t == NULL)
    return;
  FREE_STRINGS (t->id, t->account_id, t->host_id, t->image_id, t->folder, t->name, t->format,
                t->code, t->reason);
  g_free (t);
}
