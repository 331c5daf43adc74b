/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private host for tests of the kernel's driver, with guests that are namespaces behind a veth
 * pair. Runs as root inside a network and mount namespace of its own; skips the test otherwise. */
#pragma once
#include "netctl.h"
#include <glib.h>

/* How long a packet that is dropped is waited for. */
#define WORLD_NEVER_MS 300
/* A deadline only; what comes comes at once. */
#define WORLD_SOON_MS 5000

typedef struct
{
  char *run_dir;
  Netctl *net;
  NetctlPlan *plan; /* what the world's helpers applied, for reconcile */
  GPtrArray *guests;
  guint namespaces;
  const char *public_interface; /* for the next world_start() */
} World;

typedef struct
{
  World *world;
  NetctlPort *port; /* borrowed from the plan */
  char *ns;         /* name of its namespace; its link is eth0 */
  char *address, *gateway;
} Guest;

/* Exits with 77 unless this process may do as it likes with links and mounts around it. */
void world_need_private_host (void);
World *world_new (void);
/* One with a world_outside(), which has the public interface. */
World *world_new_outside (void);
/* Ends the driver as a crash or stop of the daemon would; world_start() makes a new one. */
void world_stop (World *world);
void world_start (World *world);
/* Takes everything away; fails the test if anything of ours is left on the host. */
void world_free (World *world);
/* The same for cmocka. */
int world_tear_down (void **state);

/* Each is added to the plan and applied; a failure fails the test. */
NetctlVpc *world_vpc (World *world, guint32 index, const char *range, gboolean nat);
NetctlGroup *world_group (World *world, guint32 vpc, guint32 index);
/* Those added so far, by number. */
NetctlVpc *world_vpc_at (World *world, guint at);
NetctlGroup *world_group_at (World *world, guint at);
/* A rule for world_apply_group(). @peer is a range or "group N". */
void world_rule (NetctlGroup *group, NetctlDirection direction, gboolean accept, guint priority,
                 int protocol, int port_min, int port_max, const char *peer);
void world_apply_group (World *world, const NetctlGroup *group);
/* A guest with the link of its port, configured by hand and attached. */
Guest *world_guest (World *world, guint32 vpc, guint32 port, const char *address, guint32 group);
/* The same without the attach. */
Guest *world_guest_apart (World *world, guint32 vpc, guint32 port, const char *address,
                          guint32 group);
/* Adds an IPv6 subnet to the VPC and applies it. */
void world_subnet6 (World *world, NetctlVpc *vpc, const char *range);
/* Gives the attached guest an IPv6 address more, applied and configured by hand. */
void world_give6 (Guest *guest, const char *address);
void world_detach (Guest *guest);
/* Applies the plan's VPC again after a change; world_apply_group() for VPCs. */
void world_apply_vpc (World *world, const NetctlVpc *vpc);
/* Takes a guest's port out of the plan. */
void world_forget (Guest *guest);
/* A namespace "outside" behind the host's own link: the host is 192.0.2.1 and it 192.0.2.2. */
void world_outside (World *world);

/* Runs a program and returns what it said; a failure fails the test. Words are split at blanks. */
char *world_run (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same, TRUE if it exits with 0. */
gboolean world_try (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* All that is ours on this host, as text to compare. */
char *world_fingerprint (World *world);
/* Fails the test, naming the first line that differs. */
void world_assert_same (const char *actual, const char *expected);

/* Sockets of a namespace ("" is the host's), IPv4 or IPv6 by the address. Descriptors; a failure
 * fails the test. */
int world_listen (const char *ns, const char *address, guint16 port);
/* The address of the other end; the caller frees it. */
char *world_peer (int fd);
/* -1 when there is no connection within the time. */
int world_connect (const char *ns, const char *address, guint16 port, guint timeout_ms);
int world_accept (int fd, guint timeout_ms);
/* TRUE if a connection begins; the listener is there already. */
gboolean world_reaches (const char *ns, const char *address, guint16 port);
/* TRUE if none begins. */
gboolean world_is_kept_out (const char *ns, const char *address, guint16 port);
int world_udp (const char *ns, const char *address, guint16 port);
/* A packet socket of @link for one protocol (ETH_P_ALL for all). */
int world_packet (const char *ns, const char *link, guint16 protocol);
/* TRUE if an echo request is answered within the time. */
gboolean world_pings (const char *ns, const char *address, guint timeout_ms);
/* TRUE if a datagram from @from to an address is heard by @to within the time. */
gboolean world_sends (int from, const char *address, guint16 port, int to, guint timeout_ms);
/* TRUE if a datagram that @guest sends under @source, which it gives itself, is heard. */
gboolean world_speaks_as (const Guest *guest, const char *source, const char *address, guint16 port,
                          int to, guint timeout_ms);
/* TRUE if @text goes through from one connected socket to the other within the time. */
gboolean world_passes (int from, int to, const char *text, guint timeout_ms);
/* TRUE if exactly @length bytes come within the time. */
gboolean world_reads (int fd, guint8 *out, gsize length, guint timeout_ms);
/* An HTTP request; the whole answer, or NULL if none came. */
char *world_http (const char *ns, const char *address, const char *request);
