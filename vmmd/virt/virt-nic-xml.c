/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading interfaces out of a domain's XML. */
#include "config.h"

#include "virt-nic-xml.h"

#include "virt-xml.h"

void
virt_nic_xml_free (VirtNicXml *nic)
{
  if (nic == NULL)
    return;
  g_free (nic->tap);
  g_free (nic->alias);
  g_free (nic->other_xml);
  g_free (nic);
}

static void
free_nic (gpointer nic)
{
  virt_nic_xml_free (nic);
}

/* Turns the link the other way and prints the device. */
static char *
print_turned (xmlDoc *doc, xmlNode *interface, gboolean is_up)
{
  xmlNode *link = virt_xml_child (interface, "link");
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text;

  if (link == NULL)
    link = xmlNewChild (interface, NULL, BAD_CAST "link", NULL);
  xmlSetProp (link, BAD_CAST "state", BAD_CAST (is_up ? "down" : "up"));
  xmlNodeDump (buffer, doc, interface, 0, 0);
  text = g_strdup ((const char *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}

static gpointer
read_nic (xmlDoc *doc, xmlNode *interface)
{
  g_autoptr (VirtNicXml) nic = g_new0 (VirtNicXml, 1);
  g_autofree char *state = virt_xml_attribute (interface, "link", "state");

  nic->tap = virt_xml_attribute (interface, "target", "dev");
  if (nic->tap == NULL)
    return NULL;
  nic->alias = virt_xml_attribute (interface, "alias", "name");
  nic->is_up = g_strcmp0 (state, "down") != 0;
  nic->other_xml = print_turned (doc, interface, nic->is_up);
  return g_steal_pointer (&nic);
}

GPtrArray *
virt_nic_xml_list (const char *xml)
{
  return virt_xml_list (xml, "interface", read_nic, free_nic);
}
