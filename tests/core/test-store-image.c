/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of images and of their disks. */
#include "store-image.h"
#include "world.h"

static StoreTxn *
begin (World *w)
{
  StoreTxn *txn = store_begin (w->ctx.store, NULL);

  assert_non_null (txn);
  return txn;
}

static void
add_disk (VmmImage *image, const char *device, const char *layer_id, guint64 gib)
{
  VmmImageDisk *disk = g_new0 (VmmImageDisk, 1);

  if (image->disks == NULL)
    image->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_image_disk_free);
  disk->device = g_strdup (device);
  disk->layer_id = g_strdup (layer_id);
  disk->virtual_bytes = gib * WORLD_GIB;
  g_ptr_array_add (image->disks, disk);
}

/* An image of alice's that rests on the layer of another, with an empty second disk. */
static const char *
add_image_of_two (World *w, const char *of)
{
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (VmmImage) image = store_image_get (txn, NULL, of, NULL);

  assert_non_null (image);
  g_clear_pointer (&image->disks, g_ptr_array_unref);
  add_disk (image, "/dev/xvda", image->layer_id, 7);
  add_disk (image, "/dev/xvdc", NULL, 5);
  g_free (image->id);
  image->id = g_strdup ("m-two");
  g_free (image->account_id);
  image->account_id = g_strdup (w->alice.account_id);
  g_free (image->family);
  image->family = g_strdup ("web");
  image->source = VMM_IMAGE_COPY;
  assert_true (store_image_insert (txn, image, NULL));
  assert_true (store_commit (txn, NULL));
  return "m-two";
}

static void
an_image_comes_back_with_its_disks_in_order (void **state)
{
  World *w = *state;
  const char *of = world_add_image (w, 3), *id = add_image_of_two (w, of);
  g_autoptr (StoreTxn) txn = store_begin_read (w->ctx.store, NULL);
  g_autoptr (VmmImage) image = store_image_get (txn, w->alice.account_id, id, NULL);
  g_autoptr (VmmImage) base = store_image_get (txn, w->alice.account_id, of, NULL);
  const VmmImageDisk *disk;

  assert_int_equal (base->disks->len, 1);
  disk = g_ptr_array_index (base->disks, 0);
  assert_string_equal (disk->device, "/dev/xvda");
  assert_int_equal (image->disks->len, 2);
  disk = g_ptr_array_index (image->disks, 0);
  assert_string_equal (disk->layer_id, base->layer_id);
  disk = g_ptr_array_index (image->disks, 1);
  assert_string_equal (disk->device, "/dev/xvdc");
  assert_null (disk->layer_id);
  assert_string_equal (disk->snapshot_id, "");
  assert_int_equal (disk->virtual_bytes, 5 * WORLD_GIB);
  assert_int_equal (image->virtual_bytes, 7 * WORLD_GIB);
  assert_string_equal (image->layer_id, base->layer_id);
  assert_string_equal (image->family, "web");
  assert_int_equal (image->source, VMM_IMAGE_COPY);
}

static void
a_layer_lives_until_the_last_image_on_it_is_gone (void **state)
{
  World *w = *state;
  const char *of = world_add_image (w, 3), *id = add_image_of_two (w, of);
  g_autoptr (StoreTxn) txn = begin (w);
  g_autoptr (GPtrArray) used = NULL, free = NULL;

  assert_true (store_image_delete (txn, of, NULL));
  used = store_layer_unreferenced (txn, w->ctx.host_id, NULL);
  assert_int_equal (used->len, 0);
  assert_true (store_image_delete (txn, id, NULL));
  free = store_layer_unreferenced (txn, w->ctx.host_id, NULL);
  assert_int_equal (free->len, 1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WORLD_TEST (an_image_comes_back_with_its_disks_in_order),
    WORLD_TEST (a_layer_lives_until_the_last_image_on_it_is_gone),
  };

  return cmocka_run_group_tests_name ("store-image", tests, NULL, NULL);
}
