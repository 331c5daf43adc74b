/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection to libvirtd: made in the background, watched, and made again when it breaks. */
#pragma once
#include <libvirt/libvirt.h>

#include "virt.h"

typedef struct VirtLink VirtLink;

/* Starts to connect. Never blocks. */
VirtLink *virt_link_new (const char *uri);
/* Ends the connection. Returns within seconds even when libvirtd hangs. After it no event comes. */
void virt_link_free (VirtLink *link);

/* A reference on the connection, for virConnectClose(); NULL with VMM_ERROR_VIRT_AWAY when there
 * is none. Only while the very first attempt is under way it waits, up to 5 s. Any thread. */
virConnectPtr virt_link_get (VirtLink *link, GError **error);
/* Whether libvirtd answers as far as is known. Any thread. */
gboolean virt_link_is_up (VirtLink *link);
/* See VirtEventFunc. After it returns, the former @func is not called any more. */
void virt_link_set_event_func (VirtLink *link, VirtEventFunc func, gpointer data);
