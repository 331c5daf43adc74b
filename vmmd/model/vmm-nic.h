/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VPCs, vswitches, security groups and network interfaces as they stand in the database. */
#pragma once
#include "vmm-nic-state.h"
#include "vmm-public.h"

typedef struct
{
  char *id, *account_id, *name, *description, *cidr;
  char *ipv6_cidr; /* a /56, or "" without IPv6 */
  char *router_id, *router_name, *router_description, *route_table_id;
  guint32 index; /* names its namespace on every host */
  gboolean is_default;
  gint64 created_ms;
} VmmVpc;

typedef struct
{
  char *id, *account_id, *vpc_id, *zone_id, *name, *description, *cidr;
  char *ipv6_cidr; /* a /64 of the VPC's, or "" without IPv6 */
  gboolean is_default;
  gint64 created_ms;
} VmmVswitch;

typedef struct
{
  char *id, *account_id, *vpc_id, *name, *description;
  guint32 index;
  gboolean is_default;
  gboolean inner_accept; /* members reach each other */
  gint64 created_ms;
  GPtrArray *rules; /* VmmRule*; NULL when not loaded */
  /* Counted in lists alone: interfaces in it, rules, and those of them that name a group. */
  guint n_members, n_rules, n_peer_rules;
  guint64 generation; /* counts the changes of its rules */
} VmmGroup;

typedef struct
{
  char *id, *group_id;
  gboolean egress, accept;
  guint priority;         /* 1 to 100 */
  char *protocol;         /* "tcp", "udp", "icmp", "icmpv6", "gre", "all" */
  int port_min, port_max; /* destination; -1 and -1 for all */
  int source_port_min, source_port_max;
  /* The other side, by one of these three; the others are "". */
  char *cidr;           /* a range of either family */
  char *peer_group_id;  /* a security group */
  char *prefix_list_id; /* a list of ranges */
  char *peer_account;   /* the name of the peer group's account when it is another's, else "" */
  char *near_cidr;      /* the group's own side as well; "" for all of it */
  char *description;
  gint64 created_ms;
} VmmRule;

typedef struct
{
  char *id, *account_id, *vpc_id, *vswitch_id;
  char *instance_id; /* "" when it is of none */
  char *name, *description;
  char *mac;       /* "00:16:3e:…" */
  char *ip;        /* the primary address */
  GPtrArray *ips;  /* char*: the secondary IPv4 addresses; NULL stands for none */
  GPtrArray *ips6; /* char*: IPv6 addresses in canonical form; NULL stands for none */
  guint32 index;   /* names its tap on every host */
  guint32 vpc_index;
  GPtrArray *group_ids; /* char*, never empty */
  VmmNicState state;
  gboolean is_primary;           /* came with its instance and goes with it */
  gboolean delete_with_instance; /* else it is Available again when its instance is deleted */
  gint64 created_ms;
  gint64 deadline_ms; /* of the transitional state; 0 in a stable one */
  char *reason;       /* why it is in this state, for its owner; "" when as asked */
  guint64 generation; /* counts the changes of what its port shall be */
  GPtrArray *publics; /* VmmEip* that lead to it; NULL when not loaded */
} VmmNic;

void vmm_vpc_free (VmmVpc *vpc);
void vmm_vswitch_free (VmmVswitch *vswitch);
void vmm_group_free (VmmGroup *group);
void vmm_rule_free (VmmRule *rule);
void vmm_nic_free (VmmNic *nic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmVpc, vmm_vpc_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmVswitch, vmm_vswitch_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmGroup, vmm_group_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmRule, vmm_rule_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmNic, vmm_nic_free)

/* What leads to that address of @nic, whose publics are loaded; NULL when nothing does. Borrowed.
 */
const VmmEip *vmm_nic_public (const VmmNic *nic, const char *ip);

/* How many interfaces an instance of so many vCPUs may have, and addresses of each family an
 * interface. */
guint vmm_nic_limit (guint vcpus);
#define VMM_NIC_ADDRESSES_MAX 20
#define VMM_NIC_ADDRESSES6_MAX 10

/* IPv4 ranges. All addresses in host byte order. */
typedef struct
{
  guint32 first, last; /* the range with its network and broadcast address */
  guint length;
} VmmRange;

/* Reads "a.b.c.d/n" with no host bits set. */
gboolean vmm_range_parse (const char *cidr, VmmRange *out);
/* Reads "a.b.c.d" strictly. */
gboolean vmm_address_parse (const char *text, guint32 *out);
/* The caller frees it. */
char *vmm_address_format (guint32 address);
/* Whether instances may have @address in @range: ECS reserves the first and the last three. */
gboolean vmm_range_is_usable (const VmmRange *range, guint32 address);
/* The gateway: the third address from the end, as in ECS. */
guint32 vmm_range_gateway (const VmmRange *range);
/* How many addresses instances may have. */
guint32 vmm_range_capacity (const VmmRange *range);
