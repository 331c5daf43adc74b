/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one VPC shall be, in memory: its record, groups and ports, and what follows from them. Pure;
 * not locked. */
#pragma once
#include "netctl-plan.h"

/* A set of groups in which at least one port is exactly. */
typedef struct
{
  GArray *groups; /* guint32, normalised */
  guint ports;    /* how many */
} NetctlGroupSet;

typedef struct
{
  NetctlVpc *vpc; /* NULL until applied */
  GTree *groups;  /* group index -> NetctlGroup*, in order */
  GTree *ports;   /* port index -> NetctlPort*, in order */

  /* What follows from the ports. */
  GHashTable *sets;      /* netctl_group_set_name() -> NetctlGroupSet* */
  GHashTable *sets_of;   /* group index -> GPtrArray of the names of those with it */
  GHashTable *addresses; /* NetctlPrefix* -> NetctlPort* */
  GHashTable *macs;      /* gint64* -> NetctlPort* */
  /* What follows from the groups. */
  GHashTable *dropped; /* group index -> how many rules drop what comes from or goes to it */
  /* What was there before the changes since netctl_model_begin(); else NULL. */
  GPtrArray *journal;
} NetctlModel;

/* Without a VPC, groups or ports. */
NetctlModel *netctl_model_new (void);
void netctl_model_free (NetctlModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlModel, netctl_model_free)
/* A copy that shares nothing. */
NetctlModel *netctl_model_copy (const NetctlModel *model);

/* Changes from here on can be taken back, until one of the two below. A record that a change takes
 * away lives on until then. */
void netctl_model_begin (NetctlModel *model);
void netctl_model_keep (NetctlModel *model);
void netctl_model_undo (NetctlModel *model);

/* What is there under that index, or NULL. Borrowed. */
const NetctlGroup *netctl_model_group (const NetctlModel *model, guint32 index);
/* Likewise. */
const NetctlPort *netctl_model_port (const NetctlModel *model, guint32 index);
/* The port with that address, or NULL. Borrowed. */
const NetctlPort *netctl_model_port_at (const NetctlModel *model, const NetctlPrefix *address);
/* The names (char*) of the sets of groups that contain @group, or NULL. Borrowed. */
const GPtrArray *netctl_model_sets_of (const NetctlModel *model, guint32 group);
/* Whether a rule drops what comes from or goes to the members of @group. */
gboolean netctl_model_is_dropped (const NetctlModel *model, guint32 group);
/* Replaces what is there under the record's index by a copy. NETCTL_ERROR_INVALID when the record
 * is wrong, names an unapplied group or VPC, lies in no subnet, or its address or MAC is another
 * port's; the model is then as before. */
gboolean netctl_model_set_vpc (NetctlModel *model, const NetctlVpc *vpc, GError **error);
gboolean netctl_model_set_group (NetctlModel *model, const NetctlGroup *group, GError **error);
gboolean netctl_model_set_port (NetctlModel *model, const NetctlPort *port, GError **error);
/* Forgets; absent is success. A group that a port is in: NETCTL_ERROR_BUSY. */
gboolean netctl_model_remove_group (NetctlModel *model, guint32 index, GError **error);
void netctl_model_remove_port (NetctlModel *model, guint32 index);

/* The part of @plan that concerns one VPC. Records that are wrong are left out, and the first such
 * error is set; the rest is complete. NULL if the VPC itself is wrong or absent. */
NetctlModel *netctl_model_from_plan (const NetctlPlan *plan, guint32 vpc_index, GError **error);

/* The rules that apply to a member of all @groups (guint32) in @direction, in the order they are
 * tried: by priority, drop before accept. Borrowed pointers; the caller unrefs the array. */
GPtrArray *netctl_model_rules (const NetctlModel *model, const GArray *groups,
                               NetctlDirection direction);
/* @groups sorted and without doubles; the caller unrefs it. */
GArray *netctl_groups_normalise (const GArray *groups);
/* "1_2a": what tells sets of groups apart, whatever their order. The caller frees it. */
char *netctl_group_set_name (const GArray *groups);
