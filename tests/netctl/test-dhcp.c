/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what dnsmasq is told: its list of guests, its arguments, its leases. */
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netctl-dhcp.h"
#include "records.h"

static NetctlModel *
model_of (const char *ranges)
{
  NetctlModel *model = netctl_model_new ();

  record_put_vpc (model, record_vpc (1, ranges, FALSE));
  record_put_group (model, record_group (1, 1));
  return model;
}

static void
put_named_port (NetctlModel *model, guint32 index, const char *address, const char *host_name)
{
  NetctlPort *port = record_port (1, index, address, "1");

  port->host_name = g_strdup (host_name);
  record_put_port (model, port);
}

static void
each_port_is_one_line (void **state)
{
  g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");
  g_autofree char *hosts = NULL;

  put_named_port (model, 2, "10.0.0.12", NULL);
  put_named_port (model, 1, "10.0.0.11 10.0.0.99", "web-1.example");
  hosts = netctl_dhcp_hosts (model);
  assert_string_equal (hosts, "00:16:3e:00:00:01,10.0.0.11,web-1,infinite\n"
                              "00:16:3e:00:00:02,10.0.0.12,infinite\n");
}

static void
a_name_that_means_something_to_dnsmasq_is_left_out (void **state)
{
  static const char *const names[]
      = { "ignore", "IGNORE", "infinite", "2h", "45", "5m", "1", "deprecated", "10.0.0.9" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");
      g_autofree char *hosts = NULL;

      put_named_port (model, 1, "10.0.0.11", names[i]);
      hosts = netctl_dhcp_hosts (model);
      assert_string_equal (hosts, "00:16:3e:00:00:01,10.0.0.11,infinite\n");
    }
}

/* No text that is not a plain name gets past the check of a port, and none past the writer. */
static void
no_name_can_add_a_field_or_a_line (void **state)
{
  for (guint byte = 1; byte < 256; byte++)
    {
      g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");
      g_autoptr (NetctlPort) port = record_port (1, 1, "10.0.0.11", "1");
      g_autofree char *hosts = NULL;
      guint commas = 0, lines = 0;

      port->host_name = g_strdup_printf ("ab%cset:x", (char) byte);
      if (!netctl_model_set_port (model, port, NULL))
        g_clear_pointer (&port->host_name, g_free);
      assert_true (netctl_model_set_port (model, port, NULL));
      hosts = netctl_dhcp_hosts (model);
      for (const char *p = hosts; *p != '\0'; p++)
        {
          commas += *p == ',';
          lines += *p == '\n';
        }
      assert_true (commas <= 3);
      assert_int_equal (lines, 1);
      assert_null (strstr (hosts, "set:"));
    }
}

static void
each_subnet_has_its_own_range_and_routes (void **state)
{
  static const char *const dns[] = { "192.0.2.53", "192.0.2.54", NULL };
  g_autofree char *dir = g_dir_make_tmp ("netctl-XXXXXX", NULL), *all = NULL,
                  *inner = g_build_filename (dir, "dhcp", NULL);
  g_autoptr (NetctlDhcp) dhcp = netctl_dhcp_new (dir, dns, NULL, NULL);
  g_autoptr (NetctlVpc) vpc = record_vpc (1, "10.0.0.0/24 172.16.0.0/20", FALSE);
  g_auto (GStrv) arguments = netctl_dhcp_arguments (dhcp, vpc);

  all = g_strjoinv (" ", arguments);
  assert_non_null (strstr (all, "--dhcp-range=set:s0,10.0.0.0,static,255.255.255.0,infinite"));
  assert_non_null (strstr (all, "--dhcp-range=set:s1,172.16.0.0,static,255.255.240.0,infinite"));
  assert_non_null (strstr (all, "--dhcp-option=tag:s1,tag:!secondary,3,172.16.0.1"));
  assert_non_null (strstr (all,
                           "--dhcp-option=tag:s0,tag:!secondary,121,100.100.100.200/32,10.0.0.1,"
                           "100.100.2.136/32,10.0.0.1,0.0.0.0/0,10.0.0.1"));
  assert_non_null (strstr (all, "--dhcp-option=6,100.100.2.136"));
  assert_non_null (strstr (all, "--dhcp-option=26,1450"));
  assert_int_equal (g_rmdir (inner), 0);
  assert_int_equal (g_rmdir (dir), 0);
}

static void
a_name_server_must_be_an_address (void **state)
{
  static const char *const dns[] = { "192.0.2.53,192.0.2.54", NULL };
  g_autoptr (GError) error = NULL;

  assert_null (netctl_dhcp_new ("unused", dns, NULL, &error));
  assert_true (g_error_matches (error, NETCTL_ERROR, NETCTL_ERROR_INVALID));
}

static void
a_lease_of_an_address_that_is_now_anothers_goes (void **state)
{
  g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");
  g_autofree char *kept = NULL;

  put_named_port (model, 1, "10.0.0.11", NULL);
  put_named_port (model, 2, "10.0.0.12", NULL);
  kept = netctl_dhcp_leases_without_conflicts ("0 00:16:3e:00:00:01 10.0.0.11 a *\n"
                                               "0 00:16:3e:00:00:99 10.0.0.12 b *\n"
                                               "0 00:16:3e:00:00:98 10.0.0.77 c *\n",
                                               model);
  assert_string_equal (kept, "0 00:16:3e:00:00:01 10.0.0.11 a *\n"
                             "0 00:16:3e:00:00:98 10.0.0.77 c *\n");
}

static void
a_lease_of_a_client_that_has_another_address_now_goes (void **state)
{
  g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");
  g_autofree char *kept = NULL;

  put_named_port (model, 1, "10.0.0.11", NULL);
  kept = netctl_dhcp_leases_without_conflicts ("0 00:16:3E:00:00:01 10.0.0.15 a *\n", model);
  assert_string_equal (kept, "");
}

static void
leases_that_agree_stay_as_they_are (void **state)
{
  g_autoptr (NetctlModel) model = model_of ("10.0.0.0/24");

  put_named_port (model, 1, "10.0.0.11", NULL);
  assert_null (netctl_dhcp_leases_without_conflicts (
      "0 00:16:3e:00:00:01 10.0.0.11 a *\nnonsense\n\n0 x y\n", model));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (each_port_is_one_line),
    cmocka_unit_test (a_name_that_means_something_to_dnsmasq_is_left_out),
    cmocka_unit_test (no_name_can_add_a_field_or_a_line),
    cmocka_unit_test (each_subnet_has_its_own_range_and_routes),
    cmocka_unit_test (a_name_server_must_be_an_address),
    cmocka_unit_test (a_lease_of_an_address_that_is_now_anothers_goes),
    cmocka_unit_test (a_lease_of_a_client_that_has_another_address_now_goes),
    cmocka_unit_test (leases_that_agree_stay_as_they_are),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
