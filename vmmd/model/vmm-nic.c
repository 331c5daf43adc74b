/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What interfaces there may be. */
#include "config.h"

#include "vmm-nic.h"

/* ECS sells more interfaces with larger types; here a type has as many as it has vCPUs. */
guint
vmm_nic_limit (guint vcpus)
{
  return CLAMP (vcpus, 2, 8);
}
