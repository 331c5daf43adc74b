/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces in a domain's XML as libvirt returns it. Pure; any thread. */
#pragma once
#include <glib.h>

typedef struct
{
  char *tap;
  char *alias; /* NULL when libvirt gave none yet */
  gboolean is_up;
  char *other_xml; /* the same device with its link the other way */
} VirtNicXml;
void virt_nic_xml_free (VirtNicXml *nic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtNicXml, virt_nic_xml_free)

/* VirtNicXml*, in order; those without a tap's name are left out. NULL when @xml cannot be read. */
GPtrArray *virt_nic_xml_list (const char *xml);
