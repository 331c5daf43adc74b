/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of a VPC to guests that forward. */
#include "config.h"

#include "work-plan.h"

gboolean
work_plan_routes (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  (void) txn;
  (void) row;
  (void) vpc;
  (void) error;
  return TRUE;
}
