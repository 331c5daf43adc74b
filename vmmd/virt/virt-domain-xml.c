/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec to domain XML, one function a part of the machine. */
#include "config.h"

#include "virt-domain-xml.h"

#include "virt-xml.h"
#include "vmm-error.h"

/* The guest sees a virtio-blk serial cut to this many bytes. */
#define SERIAL_MAX 20
/* TCG would else keep up to 1 GiB of translated code per guest. */
#define TB_CACHE_MIB "64"

static void
attribute (xmlNode *node, const char *name, const char *value)
{
  xmlNewProp (node, BAD_CAST name, BAD_CAST value);
}

/* Appends <name attribute='value' …/>; pairs of strings until NULL. */
static xmlNode *G_GNUC_NULL_TERMINATED
child (xmlNode *parent, const char *name, ...)
{
  xmlNode *node = xmlNewChild (parent, NULL, BAD_CAST name, NULL);
  va_list pairs;

  va_start (pairs, name);
  for (const char *key = va_arg (pairs, const char *); key != NULL;
       key = va_arg (pairs, const char *))
    attribute (node, key, va_arg (pairs, const char *));
  va_end (pairs);
  return node;
}

/* Appends <name>text</name>; the text is taken literally. */
static xmlNode *
leaf (xmlNode *parent, const char *name, const char *text)
{
  return xmlNewTextChild (parent, NULL, BAD_CAST name, BAD_CAST text);
}

static xmlNode *
leaf_uint (xmlNode *parent, const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);

  return leaf (parent, name, text);
}

static gboolean
is_xml_char (gunichar c)
{
  return c >= 0x20 && c != 0x7f && c != 0xfffe && c != 0xffff;
}

static gboolean
is_plain (const char *text)
{
  if (text == NULL || *text == '\0' || !g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (!is_xml_char (g_utf8_get_char (at)))
      return FALSE;
  return TRUE;
}

static char *
clean_title (const char *title)
{
  g_autofree char *valid = g_utf8_make_valid (title, -1);
  GString *clean = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (clean, is_xml_char (c) ? c : 0xfffd);
    }
  return g_string_free (clean, FALSE);
}

static gboolean
check_plain (const char *id, const char *what, const char *text, GError **error)
{
  if (is_plain (text))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s': bad or missing %s", id, what);
}

static gboolean
check_disk (const char *id, const VirtDisk *disk, GError **error)
{
  if (!check_plain (id, "disk serial", disk->serial, error)
      || !check_plain (id, "disk target", disk->target, error))
    return FALSE;
  if (strlen (disk->serial) > SERIAL_MAX)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "disk serial '%s' is longer than %d bytes",
                     disk->serial, SERIAL_MAX);
  if (disk->chain == NULL || disk->chain->len == 0)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "disk '%s' has no layer", disk->serial);
  for (guint i = 0; i < disk->chain->len; i++)
    {
      const char *path = g_ptr_array_index (disk->chain, i);

      if (!check_plain (id, "layer path", path, error))
        return FALSE;
      if (!g_path_is_absolute (path))
        return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "layer '%s' is not an absolute path", path);
    }
  return TRUE;
}

static gboolean
check_nic (const char *id, const VirtNic *nic, GError **error)
{
  return check_plain (id, "tap name", nic->tap, error)
         && check_plain (id, "MAC address", nic->mac, error);
}

static gboolean
check_spec (const VirtSpec *spec, GError **error)
{
  if (!is_plain (spec->id))
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "a domain without a proper id");
  if (!check_plain (spec->id, "UUID", spec->uuid, error)
      || !check_plain (spec->id, "console log path", spec->console_log, error)
      || !check_plain (spec->id, "VNC socket path", spec->vnc_socket, error))
    return FALSE;
  if (spec->vcpus == 0 || spec->memory_mib == 0)
    return vmm_fail (error, VMM_ERROR_VIRT_FAILED, "domain '%s': no vCPU or no memory", spec->id);
  for (guint i = 0; i < spec->disks->len; i++)
    if (!check_disk (spec->id, g_ptr_array_index (spec->disks, i), error))
      return FALSE;
  for (guint i = 0; i < spec->nics->len; i++)
    if (!check_nic (spec->id, g_ptr_array_index (spec->nics, i), error))
      return FALSE;
  return TRUE;
}

static void
add_identity (xmlNode *domain, const VirtSpec *spec)
{
  xmlNode *metadata, *mark;

  leaf (domain, "name", spec->id);
  leaf (domain, "uuid", spec->uuid);
  if (spec->title != NULL && *spec->title != '\0')
    {
      g_autofree char *title = clean_title (spec->title);

      leaf (domain, "title", title);
    }
  metadata = child (domain, "metadata", NULL);
  mark = child (metadata, "instance", "id", spec->id, NULL);
  xmlSetNs (mark, xmlNewNs (mark, BAD_CAST VIRT_DOMAIN_XML_NAMESPACE, BAD_CAST "vmmd"));
}

static void
add_machine (xmlNode *domain, const VirtSpec *spec, const VirtDomainXmlOptions *options)
{
  g_autofree char *cores = g_strdup_printf ("%u", spec->vcpus);
  xmlNode *memory = leaf_uint (domain, "memory", spec->memory_mib);
  xmlNode *os, *features, *cpu;

  attribute (memory, "unit", "MiB");
  attribute (memory, "dumpCore", "off");
  leaf_uint (domain, "vcpu", spec->vcpus);

  os = child (domain, "os", NULL);
  attribute (leaf (os, "type", "hvm"), "arch", "x86_64");
  attribute (xmlGetLastChild (os), "machine", "pc");
  child (os, "smbios", "mode", "sysinfo", NULL);

  features = child (domain, "features", NULL);
  child (features, "acpi", NULL);
  child (features, "apic", NULL);
  if (!options->is_kvm)
    attribute (leaf (child (features, "tcg", NULL), "tb-cache", TB_CACHE_MIB), "unit", "MiB");

  cpu = child (domain, "cpu", "mode", options->is_kvm ? "host-passthrough" : "maximum", "check",
               "none", NULL);
  child (cpu, "topology", "sockets", "1", "dies", "1", "cores", cores, "threads", "1", NULL);
}

static void
add_sysinfo (xmlNode *domain, const VirtSpec *spec)
{
  xmlNode *sysinfo = child (domain, "sysinfo", "type", "smbios", NULL);
  xmlNode *system = child (sysinfo, "system", NULL);

  attribute (leaf (system, "entry", "Alibaba Cloud"), "name", "manufacturer");
  /* cloud-init recognises the AliYun data source by this text. */
  attribute (leaf (system, "entry", "Alibaba Cloud ECS"), "name", "product");
  attribute (leaf (system, "entry", spec->id), "name", "serial");
}

static void
add_behaviour (xmlNode *domain)
{
  xmlNode *clock = child (domain, "clock", "offset", "utc", NULL);
  xmlNode *pm;

  child (clock, "timer", "name", "rtc", "tickpolicy", "catchup", NULL);
  child (clock, "timer", "name", "pit", "tickpolicy", "delay", NULL);
  child (clock, "timer", "name", "hpet", "present", "no", NULL);
  leaf (domain, "on_poweroff", "destroy");
  leaf (domain, "on_reboot", "restart");
  leaf (domain, "on_crash", "destroy");
  /* Nobody could wake a guest that went to sleep. */
  pm = child (domain, "pm", NULL);
  child (pm, "suspend-to-mem", "enabled", "no", NULL);
  child (pm, "suspend-to-disk", "enabled", "no", NULL);
}

/* Layers are shared and have their owner and mode from whoever made them: libvirt must not touch
 * those, and would else take a layer away from its other guests when this one stops. */
static void
add_source (xmlNode *parent, const char *path)
{
  xmlNode *source = child (parent, "source", "file", path, NULL);

  child (source, "seclabel", "model", "dac", "relabel", "no", NULL);
}

static void
add_bounds (xmlNode *disk, const VirtDisk *bounds)
{
  xmlNode *tune = child (disk, "iotune", NULL);
  g_autofree char *iops = g_strdup_printf ("%" G_GUINT64_FORMAT, bounds->iops);
  g_autofree char *bytes = g_strdup_printf ("%" G_GUINT64_FORMAT, bounds->bytes_s);

  if (bounds->bytes_s != 0)
    leaf (tune, "total_bytes_sec", bytes);
  if (bounds->iops != 0)
    leaf (tune, "total_iops_sec", iops);
}

/* The whole chain is spelt out, and ended, so that neither libvirt nor QEMU looks into a file to
 * find out what it is or what it stands on. */
static void
fill_disk (xmlNode *node, const VirtDisk *disk, const VirtDomainXmlOptions *options)
{
  const char *active = g_ptr_array_index (disk->chain, 0);
  gboolean direct = options->takes_direct_io == NULL || options->takes_direct_io (active);
  g_autofree char *alias = g_strconcat ("ua-", disk->serial, NULL);
  xmlNode *layer = node;

  attribute (node, "type", "file");
  attribute (node, "device", "disk");
  child (node, "driver", "name", "qemu", "type", "qcow2", "cache", direct ? "none" : "writeback",
         "io", direct ? "native" : "threads", "discard", "unmap", "error_policy", "enospace",
         "rerror_policy", "report", NULL);
  add_source (node, active);
  for (guint i = 1; i < disk->chain->len; i++)
    {
      layer = child (layer, "backingStore", "type", "file", NULL);
      child (layer, "format", "type", "qcow2", NULL);
      add_source (layer, g_ptr_array_index (disk->chain, i));
    }
  child (layer, "backingStore", NULL);
  child (node, "target", "dev", disk->target, "bus", "virtio", NULL);
  if (disk->iops != 0 || disk->bytes_s != 0)
    add_bounds (node, disk);
  leaf (node, "serial", disk->serial);
  if (disk->is_boot)
    child (node, "boot", "order", "1", NULL);
  child (node, "alias", "name", alias, NULL);
}

/* Fills an <interface>. */
static void
fill_nic (xmlNode *node, const VirtNic *nic)
{
  g_autofree char *alias = g_strconcat ("ua-", nic->tap, NULL);

  attribute (node, "type", "ethernet");
  child (node, "mac", "address", nic->mac, NULL);
  child (node, "target", "dev", nic->tap, NULL);
  child (node, "model", "type", "virtio", NULL);
  if (nic->mtu != 0)
    {
      g_autofree char *mtu = g_strdup_printf ("%u", nic->mtu);

      child (node, "mtu", "size", mtu, NULL);
    }
  /* No network boot: its firmware costs time and trusts whoever answers first. */
  child (node, "rom", "enabled", "no", NULL);
  child (node, "alias", "name", alias, NULL);
}

static void
add_consoles (xmlNode *devices, const VirtSpec *spec)
{
  xmlNode *serial = child (devices, "serial", "type", "pty", NULL);
  xmlNode *channel, *graphics, *video;

  child (serial, "log", "file", spec->console_log, "append", "on", NULL);
  child (serial, "target", "type", "isa-serial", "port", "0", NULL);
  channel = child (devices, "channel", "type", "unix", NULL);
  child (channel, "target", "type", "virtio", "name", VIRT_AGENT_CHANNEL, NULL);
  graphics = child (devices, "graphics", "type", "vnc", NULL);
  child (graphics, "listen", "type", "socket", "socket", spec->vnc_socket, NULL);
  video = child (devices, "video", NULL);
  child (video, "model", "type", "vga", "vram", "16384", "heads", "1", NULL);
}

static void
add_devices (xmlNode *domain, const VirtSpec *spec, const VirtDomainXmlOptions *options)
{
  xmlNode *devices = child (domain, "devices", NULL);
  xmlNode *rng;

  for (guint i = 0; i < spec->disks->len; i++)
    fill_disk (child (devices, "disk", NULL), g_ptr_array_index (spec->disks, i), options);
  for (guint i = 0; i < spec->nics->len; i++)
    fill_nic (child (devices, "interface", NULL), g_ptr_array_index (spec->nics, i));
  child (devices, "controller", "type", "usb", "model", "none", NULL);
  add_consoles (devices, spec);
  child (devices, "audio", "id", "1", "type", "none", NULL);
  child (devices, "memballoon", "model", "virtio", "freePageReporting", "on", NULL);
  rng = child (devices, "rng", "model", "virtio", NULL);
  attribute (leaf (rng, "backend", "/dev/urandom"), "model", "random");
}

static char *
dump (xmlDoc *doc)
{
  xmlChar *text = NULL;
  int length = 0;
  char *copy;

  xmlDocDumpFormatMemoryEnc (doc, &text, &length, "UTF-8", 1);
  copy = g_strndup ((const char *) text, (gsize) length);
  xmlFree (text);
  return copy;
}

char *
virt_domain_xml (const VirtSpec *spec, const VirtDomainXmlOptions *options, GError **error)
{
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *domain;

  if (!check_spec (spec, error))
    return NULL;
  doc = xmlNewDoc (BAD_CAST "1.0");
  domain = xmlNewDocNode (doc, NULL, BAD_CAST "domain", NULL);
  xmlDocSetRootElement (doc, domain);
  attribute (domain, "type", options->is_kvm ? "kvm" : "qemu");
  add_identity (domain, spec);
  add_machine (domain, spec, options);
  add_sysinfo (domain, spec);
  add_behaviour (domain);
  add_devices (domain, spec, options);

  return dump (doc);
}

char *
virt_domain_xml_nic (const char *id, const VirtNic *nic, gboolean is_up, GError **error)
{
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *node;

  if (!check_nic (id, nic, error))
    return NULL;
  doc = xmlNewDoc (BAD_CAST "1.0");
  node = xmlNewDocNode (doc, NULL, BAD_CAST "interface", NULL);
  xmlDocSetRootElement (doc, node);
  fill_nic (node, nic);
  if (!is_up)
    child (node, "link", "state", "down", NULL);
  return dump (doc);
}

char *
virt_domain_xml_disk (const char *id, const VirtDisk *disk, const VirtDomainXmlOptions *options,
                      GError **error)
{
  g_autoptr (xmlDoc) doc = NULL;
  xmlNode *node;

  if (!check_disk (id, disk, error))
    return NULL;
  doc = xmlNewDoc (BAD_CAST "1.0");
  node = xmlNewDocNode (doc, NULL, BAD_CAST "disk", NULL);
  xmlDocSetRootElement (doc, node);
  fill_disk (node, disk, options);
  return dump (doc);
}

char *
virt_domain_xml_metadata_id (const char *xml)
{
  g_autoptr (xmlDoc) doc = virt_xml_parse (xml);
  xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;
  xmlChar *value;
  char *id;

  if (root == NULL || !xmlStrEqual (root->name, BAD_CAST "instance"))
    return NULL;
  value = xmlGetNoNsProp (root, BAD_CAST "id");
  id = g_strdup ((const char *) value);
  xmlFree (value);
  return id;
}
