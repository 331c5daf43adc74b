/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far chains are shortened, and what that costs over the life of a disk. */
#include "core-test.h"
#include "vmm-chain.h"
#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* A disk that is written, snapshot after snapshot, all of them kept. */
typedef struct
{
  VmmChainLink links[VMM_CHAIN_MAX + 1]; /* the active one first */
  guint n, deepest;
  guint64 written, copied;
} Disk;

static void
begin (Disk *disk, guint64 base_bytes)
{
  *disk = (Disk){ .n = 2 };
  disk->links[1] = (VmmChainLink){ base_bytes, TRUE };
}

/* The hour's writes, a snapshot of them, and what the chain becomes. */
static void
live (Disk *disk, guint64 bytes, guint64 virtual_bytes)
{
  guint take;
  guint64 sum = 0;

  disk->links[0].size_bytes += bytes;
  disk->written += bytes;
  memmove (disk->links + 1, disk->links, disk->n * sizeof *disk->links);
  disk->links[1].is_kept = TRUE;
  disk->links[0] = (VmmChainLink){ 0 };
  disk->n++;
  assert_true (disk->n <= VMM_CHAIN_MAX);
  take = vmm_chain_take (disk->links, disk->n, TRUE);
  assert_true (take + 1 < disk->n); /* the base stays */
  for (guint i = 1; i <= take; i++)
    sum += disk->links[i].size_bytes;
  /* No more than the disk holds is copied: of each place only what is on top. */
  sum = MIN (sum, virtual_bytes);
  disk->copied += sum;
  disk->links[0].size_bytes = sum;
  memmove (disk->links + 1, disk->links + 1 + take, (disk->n - 1 - take) * sizeof *disk->links);
  disk->n -= take;
  disk->deepest = MAX (disk->deepest, disk->n);
}

static void
few_layers_stay_as_they_are (void **state)
{
  VmmChainLink links[VMM_CHAIN_DEEP];

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    links[i] = (VmmChainLink){ MIB, i > 0 };
  for (guint n = 1; n <= VMM_CHAIN_DEEP; n++)
    assert_int_equal (vmm_chain_take (links, n, TRUE), 0);
}

static void
what_nobody_keeps_is_taken_down_to_the_next_that_is_kept (void **state)
{
  VmmChainLink links[4] = { { MIB, FALSE }, { MIB, FALSE }, { MIB, FALSE }, { MIB, TRUE } };

  assert_int_equal (vmm_chain_take (links, 4, FALSE), 2);
  links[3].is_kept = FALSE;
  assert_int_equal (vmm_chain_take (links, 4, FALSE), 3);
  links[1].is_kept = TRUE;
  assert_int_equal (vmm_chain_take (links, 4, TRUE), 0);
}

static void
kept_layers_are_copied_only_where_that_was_allowed (void **state)
{
  VmmChainLink links[12];

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    links[i] = (VmmChainLink){ MIB, TRUE };
  assert_int_equal (vmm_chain_take (links, 12, FALSE), 0);
  assert_true (vmm_chain_take (links, 12, TRUE) >= 12 - VMM_CHAIN_LOW);
  /* One right below those taken that nobody keeps goes with them. */
  links[10].size_bytes = links[9].size_bytes = links[8].size_bytes = 100 * MIB;
  assert_int_equal (vmm_chain_take (links, 12, TRUE), 7);
  links[8].is_kept = FALSE;
  assert_int_equal (vmm_chain_take (links, 12, TRUE), 8);
}

/* A byte that is written is copied a few times only, in a day, in as many hours as a disk may have
 * snapshots, in a year. */
static void
hourly_snapshots_that_are_all_kept_cost_little (void **state)
{
  static const struct
  {
    guint hours;
    double most;
  } lives[] = { { 24, 1 }, { 100, 2 }, { 256, 3 }, { 8760, 14 } };

  for (guint i = 0; i < G_N_ELEMENTS (lives); i++)
    {
      double share;
      Disk disk;

      begin (&disk, 2 * GIB);
      for (guint k = 0; k < lives[i].hours; k++)
        live (&disk, MIB, G_MAXUINT64);
      share = (double) disk.copied / (double) disk.written;
      print_message ("# %u hours: depth %u, %.2f bytes copied for one written\n", lives[i].hours,
                     disk.deepest, share);
      assert_true (disk.deepest <= VMM_CHAIN_DEEP);
      assert_true (share <= lives[i].most);
    }
}

static void
whatever_is_written_the_chain_is_short_and_the_cost_bounded (void **state)
{
  for (guint seed = 0; seed < 200; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      const guint64 virtual_bytes = 100 * GIB;
      guint hours = 500;
      Disk disk;

      begin (&disk, g_rand_int_range (random, 0, 64) * GIB);
      for (guint k = 0; k < hours; k++)
        live (&disk, (G_GUINT64_CONSTANT (1) << g_rand_int_range (random, 12, 36)), virtual_bytes);
      assert_true (disk.deepest <= VMM_CHAIN_DEEP);
      assert_true (disk.copied <= 6 * disk.written);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (few_layers_stay_as_they_are),
    cmocka_unit_test (what_nobody_keeps_is_taken_down_to_the_next_that_is_kept),
    cmocka_unit_test (kept_layers_are_copied_only_where_that_was_allowed),
    cmocka_unit_test (hourly_snapshots_that_are_all_kept_cost_little),
    cmocka_unit_test (whatever_is_written_the_chain_is_short_and_the_cost_bounded),
  };

  return cmocka_run_group_tests_name ("chain", tests, NULL, NULL);
}
