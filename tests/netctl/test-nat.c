/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of routes and public addresses: what is refused and with which words, and what is
 * answered for single packets and live flows. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-nat-flow.h"
#include "netctl-nft.h"
#include "netctl-shape.h"
#include "records.h"

#define A "203.0.113.1"
#define B "203.0.113.2"
#define C "203.0.113.3"

static NetctlVpc *
vpc_with_all (void)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24 10.0.1.0/24", FALSE);

  record_eip (vpc, A, "10.0.0.2");
  record_public (vpc, B);
  record_public (vpc, C);
  record_snat (vpc, "10.0.0.0/16", B);
  record_snat (vpc, "10.0.1.0/24", C);
  record_forward (vpc, B, "tcp 80 8080", "10.0.0.3");
  record_forward (vpc, B, "udp 1000-1009 2000-2009", "10.0.0.4");
  record_forward (vpc, B, "tcp 5000-5009 5000-5009", "10.0.0.4");
  record_forward (vpc, C, "all - -", "10.0.1.5");
  record_forward (vpc, C, "tcp 22 22", "10.0.0.3");
  record_route (vpc, "172.16.0.0/16", "10.0.0.9");
  record_route (vpc, "172.16.3.0/24", "10.0.0.8");
  return vpc;
}

static void
all_of_it_is_accepted (void **state)
{
  g_autoptr (NetctlVpc) vpc = vpc_with_all ();
  g_autoptr (GError) error = NULL;

  if (!netctl_vpc_check (vpc, &error))
    fail_msg ("%s", error->message);
}

/* The record is refused, and the message holds @words. Takes the record. */
static void
assert_refused (NetctlVpc *vpc, const char *words)
{
  g_autoptr (GError) error = NULL;

  assert_false (netctl_vpc_check (vpc, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
  if (strstr (error->message, words) == NULL)
    fail_msg ("\"%s\" lacks \"%s\"", error->message, words);
  assert_non_null (strstr (error->message, "vpc-1"));
  netctl_vpc_free (vpc);
}

static void
wrong_routes_are_refused_by_name (void **state)
{
  static const struct
  {
    const char *destination, *next_hop, *words;
  } cases[] = {
    { "10.0.0.128/25", "10.0.0.9", "10.0.0.128/25 lies in a subnet" },
    { "10.0.0.0/24", "10.0.0.9", "lies in a subnet" },
    { "172.17.0.0/16", "10.0.2.9", "a next hop that no port can have" },
    { "172.17.0.0/16", "10.0.0.1", "a next hop that no port can have" },
    { "172.17.0.0/16", "10.0.0.0/24", "no single address" },
    { "172.17.0.0/16", "fd00::9", "no single address of its family" },
    { "172.16.99.0/16", "10.0.0.9", "172.16.99.0/16 is there twice" },
    { NETCTL_METADATA_ADDRESS, "10.0.0.9", "metadata" },
    { NETCTL_DNS_ADDRESS, "10.0.0.9", "name server" },
    { "127.0.0.0/8", "10.0.0.9", "loopback" },
    { "100.64.0.0/16", "10.0.0.9", "between host and VPC" },
    { "239.1.0.0/16", "10.0.0.9", "no single host" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      NetctlVpc *vpc = vpc_with_all ();

      record_route (vpc, cases[i].destination, cases[i].next_hop);
      assert_refused (vpc, cases[i].words);
    }
}

static void
wrong_public_addresses_are_refused_by_name (void **state)
{
  static const struct
  {
    const char *address, *words;
  } cases[] = {
    { A, A " is there twice" },
    { "203.0.113.0/24", "not a single IPv4 address" },
    { "2001:db8::1", "not a single IPv4 address" },
    { "10.0.0.7", "10.0.0.7 lies in a subnet" },
    { "100.64.0.9", "between host and VPC" },
    { "224.0.0.5", "no single host" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      NetctlVpc *vpc = vpc_with_all ();

      record_public (vpc, cases[i].address);
      assert_refused (vpc, cases[i].words);
    }
}

static void
wrong_elastic_addresses_are_refused_by_name (void **state)
{
  static const struct
  {
    const char *public_address, *private_address, *words;
  } cases[] = {
    { "203.0.113.9", "10.0.0.7", "203.0.113.9 is not one of its public addresses" },
    { A, "10.0.0.7", A " is there twice" },
    { B, "10.0.0.2", "10.0.0.2 has two" },
    { B, "10.0.9.7", "10.0.9.7 lies in no subnet" },
    { B, "10.0.0.1", "is its subnet's gateway" },
    { B, "10.0.0.7", "a forward entry and is an elastic address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      NetctlVpc *vpc = vpc_with_all ();
      NetctlEip eip;

      assert_true (netctl_prefix_parse (cases[i].public_address, &eip.public_address));
      assert_true (netctl_prefix_parse (cases[i].private_address, &eip.private_address));
      g_array_append_val (vpc->eips, eip);
      assert_refused (vpc, cases[i].words);
    }
}

static void
wrong_translations_are_refused_by_name (void **state)
{
  static const struct
  {
    const char *source, *public_address, *words;
  } snats[] = {
    { "10.0.1.7/24", C, "10.0.1.7/24 is there twice" },
    { "10.0.0.9", "203.0.113.9", "not one of its public addresses" },
    { "fd00::/8", B, "not an IPv4 range" },
  };
  static const struct
  {
    const char *public_address, *text, *private_address, *words;
  } forwards[] = {
    { "203.0.113.9", "tcp 80 80", "10.0.0.3", "not one of its public addresses" },
    { B, "tcp 80 81", "10.0.0.3", "two forward entries for one port" },
    { B, "tcp 5009-5020 5009-5020", "10.0.0.3", "two forward entries for one port" },
    { B, "udp - -", "10.0.0.3", "two forward entries for one port" },
    { C, "all - -", "10.0.0.3", "two forward entries for one port" },
    { B, "tcp 90-99 90-98", "10.0.0.3", "unequal numbers of ports" },
    { B, "tcp 0 0", "10.0.0.3", "ports are no range" },
    { B, "tcp - 80", "10.0.0.3", "of all ports to some" },
    { B, "all 80 80", "10.0.0.3", "with ports for all protocols" },
    { B, "icmp - -", "10.0.0.3", "neither TCP, UDP nor all" },
    { B, "tcp 99 99", "10.0.9.3", "to what no port can have" },
    { A, "tcp 99 99", "10.0.0.3", "a forward entry and is an elastic address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (snats); i++)
    {
      NetctlVpc *vpc = vpc_with_all ();

      record_snat (vpc, snats[i].source, snats[i].public_address);
      assert_refused (vpc, snats[i].words);
    }
  for (guint i = 0; i < G_N_ELEMENTS (forwards); i++)
    {
      NetctlVpc *vpc = vpc_with_all ();

      record_forward (vpc, forwards[i].public_address, forwards[i].text,
                      forwards[i].private_address);
      assert_refused (vpc, forwards[i].words);
    }
}

static guint32
ip (const char *text)
{
  NetctlPrefix prefix;

  assert_true (netctl_prefix_parse (text, &prefix));
  return netctl_prefix_ipv4 (&prefix);
}

/* @to is "ADDRESS PORT" or NULL for nowhere. */
static void
assert_inward (const NetctlNat *nat, const char *address, int protocol, guint16 port,
               const char *to)
{
  g_auto (GStrv) words = to != NULL ? g_strsplit (to, " ", 2) : NULL;
  guint32 found = 0;
  guint16 found_port = 0;
  gboolean is_found = netctl_nat_inward (nat, ip (address), protocol, port, &found, &found_port);

  assert_int_equal (is_found, to != NULL);
  if (to == NULL)
    return;
  assert_int_equal (found, ip (words[0]));
  assert_int_equal (found_port, g_ascii_strtoull (words[1], NULL, 10));
}

static void
inward_the_narrowest_entry_answers (void **state)
{
  g_autoptr (NetctlVpc) vpc = vpc_with_all ();
  g_autoptr (NetctlNat) nat = netctl_nat_new (vpc);

  assert_inward (nat, A, IPPROTO_TCP, 80, "10.0.0.2 80");
  assert_inward (nat, A, IPPROTO_ICMP, 0, "10.0.0.2 0");
  assert_inward (nat, B, IPPROTO_TCP, 80, "10.0.0.3 8080");
  assert_inward (nat, B, IPPROTO_UDP, 80, NULL);
  assert_inward (nat, B, IPPROTO_UDP, 1007, "10.0.0.4 2007");
  assert_inward (nat, B, IPPROTO_TCP, 5009, "10.0.0.4 5009");
  assert_inward (nat, B, IPPROTO_TCP, 5010, NULL);
  assert_inward (nat, B, IPPROTO_ICMP, 0, NULL);
  assert_inward (nat, C, IPPROTO_TCP, 22, "10.0.0.3 22");
  assert_inward (nat, C, IPPROTO_TCP, 23, "10.0.1.5 23");
  assert_inward (nat, C, IPPROTO_GRE, 0, "10.0.1.5 0");
  assert_inward (nat, "203.0.113.9", IPPROTO_TCP, 80, NULL);
}

static void
outward_an_own_address_then_the_longest_source_then_the_host (void **state)
{
  g_autoptr (NetctlVpc) vpc = vpc_with_all ();
  g_autoptr (NetctlNat) nat = netctl_nat_new (vpc);

  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.0.2")), ip (A));
  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.0.3")), ip (B));
  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.1.4")), ip (C));
  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.1.5")), ip (C));
  assert_int_equal (netctl_nat_own (nat, ip ("10.0.1.4")), 0);
  assert_int_equal (netctl_nat_own (nat, ip ("10.0.1.5")), ip (C));
  g_array_set_size (vpc->snats, 0);
  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.0.3")), 0);
  vpc->nat = TRUE;
  assert_int_equal (netctl_nat_outward (nat, ip ("10.0.0.3")), ip ("100.64.0.3"));
}

static void
the_longest_route_answers (void **state)
{
  g_autoptr (NetctlVpc) vpc = vpc_with_all ();
  NetctlPrefix wide, narrow, none, expected;

  assert_true (netctl_prefix_parse ("172.16.4.1", &wide));
  assert_true (netctl_prefix_parse ("172.16.3.1", &narrow));
  assert_true (netctl_prefix_parse ("172.17.3.1", &none));
  assert_true (netctl_prefix_parse ("10.0.0.9", &expected));
  assert_true (netctl_prefix_equal (&netctl_vpc_route_of (vpc, &wide)->next_hop, &expected));
  assert_true (netctl_prefix_parse ("10.0.0.8", &expected));
  assert_true (netctl_prefix_equal (&netctl_vpc_route_of (vpc, &narrow)->next_hop, &expected));
  assert_null (netctl_vpc_route_of (vpc, &none));
}

/* "SOURCE CALLED:PORT DESTINATION:PORT SHOWN" */
static gboolean
keeps (const NetctlModel *model, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " :", -1);
  g_autoptr (NetctlNat) nat = netctl_nat_new (model->vpc);
  NetctlFlow flow = { .protocol = IPPROTO_TCP, .source_port = 40000, .is_live = TRUE };

  assert_int_equal (g_strv_length (words), 6);
  assert_true (netctl_prefix_parse (words[0], &flow.source));
  assert_true (netctl_prefix_parse (words[1], &flow.called));
  flow.called_port = (guint16) g_ascii_strtoull (words[2], NULL, 10);
  assert_true (netctl_prefix_parse (words[3], &flow.destination));
  flow.destination_port = (guint16) g_ascii_strtoull (words[4], NULL, 10);
  assert_true (netctl_prefix_parse (words[5], &flow.shown));
  return netctl_nat_keeps (nat, model, &flow);
}

#define WEB "198.51.100.7"

static void
flows_are_kept_under_todays_translation_only (void **state)
{
  static const char *const kept[] = {
    WEB " " A ":80 10.0.0.2:80 " WEB,
    WEB " " B ":80 10.0.0.3:8080 " WEB,
    WEB " " C ":23 10.0.1.5:23 " WEB,
    "10.0.0.2 " WEB ":80 " WEB ":80 " A,
    "10.0.0.2 " WEB ":80 " WEB ":80 " B, /* began before it had an address of its own */
    "10.0.0.3 " WEB ":80 " WEB ":80 " B,
    "10.0.1.4 " WEB ":80 " WEB ":80 " C,
    "10.0.0.3 10.0.1.4:80 10.0.1.4:80 10.0.0.3",
    "10.0.0.3 " A ":80 10.0.0.2:80 10.0.0.3",
    "10.0.0.2 " A ":80 10.0.0.2:80 " A,
    "10.0.0.3 172.16.1.1:80 172.16.1.1:80 10.0.0.3",
    "172.16.1.1 10.0.0.3:80 10.0.0.3:80 172.16.1.1",
    "10.0.0.3 10.0.0.1:80 10.0.0.1:80 10.0.0.3",
    "10.0.0.3 " NETCTL_METADATA_ADDRESS ":80 " NETCTL_METADATA_ADDRESS ":80 10.0.0.3",
  };
  static const char *const ended[] = {
    WEB " 203.0.113.9:80 10.0.0.2:80 " WEB,    WEB " " A ":80 10.0.0.3:80 " WEB,
    WEB " " B ":80 10.0.0.3:80 " WEB,          WEB " 10.0.0.3:80 10.0.0.3:80 " WEB,
    "10.0.0.2 " WEB ":80 " WEB ":80 " C,       "10.0.0.3 " WEB ":80 " WEB ":80 100.64.0.3",
    "10.0.0.3 " WEB ":80 " WEB ":80 10.0.0.3", "10.0.0.3 " A ":80 " A ":80 " B,
    "10.0.0.3 172.16.1.1:80 172.16.1.1:80 " B, "172.17.1.1 10.0.0.3:80 10.0.0.3:80 172.17.1.1",
    "10.0.0.3 10.0.0.4:80 10.0.0.4:80 " B,
  };
  g_autoptr (NetctlModel) model = netctl_model_new ();

  record_put_vpc (model, vpc_with_all ());
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (!keeps (model, kept[i]))
      fail_msg ("ended: %s", kept[i]);
  for (guint i = 0; i < G_N_ELEMENTS (ended); i++)
    if (keeps (model, ended[i]))
      fail_msg ("kept: %s", ended[i]);
}

static void
a_default_route_takes_flows_of_those_without_an_address (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlVpc *vpc = vpc_with_all ();

  vpc->nat = TRUE;
  record_route (vpc, "0.0.0.0/0", "10.0.0.9");
  record_put_vpc (model, vpc);
  record_put_group (model, record_group (1, 1));
  record_put_port (model, record_port (1, 9, "10.0.0.9 10.0.0.10", "1"));
  assert_true (keeps (model, "10.0.0.2 " WEB ":80 " WEB ":80 " A));
  assert_true (keeps (model, "10.0.0.9 " WEB ":80 " WEB ":80 " B));
  assert_true (keeps (model, "10.0.0.10 " WEB ":80 " WEB ":80 100.64.0.3"));
  assert_true (keeps (model, "10.0.0.3 " WEB ":80 " WEB ":80 10.0.0.3"));
  assert_true (keeps (model, WEB " 10.0.0.3:80 10.0.0.3:80 " WEB));
  assert_false (keeps (model, "10.0.0.3 " WEB ":80 " WEB ":80 " B));
  assert_false (keeps (model, "10.0.0.3 " WEB ":80 " WEB ":80 100.64.0.3"));
}

/* The public address that the compiled map has for @source, or 0; fails if two elements hold it. */
static guint32
look_up (const NetctlTableObject *map, guint32 source)
{
  guint32 found = 0;

  for (guint i = 0; i < map->lines->len; i++)
    {
      g_auto (GStrv) sides = g_strsplit (g_ptr_array_index (map->lines, i), " : ", 2);
      g_auto (GStrv) range = g_strsplit (sides[0], "-", 2);
      guint32 first = ntohl (ip (range[0]));
      guint32 last = range[1] != NULL ? ntohl (ip (range[1])) : first;

      if (source < first || source > last)
        continue;
      assert_int_equal (found, 0);
      found = ip (sides[1]);
    }
  return found;
}

static const NetctlTableObject *
object_of (const NetctlTables *tables, const char *name)
{
  for (guint i = 0; i < tables->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (tables->objects, i);

      if (g_str_equal (object->name, name))
        return object;
    }
  fail_msg ("there is no %s", name);
  return NULL;
}

/* A VPC with up to 12 SNAT sources, most of them within each other. */
static NetctlVpc *
random_snats (GRand *random)
{
  NetctlVpc *vpc = record_vpc (1, "10.0.0.0/24", FALSE);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  record_public (vpc, A);
  record_public (vpc, B);
  record_public (vpc, C);
  for (int n = g_rand_int_range (random, 1, 13); n > 0; n--)
    {
      static const char *const publics[] = { A, B, C };
      NetctlPrefix source;
      g_autofree char *text
          = g_strdup_printf ("10.0.0.%d/%d", g_rand_int_range (random, 0, 64),
                             g_rand_boolean (random) ? g_rand_int_range (random, 24, 33)
                                                     : g_rand_int_range (random, 0, 33));
      char *network;

      assert_true (netctl_prefix_parse (text, &source));
      network = netctl_prefix_network (&source);
      if (!g_hash_table_add (seen, network))
        continue;
      record_snat (vpc, text, publics[g_rand_int_range (random, 0, 3)]);
    }
  return vpc;
}

static void
compiled_sources_answer_as_the_longest_one_does (void **state)
{
  const char *given = g_getenv ("NETCTL_SEED");
  guint32 seed = given != NULL ? (guint32) g_ascii_strtoull (given, NULL, 10) : g_random_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  print_message ("# NETCTL_SEED=%u\n", seed);
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (NetctlModel) model = netctl_model_new ();
      g_autoptr (NetctlTables) tables = NULL;
      g_autoptr (NetctlNat) nat = NULL;
      const NetctlTableObject *map;

      record_put_vpc (model, random_snats (random));
      tables = netctl_nft_vpc (model);
      map = object_of (tables, "snat_out");
      nat = netctl_nat_new (model->vpc);
      for (guint32 i = 0; i < 80; i++)
        {
          guint32 near = 0x0a000000 - 8 + i, far = g_rand_int (random);

          assert_int_equal (look_up (map, near), netctl_nat_outward (nat, htonl (near)));
          assert_int_equal (look_up (map, far), netctl_nat_outward (nat, htonl (far)));
        }
    }
}

static gboolean
keeps6 (const NetctlModel *model, const char *source, const char *destination)
{
  g_autoptr (NetctlNat) nat = netctl_nat_new (model->vpc);
  NetctlFlow flow = { .protocol = IPPROTO_TCP, .is_live = TRUE };

  assert_true (netctl_prefix_parse (source, &flow.source));
  assert_true (netctl_prefix_parse (destination, &flow.destination));
  flow.shown = flow.source;
  flow.called = flow.destination;
  return netctl_nat_keeps (nat, model, &flow);
}

static void
flows_of_ipv6_end_with_the_route_they_came_by (void **state)
{
  g_autoptr (NetctlModel) model = netctl_model_new ();
  NetctlVpc *vpc = vpc_with_all ();
  NetctlSubnet subnet = { 0 };

  assert_true (netctl_prefix_parse ("fd00:1::/64", &subnet.range));
  g_array_append_val (vpc->subnets, subnet);
  record_route (vpc, "fd00:9::/32", "fd00:1::9");
  record_put_vpc (model, vpc);
  assert_true (keeps6 (model, "fd00:1::2", "fd00:1::3"));
  assert_true (keeps6 (model, "fd00:1::2", "fd00:9::3"));
  assert_true (keeps6 (model, "fd00:9::3", "fd00:1::2"));
  assert_true (keeps6 (model, "fd00:1::2", NETCTL_ROUTER6));
  assert_false (keeps6 (model, "fd00:8::3", "fd00:1::2"));
  assert_false (keeps6 (model, "fd00:1::2", "fd00:8::3"));
}

static void
a_shared_public_address_is_named_with_both_vpcs (void **state)
{
  g_autoptr (NetctlVpc) one = vpc_with_all (), two = record_vpc (2, "10.0.0.0/24", TRUE);
  g_autoptr (GError) error = NULL;

  record_public (two, "203.0.113.4");
  assert_true (netctl_nat_apart (two, one, NETCTL_ERROR_BUSY, NULL));
  assert_true (netctl_nat_apart (one, one, NETCTL_ERROR_BUSY, NULL));
  assert_true (netctl_nat_apart (one, NULL, NETCTL_ERROR_BUSY, NULL));
  record_public (two, B);
  assert_false (netctl_nat_apart (two, one, NETCTL_ERROR_BUSY, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_BUSY));
  assert_non_null (strstr (error->message, "vpc-2"));
  assert_non_null (strstr (error->message, B " is vpc \"vpc-1\"'s"));
}

static void
classes_of_bandwidth_are_unique_and_stay (void **state)
{
  g_autoptr (NetctlVpc) vpc = record_vpc (1, "10.0.0.0/24", TRUE);
  g_autoptr (GHashTable) all = NULL, fewer = NULL, seen = g_hash_table_new (NULL, NULL);

  /* Three that ask for one number, and one that is not bounded. */
  record_public (vpc, "203.0.113.5");
  record_public (vpc, "203.1.113.5");
  record_public (vpc, "203.2.113.5");
  record_public (vpc, "203.3.113.5");
  for (guint i = 0; i < 3; i++)
    g_array_index (vpc->publics, NetctlPublic, i).kbit_s_out = 1000;
  all = netctl_shape_publics (vpc);
  assert_int_equal (g_hash_table_size (all), 3);
  for (guint i = 0; i < 3; i++)
    {
      guint number = GPOINTER_TO_UINT (
          g_hash_table_lookup (all, &g_array_index (vpc->publics, NetctlPublic, i).address));

      assert_in_range (number, 0x8001, 0xfff0);
      assert_true (g_hash_table_add (seen, GUINT_TO_POINTER (number)));
    }
  g_array_index (vpc->publics, NetctlPublic, 2).kbit_s_out = 0;
  fewer = netctl_shape_publics (vpc);
  for (guint i = 0; i < 2; i++)
    {
      gconstpointer key = &g_array_index (vpc->publics, NetctlPublic, i).address;

      assert_ptr_equal (g_hash_table_lookup (fewer, key), g_hash_table_lookup (all, key));
    }
  assert_in_range (netctl_shape_port_class (NETCTL_PORT_INDEX_MAX), 0x10, 0x7fff);
  assert_int_not_equal (netctl_shape_port_class (7), netctl_shape_port_class (8));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (all_of_it_is_accepted),
    cmocka_unit_test (wrong_routes_are_refused_by_name),
    cmocka_unit_test (wrong_public_addresses_are_refused_by_name),
    cmocka_unit_test (wrong_elastic_addresses_are_refused_by_name),
    cmocka_unit_test (wrong_translations_are_refused_by_name),
    cmocka_unit_test (inward_the_narrowest_entry_answers),
    cmocka_unit_test (outward_an_own_address_then_the_longest_source_then_the_host),
    cmocka_unit_test (the_longest_route_answers),
    cmocka_unit_test (flows_are_kept_under_todays_translation_only),
    cmocka_unit_test (a_default_route_takes_flows_of_those_without_an_address),
    cmocka_unit_test (compiled_sources_answer_as_the_longest_one_does),
    cmocka_unit_test (flows_of_ipv6_end_with_the_route_they_came_by),
    cmocka_unit_test (a_shared_public_address_is_named_with_both_vpcs),
    cmocka_unit_test (classes_of_bandwidth_are_unique_and_stay),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
