/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading interfaces out of a domain's XML. */
#include "config.h"

#include "virt-nic-xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

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

static xmlNode *
find_child (xmlNode *parent, const char *name)
{
  for (xmlNode *node = parent != NULL ? parent->children : NULL; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST name))
      return node;
  return NULL;
}

/* The attribute of the child of that name, or NULL. */
static char *
read_attribute (xmlNode *parent, const char *name, const char *key)
{
  xmlNode *node = find_child (parent, name);
  xmlChar *value = node != NULL ? xmlGetNoNsProp (node, BAD_CAST key) : NULL;
  char *copy = g_strdup ((const char *) value);

  xmlFree (value);
  return copy;
}

/* Turns the link the other way and prints the device. */
static char *
print_turned (xmlDoc *doc, xmlNode *interface, gboolean is_up)
{
  xmlNode *link = find_child (interface, "link");
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

static VirtNicXml *
read_nic (xmlDoc *doc, xmlNode *interface)
{
  g_autoptr (VirtNicXml) nic = g_new0 (VirtNicXml, 1);
  g_autofree char *state = read_attribute (interface, "link", "state");

  nic->tap = read_attribute (interface, "target", "dev");
  if (nic->tap == NULL)
    return NULL;
  nic->alias = read_attribute (interface, "alias", "name");
  nic->is_up = g_strcmp0 (state, "down") != 0;
  nic->other_xml = print_turned (doc, interface, nic->is_up);
  return g_steal_pointer (&nic);
}

GPtrArray *
virt_nic_xml_list (const char *xml)
{
  g_autoptr (xmlDoc) doc
      = xmlReadMemory (xml, (int) strlen (xml), NULL, NULL,
                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlNode *devices;
  GPtrArray *nics;

  if (doc == NULL)
    return NULL;
  devices = find_child (xmlDocGetRootElement (doc), "devices");
  nics = g_ptr_array_new_with_free_func (free_nic);
  for (xmlNode *node = devices != NULL ? devices->children : NULL; node != NULL; node = node->next)
    {
      VirtNicXml *nic = NULL;

      if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST "interface"))
        nic = read_nic (doc, node);
      if (nic != NULL)
        g_ptr_array_add (nics, nic);
    }
  return nics;
}
