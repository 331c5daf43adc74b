/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs inside a guest and says every second how its data disks fared: `write` writes to the first
 * without a pause and tells the longest that a write took; `read` reads them in turn and tells how
 * often. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
/* Accesses fall into so much of a disk. */
#define SPAN (UINT64_C (1) << 30)
#define SECOND_US UINT64_C (1000000)
#define LOOK_MS 200

static _Alignas(BLOCK) char block[BLOCK];
static uint64_t state;

static uint64_t
now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t) now.tv_sec * SECOND_US + (uint64_t) now.tv_nsec / 1000;
}

static off_t
somewhere (uint64_t size)
{
  state = state * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
  return (off_t) ((state >> 33) % ((size < SPAN ? size : SPAN) / BLOCK) * BLOCK);
}

/* One access; 0 when the disk has gone. */
static int
access_once (int fd, uint64_t size, int is_write)
{
  off_t where = somewhere (size);

  if (!is_write)
    return pread (fd, block, BLOCK, where) == BLOCK;
  memcpy (block, &state, sizeof state);
  return pwrite (fd, block, BLOCK, where) == BLOCK && fdatasync (fd) == 0;
}

/* A second of accesses. */
static void
load (const char *device, int fd, uint64_t size, int is_write)
{
  uint64_t begun = now_us (), before = begun, after = begun, worst = 0, count = 0;

  for (; after - begun < SECOND_US; before = after, count++)
    {
      if (!access_once (fd, size, is_write))
        return;
      after = now_us ();
      if (after - before > worst)
        worst = after - before;
    }
  printf ("VMMD-LOAD %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", device, count, worst,
          (after - begun) / 1000);
  fflush (stdout);
}

/* 0 when there is no such disk. */
static int
use (const char *device, int is_write)
{
  char path[16];
  uint64_t size = 0;
  int fd;

  snprintf (path, sizeof path, "/dev/%s", device);
  fd = open (path, (is_write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
  if (fd < 0)
    return 0;
  if (ioctl (fd, BLKGETSIZE64, &size) == 0 && size >= BLOCK)
    load (device, fd, size, is_write);
  close (fd);
  return 1;
}

int
main (int argc, char **argv)
{
  int is_write = argc > 1 && strcmp (argv[1], "write") == 0;

  if (getrandom (&state, sizeof state, 0) != sizeof state)
    abort ();
  for (;;)
    {
      static const char *const devices[] = { "vdb", "vdc" };
      int used = 0;

      for (unsigned i = 0; i < (is_write ? 1 : 2); i++)
        used += use (devices[i], is_write);
      if (used == 0)
        poll (NULL, 0, LOOK_MS);
    }
}
