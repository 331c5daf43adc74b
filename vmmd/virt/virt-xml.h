/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading libvirt's XML, for this room's files only. Pure; any thread. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

/* NULL when @xml is none; the caller frees it with xmlFreeDoc(). */
xmlDoc *virt_xml_parse (const char *xml);
/* The first child of that name; NULL when there is none, and of NULL. */
xmlNode *virt_xml_child (xmlNode *parent, const char *name);
/* The attribute @key of the child of that name, or NULL. The caller frees it. */
char *virt_xml_attribute (xmlNode *parent, const char *name, const char *key);
/* What stands under <devices>, as list of siblings; NULL for nothing. */
xmlNode *virt_xml_devices (xmlDoc *doc);

/* A device as a record, NULL for none that counts. */
typedef gpointer (*VirtXmlRead) (xmlDoc *doc, xmlNode *device);
/* The devices of that name, in order; NULL when @xml is none. The caller unrefs it, which frees the
 * records by @free_func. */
GPtrArray *virt_xml_list (const char *xml, const char *name, VirtXmlRead read,
                          GDestroyNotify free_func);
