/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one program on a stranger's image where it can do no harm:
 *
 *   vmmd-img-helper DIR UID GID MEMORY_BYTES FILE_BYTES CPU_SECONDS PROGRAM [ARGUMENT…]
 *
 * The program sees a root of its own (DIR/root) with /usr read-only, /dev/null and DIR/work as its
 * working directory, and nothing else of the host: no /etc, no /proc, no other image. It has no
 * network, no other processes around it, no rights, no way to gain any, and the limits given. Exit
 * code: the program's; 125 and a line "vmmd-img-helper: …" on stderr when it could not be confined,
 * in which case it was not started; 124 and "vmmd-img-helper: limit …" when a limit ended it. */
#include "img-number.h"
#include "img-seccomp.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processes and threads of the user: as many imports as may run at once have less. */
#define PROCESSES_MAX 2048
#define EXIT_LIMIT 124
#define EXIT_CONFINE 125

typedef struct
{
  const char *directory;
  uid_t uid;
  gid_t gid;
  rlim_t memory_bytes, file_bytes, cpu_seconds;
  char **program;
} Order;

static _Noreturn void
fail (const char *what)
{
  fprintf (stderr, "vmmd-img-helper: %s: %s\n", what, strerror (errno));
  _exit (EXIT_CONFINE);
}

static unsigned long long
number (const char *text)
{
  unsigned long long value = 0;

  if (!img_number_parse (text, &value))
    errno = EINVAL, fail ("number");
  return value;
}

static void
write_file (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    fail (path);
  close (fd);
}

/* Without root, a user namespace of our own lets us make the others. */
static void
enter_user_namespace (const Order *order)
{
  char map[64];

  if (unshare (CLONE_NEWUSER) < 0)
    fail ("unshare user");
  write_file ("/proc/self/setgroups", "deny");
  snprintf (map, sizeof map, "%u %u 1", order->uid, order->uid);
  write_file ("/proc/self/uid_map", map);
  snprintf (map, sizeof map, "%u %u 1", order->gid, order->gid);
  write_file ("/proc/self/gid_map", map);
}

static void
bind_mount (const char *from, const char *to, unsigned long flags)
{
  if (mount (from, to, NULL, MS_BIND, NULL) < 0
      || mount (NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | flags, NULL) < 0)
    fail (from);
}

/* qemu-img tries out its file locks on it. */
static void
add_null (void)
{
  int fd;

  if (mkdir ("dev", 0755) < 0)
    fail ("dev");
  fd = open ("dev/null", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    fail ("dev/null");
  close (fd);
  bind_mount ("/dev/null", "dev/null", MS_NOEXEC);
}

/* /lib, /lib64 and /bin are links into /usr on merged systems and directories on others. */
static void
add_top (const char *name)
{
  char from[16], target[64];
  struct stat st;
  ssize_t n;

  snprintf (from, sizeof from, "/%s", name);
  if (lstat (from, &st) < 0)
    return;
  if (S_ISLNK (st.st_mode))
    {
      n = readlink (from, target, sizeof target - 1);
      if (n < 0)
        fail (from);
      target[n] = '\0';
      if (symlink (target, name) < 0)
        fail (from);
      return;
    }
  if (mkdir (name, 0755) < 0)
    fail (from);
  bind_mount (from, name, MS_RDONLY | MS_NODEV);
}

static void
build_root (const Order *order)
{
  static const char *const tops[] = { "bin", "lib", "lib32", "lib64", "sbin" };

  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    fail ("private mounts");
  if (chdir (order->directory) < 0)
    fail (order->directory);
  if (mount ("none", "root", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") < 0)
    fail ("tmpfs");
  /* Bound while the name still leads there. */
  if (mkdir ("root/work", 0755) < 0)
    fail ("work");
  bind_mount ("work", "root/work", MS_NOEXEC | MS_NODEV);
  if (chdir ("root") < 0 || mkdir ("usr", 0755) < 0)
    fail ("root");
  bind_mount ("/usr", "usr", MS_RDONLY | MS_NODEV);
  add_null ();
  for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
    add_top (tops[i]);
  if (mount (NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
    fail ("read-only root");
  /* The old root ends up on top of the new one and is then let go. */
  if (syscall (SYS_pivot_root, ".", ".") < 0 || umount2 (".", MNT_DETACH) < 0
      || chdir ("/work") < 0)
    fail ("pivot_root");
}

static void
limit (int resource, rlim_t value)
{
  const struct rlimit both = { value, value };

  if (setrlimit (resource, &both) < 0)
    fail ("setrlimit");
}

static _Noreturn void
start (const Order *order, bool is_root)
{
  if (is_root
      && (setgroups (0, NULL) < 0 || setresgid (order->gid, order->gid, order->gid) < 0
          || setresuid (order->uid, order->uid, order->uid) < 0))
    fail ("giving up root");
  if (is_root && (setuid (0) == 0 || geteuid () != order->uid || getegid () != order->gid))
    errno = EPERM, fail ("giving up root");
  /* After the change of user, which would clear it. */
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl (PR_SET_DUMPABLE, 0) < 0
      || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    fail ("prctl");
  if (syscall (SYS_close_range, 3u, ~0u, 0) < 0)
    fail ("close_range");
  umask (077);
  limit (RLIMIT_CORE, 0);
  limit (RLIMIT_NOFILE, 64);
  limit (RLIMIT_FSIZE, order->file_bytes);
  limit (RLIMIT_CPU, order->cpu_seconds);
  limit (RLIMIT_AS, order->memory_bytes);
  /* Without root the user is the one who runs the daemon and much else. */
  if (is_root)
    limit (RLIMIT_NPROC, PROCESSES_MAX);
  if (img_seccomp_install (false) < 0)
    fail ("seccomp");
  execvp (order->program[0], order->program);
  fail (order->program[0]);
}

/* Waits for the program and says so when a limit was what ended it. */
static int
finish (const Order *order, pid_t child)
{
  struct rusage usage;
  int status;

  while (wait4 (child, &status, 0, &usage) < 0)
    if (errno != EINTR)
      fail ("wait");
  if (WIFEXITED (status))
    return WEXITSTATUS (status);
  if ((rlim_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1 >= order->cpu_seconds)
    {
      fprintf (stderr, "vmmd-img-helper: limit of %llu s of processor time\n",
               (unsigned long long) order->cpu_seconds);
      return EXIT_LIMIT;
    }
  return 128 + WTERMSIG (status);
}

int
main (int argc, char **argv)
{
  const bool is_root = geteuid () == 0;
  int gate[2];
  Order order;
  pid_t child;
  char byte;

  if (argc < 8)
    errno = EINVAL, fail ("usage");
  /* Whoever asked for this is gone when it dies, and so shall we be. */
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) < 0)
    fail ("prctl");
  order = (Order){ argv[1],          number (argv[2]), number (argv[3]), number (argv[4]),
                   number (argv[5]), number (argv[6]), argv + 7 };
  if (order.uid == 0)
    errno = EPERM, fail ("root is not taken as user");
  if (!is_root)
    enter_user_namespace (&order);
  if (unshare (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
    fail ("unshare");
  build_root (&order);

  /* The child asks for our death signal after the change of user; should we die before that, the
   * end of this pipe tells it. */
  if (pipe2 (gate, O_CLOEXEC) < 0)
    fail ("pipe");
  child = fork ();
  if (child < 0)
    fail ("fork");
  if (child == 0)
    {
      close (gate[1]);
      if (prctl (PR_SET_PDEATHSIG, SIGKILL) < 0 || read (gate[0], &byte, 1) != 1)
        _exit (EXIT_CONFINE);
      start (&order, is_root);
    }
  close (gate[0]);
  if (write (gate[1], "", 1) != 1)
    fail ("pipe");
  /* Not by return: the namespace of processes is dead, and a leak checker could not fork in it. */
  _exit (finish (&order, child));
}
