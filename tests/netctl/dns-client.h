/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a name server, and the answers of one, by hand. */
#pragma once
#include <glib.h>

#define DNS_A 1
#define DNS_PTR 12
#define DNS_AAAA 28

/* Sends a question about @name from the namespace's socket @fd to NETCTL_DNS_ADDRESS. */
void dns_send (int fd, const char *name, guint16 type);
/* What comes back within the time: "no answer", "refused", "no such name", "nothing", or the
 * records' addresses and names in order, blank separated. The caller frees it. */
char *dns_receive (int fd, guint timeout_ms);
/* Both, from a socket of that namespace. */
char *dns_ask (const char *ns, const char *name, guint16 type);
/* Fails the test unless the answer is @expected, at the latest once the server has read its list
 * again. */
void dns_assert (const char *ns, const char *name, guint16 type, const char *expected);
/* As a name server behind @fd: takes one question and answers it with that IPv4 address. Returns
 * who asked, or NULL if nobody did in time. The caller frees it. */
char *dns_answer (int fd, const char *address, guint timeout_ms);
