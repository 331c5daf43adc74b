/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces as `ip netns` keeps them: a file a namespace under /run/netns. */
#include "netctl-ns.h"
#include "netctl-plan.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

typedef struct
{
  int fd;
  NetctlNsFunc func;
  gpointer data;
  GError **error;
} Job;

static gboolean
fail (GError **error, const char *what, const char *object)
{
  int code = errno;

  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "%s \"%s\": %s", what, object,
               g_strerror (code));
  return FALSE;
}

static char *
ns_path (const char *name)
{
  return g_build_filename (NETCTL_NS_DIR, name, NULL);
}

/* A mount point that other mount namespaces follow, as `ip netns add` makes it: without this, a
 * process in a mount namespace of its own would hold a removed namespace for ever. */
static gboolean
ensure_dir (GError **error)
{
  if (mkdir (NETCTL_NS_DIR, 0755) != 0 && errno != EEXIST)
    return fail (error, "cannot make", NETCTL_NS_DIR);
  if (mount ("", NETCTL_NS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
    return TRUE;
  if (errno != EINVAL || mount (NETCTL_NS_DIR, NETCTL_NS_DIR, "none", MS_BIND | MS_REC, NULL) != 0
      || mount ("", NETCTL_NS_DIR, "none", MS_SHARED | MS_REC, NULL) != 0)
    return fail (error, "cannot share", NETCTL_NS_DIR);
  return TRUE;
}

static gboolean
is_mounted (const char *path)
{
  struct statfs info;

  return statfs (path, &info) == 0 && info.f_type == NSFS_MAGIC;
}

/* On a thread of its own, which ends with the new namespace's only other holder being the mount. */
static gboolean
make_here (gpointer data, GError **error)
{
  const char *path = data;
  int fd;

  fd = open (path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
  if (fd < 0)
    return fail (error, "cannot make", path);
  close (fd);
  if (unshare (CLONE_NEWNET) != 0)
    return fail (error, "cannot make network namespace", path);
  if (mount ("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL) != 0)
    return fail (error, "cannot mount network namespace", path);
  return TRUE;
}

gboolean
netctl_ns_ensure (const char *name, GError **error)
{
  g_autofree char *path = ns_path (name);

  if (is_mounted (path))
    return TRUE;
  return ensure_dir (error) && netctl_ns_run (-1, make_here, path, error);
}

gboolean
netctl_ns_remove (const char *name, GError **error)
{
  g_autofree char *path = ns_path (name);

  if (umount2 (path, MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
    return fail (error, "cannot unmount network namespace", path);
  if (unlink (path) != 0 && errno != ENOENT)
    return fail (error, "cannot remove", path);
  return TRUE;
}

int
netctl_ns_open (const char *name, gboolean missing_ok, GError **error)
{
  g_autofree char *path = ns_path (name);
  int fd = -1;

  if (is_mounted (path))
    fd = open (path, O_RDONLY | O_CLOEXEC);
  else
    errno = ENOENT;
  if (fd < 0 && !(errno == ENOENT && missing_ok))
    fail (error, "cannot open network namespace", path);
  return fd;
}

guint64
netctl_ns_identity (const char *name)
{
  g_autofree char *path = ns_path (name);
  struct stat info;

  return is_mounted (path) && stat (path, &info) == 0 ? info.st_ino : 0;
}

guint64
netctl_ns_identity_of_process (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/net", pid);
  struct stat info;

  return stat (path, &info) == 0 ? info.st_ino : 0;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

GPtrArray *
netctl_ns_list (void)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (NETCTL_NS_DIR, 0, NULL);
  const char *name;
  guint32 index;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (netctl_namespace_name_parse (name, &index))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  if (job->fd >= 0 && setns (job->fd, CLONE_NEWNET) != 0)
    {
      fail (job->error, "cannot enter", "network namespace");
      return NULL;
    }
  return GINT_TO_POINTER (job->func (job->data, job->error));
}

gboolean
netctl_ns_run (int fd, NetctlNsFunc func, gpointer data, GError **error)
{
  Job job = { fd, func, data, error };
  GThread *thread = g_thread_try_new ("netctl-ns", run_job, &job, error);

  /* A thread of its own, so that no failure can leave a pool's thread in the wrong namespace. */
  return thread != NULL && GPOINTER_TO_INT (g_thread_join (thread));
}

gboolean
netctl_ns_sysctl (const char *path, const char *value, GError **error)
{
  g_autofree char *file = g_build_filename ("/proc/sys/net", path, NULL);
  int fd = open (file, O_WRONLY | O_CLOEXEC);
  gssize length = (gssize) strlen (value);
  gboolean is_written;

  if (fd < 0)
    return fail (error, "cannot open", file);
  is_written = write (fd, value, (gsize) length) == length;
  if (!is_written)
    fail (error, "cannot write", file);
  close (fd);
  return is_written;
}
