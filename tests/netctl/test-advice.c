/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what guests are told of their IPv6, packet by packet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-advice.h"
#include "netctl-bytes.h"
#include "records.h"

#define IPV6 40
#define BODY (14 + IPV6)

static NetctlAdvice *
advice_of (const char *addresses, gboolean is_secondary)
{
  g_autoptr (NetctlVpc) vpc = record_vpc (1, "10.0.0.0/24 fd00:0:0:1::/64 fd00:0:0:2::/64", FALSE);
  g_autoptr (NetctlPort) port = record_port (1, 1, addresses, "1");
  g_autoptr (GArray) ntp = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));

  port->is_secondary = is_secondary;
  vpc->domain = g_strdup ("vpc.internal");
  return netctl_advice_new (vpc, port, ntp);
}

/* IPv6 from a link-local address around @body, whose checksum nobody looks at. */
static GByteArray *
packet_of (guint8 protocol, guint8 hop_limit, const GByteArray *body)
{
  GByteArray *packet = g_byte_array_new ();
  struct in6_addr from;

  assert_int_equal (inet_pton (AF_INET6, "fe80::abc", &from), 1);
  netctl_put32 (packet, 0x60000000);
  netctl_put16 (packet, body->len);
  netctl_put8 (packet, protocol);
  netctl_put8 (packet, hop_limit);
  netctl_put (packet, &from, 16);
  netctl_put (packet, &from, 16);
  netctl_put (packet, body->data, body->len);
  return packet;
}

static GByteArray *
bytes (gconstpointer data, guint length)
{
  return g_byte_array_append (g_byte_array_new (), data, length);
}

/* A DHCPv6 message inside UDP. */
static GByteArray *
dhcp_packet (gconstpointer message, guint length)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  netctl_put16 (body, 546);
  netctl_put16 (body, 547);
  netctl_put16 (body, 8 + length);
  netctl_put16 (body, 0);
  netctl_put (body, message, length);
  return packet_of (IPPROTO_UDP, 1, body);
}

static GByteArray *
answer_to (const NetctlAdvice *advice, const GByteArray *packet)
{
  return netctl_advice_answer (advice, packet->data, packet->len);
}

static void
assert_checksum (const GByteArray *frame)
{
  guint32 sum = netctl_get16 (frame->data + 18) + frame->data[20];

  for (guint i = 14 + 8; i < frame->len; i++)
    sum += i % 2 == 0 ? (guint32) frame->data[i] << 8 : frame->data[i];
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  assert_int_equal (sum, 0xffff);
  assert_int_equal (netctl_get16 (frame->data + 18), frame->len - BODY);
}

static void
a_port_without_ipv6_has_no_advice (void **state)
{
  assert_null (advice_of ("10.0.0.11", FALSE));
}

static void
advice_differs_when_anything_in_it_does (void **state)
{
  g_autoptr (NetctlAdvice) one = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (NetctlAdvice) same = advice_of ("10.0.0.12 fd00:0:0:1::11", FALSE);
  g_autoptr (NetctlAdvice) other = advice_of ("10.0.0.11 fd00:0:0:1::12", FALSE);
  g_autoptr (NetctlAdvice) more = advice_of ("10.0.0.11 fd00:0:0:1::11 fd00:0:0:1::12", FALSE);
  g_autoptr (NetctlAdvice) second = advice_of ("10.0.0.11 fd00:0:0:1::11", TRUE);

  assert_true (netctl_advice_equal (one, same));
  assert_false (netctl_advice_equal (one, other));
  assert_false (netctl_advice_equal (one, more));
  assert_false (netctl_advice_equal (one, second));
}

static void
frames_have_right_lengths_and_checksums (void **state)
{
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (NetctlAdvice) second = advice_of ("10.0.0.11 fd00:0:0:1::11", TRUE);
  g_autoptr (GByteArray) packet
      = dhcp_packet ("\1abc\0\1\0\4name\0\3\0\x0ciaid\0\0\0\0\0\0\0\0", 28);
  g_autoptr (GByteArray) lease = answer_to (advice, packet);
  g_autoptr (GByteArray) router = netctl_advice_announce (advice, FALSE);
  g_autoptr (GByteArray) end = netctl_advice_announce (second, TRUE);

  assert_checksum (router);
  assert_checksum (end);
  assert_non_null (lease);
  assert_checksum (lease);
}

/* The subnet of the address alone, though the VPC has two. */
static void
only_the_ports_own_subnet_is_told (void **state)
{
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:2::11", FALSE);
  g_autoptr (GByteArray) router = netctl_advice_announce (advice, FALSE);

  assert_int_equal (router->len, BODY + 16 + 8 + 8 + 32);
  assert_memory_equal (router->data + BODY + 32 + 16, "\xfd\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0", 16);
}

static void
dhcp_gives_the_address_to_the_first_association_only (void **state)
{
  static const char message[] = "\1abc"
                                "\0\1\0\4name"
                                "\0\3\0\x0c"
                                "one\0\0\0\0\0\0\0\0\0"
                                "\0\3\0\x0ctwo\0\0\0\0\0\0\0\0\0"
                                "\0\x19\0\x0cpref\0\0\0\0\0\0\0\0"
                                "\0\4\0\4temp";
  static const char expected[] = "\2abc"
                                 "\0\1\0\4name"
                                 "\0\2\0\x0a\0\3\0\1\x02\xee\xee\xee\xee\xee"
                                 "\0\3\0\x28one\0\xff\xff\xff\xff\xff\xff\xff\xff"
                                 "\0\5\0\x18\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x11"
                                 "\xff\xff\xff\xff\xff\xff\xff\xff"
                                 "\0\3\0\x12two\0\0\0\0\0\0\0\0\0\0\x0d\0\2\0\2"
                                 "\0\x19\0\x12pref\0\0\0\0\0\0\0\0\0\x0d\0\2\0\6"
                                 "\0\4\0\x0atemp\0\x0d\0\2\0\2";
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) answer
      = netctl_lease6_answer (&advice->lease, (const guint8 *) message, sizeof message - 1);

  assert_non_null (answer);
  assert_int_equal (answer->len, sizeof expected - 1);
  assert_memory_equal (answer->data, expected, sizeof expected - 1);
}

static void
a_hasty_client_is_served_in_one_step (void **state)
{
  static const char message[] = "\1abc\0\1\0\4name\0\x0e\0\0\0\3\0\x0cone\0\0\0\0\0\0\0\0\0";
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) answer
      = netctl_lease6_answer (&advice->lease, (const guint8 *) message, sizeof message - 1);

  assert_non_null (answer);
  assert_int_equal (answer->data[0], 7);
  assert_memory_equal (answer->data + 4 + 8 + 14, "\0\x0e\0\0", 4);
}

/* An address that is not the guest's any more ends at once. */
static void
what_the_client_had_before_is_taken_back (void **state)
{
  static const char message[] = "\6abc\0\1\0\4name"
                                "\0\3\0\x28one\0\0\0\0\0\0\0\0\0"
                                "\0\5\0\x18\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x99\0\0\0\1\0\0\0\1";
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) answer
      = netctl_lease6_answer (&advice->lease, (const guint8 *) message, sizeof message - 1);
  guint at = 4 + 8 + 14 + 16 + 28;

  assert_non_null (answer);
  assert_int_equal (answer->len, at + 28);
  assert_memory_equal (answer->data + at,
                       "\0\5\0\x18\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x99\0\0\0\0\0\0\0\0", 28);
}

static void
messages_for_others_or_without_sense_are_not_answered (void **state)
{
  static const struct
  {
    const char *bytes;
    guint length;
  } messages[] = {
    { "", 0 },
    { "\1ab", 3 },
    /* Nobody's; with too long a name. */
    { "\1abc", 4 },
    { "\1abc\0\1\0\0", 8 },
    /* To another server, or to one where none may be named, or to none where one must be. */
    { "\3abc\0\1\0\4name\0\2\0\x0a\0\3\0\1\x02\xee\xee\xee\xee\xef", 26 },
    { "\3abc\0\1\0\4name", 12 },
    { "\5abc\0\1\0\4name", 12 },
    { "\1abc\0\1\0\4name\0\2\0\x0a\0\3\0\1\x02\xee\xee\xee\xee\xee", 26 },
    { "\6abc\0\1\0\4name\0\2\0\x0a\0\3\0\1\x02\xee\xee\xee\xee\xee", 26 },
    /* A confirmation of nothing; a question for addresses where none may be. */
    { "\4abc\0\1\0\4name", 12 },
    { "\x0b"
      "abc\0\3\0\x0cone\0\0\0\0\0\0\0\0\0",
      20 },
    /* Answers, relays, what nobody knows. */
    { "\2abc\0\1\0\4name", 12 },
    { "\7abc\0\1\0\4name", 12 },
    { "\x0a"
      "abc\0\1\0\4name",
      12 },
    { "\x0c"
      "abc\0\1\0\4name",
      12 },
    { "\xff"
      "abc\0\1\0\4name",
      12 },
    /* Options that end too late. */
    { "\1abc\0\1\0\5name", 12 },
    { "\1abc\0\1\0\4name\0", 13 },
    { "\1abc\0\1\0\4name\0\3\0", 15 },
  };
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (GByteArray) packet = dhcp_packet (messages[i].bytes, messages[i].length);
      g_autoptr (GByteArray) answer = answer_to (advice, packet);

      if (answer != NULL)
        fail_msg ("message %u is answered", i);
    }
}

/* Every packet cut short anywhere and with any byte changed: no harm, and answers stay within what
 * a link carries. Under the sanitizers this sees every read too far. */
static void
no_packet_does_harm (void **state)
{
  static const char solicit[] = "\1abc\0\1\0\4name\0\6\0\6\0\x18\0\x38\0\x1f"
                                "\0\3\0\x28one\0\0\0\0\0\0\0\0\0"
                                "\0\5\0\x18\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x99\0\0\0\1\0\0\0\1";
  static const guint8 neighbour[32]
      = { 135, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x12, 1, 1 };
  static const guint8 router[8] = { 133 };
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) body1 = bytes (neighbour, sizeof neighbour);
  g_autoptr (GByteArray) body2 = bytes (router, sizeof router);
  GByteArray *packets[]
      = { dhcp_packet (solicit, sizeof solicit - 1), packet_of (IPPROTO_ICMPV6, 255, body1),
          packet_of (IPPROTO_ICMPV6, 255, body2) };

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_autoptr (GByteArray) packet = packets[i];
      g_autoptr (GByteArray) whole = answer_to (advice, packet);

      assert_non_null (whole);
      for (guint length = 0; length < packet->len; length++)
        {
          g_autofree guint8 *cut = g_memdup2 (packet->data, length);
          g_autoptr (GByteArray) answer = netctl_advice_answer (advice, cut, length);

          assert_null (answer);
        }
      for (guint at = 0; at < packet->len; at++)
        for (guint value = 0; value < 256; value++)
          {
            g_autofree guint8 *changed = g_memdup2 (packet->data, packet->len);
            g_autoptr (GByteArray) answer = NULL;

            changed[at] = (guint8) value;
            answer = netctl_advice_answer (advice, changed, packet->len);
            assert_true (answer == NULL || answer->len <= NETCTL_GUEST_MTU + 14);
          }
    }
}

static void
the_largest_question_has_an_answer_that_fits (void **state)
{
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GByteArray) answer = NULL, packet = NULL;

  netctl_put (message, "\6abc\0\1\0\x82", 8);
  for (guint i = 0; i < 130; i++)
    netctl_put8 (message, 'x');
  for (guint i = 0; i < 8; i++)
    {
      netctl_put (message, "\0\3\0\x7cone\0\0\0\0\0\0\0\0\0", 16);
      for (guint j = 0; j < 4; j++)
        netctl_put (message, "\0\5\0\x18\xfd\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x99\0\0\0\1\0\0\0\1", 28);
    }
  packet = dhcp_packet (message->data, message->len);
  answer = answer_to (advice, packet);
  assert_non_null (answer);
  assert_true (answer->len <= NETCTL_GUEST_MTU + 14);
}

static void
questions_from_beyond_the_link_are_not_answered (void **state)
{
  static const guint8 router[8] = { 133 };
  g_autoptr (NetctlAdvice) advice = advice_of ("10.0.0.11 fd00:0:0:1::11", FALSE);
  g_autoptr (GByteArray) body = bytes (router, sizeof router);
  g_autoptr (GByteArray) near = packet_of (IPPROTO_ICMPV6, 255, body);
  g_autoptr (GByteArray) far = packet_of (IPPROTO_ICMPV6, 254, body);
  g_autoptr (GByteArray) answer = answer_to (advice, near), none = answer_to (advice, far);

  assert_non_null (answer);
  assert_null (none);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_port_without_ipv6_has_no_advice),
    cmocka_unit_test (advice_differs_when_anything_in_it_does),
    cmocka_unit_test (frames_have_right_lengths_and_checksums),
    cmocka_unit_test (only_the_ports_own_subnet_is_told),
    cmocka_unit_test (dhcp_gives_the_address_to_the_first_association_only),
    cmocka_unit_test (a_hasty_client_is_served_in_one_step),
    cmocka_unit_test (what_the_client_had_before_is_taken_back),
    cmocka_unit_test (messages_for_others_or_without_sense_are_not_answered),
    cmocka_unit_test (no_packet_does_harm),
    cmocka_unit_test (the_largest_question_has_an_answer_that_fits),
    cmocka_unit_test (questions_from_beyond_the_link_are_not_answered),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
