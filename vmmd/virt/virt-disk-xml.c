/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks in libvirt's XML: read from a domain's, and written for a snapshot. The guest's agent. */
#include "config.h"

#include "virt-disk-xml.h"

#include "virt-domain-xml.h"
#include "virt-xml.h"

static void
free_disk (gpointer disk)
{
  virt_disk_free (disk);
}

static char *
read_text (xmlNode *parent, const char *name)
{
  xmlNode *node = virt_xml_child (parent, name);
  xmlChar *value = node != NULL ? xmlNodeGetContent (node) : NULL;
  char *copy = g_strdup ((const char *) value);

  xmlFree (value);
  return copy;
}

/* Each <backingStore> holds the next; the last is empty. */
static GPtrArray *
read_chain (xmlNode *disk)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func (g_free);

  for (xmlNode *layer = disk; layer != NULL; layer = virt_xml_child (layer, "backingStore"))
    {
      char *path = virt_xml_attribute (layer, "source", "file");

      if (path != NULL)
        g_ptr_array_add (chain, path);
    }
  return chain;
}

static gpointer
read_disk (xmlDoc *doc, xmlNode *node)
{
  VirtDisk *disk = g_new0 (VirtDisk, 1);

  disk->serial = read_text (node, "serial");
  disk->target = virt_xml_attribute (node, "target", "dev");
  disk->chain = read_chain (node);
  if (disk->serial != NULL && disk->target != NULL && disk->chain->len > 0)
    return disk;
  virt_disk_free (disk);
  return NULL;
}

gboolean
virt_disk_xml_has_agent (const char *xml)
{
  g_autoptr (xmlDoc) doc = virt_xml_parse (xml);

  for (xmlNode *node = doc != NULL ? virt_xml_devices (doc) : NULL; node != NULL; node = node->next)
    {
      g_autofree char *name = virt_xml_attribute (node, "target", "name");
      g_autofree char *state = virt_xml_attribute (node, "target", "state");

      if (g_strcmp0 (name, VIRT_AGENT_CHANNEL) == 0)
        return g_strcmp0 (state, "connected") == 0;
    }
  return FALSE;
}

GPtrArray *
virt_disk_xml_list (const char *xml)
{
  return virt_xml_list (xml, "disk", read_disk, free_disk);
}

static const VirtTurn *
find_turn (GPtrArray *turns, const char *serial)
{
  for (guint i = 0; i < turns->len; i++)
    {
      const VirtTurn *turn = g_ptr_array_index (turns, i);

      if (g_str_equal (turn->serial, serial))
        return turn;
    }
  return NULL;
}

static void
add_turn (xmlNode *node, const VirtTurn *turn)
{
  xmlNode *driver = xmlNewChild (node, NULL, BAD_CAST "driver", NULL);
  xmlNode *source = xmlNewChild (node, NULL, BAD_CAST "source", NULL);
  xmlNode *label = xmlNewChild (source, NULL, BAD_CAST "seclabel", NULL);

  xmlNewProp (driver, BAD_CAST "type", BAD_CAST "qcow2");
  xmlNewProp (source, BAD_CAST "file", BAD_CAST turn->path);
  /* As for every layer: whoever made it has given it its owner. */
  xmlNewProp (label, BAD_CAST "model", BAD_CAST "dac");
  xmlNewProp (label, BAD_CAST "relabel", BAD_CAST "no");
}

char *
virt_disk_xml_turns (GPtrArray *disks, GPtrArray *turns)
{
  g_autoptr (xmlDoc) doc = xmlNewDoc (BAD_CAST "1.0");
  xmlNode *root = xmlNewDocNode (doc, NULL, BAD_CAST "domainsnapshot", NULL);
  xmlNode *list = xmlNewChild (root, NULL, BAD_CAST "disks", NULL);
  xmlChar *text = NULL;
  guint found = 0;
  int length = 0;
  char *copy;

  xmlDocSetRootElement (doc, root);
  for (guint i = 0; i < disks->len; i++)
    {
      const VirtDisk *disk = g_ptr_array_index (disks, i);
      const VirtTurn *turn = find_turn (turns, disk->serial);
      xmlNode *node = xmlNewChild (list, NULL, BAD_CAST "disk", NULL);

      xmlNewProp (node, BAD_CAST "name", BAD_CAST disk->target);
      xmlNewProp (node, BAD_CAST "snapshot", BAD_CAST (turn != NULL ? "external" : "no"));
      if (turn != NULL)
        {
          xmlNewProp (node, BAD_CAST "type", BAD_CAST "file");
          add_turn (node, turn);
          found++;
        }
    }
  if (found != turns->len)
    return NULL;
  xmlDocDumpFormatMemoryEnc (doc, &text, &length, "UTF-8", 1);
  copy = g_strndup ((const char *) text, (gsize) length);
  xmlFree (text);
  return copy;
}
