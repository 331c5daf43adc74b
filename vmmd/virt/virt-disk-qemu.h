/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU itself says of its disks, in the words of its monitor. Pure; any thread. */
#pragma once
#include <glib.h>

/* Puts the layer that each of @disks (VirtDisk*) really writes to on top of its chain, by @text,
 * the monitor's answer to "info block": a libvirtd that was killed at a turn has not noted it. */
void virt_disk_qemu_correct (GPtrArray *disks, const char *text);
