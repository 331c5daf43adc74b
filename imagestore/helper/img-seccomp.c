/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter of system calls. It names what is forbidden, not what is allowed: a list of the latter
 * breaks with each new libc, and the namespaces already leave nothing to reach. */
#include "img-seccomp.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined __x86_64__
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "no seccomp filter for this architecture"
#endif

/* x32 calls carry this bit and would pass by the numbers below. */
#define X32_BIT 0x40000000u

static const unsigned network[] = { SYS_connect, SYS_socket, SYS_socketpair };

static const unsigned forbidden[] = {
  SYS_add_key,
  SYS_bpf,
  SYS_chroot,
  SYS_delete_module,
  SYS_fanotify_init,
  SYS_finit_module,
  SYS_fsconfig,
  SYS_fsmount,
  SYS_fsopen,
  SYS_init_module,
  SYS_io_uring_setup,
  SYS_kexec_load,
  SYS_keyctl,
  SYS_kill,
  SYS_mount,
  SYS_mount_setattr,
  SYS_move_mount,
  SYS_name_to_handle_at,
  SYS_open_by_handle_at,
  SYS_open_tree,
  SYS_perf_event_open,
  SYS_personality,
  SYS_pidfd_getfd,
  SYS_pivot_root,
  SYS_process_vm_readv,
  SYS_process_vm_writev,
  SYS_ptrace,
  SYS_quotactl,
  SYS_reboot,
  SYS_request_key,
  SYS_setns,
  SYS_swapon,
  SYS_syslog,
  SYS_umount2,
  SYS_unshare,
  SYS_userfaultfd,
};

#define NETWORK (sizeof network / sizeof *network)
#define COUNT (sizeof forbidden / sizeof *forbidden)
#define MOST (NETWORK + COUNT)
/* Instructions before and behind the forbidden calls. */
#define BEFORE 5
#define BEHIND 7
#define REFUSE(error) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

/* What clone() takes of unshare(): a user namespace would come with all rights in it. */
#define NAMESPACES                                                                                 \
  (CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER      \
   | CLONE_NEWUTS)

int
img_seccomp_install (bool with_network)
{
  struct sock_filter filter[BEFORE + MOST + BEHIND];
  struct sock_fprog program = { .filter = filter };
  const unsigned first = with_network ? NETWORK : 0, count = MOST - first;
  const unsigned last = BEFORE + count + BEHIND - 1; /* refuses; a jump counts from the next */
  unsigned at = 0;

  filter[at++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                offsetof (struct seccomp_data, arch));
  filter[at++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
  filter[at++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  filter[at++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                offsetof (struct seccomp_data, nr));
  filter[at++]
      = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, X32_BIT, last - BEFORE, 0);
  for (unsigned i = 0; i < count; i++)
    {
      const unsigned call
          = first + i < NETWORK ? network[first + i] : forbidden[first + i - NETWORK];

      filter[at]
          = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, call, last - at - 1, 0);
      at++;
    }
  /* The flags of clone3() lie in memory, out of a filter's sight; the C library then takes clone().
   */
  filter[at++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  filter[at++] = (struct sock_filter) REFUSE (ENOSYS);
  filter[at++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2);
  filter[at++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                offsetof (struct seccomp_data, args[0]));
  filter[at++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 1, 0);
  filter[at++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  filter[at++] = (struct sock_filter) REFUSE (EPERM);
  program.len = at;
  _Static_assert(MOST + BEHIND < 256, "a jump is a byte");
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
