/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of what instances, disks and public addresses used. */
#pragma once
#include "store.h"
#include "vmm-sample.h"

/* Adds that of a minute, to the sums of its ten minutes and its hour too. A minute that is there
 * stays as it is. */
gboolean store_sample_add (StoreTxn *txn, const VmmSample *sample, GError **error);
/* VmmSample*, in order: those that begin from @from_s on and before @to_s. @period_s is 60, 600,
 * 3600, or a multiple of 60 seconds, made of minutes. What nobody looked at is not there. */
GPtrArray *store_sample_list (StoreTxn *txn, const char *id, gint64 period_s, gint64 from_s,
                              gint64 to_s, GError **error);

/* Takes samples away that nothing needs any more, at most @most of them, so that nobody waits long
 * for the transaction: all of what is no instance, disk or public address any more. @out_n is how
 * many there were: with @most there may be more. */
gboolean store_sample_sweep (StoreTxn *txn, guint most, guint *out_n, GError **error);
/* The same: those of @period_s from before @before_s, of the things whose turn is @turn of @turns;
 * each has one of them. */
gboolean store_sample_expire (StoreTxn *txn, gint64 period_s, gint64 before_s, guint turn,
                              guint turns, guint most, guint *out_n, GError **error);

/* What there is to look at on a host. */
typedef enum
{
  STORE_METERED_DISK,
  STORE_METERED_NIC,
  STORE_METERED_EIP,
  STORE_METERED_PUBLIC /* goes with its instance, and has no samples of its own */
} StoreMeteredKind;

typedef struct
{
  StoreMeteredKind kind;
  char *id;
  char *instance_id; /* whose it is, "" for none */
  char *device;      /* of a disk, "/dev/xvda" */
  guint32 number;    /* an interface's index, or a public address in host byte order */
} StoreMetered;
/* StoreMetered* of the host's instances, and all public addresses that lead somewhere. */
GPtrArray *store_metered_list (StoreTxn *txn, const char *host_id, GError **error);
