/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the libvirt driver share. */
#pragma once
#include "virt-domain-xml.h"
#include "virt-job.h"

/* A job on the driver's connection; VMM_ERROR_VIRT_AWAY when there is none. */
VirtJob *virt_libvirt_job (VirtDriver *driver, const char *id, VirtJobFunc func, GError **error);
/* Runs it and waits, for a bounded time. */
gboolean virt_libvirt_run (VirtDriver *driver, VirtJob *job, GError **error);
/* How this host's XML is written. */
VirtDomainXmlOptions virt_libvirt_options (VirtDriver *driver);

/* virt-use.c */
GPtrArray *virt_libvirt_use (VirtDriver *driver, GError **error);

/* virt-libvirt-disk.c: the calls on disks. */
GPtrArray *virt_libvirt_disk_list (VirtDriver *driver, const char *id, GError **error);
gboolean virt_libvirt_disk_attach (VirtDriver *driver, const char *id, const VirtDisk *disk,
                                   GError **error);
gboolean virt_libvirt_disk_detach (VirtDriver *driver, const char *id, const char *serial,
                                   gboolean *out_gone, GError **error);
gboolean virt_libvirt_disk_turn (VirtDriver *driver, const char *id, GPtrArray *turns,
                                 GError **error);
gboolean virt_libvirt_disk_grow (VirtDriver *driver, const char *id, const char *serial,
                                 guint64 virtual_bytes, GError **error);
gboolean virt_libvirt_disk_bound (VirtDriver *driver, const char *id, const char *serial,
                                  guint64 iops, guint64 bytes_s, GError **error);
gboolean virt_libvirt_disk_pull (VirtDriver *driver, const char *id, const char *serial,
                                 const char *base, guint64 bytes_s, GError **error);
gboolean virt_libvirt_disk_job (VirtDriver *driver, const char *id, const char *serial,
                                gboolean *out_running, guint *out_percent, GError **error);
gboolean virt_libvirt_disk_pull_end (VirtDriver *driver, const char *id, const char *serial,
                                     GError **error);
gboolean virt_libvirt_disk_flush (VirtDriver *driver, const char *id, const char *serial,
                                  GError **error);
gboolean virt_libvirt_freeze (VirtDriver *driver, const char *id, guint timeout_s,
                              gboolean *out_frozen, GError **error);
gboolean virt_libvirt_thaw (VirtDriver *driver, const char *id, guint timeout_s, GError **error);
