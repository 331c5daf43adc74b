/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key pairs that the server makes: their halves fit, and only one of them stays. */
#include "config.h"

#include "ecs-world.h"
#include "store-key-pair.h"
#include <glib/gstdio.h>
#include <string.h>

#define CREATE "Action=CreateKeyPair&RegionId=cn-local&KeyPairName=login"

static char *
kept_public_key (World *w)
{
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (StoreKeyPair) pair = store_key_pair_get (txn, w->account_id, "login", NULL);

  assert_non_null (pair);
  return g_steal_pointer (&pair->public_key);
}

/* The public half of a private key in PEM, by OpenSSH; NULL where that is not installed. */
static char *
public_half (World *w, const char *private_key)
{
  g_autofree char *program = g_find_program_in_path ("ssh-keygen");
  g_autofree char *path = g_build_filename (w->dir, "key", NULL);
  const char *argv[] = { program, "-y", "-f", path, NULL };
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status;

  if (program == NULL)
    return NULL;
  assert_true (
      g_file_set_contents_full (path, private_key, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
                             &status, &error));
  assert_true (g_spawn_check_wait_status (status, &error));
  return g_strstrip (out);
}

static void
the_private_half_fits_the_public_one_that_is_kept (void **state)
{
  World *w = *state;
  const char *private_key;
  g_autofree char *kept = NULL, *shown = NULL;

  assert_ok (w, CREATE);
  private_key = world_get (w, "$.PrivateKeyBody");
  assert_true (g_str_has_prefix (private_key, "-----BEGIN RSA PRIVATE KEY-----\n"));
  kept = kept_public_key (w);
  shown = public_half (w, private_key);
  if (shown == NULL)
    skip ();
  assert_string_equal (kept, shown);
}

static void
the_private_half_is_in_no_file_of_the_server (void **state)
{
  World *w = *state;
  g_autoptr (GDir) dir = g_dir_open (w->dir, 0, NULL);
  const char *private_key, *name;
  g_autofree char *piece = NULL;
  guint n_files = 0;

  assert_ok (w, CREATE);
  private_key = world_get (w, "$.PrivateKeyBody");
  piece = g_strndup (strchr (private_key, '\n') + 100, 40);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (w->dir, name, NULL), *bytes = NULL;
      gsize length = 0;

      assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      assert_null (g_strstr_len (bytes, (gssize) length, piece));
      n_files++;
    }
  assert_true (n_files > 0);
}

static void
it_is_listed_and_used_as_an_imported_one (void **state)
{
  World *w = *state;
  const char *fingerprint;
  g_autofree char *params = NULL, *id = NULL;

  assert_ok (w, CREATE);
  fingerprint = world_get (w, "$.KeyPairFingerPrint");
  assert_int_equal (strlen (fingerprint), 32);
  assert_ok (w, "Action=DescribeKeyPairs&KeyPairName=log*");
  assert_string_equal (world_get (w, "$..KeyPairFingerPrint"), fingerprint);
  params = g_strdup_printf ("ImageId=%s&KeyPairName=login", world_image (w, "debian"));
  id = world_instance (w, params, VMM_INSTANCE_STOPPED);
  assert_ok (w, "Action=DescribeInstances&KeyPairName=login");
  assert_string_equal (world_get (w, "$.TotalCount"), "1");
}

static void
a_name_is_taken_once (void **state)
{
  World *w = *state;

  assert_answer (w, CREATE "&DryRun=true", "DryRunOperation");
  assert_ok (w, CREATE);
  assert_answer (w, CREATE, "KeyPair.AlreadyExist");
  assert_answer (w, "Action=CreateKeyPair&KeyPairName=1", "InvalidKeyPairName.Malformed");
  assert_answer (w, "Action=CreateKeyPair", "MissingParameter");
  assert_answer (w, "Action=AttachKeyPair&KeyPairName=login&InstanceIds=[\"i-1\"]",
                 "UnsupportedOperation");
}

int
main (void)
{
#define CASE(test) cmocka_unit_test_setup_teardown (test, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    CASE (the_private_half_fits_the_public_one_that_is_kept),
    CASE (the_private_half_is_in_no_file_of_the_server),
    CASE (it_is_listed_and_used_as_an_imported_one),
    CASE (a_name_is_taken_once),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
