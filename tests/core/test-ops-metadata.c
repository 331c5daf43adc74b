/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata tree, as the guest behind one address sees it. */
#include "ops-key-pair.h"
#include "ops-network.h"
#include "world.h"
#include <string.h>

#define TOKEN_HEADER "x-aliyun-ecs-metadata-token"
#define TTL_HEADER "x-aliyun-ecs-metadata-token-ttl-seconds"
#define KEY_LINE                                                                                   \
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBlXWVGOsVWhYUi8yFiNQ7ejNGoTnTmfnLS7KdC0ZiXo alice@example"

/* The guest that asks: its instance, interface and the headers of its next request. */
typedef struct
{
  World *w;
  VmmInstance *instance;
  const VmmNic *nic;
  GHashTable *headers;
} Guest;

static Guest
add_guest (World *w, const VmmCaller *caller, const OpsInstanceSpec *spec)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = ops_instance_create (&w->ctx, caller, spec, &error);
  Guest guest = { .w = w, .headers = g_hash_table_new (g_str_hash, g_str_equal) };

  assert_no_error (error);
  guest.instance = world_get (w, g_ptr_array_index (ids, 0));
  guest.nic = g_ptr_array_index (guest.instance->nics, 0);
  return guest;
}

static void
guest_clear (Guest *guest)
{
  vmm_instance_free (guest->instance);
  g_hash_table_unref (guest->headers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Guest, guest_clear)

static Guest
any_guest (World *w)
{
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));

  return add_guest (w, &w->alice, &spec);
}

/* The body of a request that must end in @status; the caller frees it. */
static char *
ask (Guest *guest, const char *method, const char *path, guint status)
{
  g_autoptr (GBytes) body = NULL;
  guint got = ops_metadata_get (&guest->w->ctx, guest->nic->vpc_index, guest->nic->ip, method, path,
                                guest->headers, &body);

  assert_int_equal (got, status);
  assert_int_equal (body != NULL, status == 200);
  return body != NULL ? g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body)) : NULL;
}

static void
assert_leaf (Guest *guest, const char *path, const char *want)
{
  g_autofree char *full = g_strconcat ("/latest/meta-data/", path, NULL);
  g_autofree char *text = ask (guest, "GET", full, 200);

  assert_string_equal (text, want);
}

static void
each_leaf_tells_what_the_rows_say (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (OpsKeyPair) pair = ops_key_pair_import (&w->ctx, &w->alice, "mine", KEY_LINE, NULL);
  g_auto (Guest) guest = { 0 };
  g_autofree char *mac_folder = NULL, *gateway = NULL, *netmask = NULL;

  assert_non_null (pair);
  spec.key_pair = "mine";
  spec.host_name = "web-1";
  spec.name = "Web 1";
  guest = add_guest (w, &w->alice, &spec);
  assert_leaf (&guest, "instance-id", guest.instance->id);
  assert_leaf (&guest, "image-id", spec.image_id);
  assert_leaf (&guest, "hostname", "web-1");
  assert_leaf (&guest, "instance/instance-name", "Web 1");
  assert_leaf (&guest, "instance/instance-type", "ecs.t1.nano");
  assert_leaf (&guest, "region-id", "cn-local");
  assert_leaf (&guest, "zone-id", "cn-local-a");
  assert_leaf (&guest, "serial-number", guest.instance->uuid);
  assert_leaf (&guest, "owner-account-id", w->alice.account_id);
  assert_leaf (&guest, "network-type", "vpc");
  assert_leaf (&guest, "private-ipv4", guest.nic->ip);
  assert_leaf (&guest, "mac", guest.nic->mac);
  assert_leaf (&guest, "vpc-id", guest.nic->vpc_id);
  assert_leaf (&guest, "vpc-cidr-block", "172.16.0.0/12");
  assert_leaf (&guest, "vswitch-id", guest.nic->vswitch_id);
  assert_leaf (&guest, "vswitch-cidr-block", "172.16.0.0/20");
  assert_leaf (&guest, "dns-conf/nameservers", "10.1.1.1\n10.1.1.2");
  assert_leaf (&guest, "public-keys/0/openssh-key", KEY_LINE);
  gateway = g_strdup_printf ("network/interfaces/macs/%s/gateway", guest.nic->mac);
  netmask = g_strdup_printf ("network/interfaces/macs/%s/netmask", guest.nic->mac);
  assert_leaf (&guest, gateway, "172.16.15.253");
  assert_leaf (&guest, netmask, "255.255.240.0");
}

static void
every_folder_leads_to_its_leaves (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  guint leaves = 0;

  g_ptr_array_add (folders, g_strdup ("/latest/meta-data/"));
  for (guint f = 0; f < folders->len; f++)
    {
      g_autofree char *text = ask (&guest, "GET", g_ptr_array_index (folders, f), 200);
      g_auto (GStrv) items = g_strsplit (text, "\n", -1);

      for (guint i = 0; items[i] != NULL; i++)
        {
          char *path = g_strconcat (g_ptr_array_index (folders, f), items[i], NULL);

          if (g_str_has_suffix (path, "/"))
            g_ptr_array_add (folders, path);
          else
            {
              g_autofree char *leaf = ask (&guest, "GET", path, 200);

              leaves++;
              g_free (path);
            }
        }
    }
  assert_true (leaves >= 25);
  assert_true (folders->len >= 7);
}

static void
a_folder_is_the_same_with_and_without_its_slash (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  g_autofree char *with = ask (&guest, "GET", "/latest/meta-data/instance/", 200);
  g_autofree char *without = ask (&guest, "GET", "/latest/meta-data/instance", 200);
  g_autofree char *dated = ask (&guest, "GET", "/2016-01-01/meta-data/instance", 200);

  assert_string_equal (with, "instance-type\ninstance-name\nvirtualization-solution");
  assert_string_equal (with, without);
  assert_string_equal (with, dated);
}

static void
what_is_not_there_is_not_found (void **state)
{
  static const char *const paths[] = { "/",
                                       "/latest/meta-data/none",
                                       "/latest/meta-data/host",
                                       "/latest/meta-data/hostname/x",
                                       "/latest/user-data",
                                       "/latest/meta-data/public-keys/0/openssh-key",
                                       "/latestmeta-data/hostname",
                                       "/1999-01-01/meta-data/hostname",
                                       "/latest/../latest/meta-data/hostname",
                                       "/latest//meta-data/hostname" };
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    assert_null (ask (&guest, "GET", paths[i], 404));
  assert_null (ask (&guest, "POST", "/latest/meta-data/hostname", 405));
  assert_null (ask (&guest, "GET", "/latest/api/token", 405));
}

static void
user_data_comes_decoded_byte_by_byte (void **state)
{
  static const guint8 raw[] = { '#', '!', 0, 0xff, '\n' };
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autofree char *base64 = g_base64_encode (raw, sizeof raw);
  g_auto (Guest) guest = { 0 };
  g_autoptr (GBytes) body = NULL;

  spec.user_data = base64;
  guest = add_guest (w, &w->alice, &spec);
  assert_int_equal (ops_metadata_get (&w->ctx, guest.nic->vpc_index, guest.nic->ip, "GET",
                                      "/latest/user-data", guest.headers, &body),
                    200);
  assert_int_equal (g_bytes_get_size (body), sizeof raw);
  assert_memory_equal (g_bytes_get_data (body, NULL), raw, sizeof raw);
}

static void
an_address_that_nobody_has_learns_nothing (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  static const char *const ips[] = { "172.16.0.99", "127.0.0.1", "nowhere", "" };

  for (guint i = 0; i < G_N_ELEMENTS (ips); i++)
    {
      g_autoptr (GBytes) body = NULL;

      assert_int_equal (ops_metadata_get (&w->ctx, guest.nic->vpc_index, ips[i], "GET",
                                          "/latest/meta-data/hostname", guest.headers, &body),
                        404);
      assert_null (body);
    }
}

static void
the_same_address_in_two_vpcs_is_two_guests (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_auto (Guest) alices = add_guest (w, &w->alice, &spec);
  g_auto (Guest) bobs = add_guest (w, &w->bob, &spec);

  assert_string_equal (alices.nic->ip, bobs.nic->ip);
  assert_leaf (&alices, "instance-id", alices.instance->id);
  assert_leaf (&bobs, "instance-id", bobs.instance->id);
  assert_leaf (&bobs, "owner-account-id", w->bob.account_id);
}

/* ---- tokens ---- */

static char *
put_token (Guest *guest, const char *ttl, guint status)
{
  char *token;

  g_hash_table_insert (guest->headers, (gpointer) TTL_HEADER, (gpointer) ttl);
  token = ask (guest, "PUT", "/latest/api/token", status);
  g_hash_table_remove_all (guest->headers);
  return token;
}

static void
a_token_opens_the_tree_until_it_expires (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  g_autofree char *token = put_token (&guest, "60", 200);

  g_hash_table_insert (guest.headers, (gpointer) TOKEN_HEADER, token);
  assert_leaf (&guest, "hostname", guest.instance->host_name);
  world_advance_ms (w, 59000);
  assert_leaf (&guest, "hostname", guest.instance->host_name);
  world_advance_ms (w, 1000);
  assert_null (ask (&guest, "GET", "/latest/meta-data/hostname", 401));
}

static void
a_token_outlives_a_restart (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  g_autofree char *token = put_token (&guest, "60", 200);

  world_reopen (w);
  g_hash_table_insert (guest.headers, (gpointer) TOKEN_HEADER, token);
  assert_leaf (&guest, "hostname", guest.instance->host_name);
}

static void
a_token_is_one_guests_and_cannot_be_made_up (void **state)
{
  World *w = *state;
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_auto (Guest) guest = add_guest (w, &w->alice, &spec);
  g_auto (Guest) neighbour = add_guest (w, &w->alice, &spec);
  g_auto (Guest) stranger = add_guest (w, &w->bob, &spec);
  g_autofree char *token = put_token (&guest, "60", 200);
  g_autofree char *longer = g_strdup_printf ("9%s", token);
  g_autofree char *cut = g_strndup (token, strlen (token) - 1);
  const char *const made_up[] = { longer, cut, "", "-", "99999999999-00" };

  for (guint i = 0; i < G_N_ELEMENTS (made_up); i++)
    {
      g_hash_table_insert (guest.headers, (gpointer) TOKEN_HEADER, (gpointer) made_up[i]);
      assert_null (ask (&guest, "GET", "/latest/meta-data/hostname", 401));
    }
  g_hash_table_insert (neighbour.headers, (gpointer) TOKEN_HEADER, token);
  assert_null (ask (&neighbour, "GET", "/latest/meta-data/hostname", 401));
  g_hash_table_insert (stranger.headers, (gpointer) TOKEN_HEADER, token);
  assert_null (ask (&stranger, "GET", "/latest/meta-data/hostname", 401));
}

static void
a_token_lives_from_one_second_to_six_hours (void **state)
{
  static const char *const bad[] = { "0", "21601", "-1", "1.5", "x", "", "99999999999999999999" };
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);
  g_autofree char *shortest = put_token (&guest, "1", 200);
  g_autofree char *longest = put_token (&guest, "21600", 200);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_null (put_token (&guest, bad[i], 400));
  assert_null (ask (&guest, "PUT", "/latest/api/token", 400));
}

static void
a_forwarded_request_gets_no_token (void **state)
{
  World *w = *state;
  g_auto (Guest) guest = any_guest (w);

  g_hash_table_insert (guest.headers, (gpointer) "x-forwarded-for", (gpointer) "10.9.9.9");
  assert_null (put_token (&guest, "60", 403));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (each_leaf_tells_what_the_rows_say),
    WORLD_TEST (every_folder_leads_to_its_leaves),
    WORLD_TEST (a_folder_is_the_same_with_and_without_its_slash),
    WORLD_TEST (what_is_not_there_is_not_found),
    WORLD_TEST (user_data_comes_decoded_byte_by_byte),
    WORLD_TEST (an_address_that_nobody_has_learns_nothing),
    WORLD_TEST (the_same_address_in_two_vpcs_is_two_guests),
    WORLD_TEST (a_token_opens_the_tree_until_it_expires),
    WORLD_TEST (a_token_outlives_a_restart),
    WORLD_TEST (a_token_is_one_guests_and_cannot_be_made_up),
    WORLD_TEST (a_token_lives_from_one_second_to_six_hours),
    WORLD_TEST (a_forwarded_request_gets_no_token),
  };

  return cmocka_run_group_tests_name ("ops-metadata", tests, NULL, NULL);
}
