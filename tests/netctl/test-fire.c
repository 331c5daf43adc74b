/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that come and go under permanent fire: a thread sends frames into the tap from the guest's
 * side, and at the guest from another port, all the time. No frame may pass before the rules stand,
 * neither in the host's namespace nor in the VPC's. NETCTL_FIRE_SECONDS sets how long. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"
#include "netctl-link.h"
#include "records.h"
#include "world.h"

#define SECONDS 40
#define FIRE "under fire"
#define PORT 9
#define PORT_INDEX 1
#define TAP "et00000001"
#define NS "ecs-v000001"
#define RANGE6 "fd00:0:0:1::/64"
#define TARGET6 "fd00:0:0:1::11"
#define NEIGHBOUR6 "fd00:0:0:1::12"
#define STRANGER6 "fd00:0:0:1::14"
/* How many frames each way must have been sent before a stage of a port's life counts. */
#define VOLLEY 12
#define VOLLEY_SECONDS 10

static const guint8 own_mac[6] = { 0x00, 0x16, 0x3e, 0, 0, 1 };
static const guint8 all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const guint8 solicited_mac[6] = { 0x33, 0x33, 0xff, 0, 0, 1 };

typedef struct
{
  World *world;
  NetctlPort *port;
  Guest *neighbour, *stranger;
  NetctlLink *host;
  int tap; /* one number for each tap in turn, so that the thread never holds a closed one */
  int enemy, enemy6;         /* at the stranger; the second speaks in frames */
  int ear;                   /* frames at the neighbour */
  int host4, host6, outside; /* what would hear the guest in the host and beyond */
  GArray *frames;
  GThread *thread;
  int stop;
  guint in, out; /* sent at the guest, and by the guest while its tap took them */
  guint tries;
} Fire;

/* The enemy */

static void
add_packet (Fire *fire, const guint8 *to_mac, const char *from, const char *to)
{
  FramePacket packet = { .to_mac = to_mac,
                         .from_mac = own_mac,
                         .from = from,
                         .to = to,
                         .protocol = IPPROTO_UDP,
                         .from_port = PORT,
                         .to_port = PORT,
                         .payload = FIRE };
  Frame frame = frame_packet (&packet);

  g_array_append_val (fire->frames, frame);
}

static void
add_frame (Fire *fire, Frame frame)
{
  g_array_append_val (fire->frames, frame);
}

/* What its rules forbid the guest, in ways that only they or the host's guard stop. */
static void
load_frames (Fire *fire)
{
  Frame tagged;

  fire->frames = g_array_new (FALSE, FALSE, sizeof (Frame));
  add_packet (fire, frame_gateway_mac, "10.0.0.11", "10.0.0.12");
  tagged = frame_tagged (&g_array_index (fire->frames, Frame, 0), 1);
  add_frame (fire, tagged);
  add_packet (fire, frame_gateway_mac, "10.0.0.13", "10.0.0.12");
  add_packet (fire, frame_gateway_mac, "10.0.0.11", "192.0.2.1");
  add_packet (fire, frame_gateway_mac, "10.0.0.11", "192.0.2.2");
  add_packet (fire, frame_gateway_mac, "10.0.0.11", "10.0.0.1");
  add_packet (fire, frame_broadcast, "10.0.0.11", "192.0.2.1");
  add_packet (fire, frame_broadcast, "10.0.0.11", "255.255.255.255");
  add_frame (fire, frame_arp (frame_broadcast, own_mac, 1, own_mac, "10.0.0.13", "10.0.0.1"));
  add_frame (fire, frame_arp (frame_broadcast, own_mac, 1, own_mac, "10.0.0.13", "192.0.2.1"));
  add_frame (fire, frame_arp (frame_broadcast, own_mac, 2, own_mac, "10.0.0.13", "10.0.0.1"));
  add_packet (fire, all_nodes_mac, "fe80::216:3eff:fe00:1", "ff02::1");
  add_packet (fire, all_nodes_mac, "fe80::216:3eff:fe00:99", "ff02::1");
  add_packet (fire, solicited_mac, "fe80::216:3eff:fe00:1", "ff02::1:ff00:1");
  add_frame (fire, frame_router_advertisement (own_mac));
  add_packet (fire, frame_gateway_mac, TARGET6, NEIGHBOUR6);
  add_packet (fire, frame_gateway_mac, "fd00:0:0:1::13", NEIGHBOUR6);
  add_packet (fire, frame_gateway_mac, TARGET6, "fe80::1");
}

static Frame
frame_of_stranger (const Fire *fire)
{
  FramePacket packet = { .to_mac = frame_gateway_mac,
                         .from_mac = fire->stranger->port->mac,
                         .from = STRANGER6,
                         .to = TARGET6,
                         .protocol = IPPROTO_UDP,
                         .from_port = PORT,
                         .to_port = PORT,
                         .payload = FIRE };

  return frame_packet (&packet);
}

static gpointer
shoot (gpointer data)
{
  Fire *fire = data;
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (PORT) };
  Frame frame6 = frame_of_stranger (fire);

  inet_pton (AF_INET, "10.0.0.11", &to.sin_addr);
  for (guint i = 0; !g_atomic_int_get (&fire->stop); i++)
    {
      const Frame *frame = &g_array_index (fire->frames, Frame, i % fire->frames->len);

      /* A tap that is down refuses. */
      if (write (fire->tap, frame->bytes, frame->length) == (gssize) frame->length)
        g_atomic_int_inc (&fire->out);
      if (sendto (fire->enemy, FIRE, strlen (FIRE), MSG_DONTWAIT, (struct sockaddr *) &to,
                  sizeof to)
          > 0)
        g_atomic_int_inc (&fire->in);
      if (send (fire->enemy6, frame6.bytes, frame6.length, MSG_DONTWAIT) > 0)
        g_atomic_int_inc (&fire->in);
    }
  return NULL;
}

/* Until so many frames more have been sent both ways. */
static void
await_volley (Fire *fire)
{
  guint in = (guint) g_atomic_int_get (&fire->in), out = (guint) g_atomic_int_get (&fire->out);
  gint64 deadline = g_get_monotonic_time () + VOLLEY_SECONDS * G_TIME_SPAN_SECOND;

  while ((guint) g_atomic_int_get (&fire->in) - in < VOLLEY
         || (guint) g_atomic_int_get (&fire->out) - out < fire->frames->len)
    {
      if (g_get_monotonic_time () > deadline)
        fail_msg ("the fire has ceased");
      g_thread_yield ();
    }
}

/* Where nothing may arrive */

static void
assert_silent (int fd, const char *where, const char *when, guint try, gboolean may_hear_router)
{
  Frame frame;
  gssize length;

  while ((length = read (fd, frame.bytes, sizeof frame.bytes)) >= 0)
    {
      frame.length = (gsize) length;
      /* The router tells of itself; it passes on nothing. */
      if (may_hear_router && length > 14 && frame.bytes[12] == 0x86 && frame.bytes[13] == 0xdd
          && !frame_contains (&frame, FIRE))
        continue;
      for (gssize i = 0; i < length; i++)
        print_error ("%02x%s", frame.bytes[i], i % 16 == 15 || i + 1 == length ? "\n" : " ");
      fail_msg ("a frame reached %s %s, at try %u", where, when, try);
    }
  /* A tap in nobody's namespace yet is down or away. */
  assert_true (errno == EAGAIN || errno == EIO || errno == EBADFD);
}

static void
assert_not_heard (Fire *fire, const char *when, gboolean has_router)
{
  Frame frame;

  while (frame_receive (fire->ear, &frame, 0))
    if (frame_contains (&frame, FIRE))
      fail_msg ("the neighbour hears the guest %s, at try %u", when, fire->tries);
  assert_silent (fire->host4, "the host", when, fire->tries, FALSE);
  assert_silent (fire->host6, "the host by IPv6", when, fire->tries, FALSE);
  assert_silent (fire->outside, "the outside", when, fire->tries, FALSE);
  assert_silent (fire->tap, "the guest", when, fire->tries, has_router);
}

/* A port's life */

/* A new tap, up in the host's namespace as a hypervisor leaves it. */
static void
create_tap (Fire *fire)
{
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
  int fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  g_autoptr (NetctlLinkInfo) info = NULL;

  assert_true (fd >= 0);
  g_strlcpy (request.ifr_name, TAP, sizeof request.ifr_name);
  assert_int_equal (ioctl (fd, TUNSETIFF, &request), 0);
  info = netctl_link_find (fire->host, TAP, NULL);
  assert_non_null (info);
  /* The host itself is who the guest's frames are meant for. */
  assert_true (netctl_link_set_mac (fire->host, info, frame_gateway_mac, NULL));
  assert_int_equal (dup2 (fd, fire->tap), fire->tap);
  close (fd);
  assert_true (netctl_link_set_up (fire->host, info, TRUE, NULL));
}

/* The process behind the tap ends. */
static void
destroy_tap (Fire *fire)
{
  int nothing = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  assert_int_equal (dup2 (nothing, fire->tap), fire->tap);
  close (nothing);
}

/* The host speaks to whoever is behind the tap. */
static void
call_from_host (void)
{
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_port = htons (PORT),
                            .sin_addr.s_addr = htonl (INADDR_BROADCAST) };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

  assert_int_equal (setsockopt (fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on), 0);
  assert_int_equal (setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, TAP, sizeof TAP), 0);
  sendto (fd, FIRE, strlen (FIRE), 0, (struct sockaddr *) &to, sizeof to);
  close (fd);
}

#define NET_CALL(fire, call, ...)                                                                  \
  do                                                                                               \
    {                                                                                              \
      g_autoptr (GError) error = NULL;                                                             \
                                                                                                   \
      if (!(fire)->world->net->class->call ((fire)->world->net, __VA_ARGS__, &error))              \
        fail_msg (#call " at try %u: %s", (fire)->tries, error->message);                          \
    }                                                                                              \
  while (0)

/* A tap comes, is attached, and goes. Each third tap is there before anything is prepared for it,
 * as after a crash between the two; each fourth port is detached while its guest goes on, and half
 * of those attached again. Else the guest's process just ends, and its port waits for the next one.
 */
static void
live_once (Fire *fire)
{
  gboolean is_early = fire->tries % 3 == 0;

  if (!is_early)
    NET_CALL (fire, port_prepare, fire->port);
  create_tap (fire);
  call_from_host ();
  await_volley (fire);
  assert_not_heard (fire, "from a tap on the host", FALSE);
  if (is_early)
    NET_CALL (fire, port_prepare, fire->port);
  NET_CALL (fire, port_attach, fire->port);
  await_volley (fire);
  assert_not_heard (fire, "from a port that was attached", TRUE);
  for (guint i = 0; fire->tries % 4 == 0 && i <= fire->tries / 4 % 2; i++)
    {
      if (i > 0)
        {
          NET_CALL (fire, port_attach, fire->port);
          await_volley (fire);
          assert_not_heard (fire, "from a port that was attached again", TRUE);
        }
      NET_CALL (fire, port_detach, fire->port);
      assert_not_heard (fire, "from a port that was detached", TRUE);
    }
  destroy_tap (fire);
  fire->tries++;
}

/* The guest may send to nobody and nobody to the guest, while the neighbour listens to all. */
static void
set_rules (Fire *fire, gboolean open)
{
  NetctlGroup *closed = g_ptr_array_index (fire->world->plan->groups, 0);
  NetctlGroup *listener = g_ptr_array_index (fire->world->plan->groups, 1);

  closed->members_reach_each_other = FALSE;
  g_array_set_size (closed->rules, 0);
  g_array_set_size (listener->rules, 0);
  world_rule (closed, NETCTL_EGRESS, open, 1, -1, -1, -1, "0.0.0.0/0");
  world_rule (closed, NETCTL_INGRESS, open, 1, -1, -1, -1, "0.0.0.0/0");
  world_rule (closed, NETCTL_EGRESS, open, 1, -1, -1, -1, "::/0");
  world_rule (closed, NETCTL_INGRESS, open, 1, -1, -1, -1, "::/0");
  world_rule (listener, NETCTL_INGRESS, TRUE, 1, -1, -1, -1, "0.0.0.0/0");
  world_rule (listener, NETCTL_INGRESS, TRUE, 1, -1, -1, -1, "::/0");
  world_apply_group (fire->world, closed);
  world_apply_group (fire->world, listener);
}

static int
listen_host (int domain)
{
  struct sockaddr_in name4 = { .sin_family = AF_INET, .sin_port = htons (PORT) };
  struct sockaddr_in6 name6 = { .sin6_family = AF_INET6, .sin6_port = htons (PORT) };
  int fd = socket (domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  gboolean is_bound;

  assert_true (fd >= 0);
  if (domain == AF_INET6)
    assert_int_equal (setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
  is_bound = domain == AF_INET6 ? bind (fd, (struct sockaddr *) &name6, sizeof name6) == 0
                                : bind (fd, (struct sockaddr *) &name4, sizeof name4) == 0;
  assert_true (is_bound);
  return fd;
}

static int
set_up (void **state)
{
  Fire *fire = g_new0 (Fire, 1);

  fire->world = world_new ();
  world_outside (fire->world);
  world_subnet6 (fire->world, world_vpc (fire->world, 1, "10.0.0.0/24", TRUE), RANGE6);
  world_group (fire->world, 1, 1);
  world_group (fire->world, 1, 2);
  set_rules (fire, FALSE);
  fire->neighbour = world_guest (fire->world, 1, 2, "10.0.0.12", 2);
  fire->stranger = world_guest (fire->world, 1, 3, "10.0.0.14", 2);
  world_give6 (fire->neighbour, NEIGHBOUR6);
  world_give6 (fire->stranger, STRANGER6);
  fire->port = record_port (1, PORT_INDEX, "10.0.0.11 " TARGET6, "1");
  fire->port->host_name = g_strdup ("target");
  fire->host = netctl_link_open (-1, NULL);
  assert_non_null (fire->host);
  fire->tap = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  fire->enemy = world_udp (fire->stranger->ns, fire->stranger->address, 4000);
  fire->enemy6 = world_packet (fire->stranger->ns, "eth0", ETH_P_LOOP);
  fire->ear = world_packet (fire->neighbour->ns, "eth0", ETH_P_ALL);
  fire->host4 = listen_host (AF_INET);
  fire->host6 = listen_host (AF_INET6);
  fire->outside = world_udp ("outside", "192.0.2.2", PORT);
  assert_int_equal (fcntl (fire->outside, F_SETFL, O_NONBLOCK), 0);
  load_frames (fire);
  fire->thread = g_thread_new ("fire", shoot, fire);
  *state = fire;
  return 0;
}

static int
tear_down (void **state)
{
  Fire *fire = *state;

  g_atomic_int_set (&fire->stop, 1);
  g_thread_join (fire->thread);
  close (fire->tap);
  close (fire->enemy);
  close (fire->enemy6);
  close (fire->ear);
  close (fire->host4);
  close (fire->host6);
  close (fire->outside);
  netctl_link_close (fire->host);
  netctl_port_free (fire->port);
  world_free (fire->world);
  g_array_unref (fire->frames);
  g_free (fire);
  return 0;
}

static guint
seconds (void)
{
  const char *text = g_getenv ("NETCTL_FIRE_SECONDS");
  guint64 value = SECONDS;

  if (text != NULL)
    assert_true (g_ascii_string_to_unsigned (text, 10, 1, 86400, &value, NULL));
  return (guint) value;
}

/* Which family a frame of the fire is, or 0. */
static guint
family_of (const Frame *frame)
{
  return !frame_contains (frame, FIRE) ? 0 : frame->bytes[12] == 0x86 ? 6 : 4;
}

/* The fire was real: once the rules allow it, it hits, and what is forged still does not. */
static void
assert_fire_hits (Fire *fire)
{
  gboolean is_heard[7] = { FALSE }, is_hit[7] = { FALSE };
  gint64 deadline = g_get_monotonic_time () + VOLLEY_SECONDS * G_TIME_SPAN_SECOND;
  Frame frame;

  NET_CALL (fire, port_prepare, fire->port);
  create_tap (fire);
  NET_CALL (fire, port_attach, fire->port);
  set_rules (fire, TRUE);
  while (!(is_heard[4] && is_heard[6] && is_hit[4] && is_hit[6])
         && g_get_monotonic_time () < deadline)
    {
      gssize length = read (fire->tap, frame.bytes, sizeof frame.bytes);

      frame.length = length > 0 ? (gsize) length : 0;
      is_hit[family_of (&frame)] = TRUE;
      if (!frame_receive (fire->ear, &frame, 1) || family_of (&frame) == 0)
        continue;
      /* The last byte of the source, which is the target's own. */
      assert_int_equal (frame.bytes[14 + (family_of (&frame) == 6 ? 23 : 15)],
                        family_of (&frame) == 6 ? 0x11 : 11);
      is_heard[family_of (&frame)] = TRUE;
    }
  assert_true (is_heard[4] && is_heard[6]);
  assert_true (is_hit[4] && is_hit[6]);
  NET_CALL (fire, port_detach, fire->port);
  destroy_tap (fire);
}

static void
no_frame_passes_before_the_rules_stand (void **state)
{
  Fire *fire = *state;
  gint64 deadline = g_get_monotonic_time () + seconds () * G_TIME_SPAN_SECOND;
  g_autofree char *neighbours = NULL, *routes = NULL, *inside = NULL;

  while (g_get_monotonic_time () < deadline)
    live_once (fire);
  print_message ("# %u ports came and went under %u frames from the guest and %u at it\n",
                 fire->tries, fire->out, fire->in);
  assert_true (fire->tries >= 20);
  neighbours = world_run ("ip neigh");
  inside = world_run ("ip -n " NS " neigh");
  routes = world_run ("ip -6 route show proto ra");
  assert_null (strstr (neighbours, "10.0.0.13"));
  assert_null (strstr (inside, "10.0.0.13"));
  assert_string_equal (routes, "");
  assert_fire_hits (fire);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (no_frame_passes_before_the_rules_stand, set_up, tear_down),
  };

  world_need_private_host ();
  return cmocka_run_group_tests (tests, NULL, NULL);
}
