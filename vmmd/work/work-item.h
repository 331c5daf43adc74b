/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds of work share. For this room only. */
#pragma once
#include "vmm-instance.h"
#include "vmm-step.h"
#include "work-parts.h"

/* Answers of a kind of work: finished, or look again after so many milliseconds (or when kicked).
 */
#define WORK_DONE (-1)

/* What keeps changes of the network apart; the only locks held over driver calls, since netctl
 * serialises a VPC's calls anyway. */
typedef struct
{
  /* Held for reading while one object is changed and for writing while all are compared, so that
   * the comparison does not take away what was made since it read the rows. */
  GRWLock whole;
  /* A VPC is taken away only when no interface needs it: another instance's start must not fall
   * between the look and the deed. Striped by index; a collision costs a wait and nothing else. */
  GMutex vpcs[32];
} WorkNetLocks;
WorkNetLocks *work_net_locks (Work *work);

typedef struct
{
  const WorkParts *parts;
  VmmContext *ctx;
  Work *work;
  const char *id;
  guint failures;      /* since the item last finished */
  gboolean has_failed; /* this run ended in a back-off */
  GError **last_error; /* kept between runs, for the reason at a deadline */
} WorkItem;

/* Keeps @error (taken) as the item's last, logs it, and answers with the back-off. */
gint64 work_failed (WorkItem *item, GError *error);
/* Whether @error says that the hypervisor is away, so that waiting costs no attempt. */
gboolean work_is_away (const GError *error);
/* The executor is stopping: give up long steps. */
gboolean work_is_cancelled (Work *work);

/* One run of the work on an instance: WORK_DONE, or when to look again. */
gint64 work_instance (WorkItem *item);
/* The same for an image. */
gint64 work_image (WorkItem *item);
/* The same for a security group whose rules changed. */
gint64 work_group (WorkItem *item);
/* The same for a VPC whose vswitches changed. */
gint64 work_vpc (WorkItem *item);
/* The same for an interface whose groups changed. */
gint64 work_nic (WorkItem *item);
/* The comparison of rows and host. */
gint64 work_reconcile (WorkItem *item);

/* Brings an instance's domain up as far as its rows say; idempotent. @out_started when it runs. */
gboolean work_start_guest (WorkItem *item, const VmmInstance *instance, GError **error);
/* The domain is off or gone: take its network down too. The caller holds `whole` for reading, and
 * moves the row before it lets go, so that no comparison between the two brings the network back.
 */
gboolean work_network_down (WorkItem *item, const VmmInstance *instance, GError **error);
/* VPC, groups and DHCP line for each of the instance's interfaces. */
gboolean work_network_prepare (WorkItem *item, const VmmInstance *instance, GError **error);
/* The taps exist: into the VPC with them. */
gboolean work_network_attach (WorkItem *item, const VmmInstance *instance, GError **error);
/* Takes groups and VPCs away that no interface on this host needs any more. */
gboolean work_network_release (WorkItem *item, const VmmInstance *instance, GError **error);
/* Makes the whole host network equal to the rows. */
gboolean work_network_reconcile (WorkItem *item, GError **error);
/* Removes layers that nothing rests on: first the file, then the row. */
gboolean work_sweep_layers (WorkItem *item, GError **error);

/* One driver call as a step that the crash test can die before and behind. */
#define WORK_CALL(driver, method, ...)                                                             \
  (vmm_step ("before " #method),                                                                   \
   work_stepped ((driver)->class->method ((driver), __VA_ARGS__), "after " #method))
gboolean work_stepped (gboolean ok, const char *name);
