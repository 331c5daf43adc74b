/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Automatic release of libvirt's objects, for this room's files only. */
#pragma once
#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

typedef virDomain VirtDomain;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtDomain, virDomainFree)
/* virConnectClose() gives up one reference, as virConnectRef() takes one. */
typedef virConnect VirtConnect;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtConnect, virConnectClose)
