/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories of the pool, and the one file of a stranger. */
#include "config.h"

#include "img-file.h"
#include "img-refusal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Between two looks at the cancellable. */
#define COPY_STEP (32u << 20)
#define TREE_DEPTH_MAX 16
#define L1_READ_MAX (32u << 20)
/* Of a file system, for the disks that grow in it. */
#define RESERVE_MAX (G_GUINT64_CONSTANT (4) << 30)

gboolean
img_file_fail (GError **error, const char *what)
{
  int saved = errno;
  ImgError code = IMG_ERROR_IO;

  if (saved == ENOSPC || saved == EDQUOT)
    code = IMG_ERROR_SPACE;
  else if (saved == ENOENT)
    code = IMG_ERROR_NOT_FOUND;
  g_set_error (error, IMG_ERROR, code, "%s: %s", what, g_strerror (saved));
  return FALSE;
}

static int
open_below (int dir_fd, const char *name, int flags)
{
  struct open_how how
      = { .flags = flags | O_CLOEXEC | O_NOFOLLOW,
          .mode = (flags & O_CREAT) != 0 ? 0600 : 0,
          .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

  return syscall (SYS_openat2, dir_fd, name, &how, sizeof how);
}

int
img_file_open_below (int dir_fd, const char *name, int flags, GError **error)
{
  int fd = open_below (dir_fd, name, flags);

  if (fd < 0)
    img_file_fail (error, name);
  return fd;
}

static gboolean
refuse_kind (GError **error, const char *kind)
{
  return img_refuse (error, IMG_REFUSAL_NOT_A_FILE, "the image is %s, not a file", kind);
}

static gboolean
check_regular (int fd, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return img_file_fail (error, "fstat");
  switch (st.st_mode & S_IFMT)
    {
    case S_IFREG:
      return TRUE;
    case S_IFDIR:
      return refuse_kind (error, "a directory");
    case S_IFIFO:
      return refuse_kind (error, "a pipe");
    default:
      return refuse_kind (error, "a device");
    }
}

/* Opening a pipe would wait for its writer, hence O_NONBLOCK. */
#define FOREIGN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* From errno, why a stranger's file could not be opened. */
static void
fail_foreign (GError **error)
{
  switch (errno)
    {
    case ELOOP:
      refuse_kind (error, "a symbolic link");
      break;
    case ENXIO:
      refuse_kind (error, "a socket");
      break;
    case EACCES:
    case EPERM:
      img_refuse (error, IMG_REFUSAL_UNREADABLE, "the image may not be read");
      break;
    case ENOTDIR:
      errno = ENOENT;
      img_file_fail (error, "the image");
      break;
    default:
      img_file_fail (error, "the image");
    }
}

int
img_file_open_foreign (const char *path, GError **error)
{
  int fd = open (path, FOREIGN_FLAGS);

  if (fd < 0)
    fail_foreign (error);
  else if (!check_regular (fd, error))
    {
      close (fd);
      return -1;
    }
  return fd;
}

int
img_file_open_foreign_below (int dir_fd, const char *name, GError **error)
{
  struct stat st;
  int fd = open_below (dir_fd, name, FOREIGN_FLAGS);

  if (fd < 0)
    {
      fail_foreign (error);
      return -1;
    }
  /* Who may write into the folder could have given another's file a second name in it. */
  if (check_regular (fd, error) && fstat (fd, &st) == 0
      && (st.st_nlink == 1 || refuse_kind (error, "a name of a file that has others")))
    return fd;
  close (fd);
  return -1;
}

gboolean
img_file_is_name (const char *name)
{
  return name != NULL && *name != '\0' && *name != '.' && strchr (name, '/') == NULL;
}

int
img_file_open_folder (const char *dir, const char *folder, GError **error)
{
  int fd, dir_fd;

  if (dir == NULL || *dir == '\0')
    {
      errno = ENOENT;
      img_file_fail (error, "a folder for images");
      return -1;
    }
  dir_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    img_file_fail (error, dir);
  if (dir_fd < 0 || folder == NULL || *folder == '\0')
    return dir_fd;
  fd = img_file_is_name (folder) ? open_below (dir_fd, folder, O_RDONLY | O_DIRECTORY) : -1;
  if (fd < 0)
    {
      errno = ENOENT;
      img_file_fail (error, folder);
    }
  close (dir_fd);
  return fd;
}

gboolean
img_file_check_space (int fd, guint64 needed, GError **error)
{
  struct statvfs fs;
  guint64 total, free_bytes, reserve;

  if (fstatvfs (fd, &fs) < 0)
    return img_file_fail (error, "fstatvfs");
  total = (guint64) fs.f_blocks * fs.f_frsize;
  free_bytes = (guint64) fs.f_bavail * fs.f_frsize;
  reserve = MIN (total / 20, RESERVE_MAX);
  if (free_bytes > reserve && needed <= free_bytes - reserve)
    return TRUE;
  g_set_error (error, IMG_ERROR, IMG_ERROR_SPACE,
               "%" G_GUINT64_FORMAT " bytes are needed and %" G_GUINT64_FORMAT " are free", needed,
               free_bytes);
  return FALSE;
}

gboolean
img_file_size (int fd, guint64 *out_bytes, guint64 *out_used_bytes, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return img_file_fail (error, "fstat");
  if (out_bytes != NULL)
    *out_bytes = st.st_size;
  if (out_used_bytes != NULL)
    *out_used_bytes = (guint64) st.st_blocks * 512;
  return TRUE;
}

/* As much of [offset, offset + length) as there is; the count or -1. */
static gssize
read_all (int fd, void *buffer, gsize length, off_t offset)
{
  gsize done = 0;

  while (done < length)
    {
      ssize_t n = pread (fd, (guint8 *) buffer + done, length - done, offset + done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      done += n;
    }
  return done;
}

/* Copies [*at, end); sets *at behind what was copied. */
static gboolean
copy_span (int from, int to, off_t *at, off_t end, GError **error)
{
  while (*at < end)
    {
      off_t in = *at, out = *at;
      ssize_t n = copy_file_range (from, &in, to, &out, end - *at, 0);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && (errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS))
        {
          g_autofree guint8 *buffer = g_malloc (1 << 20);

          n = read_all (from, buffer, MIN (end - *at, 1 << 20), *at);
          if (n > 0)
            n = pwrite (to, buffer, n, *at);
        }
      if (n < 0)
        return img_file_fail (error, "copying the image");
      if (n == 0)
        return img_refuse (error, IMG_REFUSAL_TRUNCATED,
                           "the image became shorter while it was read");
      *at += n;
    }
  return TRUE;
}

gboolean
img_file_copy (int from, int to, ImgProgressFunc progress, gpointer data, GCancellable *cancellable,
               GError **error)
{
  guint64 bytes;
  off_t at = 0;

  if (!img_file_size (from, &bytes, NULL, error))
    return FALSE;
  if (ioctl (to, FICLONE, from) == 0)
    return TRUE;
  if (ftruncate (to, bytes) < 0)
    return img_file_fail (error, "copying the image");
  while ((guint64) at < bytes)
    {
      off_t start = lseek (from, at, SEEK_DATA);
      off_t end;

      if (start < 0 && errno == ENXIO)
        break;
      /* A file system without holes says EINVAL: all is data. */
      start = start < 0 ? at : start;
      end = lseek (from, start, SEEK_HOLE);
      end = end < 0 ? (off_t) bytes : MIN (end, (off_t) bytes);
      at = start;
      while (at < end)
        {
          if (g_cancellable_is_cancelled (cancellable))
            {
              g_set_error_literal (error, IMG_ERROR, IMG_ERROR_CANCELLED, "it was cancelled");
              return FALSE;
            }
          if (!copy_span (from, to, &at, MIN (end, at + COPY_STEP), error))
            return FALSE;
          if (progress != NULL)
            progress (at * 100 / bytes, data);
        }
    }
  return TRUE;
}

gboolean
img_file_read_header (int fd, ImgHeader *out, GError **error)
{
  g_autofree guint8 *data = g_malloc (IMG_HEADER_BYTES);
  gssize length = read_all (fd, data, IMG_HEADER_BYTES, 0);
  guint64 bytes;

  if (length < 0)
    return img_file_fail (error, "reading the header");
  return img_file_size (fd, &bytes, NULL, error)
         && img_header_parse (data, length, bytes, out, error);
}

gboolean
img_file_check_l1 (int fd, const ImgHeader *header, GError **error)
{
  /* The parser bounds it. */
  gsize length = MIN ((gsize) header->l1_entries * 8, L1_READ_MAX);
  g_autofree guint8 *table = g_malloc (length + 1);
  gssize got = read_all (fd, table, length, header->l1_offset);
  guint64 bytes;

  if (got < 0)
    return img_file_fail (error, "reading the L1 table");
  return img_file_size (fd, &bytes, NULL, error)
         && img_header_check_l1 (header, table, got, bytes, error);
}

gboolean
img_file_check_raw (int fd, guint64 max_bytes, GError **error)
{
  guint8 data[128];
  gssize length = read_all (fd, data, sizeof data, 0);
  const char *other;
  guint64 bytes;

  if (length < 0)
    return img_file_fail (error, "reading the image");
  if (!img_file_size (fd, &bytes, NULL, error))
    return FALSE;
  other = img_header_other_format (data, length);
  if (other != NULL)
    return img_refuse (error, IMG_REFUSAL_OTHER_FORMAT, "the image begins like %s, not raw", other);
  if (bytes == 0 || bytes % 512 != 0)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "a raw image is a whole number of sectors above zero");
  if (bytes > max_bytes)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "the disk has %" G_GUINT64_FORMAT
                       " bytes and the most is %" G_GUINT64_FORMAT,
                       bytes, max_bytes);
  return TRUE;
}

static gboolean
remove_tree (int dir_fd, const char *name, guint depth, GError **error)
{
  g_autofree char *what = g_strdup_printf ("removing %s", name);
  gboolean is_ok = TRUE;
  int fd = openat (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct dirent *entry;
  DIR *dir;

  if (fd < 0)
    {
      /* Not a directory, or gone, or a link: the name itself is what there is to remove. */
      if (unlinkat (dir_fd, name, 0) == 0 || errno == ENOENT)
        return TRUE;
      return img_file_fail (error, what);
    }
  dir = fdopendir (fd);
  if (dir == NULL || depth == 0)
    {
      errno = dir == NULL ? errno : ELOOP;
      img_file_fail (error, what);
      if (dir != NULL)
        closedir (dir);
      else
        close (fd);
      return FALSE;
    }
  while (is_ok && (entry = readdir (dir)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      is_ok = remove_tree (fd, entry->d_name, depth - 1, error);
  closedir (dir);
  if (!is_ok)
    return FALSE;
  return unlinkat (dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT
         || img_file_fail (error, what);
}

gboolean
img_file_remove_tree (int dir_fd, const char *name, GError **error)
{
  return remove_tree (dir_fd, name, TREE_DEPTH_MAX, error);
}
