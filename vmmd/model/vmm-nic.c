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

const VmmEip *
vmm_nic_public (const VmmNic *nic, const char *ip)
{
  for (guint i = 0; nic->publics != NULL && i < nic->publics->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (nic->publics, i);

      if (g_str_equal (eip->private_ip, ip))
        return eip;
    }
  return NULL;
}
