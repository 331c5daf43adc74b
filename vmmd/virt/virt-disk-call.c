/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments and results of a call on disks. */
#include "config.h"

#include "virt-disk-call.h"

#include "virt.h"

static void
free_turn (gpointer turn)
{
  virt_turn_free (turn);
}

VirtDiskCall *
virt_disk_call_new (const char *serial)
{
  VirtDiskCall *call = g_new0 (VirtDiskCall, 1);

  call->serial = g_strdup (serial);
  call->turns = g_ptr_array_new_with_free_func (free_turn);
  return call;
}

void
virt_disk_call_free (VirtDiskCall *call)
{
  if (call == NULL)
    return;
  g_free (call->serial);
  g_free (call->base);
  g_free (call->xml);
  g_ptr_array_unref (call->turns);
  g_clear_pointer (&call->disks, g_ptr_array_unref);
  g_free (call);
}
