/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses and NAT gateways as they stand in the database, and what lists of them may ask
 * for. */
#pragma once
#include "vmm-eip-state.h"
#include "vmm-tag.h"

/* What an address may lead to, as on the wire. */
#define VMM_EIP_INSTANCE "EcsInstance"
#define VMM_EIP_NIC "NetworkInterface"
#define VMM_EIP_NAT "Nat"

#define VMM_BANDWIDTH_MAX_MBIT 10000
/* Up to here what comes in may be this much though what goes out is less, as in ECS. */
#define VMM_BANDWIDTH_IN_LEAST_MBIT 10

/* What may come in when nothing is said of it: as much as may go out, but not very little. */
guint vmm_bandwidth_in (guint out_mbit);

typedef struct
{
  char *id, *account_id, *name, *description;
  char *ip;
  gboolean is_plain; /* by AllocatePublicIpAddress: no EIP, and goes with its instance */
  VmmEipState state;
  guint bandwidth_mbit; /* of what goes out; a plain one has its instance's bounds instead */
  char *charge_type;
  char *target_type, *target_id; /* "" when it leads nowhere */
  char *vpc_id;                  /* of the target */
  char *nic_id, *private_ip;     /* where it leads; "" with a NAT gateway and when let go of */
  gint64 created_ms;
  gint64 deadline_ms; /* of the transitional state; 0 in a stable one */
  char *reason;       /* why it is in this state, for its owner; "" when as asked */
} VmmEip;

typedef struct
{
  char *id, *account_id, *vpc_id, *vswitch_id, *name, *description;
  char *snat_table_id, *forward_table_id;
  gint64 created_ms;
} VmmNatGateway;

typedef struct
{
  char *id, *account_id, *nat_gateway_id, *table_id, *vpc_id, *name;
  char *source_cidr, *source_vswitch_id; /* source_vswitch_id: "" when a range was given */
  char *eip_id, *ip;
  guint64 generation;
  gboolean is_applied; /* the host does as it says */
  gint64 created_ms;
} VmmSnat;

typedef struct
{
  char *id, *account_id, *nat_gateway_id, *table_id, *vpc_id, *name;
  char *eip_id, *ip;
  char *protocol;                 /* "tcp", "udp", or "any" for all that comes to the address */
  int external_min, external_max; /* -1 and -1 with "any" */
  char *internal_ip;
  int internal_min, internal_max;
  guint64 generation;
  gboolean is_applied;
  gint64 created_ms;
} VmmForward;

void vmm_eip_free (VmmEip *eip);
void vmm_nat_gateway_free (VmmNatGateway *gateway);
void vmm_snat_free (VmmSnat *snat);
void vmm_forward_free (VmmForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmEip, vmm_eip_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmNatGateway, vmm_nat_gateway_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmSnat, vmm_snat_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmForward, vmm_forward_free)

/* A NULL or empty field does not filter. Borrowed strings. */
typedef struct
{
  const char *const *ids, *const *ips;
  const char *name;   /* '*' stands for anything */
  const char *status; /* on the wire: "InUse" */
  const char *target_id, *target_type, *charge_type;
  const char *vpc_id;
  gint64 created_from_ms, created_to_ms; /* 0 for open */
  VmmTags tags;                          /* that all are there */
} VmmEipQuery;

typedef struct
{
  const char *id, *name, *vpc_id, *vswitch_id;
  VmmTags tags; /* that all are there */
} VmmNatGatewayQuery;

typedef struct
{
  const char *id, *table_id, *nat_gateway_id, *name, *ip, *source_cidr, *source_vswitch_id;
} VmmSnatQuery;

typedef struct
{
  const char *id, *table_id, *nat_gateway_id, *name, *ip, *internal_ip, *protocol;
  int external_port, internal_port; /* -1 for any: the first of the range */
} VmmForwardQuery;
