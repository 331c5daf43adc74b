/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading disks and the agent out of a domain's XML, and the XML of a turn. Pure; any thread. */
#pragma once
#include "virt.h"

/* VirtDisk* of the disks that have a serial and lie in files; NULL when @xml is none. Their order
 * is that of the XML. The caller unrefs it. */
GPtrArray *virt_disk_xml_list (const char *xml);
/* Whether the guest's agent has its end of the channel open. */
gboolean virt_disk_xml_has_agent (const char *xml);
/* The <domainsnapshot> that turns @turns (VirtTurn*) and leaves every other disk of @disks
 * (VirtDisk*, as the domain has them) alone; NULL when a turn's disk is not among them. The caller
 * frees it. */
char *virt_disk_xml_turns (GPtrArray *disks, GPtrArray *turns);
