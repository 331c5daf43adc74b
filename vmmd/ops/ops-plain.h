/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs on public addresses that go with their instance, and on its bandwidth. Any pool thread.
 */
#pragma once
#include "ops-context.h"

/* Gives an instance an address that goes with it, and answers with it; with the one it has already
 * if it has. INSTANCE_STATUS unless Running or Stopped, PUBLIC_BANDWIDTH, PUBLIC_IP_NONE,
 * PUBLIC_IP_ALLOCATED when it has an EIP. The caller frees it. */
char *ops_public_allocate (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                           const char *ip, GError **error);

/* Takes such an address back; @instance_id, unless NULL, is whose it must be. PUBLIC_IP_NOT_FOUND.
 */
gboolean ops_public_release (VmmContext *ctx, const VmmCaller *caller, const char *ip,
                             const char *instance_id, GError **error);

/* NULL and -1 leave a field. */
typedef struct
{
  int bandwidth_in_mbit, bandwidth_out_mbit; /* 0 for no bound */
  const char *charge_type;
  gboolean allocate; /* an address that goes with it, unless it has one */
} OpsNetworkSpec;
/* BANDWIDTH_IN, BANDWIDTH_OUT, BANDWIDTH_EIP, and what ops_public_allocate() fails with. */
gboolean ops_network_spec_modify (VmmContext *ctx, const VmmCaller *caller, const char *instance_id,
                                  const OpsNetworkSpec *spec, GError **error);
