/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spec as libvirt's domain XML. Pure; any thread. */
#pragma once
#include "virt.h"

/* Namespace of the metadata element that marks a domain as ours; its id attribute is the name. */
#define VIRT_DOMAIN_XML_NAMESPACE "https://vmmd.invalid/xmlns/1"

/* The name of the channel that a guest's agent opens. */
#define VIRT_AGENT_CHANNEL "org.qemu.guest_agent.0"

typedef struct
{
  gboolean is_kvm;
  /* Whether the file system of @path takes O_DIRECT; NULL means it does. Where it does not, such
   * as on some tmpfs, the disk goes through the host's page cache. */
  gboolean (*takes_direct_io) (const char *path);
} VirtDomainXmlOptions;

/* The XML as UTF-8 text, built as a tree so that no string can leave its place. The caller frees
 * it with g_free(). A title may hold anything: what XML cannot carry shows as U+FFFD. Any other
 * string with control characters or bad UTF-8, a serial longer than 20 characters, an empty chain
 * or a missing field is VMM_ERROR_VIRT_FAILED. */
char *virt_domain_xml (const VirtSpec *spec, const VirtDomainXmlOptions *options, GError **error);

/* The id in our metadata element as virDomainGetMetadata() returns it, or NULL when @xml is not
 * that. The caller frees it. */
char *virt_domain_xml_metadata_id (const char *xml);

/* One interface as a device of the domain @id, with its link up or down. The caller frees it. */
char *virt_domain_xml_nic (const char *id, const VirtNic *nic, gboolean is_up, GError **error);
/* One disk as a device of the domain @id. The caller frees it. */
char *virt_domain_xml_disk (const char *id, const VirtDisk *disk,
                            const VirtDomainXmlOptions *options, GError **error);
