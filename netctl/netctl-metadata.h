/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata service: one listening socket a VPC, inside its namespace; one thread for all. */
#pragma once
#include "netctl.h"

typedef struct NetctlMetadata NetctlMetadata;

/* Bounds, so that guests cannot use up the host through it. */
#define NETCTL_METADATA_PEER_MAX 16    /* connections of one guest */
#define NETCTL_METADATA_VPC_MAX 256    /* connections of one VPC */
#define NETCTL_METADATA_TOTAL_MAX 2048 /* connections in all */
#define NETCTL_METADATA_LIFETIME_S 30  /* of one connection */

/* @func answers, on up to four threads at once. Never fails short of a thread. */
NetctlMetadata *netctl_metadata_new (NetctlMetadataFunc func, gpointer data, GError **error);
/* Closes all sockets and waits for answers under way. */
void netctl_metadata_free (NetctlMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlMetadata, netctl_metadata_free)

/* Answers in the namespace behind @fd; @identity tells that namespace from an earlier one of the
 * same name. The metadata address must be there. Already listening there is success. */
gboolean netctl_metadata_listen (NetctlMetadata *metadata, guint32 vpc, int fd, guint64 identity,
                                 GError **error);
/* Closes the VPC's sockets, which would otherwise hold its namespace. Absent is fine. */
void netctl_metadata_close (NetctlMetadata *metadata, guint32 vpc);
