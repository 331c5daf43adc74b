/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses of a VPC and what they lead to. */
#include "config.h"

#include "work-plan.h"

gboolean
work_plan_publics (StoreTxn *txn, const VmmVpc *row, NetctlVpc *vpc, GError **error)
{
  (void) txn;
  (void) row;
  (void) vpc;
  (void) error;
  return TRUE;
}
