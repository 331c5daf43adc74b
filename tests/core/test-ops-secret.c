/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets at rest, access keys, key pairs. */
#include "ops-key-pair.h"
#include "ops-key.h"
#include "ops-secret.h"
#include "world.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BODY "AAAAC3NzaC1lZDI1NTE5AAAAIBlXWVGOsVWhYUi8yFiNQ7ejNGoTnTmfnLS7KdC0ZiXo"
#define KEY_LINE "ssh-ed25519 " KEY_BODY " alice@example"

static void
what_is_sealed_opens_again_and_never_looks_the_same (void **state)
{
  World *w = *state;
  g_autoptr (GBytes) one = ops_secret_seal (w->ctx.secrets, "hush");
  g_autoptr (GBytes) two = ops_secret_seal (w->ctx.secrets, "hush");
  g_autoptr (GError) error = NULL;
  char *opened = ops_secret_open (w->ctx.secrets, one, &error);

  assert_no_error (error);
  assert_string_equal (opened, "hush");
  assert_false (g_bytes_equal (one, two));
  ops_secret_free (opened);
}

static void
a_changed_or_shortened_seal_does_not_open (void **state)
{
  World *w = *state;
  g_autoptr (GBytes) sealed = ops_secret_seal (w->ctx.secrets, "hush");
  gsize size;
  const guint8 *data = g_bytes_get_data (sealed, &size);

  for (gsize i = 0; i < size; i++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, size);
      g_autoptr (GBytes) changed = NULL;
      g_autoptr (GBytes) shorter = g_bytes_new (data, i);
      g_autoptr (GError) error = NULL;

      copy[i] ^= 1;
      changed = g_bytes_new (copy, size);
      assert_null (ops_secret_open (w->ctx.secrets, changed, &error));
      assert_vmm_error (error, VMM_ERROR_STORE);
      assert_null (ops_secret_open (w->ctx.secrets, shorter, NULL));
    }
}

static void
another_key_file_does_not_open_it (void **state)
{
  World *w = *state;
  g_autoptr (GBytes) sealed = ops_secret_seal (w->ctx.secrets, "hush");
  g_autoptr (GError) error = NULL;
  OpsSecretBox *other = ops_secret_box_new (world_path (w, "other.key"), &error);

  assert_no_error (error);
  assert_null (ops_secret_open (other, sealed, &error));
  assert_vmm_message (error, VMM_ERROR_STORE, "key file");
  ops_secret_box_free (other);
}

static void
the_key_file_is_made_for_its_owner_alone_and_kept (void **state)
{
  World *w = *state;
  const char *path = world_path (w, "secret.key");
  g_autoptr (GBytes) sealed = ops_secret_seal (w->ctx.secrets, "hush");
  struct stat st;
  char *opened;

  assert_int_equal (stat (path, &st), 0);
  assert_int_equal (st.st_mode & 07777, 0600);
  assert_int_equal (st.st_size, 32);
  world_reopen (w);
  opened = ops_secret_open (w->ctx.secrets, sealed, NULL);
  assert_string_equal (opened, "hush");
  ops_secret_free (opened);
}

static void
a_key_file_that_others_can_read_is_refused (void **state)
{
  static const mode_t modes[] = { 0640, 0604, 0660, 0601, 0644 };
  World *w = *state;
  const char *path = world_path (w, "secret.key");

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_int_equal (chmod (path, modes[i]), 0);
      assert_null (ops_secret_box_new (path, &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "must be 0600");
      assert_contains (error->message, path);
    }
}

static void
a_key_file_of_another_size_or_a_link_is_refused (void **state)
{
  World *w = *state;
  const char *path = world_path (w, "secret.key"), *link = world_path (w, "link.key");
  g_autoptr (GError) error = NULL;

  assert_int_equal (symlink (path, link), 0);
  assert_null (ops_secret_box_new (link, &error));
  assert_vmm_error (error, VMM_ERROR_CONFIG);
  for (gsize size = 0; size < 70; size += 31)
    {
      g_clear_error (&error);
      assert_int_equal (truncate (path, (off_t) size), 0);
      assert_null (ops_secret_box_new (path, &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "must have 32");
    }
}

static void
a_mac_depends_on_text_and_key (void **state)
{
  World *w = *state;
  OpsSecretBox *other = ops_secret_box_new (world_path (w, "other.key"), NULL);
  g_autofree char *mac = ops_secret_mac (w->ctx.secrets, "a");
  g_autofree char *same = ops_secret_mac (w->ctx.secrets, "a");
  g_autofree char *text = ops_secret_mac (w->ctx.secrets, "b");
  g_autofree char *key = ops_secret_mac (other, "a");

  assert_true (ops_secret_equal (mac, same));
  assert_false (ops_secret_equal (mac, text));
  assert_false (ops_secret_equal (mac, key));
  assert_false (ops_secret_equal ("a", "ab"));
  ops_secret_box_free (other);
}

/* ---- access keys ---- */

static OpsKey *
create_key (World *w, const VmmCaller *caller)
{
  g_autoptr (GError) error = NULL;
  OpsKey *key = ops_key_create (&w->ctx, caller, &error);

  assert_no_error (error);
  return key;
}

static void
assert_not_in_file (World *w, const char *name, const char *text)
{
  g_autofree char *data = NULL;
  gsize size = 0;

  if (g_file_get_contents (world_path (w, name), &data, &size, NULL))
    assert_null (memmem (data, size, text, strlen (text)));
}

static void
a_secret_is_nowhere_in_plain (void **state)
{
  static const char *const files[] = { "vmmd.db", "vmmd.db-wal", "nonces.db", "nonces.db-wal" };
  World *w = *state;
  g_autoptr (OpsKey) key = create_key (w, &w->alice);

  assert_int_equal (strlen (key->secret), 30);
  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (files); i++)
        assert_not_in_file (w, files[i], key->secret);
      world_reopen (w);
    }
  {
    g_autofree char *glob = g_strdup_printf ("*%s*", key->secret);

    assert_int_equal (log_trap_count (glob), 0);
  }
}

static void
a_key_is_looked_up_with_its_secret_and_listed_without (void **state)
{
  World *w = *state;
  g_autoptr (OpsKey) key = create_key (w, &w->alice);
  g_autoptr (OpsKey) found = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  world_reopen (w);
  assert_true (ops_key_lookup (&w->ctx, key->id, &found, &error));
  assert_string_equal (found->secret, key->secret);
  assert_string_equal (found->account_id, w->alice.account_id);
  assert_true (found->enabled);
  list = ops_key_list (&w->ctx, &w->alice, &error);
  assert_int_equal (list->len, 1);
  assert_null (((OpsKey *) g_ptr_array_index (list, 0))->secret);
}

static void
a_key_that_is_not_there_is_not_found_and_its_name_not_echoed (void **state)
{
  World *w = *state;
  g_autoptr (OpsKey) found = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_key_lookup (&w->ctx, "LTAI-none", &found, &error));
  assert_vmm_error (error, VMM_ERROR_KEY_NOT_FOUND);
  assert_null (found);
}

static void
a_key_is_its_accounts_to_disable_and_delete (void **state)
{
  World *w = *state;
  g_autoptr (OpsKey) key = create_key (w, &w->alice);
  g_autoptr (OpsKey) found = NULL;
  g_autoptr (GError) error = NULL;

  assert_false (ops_key_set_enabled (&w->ctx, &w->bob, key->id, FALSE, &error));
  assert_vmm_error (error, VMM_ERROR_ACCESS_KEY_NOT_EXIST);
  g_clear_error (&error);
  assert_false (ops_key_delete (&w->ctx, &w->bob, key->id, &error));
  assert_vmm_error (error, VMM_ERROR_ACCESS_KEY_NOT_EXIST);
  g_clear_error (&error);
  assert_true (ops_key_set_enabled (&w->ctx, &w->alice, key->id, FALSE, &error));
  assert_true (ops_key_lookup (&w->ctx, key->id, &found, &error));
  assert_false (found->enabled);
  assert_true (ops_key_delete (&w->ctx, &w->alice, key->id, &error));
  assert_false (ops_key_delete (&w->ctx, &w->alice, key->id, &error));
  assert_vmm_error (error, VMM_ERROR_ACCESS_KEY_NOT_EXIST);
}

static void
an_account_has_ten_keys_at_most (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10; i++)
    ops_key_free (create_key (w, &w->alice));
  assert_null (ops_key_create (&w->ctx, &w->alice, &error));
  assert_vmm_message (error, VMM_ERROR_QUOTA, "10 access keys");
  ops_key_free (create_key (w, &w->bob));
}

static void
account_names_are_plain_and_ids_sixteen_digits (void **state)
{
  static const char *const bad[] = { "", "a b", "a/b", "a\nb", "\xc3\xa4" };
  World *w = *state;
  g_autofree char *longest = g_strnfill (64, 'a');
  g_autofree char *longer = g_strnfill (65, 'a');
  g_autoptr (OpsAccount) account = ops_account_create (&w->ctx, longest, NULL);
  g_autoptr (GError) error = NULL;

  assert_true (g_regex_match_simple ("^[1-9][0-9]{15}$", account->id, 0, 0));
  assert_null (ops_account_create (&w->ctx, longer, &error));
  assert_vmm_error (error, VMM_ERROR_INVALID_PARAMETER);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_null (ops_account_create (&w->ctx, bad[i], NULL));
}

static void
a_nonce_is_used_once_also_across_a_restart (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;

  assert_true (ops_nonce_use (&w->ctx, "LTAI1", "n", world_now_ms (), &error));
  for (guint round = 0; round < 2; round++)
    {
      assert_false (ops_nonce_use (&w->ctx, "LTAI1", "n", world_now_ms (), &error));
      assert_vmm_error (error, VMM_ERROR_NONCE_USED);
      g_clear_error (&error);
      world_reopen (w);
    }
  assert_true (ops_nonce_use (&w->ctx, "LTAI2", "n", world_now_ms (), &error));
}

/* ---- key pairs ---- */

static void
a_key_pair_keeps_its_line_and_shows_its_fingerprint (void **state)
{
  World *w = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (OpsKeyPair) pair
      = ops_key_pair_import (&w->ctx, &w->alice, "mine", "  " KEY_LINE "\n", &error);
  OpsInstanceSpec spec = world_spec (world_add_image (w, 1));
  g_autoptr (GPtrArray) ids = NULL;
  g_autoptr (VmmInstance) instance = NULL;
  g_autofree guchar *blob = NULL;
  g_autofree char *fingerprint = NULL;
  gsize size;

  assert_no_error (error);
  blob = g_base64_decode (KEY_BODY, &size);
  fingerprint = g_compute_checksum_for_data (G_CHECKSUM_MD5, blob, size);
  assert_string_equal (pair->fingerprint, fingerprint);
  spec.key_pair = "mine";
  ids = ops_instance_create (&w->ctx, &w->alice, &spec, &error);
  assert_no_error (error);
  instance = world_get (w, g_ptr_array_index (ids, 0));
  assert_string_equal (instance->public_key, KEY_LINE);
}

static void
a_name_is_taken_once_in_an_account (void **state)
{
  World *w = *state;
  g_autoptr (OpsKeyPair) first = ops_key_pair_import (&w->ctx, &w->alice, "mine", KEY_LINE, NULL);
  g_autoptr (OpsKeyPair) bobs = ops_key_pair_import (&w->ctx, &w->bob, "mine", KEY_LINE, NULL);
  g_autoptr (GError) error = NULL;

  assert_true (first != NULL && bobs != NULL);
  assert_null (ops_key_pair_import (&w->ctx, &w->alice, "mine", KEY_LINE, &error));
  assert_vmm_error (error, VMM_ERROR_KEY_PAIR_EXISTS);
}

static void
what_is_no_public_key_is_refused (void **state)
{
  static const char *const bad[] = {
    "",
    "ssh-ed25519",
    "ssh-ed25519 ",
    "ssh-ed25519 AAAA",
    "ssh-rsa " KEY_BODY,
    "ssh-dss " KEY_BODY,
    KEY_BODY,
    "ssh-ed25519 " KEY_BODY "\nssh-ed25519 " KEY_BODY,
    "ssh-ed25519\t" KEY_BODY,
    "command=\"sh\" ssh-ed25519 " KEY_BODY,
    "-----BEGIN OPENSSH PRIVATE KEY-----",
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (ops_key_pair_import (&w->ctx, &w->alice, "mine", bad[i], &error));
      assert_vmm_error (error, VMM_ERROR_PUBLIC_KEY);
    }
  assert_int_equal (world_query (w, "SELECT count(*) FROM key_pair"), 0);
}

static void
deleting_touches_ones_own_pairs_and_forgives_the_rest (void **state)
{
  World *w = *state;
  g_autoptr (OpsKeyPair) mine = ops_key_pair_import (&w->ctx, &w->alice, "mine", KEY_LINE, NULL);
  g_autoptr (OpsKeyPair) bobs = ops_key_pair_import (&w->ctx, &w->bob, "bobs", KEY_LINE, NULL);
  const char *names[] = { "mine", "bobs", "none", NULL };
  VmmPage page = world_page ();
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) left = NULL;

  assert_true (ops_key_pair_delete (&w->ctx, &w->alice, names, NULL));
  left = ops_key_pair_list (&w->ctx, &w->bob, &(const VmmKeyPairQuery){ 0 }, &page, &info, NULL);
  assert_int_equal (left->len, 1);
  assert_int_equal (world_query (w, "SELECT count(*) FROM key_pair"), 1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (what_is_sealed_opens_again_and_never_looks_the_same),
    WORLD_TEST (a_changed_or_shortened_seal_does_not_open),
    WORLD_TEST (another_key_file_does_not_open_it),
    WORLD_TEST (the_key_file_is_made_for_its_owner_alone_and_kept),
    WORLD_TEST (a_key_file_that_others_can_read_is_refused),
    WORLD_TEST (a_key_file_of_another_size_or_a_link_is_refused),
    WORLD_TEST (a_mac_depends_on_text_and_key),
    WORLD_TEST (a_secret_is_nowhere_in_plain),
    WORLD_TEST (a_key_is_looked_up_with_its_secret_and_listed_without),
    WORLD_TEST (a_key_that_is_not_there_is_not_found_and_its_name_not_echoed),
    WORLD_TEST (a_key_is_its_accounts_to_disable_and_delete),
    WORLD_TEST (an_account_has_ten_keys_at_most),
    WORLD_TEST (account_names_are_plain_and_ids_sixteen_digits),
    WORLD_TEST (a_nonce_is_used_once_also_across_a_restart),
    WORLD_TEST (a_key_pair_keeps_its_line_and_shows_its_fingerprint),
    WORLD_TEST (a_name_is_taken_once_in_an_account),
    WORLD_TEST (what_is_no_public_key_is_refused),
    WORLD_TEST (deleting_touches_ones_own_pairs_and_forgives_the_rest),
  };

  return cmocka_run_group_tests_name ("ops-secret", tests, NULL, NULL);
}
