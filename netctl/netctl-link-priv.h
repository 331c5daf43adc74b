/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a route socket, for what speaks rtnetlink in files of its own. */
#pragma once
#include <glib.h>
#include <libmnl/libmnl.h>

/* As in netctl-link.h. */
typedef struct NetctlLink NetctlLink;

/* What our routes, rules and neighbours carry as their protocol, so that they are found again. */
#define NETCTL_LINK_PROTOCOL 0xec

/* A new message in the socket's buffer, which the next one overwrites. */
struct nlmsghdr *netctl_link_begin (NetctlLink *link, guint16 type, guint16 flags);
/* Sends a command and waits for its acknowledgement; returns 0 or an errno. */
int netctl_link_command (NetctlLink *link, struct nlmsghdr *message);
/* Sends a request (with NLM_F_ACK) and hands each part of the answer to @callback; returns 0 or an
 * errno. */
int netctl_link_talk (NetctlLink *link, struct nlmsghdr *message, mnl_cb_t callback, gpointer data);
/* Writes a request for a list into @message. */
typedef void (*NetctlLinkQuery) (struct nlmsghdr *message, gpointer data);
/* Lists what the kernel has of a kind into @entries, which is emptied for each try. @collect gets
 * @entries. "cannot list WHAT". */
gboolean netctl_link_dump (NetctlLink *link, guint16 type, NetctlLinkQuery query, gpointer data,
                           mnl_cb_t collect, GArray *entries, const char *what, GError **error);
/* TRUE with @code 0; else "cannot WHAT "OBJECT": …". */
gboolean netctl_link_check (GError **error, int code, const char *what, const char *object);
