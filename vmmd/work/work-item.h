/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds of work share. For this room only. */
#pragma once
#include "store-pull.h"
#include "vmm-disk.h"
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
/* What the log was told of disks without an automatic snapshot in the hour. Used by the one item of
 * policies alone. */
typedef struct
{
  gint64 point_ms;
  GHashTable *told; /* disk id → char* */
} WorkPolicies;
WorkPolicies *work_policies_memory (Work *work);
/* What the sampler read last. Used by its one item alone. */
typedef struct WorkMonitor WorkMonitor;
WorkMonitor *work_monitor_new (void);
void work_monitor_free (WorkMonitor *monitor);
WorkMonitor *work_monitor_memory (Work *work);
/* As given to work_new(). Borrowed. */
const WorkParts *work_parts (Work *work);

typedef struct
{
  const WorkParts *parts;
  VmmContext *ctx;
  Work *work;
  const char *id;
  guint failures;       /* since the item last finished */
  gboolean has_failed;  /* this run ended in a back-off */
  GHashTable *attempts; /* see work_attempt_failed() */
  GError **last_error;  /* kept between runs, for the reason at a deadline */
  GHashTable *news;     /* id → OpsAppliedNews*: what came into force in this run, or did not */
} WorkItem;

/* Notes that the host has generation @generation of a group or interface in force; 0 for nothing.
 * With @failure it has not; failures that say nothing of the rules are passed over. */
void work_applied (WorkItem *item, const char *id, guint64 generation, const GError *failure);
/* A table for item->news. */
GHashTable *work_applied_new (void);
/* Writes what was noted. */
void work_applied_flush (WorkItem *item);

/* Keeps @error (taken) as the item's last, logs it, and answers with the back-off. */
gint64 work_failed (WorkItem *item, GError *error);
/* Whether @error says that the hypervisor is away, so that waiting costs no attempt. */
gboolean work_is_away (const GError *error);
/* Counts a failure of @what, an id, by @error. TRUE when it was the last: @most in a row. What else
 * fails in the item is not counted, nor is a hypervisor that is away. */
gboolean work_attempt_failed (WorkItem *item, const char *what, guint most, const GError *error);
/* @what was done, or given up: the next time it may fail as often again. */
void work_forget_attempts (WorkItem *item, const char *what);
/* The executor is stopping: give up long steps. */
gboolean work_is_cancelled (Work *work);

/* One run of the work on an instance: WORK_DONE, or when to look again. */
gint64 work_instance (WorkItem *item);
/* The same for an image. */
gint64 work_image (WorkItem *item);
/* The same for a task that is named by its own id: an export. */
gint64 work_task (WorkItem *item);
/* The same for a security group whose rules changed. */
gint64 work_group (WorkItem *item);
/* The same for a VPC whose vswitches changed. */
gint64 work_vpc (WorkItem *item);
/* The same for an interface that changed, is of no instance any more, or shall be deleted. */
gint64 work_nic (WorkItem *item);
/* Plugs and unplugs the interfaces of an instance whose guest runs: WORK_DONE, or when to look
 * again. */
gint64 work_instance_nics (WorkItem *item, const VmmInstance *instance);
/* The same for a disk that is attached nowhere. */
gint64 work_disk (WorkItem *item);
/* Plugs, unplugs, grows and resets the disks of an instance that is running or stopped: WORK_DONE,
 * or when to look again. */
gint64 work_instance_disks (WorkItem *item, const VmmInstance *instance);
/* Takes the snapshots that are under way of an instance's disks, or of one disk that is attached
 * nowhere: WORK_DONE when there are none, or when to look again. */
gint64 work_instance_snapshots (WorkItem *item, const VmmInstance *instance);
gint64 work_disk_snapshot (WorkItem *item, const VmmDisk *disk);
/* Thaws the guest when a snapshot under way may have frozen it. An agent that does not answer is an
 * error until the snapshot's deadline. */
gboolean work_thaw (WorkItem *item, const VmmInstance *instance, GError **error);
/* Sweeps layers, and tells those that may merge some. */
gint64 work_layers (WorkItem *item);
/* Begins the automatic snapshots of the running hour; never WORK_DONE. */
gint64 work_policies (WorkItem *item);
/* Samples what instances, disks and public addresses use; never WORK_DONE. */
gint64 work_monitor (WorkItem *item);
/* Until the next minute begins. */
gint64 work_monitor_wait_ms (void);
/* Merges layers that no guest has open, one pull at a time. */
gint64 work_merges (WorkItem *item);
/* Whether a pull is journalled for a layer that the instance's disks, or the one layer, rest on, so
 * that no QEMU and no qemu-img may open it yet. It gives way within about a second when the rows
 * say that its layer is wanted: look again. */
gboolean work_is_merging (WorkItem *item, const VmmInstance *instance, gboolean *out,
                          GError **error);
gboolean work_is_layer_merging (WorkItem *item, const char *layer_id, gboolean *out,
                                GError **error);
/* How often to look whether a merge is over. */
#define WORK_MERGE_LOOK_MS 200
/* Held while a pull of a guest that is off is put back: any item may do it. */
GMutex *work_pull_lock (Work *work);
/* Begins and follows the pulls of disks of a running instance: WORK_DONE, or when to look again. */
gint64 work_instance_pulls (WorkItem *item, const VmmInstance *instance);
/* No pull of the disk of a running instance runs when this succeeds, and none is journalled. */
gboolean work_end_pull (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk,
                        GError **error);
/* The same before a snapshot that must be taken by @deadline_ms. A disk that rests on very many
 * layers is shortened first, as long as there is time: *@out_wait says to look again. */
gboolean work_end_pull_to_turn (WorkItem *item, const VmmInstance *instance, const VmmDisk *disk,
                                gint64 deadline_ms, gboolean *out_wait, GError **error);
/* ops_pull_begin() with what the layer takes on the host now. */
StorePull *work_begin_pull (WorkItem *item, const char *layer_id, const char *instance_id,
                            GError **error);
/* While held, no merge by the pool writes into the layer or one below it: for reading a layer that
 * no disk above it says so in its row, such as an export. After the hold
 * work_is_layer_merging() tells whether one is still ending. Holds are counted, and die with the
 * process. */
void work_hold_layer (Work *work, const char *layer_id);
void work_release_layer (Work *work, const char *layer_id);
/* After a hold: waits until no merge writes into the layer any more; an error after half a minute.
 */
gboolean work_wait_merged (WorkItem *item, const char *layer_id, GError **error);
/* Ids of those that are held (char*). */
GPtrArray *work_held_layers (Work *work);
/* The comparison of rows and host. */
gint64 work_reconcile (WorkItem *item);

/* Brings an instance's domain up as far as its rows say; idempotent. @out_started when it runs. */
gboolean work_start_guest (WorkItem *item, const VmmInstance *instance, GError **error);
/* The lock of the VPC that the instance's interfaces are in. */
GMutex *work_network_lock (WorkItem *item, const VmmInstance *instance);
/* The domain is off or gone: take its network down too. The caller holds `whole` for reading and
 * the VPC's lock, and moves the row before it lets go, so that neither a comparison nor a change of
 * an interface between the two brings the network back. */
gboolean work_network_down (WorkItem *item, const VmmInstance *instance, GError **error);
/* VPC, groups and DHCP line for each of the instance's interfaces. */
gboolean work_network_prepare (WorkItem *item, const VmmInstance *instance, GError **error);
/* The taps exist: into the VPC with them. */
gboolean work_network_attach (WorkItem *item, const VmmInstance *instance, GError **error);
/* Takes groups and VPCs away that no interface on this host needs any more. */
gboolean work_network_release (WorkItem *item, const VmmInstance *instance, GError **error);
/* The same for one interface: VPC, groups and port as its row says now, before its tap exists; its
 * tap into the VPC; and all of it away. OPERATION_CONFLICT when the row says otherwise by now. */
gboolean work_nic_prepare (WorkItem *item, const VmmInstance *instance, const VmmNic *nic,
                           GError **error);
gboolean work_nic_attach (WorkItem *item, const VmmInstance *instance, const VmmNic *nic,
                          GError **error);
/* @instance NULL when it has none. */
gboolean work_nic_detach (WorkItem *item, const VmmInstance *instance, const VmmNic *nic,
                          GError **error);
/* Groups and addresses as its row says now, if it has a port. */
gboolean work_nic_change (WorkItem *item, const VmmNic *nic, GError **error);
/* Takes groups and the VPC away that no interface on this host needs any more. */
gboolean work_nic_release (WorkItem *item, const VmmNic *nic, GError **error);
/* Makes the whole host network equal to the rows. */
gboolean work_network_reconcile (WorkItem *item, GError **error);
/* Fills @plan with what the rows say of this host, and item->news with what is in force once that
 * is so. The caller holds `whole` for writing. */
gboolean work_network_plan (WorkItem *item, StoreTxn *txn, NetctlPlan *plan, GError **error);
/* Makes the file of the layer whose row stands; OPERATION_CONFLICT when that is gone. One that
 * rests on nothing gets @file_system, which may be NULL or "". */
gboolean work_make_layer (WorkItem *item, const char *id, const char *file_system, GError **error);
/* A disk as the hypervisor gets it, with its chain of layers. The caller frees it. */
VirtDisk *work_disk_device (WorkItem *item, const VmmDisk *disk, GError **error);
/* What libvirt calls a disk of that device, "vdb"; the caller frees it. */
char *work_disk_target (const char *device);
/* The serial number its guest sees; the caller frees it. */
char *work_disk_serial (const VmmDisk *disk);
/* Removes layers that nothing rests on: first the file, then the row. */
gboolean work_sweep_layers (WorkItem *item, GError **error);

/* One driver call as a step that the crash test can die before and behind. */
#define WORK_CALL(driver, method, ...)                                                             \
  (vmm_step ("before " #method),                                                                   \
   work_stepped ((driver)->class->method ((driver), __VA_ARGS__), "after " #method))
gboolean work_stepped (gboolean ok, const char *name);
