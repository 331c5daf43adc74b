/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading libvirt's XML. */
#include "config.h"

#include "virt-xml.h"

#include <libxml/parser.h>
#include <string.h>

xmlDoc *
virt_xml_parse (const char *xml)
{
  return xmlReadMemory (xml, (int) strlen (xml), NULL, NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

xmlNode *
virt_xml_child (xmlNode *parent, const char *name)
{
  for (xmlNode *node = parent != NULL ? parent->children : NULL; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST name))
      return node;
  return NULL;
}

char *
virt_xml_attribute (xmlNode *parent, const char *name, const char *key)
{
  xmlNode *node = virt_xml_child (parent, name);
  xmlChar *value = node != NULL ? xmlGetNoNsProp (node, BAD_CAST key) : NULL;
  char *copy = g_strdup ((const char *) value);

  xmlFree (value);
  return copy;
}

xmlNode *
virt_xml_devices (xmlDoc *doc)
{
  xmlNode *devices = virt_xml_child (xmlDocGetRootElement (doc), "devices");

  return devices != NULL ? devices->children : NULL;
}

GPtrArray *
virt_xml_list (const char *xml, const char *name, VirtXmlRead read, GDestroyNotify free_func)
{
  g_autoptr (xmlDoc) doc = virt_xml_parse (xml);
  GPtrArray *records;

  if (doc == NULL)
    return NULL;
  records = g_ptr_array_new_with_free_func (free_func);
  for (xmlNode *node = virt_xml_devices (doc); node != NULL; node = node->next)
    {
      gpointer record = NULL;

      if (node->type == XML_ELEMENT_NODE && xmlStrEqual (node->name, BAD_CAST name))
        record = read (doc, node);
      if (record != NULL)
        g_ptr_array_add (records, record);
    }
  return records;
}
