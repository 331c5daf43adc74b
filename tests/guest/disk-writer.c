/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs inside a guest: writes blocks that prove themselves to its data disks, one after another,
 * each on disk before the next, and says on standard output what it is about to write and what is
 * written. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

/* Slots come in groups far apart; the first of a group lie in one cluster of the layer's file. As
 * tests/daemon/lib/blocks.py has it. */
#define BLOCK 4096
#define GROUP_SLOTS 8
#define GROUP_STRIDE (UINT64_C (512) << 20)
#define SLOT_STRIDE (12 * 1024)
#define CLUSTER (64 * 1024)
#define MAGIC UINT64_C (0x444d4d562d4b4c42)
#define DISKS_MAX 24
#define SLOTS_MAX 1024
/* One in so many writes zeroes a cluster. */
#define ZERO_EVERY 16
#define PAUSE_MS 30
#define IDLE_MS 100

typedef struct
{
  char device[16];
  char serial[24];
  uint64_t size;
  int fd;
} Disk;

static Disk disks[DISKS_MAX];
static unsigned n_disks;
static uint64_t boot_id, counter;
static _Alignas(BLOCK) uint64_t block[BLOCK / 8];

/* A whole line, which has left the guest when this returns. */
__attribute__ ((format (printf, 1, 2))) static void
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  putchar ('\n');
  fflush (stdout);
  tcdrain (STDOUT_FILENO);
}

static unsigned
chance (unsigned below)
{
  uint32_t value = 0;

  if (getrandom (&value, sizeof value, 0) != sizeof value)
    abort ();
  return value % below;
}

static uint64_t
offset_of (unsigned slot)
{
  return slot / GROUP_SLOTS * GROUP_STRIDE + slot % GROUP_SLOTS * (uint64_t) SLOT_STRIDE;
}

/* Groups that are whole. */
static unsigned
slots_of (uint64_t size)
{
  uint64_t groups = size / GROUP_STRIDE;

  return groups * GROUP_SLOTS < SLOTS_MAX ? (unsigned) (groups * GROUP_SLOTS) : SLOTS_MAX;
}

static void
fill (uint64_t tag, unsigned slot)
{
  uint64_t state = tag ^ MAGIC;

  block[0] = MAGIC;
  block[1] = tag;
  block[2] = slot;
  for (unsigned i = 3; i < BLOCK / 8; i++)
    {
      state = state * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
      block[i] = state;
    }
}

/* 0 for an empty block, its tag for a whole one, 1 for anything else. */
static uint64_t
judge (unsigned slot)
{
  static uint64_t found[BLOCK / 8];
  int is_empty = 1;

  memcpy (found, block, BLOCK);
  for (unsigned i = 0; i < BLOCK / 8; i++)
    is_empty = is_empty && found[i] == 0;
  if (is_empty)
    return 0;
  fill (found[1], slot);
  return memcmp (found, block, BLOCK) == 0 ? found[1] : 1;
}

/* ---- disks come and go ---- */

static int
read_line (const char *device, const char *name, char *line, int size)
{
  char path[64];
  FILE *file;
  int is_read;

  snprintf (path, sizeof path, "/sys/block/%s/%s", device, name);
  file = fopen (path, "re");
  if (file == NULL)
    return 0;
  is_read = fgets (line, size, file) != NULL;
  fclose (file);
  if (is_read)
    line[strcspn (line, "\n")] = '\0';
  return is_read;
}

static uint64_t
size_of (const char *device)
{
  char line[32];
  uint64_t sectors = 0;

  if (read_line (device, "size", line, sizeof line))
    sscanf (line, "%" SCNu64, &sectors);
  return sectors * 512;
}

/* What the disk holds, a word a slot. */
static void
say_content (const Disk *disk)
{
  unsigned slots = slots_of (disk->size);

  printf ("\nVMMD-OPEN %s %" PRIu64, disk->serial, disk->size / 512);
  for (unsigned slot = 0; slot < slots; slot++)
    {
      uint64_t tag = 2;

      if (pread (disk->fd, block, BLOCK, (off_t) offset_of (slot)) == BLOCK)
        tag = judge (slot);
      printf (" %" PRIx64, tag);
    }
  say (" end");
}

static void
drop (unsigned index)
{
  say ("\nVMMD-GONE %s", disks[index].serial);
  close (disks[index].fd);
  disks[index] = disks[--n_disks];
}

static void
take (const char *device)
{
  Disk *disk = &disks[n_disks];
  char path[32];

  snprintf (disk->device, sizeof disk->device, "%.15s", device);
  if (!read_line (device, "serial", disk->serial, sizeof disk->serial))
    return;
  snprintf (path, sizeof path, "/dev/%.15s", device);
  disk->fd = open (path, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (disk->fd < 0)
    return;
  disk->size = size_of (device);
  n_disks++;
  say_content (disk);
}

static int
is_known (const char *device)
{
  for (unsigned i = 0; i < n_disks; i++)
    if (strcmp (disks[i].device, device) == 0)
      return 1;
  return 0;
}

/* Takes the disks that came, drops those that went, and says what grew. */
static void
look (void)
{
  DIR *folder = opendir ("/sys/block");
  struct dirent *entry;

  for (unsigned i = n_disks; i-- > 0;)
    {
      char serial[24] = "";
      uint64_t size = size_of (disks[i].device);

      read_line (disks[i].device, "serial", serial, sizeof serial);
      if (size == 0 || strcmp (serial, disks[i].serial) != 0)
        drop (i);
      else if (size != disks[i].size)
        {
          disks[i].size = size;
          say ("\nVMMD-GREW %s %" PRIu64, serial, size / 512);
        }
    }
  while (folder != NULL && (entry = readdir (folder)) != NULL)
    if (strncmp (entry->d_name, "vd", 2) == 0 && strcmp (entry->d_name, "vda") != 0
        && n_disks < DISKS_MAX && !is_known (entry->d_name))
      take (entry->d_name);
  if (folder != NULL)
    closedir (folder);
}

/* ---- writing ---- */

/* An answer that does not come, as of a disk that is being unplugged, is no acknowledgement. */
static void
write_once (unsigned index)
{
  Disk *disk = &disks[index];
  unsigned slot = chance (slots_of (disk->size));
  uint64_t tag = boot_id << 32 | ++counter;
  uint64_t range[2] = { offset_of (slot / GROUP_SLOTS * GROUP_SLOTS), CLUSTER };
  int is_zero = chance (ZERO_EVERY) == 0, is_done;

  say ("VMMD-%c %s %u %" PRIx64, is_zero ? 'Z' : 'W', disk->serial, slot, tag);
  fill (tag, slot);
  is_done = is_zero ? ioctl (disk->fd, BLKZEROOUT, range) == 0
                    : pwrite (disk->fd, block, BLOCK, (off_t) offset_of (slot)) == BLOCK;
  if (is_done && fdatasync (disk->fd) == 0)
    say ("VMMD-A %s %" PRIx64, disk->serial, tag);
  else
    drop (index);
}

int
main (void)
{
  static char buffer[1 << 15];

  /* Whatever else is said on the console stands before or after a line, not in it. */
  setvbuf (stdout, buffer, _IOFBF, sizeof buffer);
  boot_id = 0x10000000 + chance (0x60000000);
  for (;;)
    {
      look ();
      if (n_disks > 0)
        write_once (chance (n_disks));
      poll (NULL, 0, n_disks > 0 ? PAUSE_MS : IDLE_MS);
    }
}
