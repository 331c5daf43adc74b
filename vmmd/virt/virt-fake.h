/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests can make the fake driver do; virt_fake_new() is in virt.h. All functions: any thread.
 */
#pragma once
#include "virt-use.h"
#include "virt.h"
#include "vmm-error.h"

typedef enum
{
  VIRT_FAKE_POWEROFF, /* the guest powers itself off */
  VIRT_FAKE_CRASH,    /* QEMU dies */
  VIRT_FAKE_IO_ERROR  /* the guest is paused because a disk could not be written */
} VirtFakeEvent;

typedef enum
{
  VIRT_FAKE_BEFORE, /* the call fails and nothing happened */
  VIRT_FAKE_AFTER   /* it took effect and then its answer was lost */
} VirtFakeFailure;

/* Makes the @n-th call from now fail with @code; 1 is the next one, 0 none. */
void virt_fake_fail_call (VirtDriver *driver, guint n, VirtFakeFailure failure, VmmError code);
/* The number of calls so far, so that a loop can fail each of them in turn. */
guint virt_fake_calls (VirtDriver *driver);
/* Makes each call take this long. */
void virt_fake_set_delay_ms (VirtDriver *driver, guint delay_ms);
/* Takes "libvirtd" away, or back: calls fail with VMM_ERROR_VIRT_AWAY, guests run on. */
void virt_fake_set_away (VirtDriver *driver, gboolean is_away);
/* Whether running guests power off when asked; they do from the start. */
void virt_fake_set_obedient (VirtDriver *driver, gboolean is_obedient);
/* Whether guests keep interfaces that they are asked to give up; they do not from the start. */
void virt_fake_set_clinging (VirtDriver *driver, gboolean is_clinging);
/* Lets a guest give up, late, what it was asked for; how many interfaces that were. */
guint virt_fake_release (VirtDriver *driver, const char *id);
/* The link of an interface of an active domain: 1 up, 0 down, -1 when it has no such. */
int virt_fake_link (VirtDriver *driver, const char *id, const char *tap);
/* Lets @event happen to an active domain; FALSE if there is no such or it is off. */
gboolean virt_fake_stage (VirtDriver *driver, const char *id, VirtFakeEvent event);
/* A copy of what the domain was last started with, or NULL. */
VirtSpec *virt_fake_spec (VirtDriver *driver, const char *id);
/* Remembers states (not specs) in the file @path too, and takes up what it holds, so that guests
 * outlive a daemon under test. FALSE if the file is there and cannot be read. */
gboolean virt_fake_keep_in (VirtDriver *driver, const char *path, GError **error);
/* Whether guests have an agent that freezes their file systems; they have not from the start. */
void virt_fake_set_agent (VirtDriver *driver, gboolean has_agent);
/* Whether that agent freezes, but neither says so nor thaws; it does not from the start. */
void virt_fake_set_agent_mute (VirtDriver *driver, gboolean is_mute);
/* Whether the file systems of a guest are frozen now. */
gboolean virt_fake_is_frozen (VirtDriver *driver, const char *id);
/* Whether pulls run on until virt_fake_finish_pulls(); they end at once from the start. */
void virt_fake_set_lingering (VirtDriver *driver, gboolean is_lingering);
/* Ends the pulls that run in the domain; how many. */
guint virt_fake_finish_pulls (VirtDriver *driver, const char *id);
/* A copy of a disk as the active domain has it, with its bounds, or NULL; *@out_bytes (may be NULL)
 * is what it was grown to, or 0. */
VirtDisk *virt_fake_disk (VirtDriver *driver, const char *id, const char *serial,
                          guint64 *out_bytes);
/* An active domain uses so much more than it did: @more's processor time, and its disks by their
 * targets. FALSE when it is not active or lacks one of them. */
gboolean virt_fake_spend (VirtDriver *driver, const VirtUse *more);
