/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest of five instructions, to see whether KVM really runs guests. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "virt-accel.h"

#define KNOWN_KVM_VERSION 12
#define GUEST_PAGE 4096
#define PORT 0x10
#define ROUNDS 1000
/* Exit codes of the child. */
#define CHILD_RAN 0
#define CHILD_FAILED 1
#define CHILD_NO_DEVICE 2
/* How long a killed child may take to go; one stuck in the kernel is left behind. */
#define KILL_GRACE_MS 1000

/* Real mode: counts %ax from 0 to ROUNDS, writes it to PORT and halts. */
static const guint8 guest_code[] = {
  0x31, 0xc0,                       /* xor %ax,%ax       */
  0x40,                             /* inc %ax           */
  0x3d, ROUNDS & 0xff, ROUNDS >> 8, /* cmp $ROUNDS,%ax   */
  0x75, 0xfa,                       /* jne to the inc    */
  0xe7, PORT,                       /* out %ax,$PORT     */
  0xf4                              /* hlt               */
};

static gboolean
prepare_cpu (int cpu)
{
  struct kvm_regs regs = { .rip = 0, .rflags = 2 };
  struct kvm_sregs sregs;

  if (ioctl (cpu, KVM_GET_SREGS, &sregs) < 0)
    return FALSE;
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  return ioctl (cpu, KVM_SET_SREGS, &sregs) == 0 && ioctl (cpu, KVM_SET_REGS, &regs) == 0;
}

static gboolean
wrote_the_count (const struct kvm_run *run)
{
  guint16 value;

  if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_OUT
      || run->io.port != PORT || run->io.size != sizeof value)
    return FALSE;
  memcpy (&value, (const char *) run + run->io.data_offset, sizeof value);
  return value == ROUNDS;
}

/* Only system calls from here to the end of run_guest(): other threads' locks may be held. */
static gboolean
run_cpu (int kvm, int cpu)
{
  int size = ioctl (kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  struct kvm_run *run;

  if (size < (int) sizeof *run)
    return FALSE;
  run = mmap (NULL, (size_t) size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
  if (run == MAP_FAILED || !prepare_cpu (cpu))
    return FALSE;
  return ioctl (cpu, KVM_RUN, 0) == 0 && wrote_the_count (run) && ioctl (cpu, KVM_RUN, 0) == 0
         && run->exit_reason == KVM_EXIT_HLT;
}

static int
run_guest (const char *device)
{
  int kvm = open (device, O_RDWR | O_CLOEXEC);
  struct kvm_userspace_memory_region region = { .memory_size = GUEST_PAGE };
  void *page;
  int vm, cpu;

  if (kvm < 0 || ioctl (kvm, KVM_GET_API_VERSION, 0) != KNOWN_KVM_VERSION)
    return CHILD_NO_DEVICE;
  vm = ioctl (kvm, KVM_CREATE_VM, 0);
  page = mmap (NULL, GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (vm < 0 || page == MAP_FAILED)
    return CHILD_FAILED;
  memcpy (page, guest_code, sizeof guest_code);
  region.userspace_addr = (guint64) (gsize) page;
  if (ioctl (vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
    return CHILD_FAILED;
  cpu = ioctl (vm, KVM_CREATE_VCPU, 0);
  return cpu >= 0 && run_cpu (kvm, cpu) ? CHILD_RAN : CHILD_FAILED;
}

/* Whether the child is gone within @ms. */
static gboolean
wait_gone (int pidfd, guint ms)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) ms * 1000;
  struct pollfd entry = { .fd = pidfd, .events = POLLIN };

  for (;;)
    {
      gint64 left_us = end_us - g_get_monotonic_time ();
      int n = poll (&entry, 1, left_us > 0 ? (int) ((left_us + 999) / 1000) : 0);

      if (n > 0)
        return TRUE;
      if (n == 0 || errno != EINTR)
        return FALSE;
    }
}

static VirtProbe
verdict (pid_t child)
{
  int status;

  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR)
      return VIRT_PROBE_FAILED;
  if (!WIFEXITED (status))
    return VIRT_PROBE_FAILED;
  if (WEXITSTATUS (status) == CHILD_NO_DEVICE)
    return VIRT_PROBE_NO_DEVICE;
  return WEXITSTATUS (status) == CHILD_RAN ? VIRT_PROBE_RAN : VIRT_PROBE_FAILED;
}

VirtProbe
virt_accel_probe (const char *device, guint deadline_ms)
{
  VirtProbe result = VIRT_PROBE_HUNG;
  pid_t child = fork ();
  int pidfd;

  if (child == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      _exit (run_guest (device));
    }
  if (child < 0)
    return VIRT_PROBE_FAILED;
  pidfd = (int) syscall (SYS_pidfd_open, child, 0);
  if (pidfd < 0)
    {
      kill (child, SIGKILL);
      verdict (child);
      return VIRT_PROBE_FAILED;
    }
  if (wait_gone (pidfd, deadline_ms))
    result = verdict (child);
  else
    {
      kill (child, SIGKILL);
      if (wait_gone (pidfd, KILL_GRACE_MS))
        verdict (child);
    }
  close (pidfd);
  return result;
}
