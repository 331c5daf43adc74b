/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: defaults, each key's bounds, and texts that tell what is wrong. The keys are
 * taken from the sample, so that a new one is tested from birth. */
#include "core-test.h"
#include "vmm-config.h"
#include <string.h>

/* A key as the sample shows it. */
typedef struct
{
  char *group, *key, *fallback;
  gboolean is_number;
  double min, max;
} SampleKey;

static void
sample_key_free (gpointer data)
{
  SampleKey *key = data;

  g_free (key->group);
  g_free (key->key);
  g_free (key->fallback);
  g_free (key);
}

/* Reads "(<min> to <max>)" at the end of a comment. */
static gboolean
read_bounds (const char *comment, double *min, double *max)
{
  const char *open = strrchr (comment, '(');
  char *end = NULL;

  if (open == NULL || !g_str_has_suffix (comment, ")"))
    return FALSE;
  *min = g_ascii_strtod (open + 1, &end);
  if (end == open + 1 || !g_str_has_prefix (end, " to "))
    return FALSE;
  *max = g_ascii_strtod (end + 4, &end);
  return g_str_equal (end, ")");
}

static GPtrArray *
read_sample (void)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (sample_key_free);
  g_autofree char *text = vmm_config_sample ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *group = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *equals = strchr (lines[i], '=');
      SampleKey *key;

      if (lines[i][0] == '[')
        {
          g_free (group);
          group = g_strndup (lines[i] + 1, strlen (lines[i]) - 2);
        }
      if (lines[i][0] != '#' || lines[i][1] == ' ' || equals == NULL
          || g_str_equal (group, "instance-types") || g_str_equal (group, "disk-bounds"))
        continue;
      key = g_new0 (SampleKey, 1);
      key->group = g_strdup (group);
      key->key = g_strndup (lines[i] + 1, (gsize) (equals - lines[i] - 1));
      key->fallback = g_strdup (equals + 1);
      key->is_number = read_bounds (lines[i - 1], &key->min, &key->max);
      g_ptr_array_add (keys, key);
    }
  return keys;
}

/* Loads a file of that text. */
static VmmConfig *
load (const char *text, GError **error)
{
  char *dir = core_dir_new ();
  g_autofree char *path = core_write (dir, "vmmd.conf", text);
  VmmConfig *config = vmm_config_load (path, error);

  core_dir_free (dir);
  return config;
}

static VmmConfig *
load_key (const SampleKey *key, const char *value, GError **error)
{
  g_autofree char *text = g_strdup_printf ("[%s]\n%s=%s\n", key->group, key->key, value);

  return load (text, error);
}

static void
a_missing_file_gives_the_defaults (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) none = vmm_config_load (NULL, &error);
  g_autoptr (VmmConfig) missing = vmm_config_load ("/nonexistent/vmmd.conf", &error);

  assert_no_error (error);
  assert_string_equal (none->state_dir, "/var/lib/vmmd");
  assert_int_equal (none->port, 8774);
  assert_true (none->nat);
  assert_true (none->types->len > 0);
  assert_string_equal (missing->state_dir, none->state_dir);
}

static void
a_file_that_cannot_be_read_is_named (void **state)
{
  g_autoptr (GError) error = NULL;

  assert_null (vmm_config_load ("/proc/self/mem", &error));
  assert_vmm_message (error, VMM_ERROR_CONFIG, "/proc/self/mem");
  g_clear_error (&error);
  assert_null (load ("no group at all\n", &error));
  assert_vmm_message (error, VMM_ERROR_CONFIG, "vmmd.conf");
}

static void
the_sample_with_every_key_uncommented_loads_to_the_defaults (void **state)
{
  g_autofree char *sample = vmm_config_sample ();
  g_autoptr (GRegex) comment = g_regex_new ("^#(?! )", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *text = g_regex_replace_literal (comment, sample, -1, 0, "", 0, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) config = load (text, &error);
  g_autoptr (VmmConfig) defaults = vmm_config_load (NULL, NULL);

  assert_no_error (error);
  assert_int_equal (config->max_request_bytes, defaults->max_request_bytes);
  assert_string_equal (config->libvirt_uri, defaults->libvirt_uri);
  assert_int_equal (config->types->len, defaults->types->len);
}

static void
every_number_takes_its_bounds_and_refuses_what_lies_beyond (void **state)
{
  g_autoptr (GPtrArray) keys = read_sample ();
  guint numbers = 0;

  for (guint i = 0; i < keys->len; i++)
    {
      const SampleKey *key = g_ptr_array_index (keys, i);
      const double step = key->min == (double) (gint64) key->min ? 1 : 0.01;
      const double values[] = { key->min, key->max, key->min - step, key->max + 1 };

      if (!key->is_number)
        continue;
      numbers++;
      for (guint v = 0; v < G_N_ELEMENTS (values); v++)
        {
          g_autofree char *text = g_strdup_printf ("%.10g", values[v]);
          g_autoptr (GError) error = NULL;
          g_autoptr (VmmConfig) config = load_key (key, text, &error);

          assert_int_equal (config != NULL, v < 2);
          if (v < 2)
            continue;
          assert_vmm_message (error, VMM_ERROR_CONFIG, key->key);
          assert_contains (error->message, key->group);
          assert_contains (error->message, "vmmd.conf");
          assert_contains (error->message, text);
        }
    }
  assert_true (numbers >= 20);
}

static void
a_number_is_refused_when_it_is_none (void **state)
{
  static const char *const bad[] = { "", "many", "5x", "5 6", "nan", "1.5", "--5" };
  const SampleKey key = { (char *) "api", (char *) "port", NULL, TRUE, 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      assert_null (load_key (&key, bad[i], &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "must be a number from 0 to 65535");
    }
}

static void
a_switch_is_true_or_false_and_nothing_else (void **state)
{
  const SampleKey key = { (char *) "network", (char *) "nat", NULL, FALSE, 0, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) off = load_key (&key, "false", &error);

  assert_no_error (error);
  assert_false (off->nat);
  assert_null (load_key (&key, "no", &error));
  assert_vmm_message (error, VMM_ERROR_CONFIG, "[network] nat is 'no', must be true or false");
}

static void
an_unknown_key_is_named_with_its_group (void **state)
{
  g_autoptr (GError) error = NULL;

  assert_null (load ("[api]\nprot=80\n", &error));
  assert_vmm_message (error, VMM_ERROR_CONFIG, "[api] prot is no known key");
  g_clear_error (&error);
  assert_null (load ("[apis]\nport=80\n", &error));
  assert_vmm_message (error, VMM_ERROR_CONFIG, "[apis] port is no known key");
}

static void
naming_a_type_replaces_the_whole_list (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) config = load ("[instance-types]\necs.x1.big=4 4096\nsmall=1 64\n", &error);
  const VmmInstanceType *big, *small;

  assert_no_error (error);
  assert_int_equal (config->types->len, 2);
  big = vmm_config_type (config, "ecs.x1.big");
  small = vmm_config_type (config, "small");
  assert_string_equal (big->family, "ecs.x1");
  assert_int_equal (big->vcpus, 4);
  assert_int_equal (big->memory_mib, 4096);
  assert_string_equal (small->family, "small");
  assert_null (vmm_config_type (config, "ecs.t1.nano"));
  assert_null (vmm_config_type (config, NULL));
}

static void
a_type_out_of_bounds_is_named (void **state)
{
  static const char *const bad[]
      = { "0 64", "256 64", "1 63", "1 16777217", "1", "1 2 3", "1.5 64", "", "one 64" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("[instance-types]\necs.x.y=%s\n", bad[i]);
      g_autoptr (GError) error = NULL;

      assert_null (load (text, &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "ecs.x.y");
    }
}

static void
assert_bounds (const VmmConfig *config, const char *category, const char *level, guint64 gib,
               guint64 iops, guint64 bytes_s)
{
  guint64 is_iops, is_bytes;

  vmm_config_disk_bounds (config, category, level, gib << 30, &is_iops, &is_bytes);
  assert_int_equal (is_iops, iops);
  assert_int_equal (is_bytes, bytes_s);
}

static void
bounds_of_disks_grow_with_them_to_their_most (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) config = load ("[disk-bounds]\ncloud_ssd=1800 30 25000 120 0.5 300\n"
                                       "cloud_essd.PL1=100 0 100 1 0 1\n"
                                       "cloud_essd=5 0.5 50 0.25 0 1\n",
                                       &error);

  assert_no_error (error);
  assert_bounds (config, "cloud_ssd", "", 20, 2400, 130 << 20);
  assert_bounds (config, "cloud_ssd", "", 2000, 25000, 300 << 20);
  assert_bounds (config, "cloud_essd", "PL1", 20, 100, 1 << 20);
  assert_bounds (config, "cloud_essd", "PL2", 20, 15, 1 << 18);
  assert_bounds (config, "cloud", "", 20, 0, 0);
}

static void
by_default_no_disk_is_bounded (void **state)
{
  g_autoptr (VmmConfig) config = load ("", NULL);

  assert_bounds (config, "cloud_essd", "PL3", 20, 0, 0);
}

static void
the_bounds_of_the_sample_load (void **state)
{
  g_autofree char *sample = vmm_config_sample ();
  const char *section = strstr (sample, "[disk-bounds]");
  g_auto (GStrv) lines = g_strsplit (section, "#", -1);
  g_autofree char *text = g_strjoinv ("", lines);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmConfig) config = load (text, &error);

  assert_no_error (error);
  assert_bounds (config, "cloud_essd", "PL0", 1000, 10000, 180 << 20);
}

static void
bounds_that_bound_nothing_are_refused (void **state)
{
  static const char *const bad[]
      = { "cloud_ssd=1 2 3 4 5",        "cloud_ssd=1 2 3 4 5 6 7",  "cloud_ssd=0 0 3 4 5 6",
          "cloud_ssd=1 2 0 4 5 6",      "cloud_ssd=1 2 3 0 0 6",    "cloud_ssd=1 2 3 4 5 0",
          "cloud_ssd=-1 2 3 4 5 6",     "cloud_ssd=1 2 x 4 5 6",    "floppy=1 2 3 4 5 6",
          "cloud_essd.PL4=1 2 3 4 5 6", "cloud_ssd.PL1=1 2 3 4 5 6" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("[disk-bounds]\n%s\n", bad[i]);
      g_autoptr (GError) error = NULL;

      assert_null (load (text, &error));
      assert_vmm_message (error, VMM_ERROR_CONFIG, "[disk-bounds]");
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_missing_file_gives_the_defaults),
    cmocka_unit_test (a_file_that_cannot_be_read_is_named),
    cmocka_unit_test (the_sample_with_every_key_uncommented_loads_to_the_defaults),
    cmocka_unit_test (every_number_takes_its_bounds_and_refuses_what_lies_beyond),
    cmocka_unit_test (a_number_is_refused_when_it_is_none),
    cmocka_unit_test (a_switch_is_true_or_false_and_nothing_else),
    cmocka_unit_test (an_unknown_key_is_named_with_its_group),
    cmocka_unit_test (naming_a_type_replaces_the_whole_list),
    cmocka_unit_test (a_type_out_of_bounds_is_named),
    cmocka_unit_test (bounds_of_disks_grow_with_them_to_their_most),
    cmocka_unit_test (by_default_no_disk_is_bounded),
    cmocka_unit_test (the_bounds_of_the_sample_load),
    cmocka_unit_test (bounds_that_bound_nothing_are_refused),
  };

  return cmocka_run_group_tests_name ("config", tests, NULL, NULL);
}
