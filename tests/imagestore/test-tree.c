/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of layers against a model in memory: whatever is made, written, sealed, pulled, grown
 * and removed in whatever order, each layer shows what was written into it and below it.
 * IMG_TREE_SEED repeats a run, IMG_TREE_STEPS makes it longer. */
#include "img-command.h"
#include "img-test.h"
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK (G_GUINT64_CONSTANT (64) << 10)
#define BLOCKS_MAX 48
#define LAYERS_MAX 14
#define STEPS 260

/* A layer as the model has it: what a reader of it sees in each block, 0 for zeros. */
typedef struct
{
  char id[IMG_LAYER_ID_LENGTH + 1];
  int parent; /* index, or -1 */
  gboolean exists, is_sealed;
  guint blocks;
  guint8 seen[BLOCKS_MAX];
} Layer;

typedef struct
{
  char *dir;
  ImgStore *store;
  GRand *random;
  guint32 seed;
  guint next; /* for ids */
  gboolean was_killed;
  Layer layers[LAYERS_MAX];
} World;

static ImgStore *
open_pool (const char *pool)
{
  g_autofree char *dir = g_path_get_dirname (pool);
  const ImgConfig config = { .dir = pool,
                             .import_user = "nobody",
                             .max_virtual_bytes = G_GUINT64_CONSTANT (1) << 40,
                             .export_dir = dir };
  g_autoptr (GError) error = NULL;
  ImgStore *store = img_store_new (&config, &error);

  if (store == NULL)
    fail_msg ("%s", error->message);
  return store;
}

static int
set_up (void **state)
{
  World *world = g_new0 (World, 1);
  const char *seed = g_getenv ("IMG_TREE_SEED");
  g_autofree char *pool = NULL;

  world->dir = img_test_dir ();
  pool = g_build_filename (world->dir, "pool", NULL);
  world->store = open_pool (pool);
  world->seed = seed != NULL ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ();
  world->random = g_rand_new_with_seed (world->seed);
  print_message ("# IMG_TREE_SEED=%u\n", world->seed);
  *state = world;
  return 0;
}

static int
tear_down (void **state)
{
  World *world = *state;

  img_store_free (world->store);
  img_test_remove (world->dir);
  g_rand_free (world->random);
  g_free (world->dir);
  g_free (world);
  return 0;
}

static guint
below (World *world, guint end)
{
  return (guint) g_rand_int_range (world->random, 0, (gint32) end);
}

/* One of the layers that exist, or -1. */
static int
any (World *world)
{
  guint start = below (world, LAYERS_MAX);

  for (guint i = 0; i < LAYERS_MAX; i++)
    if (world->layers[(start + i) % LAYERS_MAX].exists)
      return (int) ((start + i) % LAYERS_MAX);
  return -1;
}

static guint
children (const World *world, int index)
{
  guint count = 0;

  for (guint i = 0; i < LAYERS_MAX; i++)
    count += world->layers[i].exists && world->layers[i].parent == index;
  return count;
}

static void
create (World *world, int parent)
{
  g_autoptr (GError) error = NULL;
  Layer *layer = NULL;

  for (guint i = 0; i < LAYERS_MAX && layer == NULL; i++)
    if (!world->layers[i].exists)
      layer = &world->layers[i];
  if (layer == NULL)
    return;
  *layer = (Layer){ .parent = parent, .exists = TRUE };
  g_snprintf (layer->id, sizeof layer->id, "l-%020u", world->next++);
  layer->blocks = 8 + below (world, BLOCKS_MAX - 8);
  if (parent >= 0)
    {
      const Layer *from = &world->layers[parent];

      layer->blocks = MAX (layer->blocks, from->blocks);
      memcpy (layer->seen, from->seen, from->blocks);
    }
  if (!world->store->class->layer_create (world->store, layer->id,
                                          parent >= 0 ? world->layers[parent].id : NULL,
                                          layer->blocks * BLOCK, &error))
    fail_msg ("%s", error->message);
}

/* Only a layer that nothing rests on is written, as an active one. */
static void
write_blocks (World *world, int index)
{
  Layer *layer = &world->layers[index];
  g_autofree char *path = world->store->class->layer_path (world->store, layer->id);

  if (layer->is_sealed || children (world, index) > 0)
    return;
  for (guint i = 0; i < 3; i++)
    {
      guint at = below (world, layer->blocks);
      guint value = below (world, 8) == 0 ? 0 : 1 + below (world, 250);
      guint count = 1 + below (world, MIN (4, layer->blocks - at));
      g_autofree char *command
          = value == 0 ? g_strdup_printf ("write -z %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                          at * BLOCK, count * BLOCK)
                       : g_strdup_printf ("write -P %u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                          value, at * BLOCK, count * BLOCK);

      assert_int_equal (img_test_run (NULL, "qemu-io", "-f", "qcow2", "-c", command, path, NULL),
                        0);
      memset (layer->seen + at, (int) value, count);
    }
}

static void
seal (World *world, int index)
{
  assert_true (world->store->class->layer_seal (world->store, world->layers[index].id, NULL));
  world->layers[index].is_sealed = TRUE;
}

static void
grow (World *world, int index)
{
  Layer *layer = &world->layers[index];
  guint blocks = layer->blocks + below (world, 4);

  if (layer->is_sealed || children (world, index) > 0 || blocks > BLOCKS_MAX)
    return;
  assert_true (world->store->class->layer_grow (world->store, layer->id, blocks * BLOCK, NULL));
  layer->blocks = blocks;
}

/* Upon some layer further down, or upon nothing. */
static void
pull (World *world, int index)
{
  g_autoptr (GError) error = NULL;
  Layer *layer = &world->layers[index];
  int onto = layer->parent;

  while (onto >= 0 && below (world, 2) == 0)
    onto = world->layers[onto].parent;
  if (!world->store->class->layer_pull (world->store, layer->id,
                                        onto >= 0 ? world->layers[onto].id : NULL, NULL, NULL, NULL,
                                        &error))
    fail_msg ("%s", error->message);
  layer->parent = onto;
}

/* As a QEMU leaves a layer that dies at the end of its pull: the header names another parent, and
 * what that parent lacks is not there. The old parent put back shows it again. */
static void
put_back (World *world, int index)
{
  const Layer *layer = &world->layers[index];
  g_autofree char *path = world->store->class->layer_path (world->store, layer->id);
  g_autofree char *onto_path = NULL;
  g_autoptr (GError) error = NULL;
  int onto = layer->parent;

  while (onto >= 0 && below (world, 2) == 0)
    onto = world->layers[onto].parent;
  onto_path = onto >= 0 ? world->store->class->layer_path (world->store, world->layers[onto].id)
                        : g_strdup ("");
  if (onto >= 0)
    assert_int_equal (img_test_run (NULL, "qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b",
                                    onto_path, "-F", "qcow2", path, NULL),
                      0);
  else
    assert_int_equal (
        img_test_run (NULL, "qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b", "", path, NULL),
        0);
  if (!world->store->class->layer_reparent (
          world->store, layer->id, layer->parent >= 0 ? world->layers[layer->parent].id : NULL,
          &error))
    fail_msg ("%s", error->message);
}

static void
remove_layer (World *world, int index)
{
  if (children (world, index) > 0)
    return;
  assert_true (world->store->class->layer_remove (world->store, world->layers[index].id, NULL));
  world->layers[index].exists = FALSE;
}

static void
remove_all (World *world)
{
  while (any (world) >= 0)
    remove_layer (world, any (world));
  memset (world->layers, 0, sizeof world->layers);
}

static void
check_layer (const World *world, const Layer *layer)
{
  g_autofree char *path = world->store->class->layer_path (world->store, layer->id);
  g_autofree char *raw = g_build_filename (world->dir, "raw", NULL);
  g_autofree char *bytes = NULL;
  ImgLayerInfo info = { 0 };
  gsize length = 0;
  int checked;

  assert_true (world->store->class->layer_info (world->store, layer->id, &info, NULL));
  assert_int_equal (info.virtual_bytes, layer->blocks * BLOCK);
  assert_int_equal (info.is_sealed, layer->is_sealed);
  assert_string_equal (info.parent, layer->parent >= 0 ? world->layers[layer->parent].id : "");
  checked = img_test_run (NULL, "qemu-img", "check", "-q", "-f", "qcow2", path, NULL);
  /* 3: clusters that nobody uses, which a kill leaves and which do no harm. */
  assert_true (checked == 0 || (world->was_killed && checked == 3));
  assert_int_equal (
      img_test_run (NULL, "qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw, NULL), 0);
  assert_true (g_file_get_contents (raw, &bytes, &length, NULL));
  assert_int_equal (length, layer->blocks * BLOCK);
  for (gsize i = 0; i < length; i += 512)
    if ((guint8) bytes[i] != layer->seen[i / BLOCK])
      fail_msg ("seed %u: layer %s shows %u at block %" G_GSIZE_FORMAT " where %u was written",
                world->seed, layer->id, (guint8) bytes[i], (gsize) (i / BLOCK),
                layer->seen[i / BLOCK]);
}

static void
check_all (const World *world)
{
  for (guint i = 0; i < LAYERS_MAX; i++)
    if (world->layers[i].exists)
      check_layer (world, &world->layers[i]);
}

static void
step (World *world)
{
  int index = any (world);
  guint what = below (world, 100);

  if (index < 0 || what < 10)
    create (world, -1);
  else if (what < 35)
    create (world, index);
  else if (what < 65)
    write_blocks (world, index);
  else if (what < 72)
    seal (world, index);
  else if (what < 77)
    grow (world, index);
  else if (what < 87)
    pull (world, index);
  else if (what < 90)
    put_back (world, index);
  else
    remove_layer (world, index);
}

static void
every_layer_shows_what_the_model_says (void **state)
{
  World *world = *state;
  const char *steps = g_getenv ("IMG_TREE_STEPS");
  guint count = steps != NULL ? (guint) g_ascii_strtoull (steps, NULL, 10) : STEPS;

  for (guint i = 0; i < count; i++)
    {
      step (world);
      if (i % 20 == 19)
        check_all (world);
    }
  check_all (world);
  print_message ("# %u steps, %u layers made\n", count, world->next);
}

/* The one that is killed in the middle of a pull: the test's own binary. */
static int
pull_once (const char *pool, const char *id)
{
  g_autoptr (ImgStore) store = open_pool (pool);

  return store->class->layer_pull (store, id, NULL, NULL, NULL, NULL, NULL) ? 0 : 1;
}

static const char *self;

static void
a_pull_killed_at_any_moment_leaves_what_was_shown (void **state)
{
  World *world = *state;
  g_autofree char *pool = g_build_filename (world->dir, "pool", NULL);
  guint unfinished = 0;

  for (guint round = 0; round < 30; round++)
    {
      ImgLayerInfo info;
      guint last;

      remove_all (world);
      create (world, -1);
      for (last = 0; last < 4; last++)
        {
          for (guint i = 0; i < 6; i++)
            write_blocks (world, (int) last);
          seal (world, (int) last);
          create (world, (int) last);
        }
      const char *const argv[] = { self, "--pull", pool, world->layers[last].id, NULL };
      g_auto (ImgCommand) puller = { .argv = argv, .timeout_ms = 6 + round * 2 };

      if (!img_command_run (&puller, NULL))
        {
          unfinished++;
          world->was_killed = TRUE;
        }
      else
        assert_int_equal (puller.status, 0);
      /* As the daemon's next start finds it. */
      img_store_free (world->store);
      world->store = open_pool (pool);
      assert_true (
          world->store->class->layer_info (world->store, world->layers[last].id, &info, NULL));
      if (info.parent[0] == '\0')
        world->layers[last].parent = -1; /* it did come to its end */
      check_all (world);
      /* Whichever cluster it got to, the bytes are the same, and a second pull ends it. */
      assert_true (world->store->class->layer_pull (world->store, world->layers[last].id, NULL,
                                                    NULL, NULL, NULL, NULL));
      world->layers[last].parent = -1;
      check_all (world);
    }
  print_message ("# %u of 30 pulls were killed before their end\n", unfinished);
  assert_true (unfinished > 0);
}

static void
a_layer_rests_on_what_is_there_only (void **state)
{
  World *world = *state;
  const ImgStoreClass *class = world->store->class;
  g_autoptr (GError) error = NULL;

  remove_all (world);
  create (world, -1);
  create (world, 0);
  /* What the header says already is success, though somebody may have the layer open. */
  assert_true (
      class->layer_reparent (world->store, world->layers[1].id, world->layers[0].id, NULL));
  assert_false (
      class->layer_reparent (world->store, world->layers[1].id, "l-00000000000000nowhere", &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_REFUSED)
               || g_error_matches (error, IMG_ERROR, IMG_ERROR_NOT_FOUND));
  g_clear_error (&error);
  assert_false (
      class->layer_reparent (world->store, "l-99999999999999999999", world->layers[0].id, &error));
  assert_true (g_error_matches (error, IMG_ERROR, IMG_ERROR_NOT_FOUND));
  check_all (world);
}

static void
an_export_shows_the_same (void **state)
{
  World *world = *state;
  const char *const formats[] = { "raw", "qcow2" };
  Layer *layer = &world->layers[1];

  remove_all (world);
  create (world, -1);
  write_blocks (world, 0);
  create (world, 0);
  write_blocks (world, 1);
  seal (world, 1);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *name = g_strconcat ("exported.", formats[i], NULL);
      g_autofree char *file = g_build_filename (world->dir, name, NULL);
      g_autofree char *path = world->store->class->layer_path (world->store, layer->id);
      const ImgTarget target = { .name = name, .format = formats[i] };
      g_autoptr (GError) error = NULL;

      if (!world->store->class->export(world->store, layer->id, &target, NULL, NULL, NULL, &error))
        fail_msg ("%s", error->message);
      assert_int_equal (img_test_run (NULL, "qemu-img", "compare", "-q", "-f", formats[i], "-F",
                                      "qcow2", file, path, NULL),
                        0);
    }
}

static void
a_formatted_layer_holds_a_sound_file_system (void **state)
{
  World *world = *state;
  g_autofree char *path = world->store->class->layer_path (world->store, "l-formatted00000000000");
  g_autofree char *raw = g_build_filename (world->dir, "fs.raw", NULL);
  g_autofree char *at = g_strdup_printf ("%s?offset=1048576", raw);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  ImgLayerInfo info;

  /* Large and still small on the host. */
  if (!world->store->class->layer_format (world->store, "l-formatted00000000000",
                                          G_GUINT64_CONSTANT (20) << 30, "ext4", "data", &error))
    fail_msg ("%s", error->message);
  assert_true (
      world->store->class->layer_info (world->store, "l-formatted00000000000", &info, NULL));
  assert_int_equal (info.virtual_bytes, G_GUINT64_CONSTANT (20) << 30);
  assert_true (info.used_bytes < 64 << 20);
  assert_int_equal (
      img_test_run (NULL, "qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw, NULL), 0);
  assert_int_equal (img_test_run (&text, "sgdisk", "--verify", raw, NULL), 0);
  assert_non_null (strstr (text, "No problems found"));
  assert_int_equal (img_test_run (NULL, "e2fsck", "-f", "-n", at, NULL), 0);
  assert_true (world->store->class->layer_remove (world->store, "l-formatted00000000000", NULL));
}

int
main (int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_layer_shows_what_the_model_says),
    cmocka_unit_test (a_pull_killed_at_any_moment_leaves_what_was_shown),
    cmocka_unit_test (a_layer_rests_on_what_is_there_only),
    cmocka_unit_test (an_export_shows_the_same),
    cmocka_unit_test (a_formatted_layer_holds_a_sound_file_system),
  };

  if (argc == 4 && strcmp (argv[1], "--pull") == 0)
    return pull_once (argv[2], argv[3]);
  self = argv[0];
  return cmocka_run_group_tests (tests, set_up, tear_down);
}
