/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU itself says of its disks, in the words of its monitor. Pure; any thread. */
#pragma once
#include <glib.h>

/* Puts the layer that each of @disks (VirtDisk*) really writes to on top of its chain, by @text,
 * the monitor's answer to "info block": a libvirtd that was killed at a turn has not noted it.
 * Those disks that needed it, borrowed; the caller unrefs the array. */
GPtrArray *virt_disk_qemu_correct (GPtrArray *disks, const char *text);
/* By the same text the name of the node that the guest's disk of @serial writes to, or NULL. The
 * caller frees it. */
char *virt_disk_qemu_node (const char *text, const char *serial);
/* The names (char*) of all nodes that libvirt has made, by @text, the answer to "info block -n". */
GPtrArray *virt_disk_qemu_nodes (const char *text);
