/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces, their addresses and groups; their state only store_nic_move() changes. */
#pragma once
#include "store.h"
#include "vmm-nic.h"
#include "vmm-query.h"

/* Fills @nic->index. An Available one is on no host. VMM_ERROR_PRIVATE_IP_USED when an address is
 * taken in the VPC. */
gboolean store_nic_insert (StoreTxn *txn, const char *host_id, VmmNic *nic, GError **error);
/* One interface, for the daemon. NULL without @error set when it is not there. */
VmmNic *store_nic_get (StoreTxn *txn, const char *id, GError **error);
/* One of the account. VMM_ERROR_NIC_NOT_FOUND. */
VmmNic *store_nic_find (StoreTxn *txn, const char *account_id, const char *id, GError **error);
/* VmmNic* of an instance with group ids and addresses, the primary one first. */
GPtrArray *store_nic_list (StoreTxn *txn, const char *instance_id, GError **error);
/* Sets the nics, unset before, of all @instances (VmmInstance*) at the price of one statement. */
gboolean store_nic_fill (StoreTxn *txn, GPtrArray *instances, GError **error);
/* VmmNic* on the host: those of its instances. */
GPtrArray *store_nic_list_host (StoreTxn *txn, const char *host_id, GError **error);
/* VmmNic* of the account, newest first. */
GPtrArray *store_nic_page (StoreTxn *txn, const char *account_id, const VmmNicQuery *query,
                           const VmmPage *page, VmmPageInfo *info, GError **error);
/* Ids (char*) of interfaces that are being deleted. */
GPtrArray *store_nic_deleting (StoreTxn *txn, GError **error);
/* The instance that has @ip in the VPC of that index; NULL without @error set when none has. */
char *store_nic_find_instance (StoreTxn *txn, guint32 vpc_index, guint32 ip, GError **error);
/* Interfaces of an account beside primary ones. */
gboolean store_nic_count_account (StoreTxn *txn, const char *account_id, guint *out,
                                  GError **error);

/* A step in an interface's life. */
typedef struct
{
  VmmNicState from, to;
  const char *reason;      /* NULL for none */
  gint64 deadline_ms;      /* of @to; 0 when it is stable */
  const char *instance_id; /* of @to; "" for none */
  const char *host_id;     /* the same */
} StoreNicMove;
/* The one statement that changes a state: VMM_ERROR_NIC_STATUS when another moved it first. */
gboolean store_nic_move (StoreTxn *txn, const VmmNic *nic, const StoreNicMove *move,
                         GError **error);
/* Removes the row with its addresses and memberships. */
gboolean store_nic_delete (StoreTxn *txn, const char *id, GError **error);
/* The same for all of an instance. */
gboolean store_nic_delete_of (StoreTxn *txn, const char *instance_id, GError **error);
/* Name, description and what becomes of it with its instance, as @nic has them. */
gboolean store_nic_update (StoreTxn *txn, const VmmNic *nic, GError **error);
/* What its port shall be has changed: another generation. Each of the functions below does that by
 * itself. */
gboolean store_nic_touch (StoreTxn *txn, const char *id, GError **error);

/* Puts an interface into a group, behind those it is in; takes it out. */
gboolean store_nic_join (StoreTxn *txn, const char *nic_id, const char *group_id, GError **error);
gboolean store_nic_leave (StoreTxn *txn, const char *nic_id, const char *group_id, GError **error);
/* Takes it out of all; it must join one in the same transaction. */
gboolean store_nic_leave_all (StoreTxn *txn, const char *nic_id, GError **error);

/* A random MAC of the vendor's range that no interface has. The caller frees it. */
gboolean store_nic_new_mac (StoreTxn *txn, char **out, GError **error);
/* The next free address between @first and @last of the VPC: behind the highest one in use, or else
 * the lowest gap. 0 when all are taken. */
gboolean store_nic_free_address (StoreTxn *txn, const char *vpc_id, guint32 first, guint32 last,
                                 guint32 *out, GError **error);
/* How many addresses between @first and @last of the VPC are taken. */
gboolean store_nic_count_addresses (StoreTxn *txn, const char *vpc_id, guint32 first, guint32 last,
                                    guint *out, GError **error);
/* Gives it a secondary address. VMM_ERROR_PRIVATE_IP_USED. */
gboolean store_nic_add_address (StoreTxn *txn, const VmmNic *nic, guint32 ip, GError **error);
/* Takes one away; *@out_removed tells whether it had it. */
gboolean store_nic_remove_address (StoreTxn *txn, const VmmNic *nic, guint32 ip,
                                   gboolean *out_removed, GError **error);

/* The same of IPv6; @ip in canonical form. NIC_ADDRESS_ASSIGNED when it is taken in the VPC. */
gboolean store_nic_add_address6 (StoreTxn *txn, const VmmNic *nic, const char *ip, GError **error);
gboolean store_nic_remove_address6 (StoreTxn *txn, const VmmNic *nic, const char *ip,
                                    gboolean *out_removed, GError **error);
/* How many IPv6 addresses interfaces of the vswitch have. */
gboolean store_nic_count_addresses6 (StoreTxn *txn, const char *vswitch_id, guint *out,
                                     GError **error);
/* How many primary and secondary IPv4 addresses are in the group. */
gboolean store_nic_count_members (StoreTxn *txn, const char *group_id, guint *out, GError **error);
