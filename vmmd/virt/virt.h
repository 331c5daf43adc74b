/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor: specs in, facts out. Plain structs of its own; knows no row.
 *
 * All calls block, are idempotent, and may come from any thread; two calls on one id are never made
 * at once (the work executor sees to it). Errors are VMM_ERROR_VIRT_AWAY (libvirtd does not answer:
 * try again later) and VMM_ERROR_VIRT_FAILED (libvirt refused; its text is kept). */
#pragma once
#include <glib.h>

typedef struct
{
  char *serial;     /* at most 20 characters; the guest sees virtio-<serial> */
  char *target;     /* "vda" */
  GPtrArray *chain; /* char*: sources of qcow2 layers, the active one first, the base last; see
                     * layer_path of img.h */
  gboolean is_boot;
  guint64 iops, bytes_s; /* bounds of its I/O a second; 0 for none */
} VirtDisk;

/* A disk turns to a new active layer: an empty overlay on the one it has. */
typedef struct
{
  char *serial;
  char *path;
} VirtTurn;

typedef struct
{
  char *tap; /* name libvirt gives the tap */
  char *mac; /* "00:16:3e:…" */
  guint mtu; /* told to the guest */
} VirtNic;

typedef struct
{
  char *id;    /* instance id: domain name and SMBIOS serial */
  char *uuid;  /* domain UUID, lower case */
  char *title; /* the instance's name, for people */
  guint vcpus;
  guint memory_mib;
  GPtrArray *disks;  /* VirtDisk* */
  GPtrArray *nics;   /* VirtNic* */
  char *console_log; /* file that keeps the serial console's output */
  char *vnc_socket;  /* Unix socket of the VNC server */
} VirtSpec;

typedef enum
{
  VIRT_ABSENT, /* libvirt knows no such domain */
  VIRT_OFF,
  VIRT_PAUSED, /* created but not yet running, or paused by an I/O error */
  VIRT_RUNNING,
  VIRT_STOPPING /* shutting down */
} VirtState;

/* Why a domain is off, or, for the last one, paused. */
typedef enum
{
  VIRT_REASON_UNKNOWN,   /* libvirt does not say, e.g. after a reboot of the host */
  VIRT_REASON_SHUTDOWN,  /* the guest powered itself off */
  VIRT_REASON_DESTROYED, /* power was cut by a call */
  VIRT_REASON_CRASHED,   /* QEMU died or failed unasked */
  VIRT_REASON_IO_ERROR   /* paused because a disk's file could not be written, e.g. ENOSPC */
} VirtReason;

typedef struct
{
  char *id;
  VirtState state;
  VirtReason reason; /* meaningful when OFF or PAUSED */
} VirtFact;

/* An interface that an active domain has. */
typedef struct
{
  char *tap;
  gboolean is_up; /* its link */
} VirtNicFact;

void virt_disk_free (VirtDisk *disk);
/* A deep copy. */
VirtDisk *virt_disk_copy (const VirtDisk *disk);
void virt_turn_free (VirtTurn *turn);
void virt_nic_free (VirtNic *nic);
VirtSpec *virt_spec_new (void); /* with empty arrays that own their elements */
VirtSpec *virt_spec_copy (const VirtSpec *spec);
void virt_spec_free (VirtSpec *spec);
void virt_fact_free (VirtFact *fact);
VirtNicFact *virt_nic_fact_new (const char *tap, gboolean is_up);
void virt_nic_fact_free (VirtNicFact *fact);
/* The one of that tap among VirtNicFact*, or NULL. */
const VirtNicFact *virt_nic_fact_find (GPtrArray *facts, const char *tap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtDisk, virt_disk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtSpec, virt_spec_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtFact, virt_fact_free)

/* Something happened to @id, or, with @id NULL, the connection came (back) or went: look again, at
 * all domains. It may come without a cause; after a connection came it does, a few times.
 * Called on a thread of the driver's own; must not block or call the driver. */
typedef void (*VirtEventFunc) (const char *id, gpointer data);

typedef struct VirtDriver VirtDriver;
typedef struct
{
  /* Defines the domain anew from @spec and creates it paused, so that its tap exists but no guest
   * code has run. A domain that is already active is left as it is. */
  gboolean (*start_paused) (VirtDriver *driver, const VirtSpec *spec, GError **error);
  gboolean (*resume) (VirtDriver *driver, const char *id, GError **error);
  /* Asks the guest to power off (ACPI button). Returns at once. Absent or off is success. */
  gboolean (*shutdown) (VirtDriver *driver, const char *id, GError **error);
  /* Cuts the power. Absent or off is success. */
  gboolean (*destroy) (VirtDriver *driver, const char *id, GError **error);
  /* Presses reset: the same QEMU boots again. */
  gboolean (*reset) (VirtDriver *driver, const char *id, GError **error);
  /* Forgets the domain with all its metadata. Absent is success. It must be off. */
  gboolean (*undefine) (VirtDriver *driver, const char *id, GError **error);
  /* The state of one domain; an absent one is a fact too. A domain of that name which does not
   * bear our metadata is somebody else's: every call on it fails with VMM_ERROR_VIRT_FAILED. */
  VirtFact *(*get) (VirtDriver *driver, const char *id, GError **error);
  /* Facts of all domains that bear our metadata. */
  GPtrArray *(*list) (VirtDriver *driver, GError **error);
  /* VirtUse* (virt-use.h): what the active domains have used since their QEMU began, others' too,
   * at the price of one call whatever their number. One that does not answer now is left out. */
  GPtrArray *(*use) (VirtDriver *driver, GError **error);
  /* VirtNicFact* of the interfaces that the domain has now; none of one that is absent or off. */
  GPtrArray *(*nic_list) (VirtDriver *driver, const char *id, GError **error);
  /* Plugs an interface into an active domain, and into its definition: its tap exists and the guest
   * sees the device, but its link is down. One that is there already is left as it is. */
  gboolean (*nic_attach) (VirtDriver *driver, const char *id, const VirtNic *nic, GError **error);
  /* The link of an interface that an active domain has. */
  gboolean (*nic_link) (VirtDriver *driver, const char *id, const char *tap, gboolean is_up,
                        GError **error);
  /* Asks the guest to give an interface up, and forgets it in the definition. *@out_gone tells
   * whether the domain does not have it (any more); when that comes to be later, or the guest
   * refuses, an event about @id says to look again. May be asked again. Absent, off, or without
   * that interface is success. */
  gboolean (*nic_detach) (VirtDriver *driver, const char *id, const char *tap, gboolean *out_gone,
                          GError **error);
  /* The disks (VirtDisk*: serial, target and chain) that an active domain has now, read from its
   * QEMU; none of one that is absent or off. */
  GPtrArray *(*disk_list) (VirtDriver *driver, const char *id, GError **error);
  /* Plugs a disk into an active domain and into its definition. One of that serial that is there
   * already is left as it is. */
  gboolean (*disk_attach) (VirtDriver *driver, const char *id, const VirtDisk *disk,
                           GError **error);
  /* As nic_detach, by the serial. */
  gboolean (*disk_detach) (VirtDriver *driver, const char *id, const char *serial,
                           gboolean *out_gone, GError **error);
  /* At one instant each disk of @turns (VirtTurn*) of an active domain goes on writing in its new
   * layer; all or none. A disk whose active layer is that one already is left as it is. */
  gboolean (*disk_turn) (VirtDriver *driver, const char *id, GPtrArray *turns, GError **error);
  /* The size the guest of an active domain sees; at least what it was. */
  gboolean (*disk_grow) (VirtDriver *driver, const char *id, const char *serial,
                         guint64 virtual_bytes, GError **error);
  /* New bounds for a disk of an active domain; 0 for none. */
  gboolean (*disk_bound) (VirtDriver *driver, const char *id, const char *serial, guint64 iops,
                          guint64 bytes_s, GError **error);
  /* Begins to copy into a disk's active layer what the layers between it and @base (a path in its
   * chain, NULL for all of them) hold; at the end it rests on @base. At most @bytes_s a second, 0
   * for no bound. One that runs is left to run. An event about @id tells its end. */
  gboolean (*disk_pull) (VirtDriver *driver, const char *id, const char *serial, const char *base,
                         guint64 bytes_s, GError **error);
  /* Whether a pull runs, and how far it is. Of a domain or disk that is not there none does. */
  gboolean (*disk_job) (VirtDriver *driver, const char *id, const char *serial,
                        gboolean *out_running, guint *out_percent, GError **error);
  /* Gives a pull up: what it copied stays, and the disk rests on what it did, unless the pull came
   * to its end first. When this returns none runs. Absent, off, or without a pull is success. While
   * one runs, turn, grow and detach of its disk are refused. */
  gboolean (*disk_pull_end) (VirtDriver *driver, const char *id, const char *serial,
                             GError **error);
  /* What QEMU has of the disk in its own caches goes to the file: a pull's new header is written
   * before the tables it needs, so only after this may the layers between go. */
  gboolean (*disk_flush) (VirtDriver *driver, const char *id, const char *serial, GError **error);
  /* Asks the guest's agent to freeze its file systems, for at most @timeout_s. *@out_frozen is
   * FALSE when there is no agent or it did not answer: no error, and thaw must be called all the
   * same. */
  gboolean (*freeze) (VirtDriver *driver, const char *id, guint timeout_s, gboolean *out_frozen,
                      GError **error);
  /* The opposite; success when the domain is off or no agent is connected. One that is and does not
   * answer within @timeout_s is an error, for its guest may be frozen. */
  gboolean (*thaw) (VirtDriver *driver, const char *id, guint timeout_s, GError **error);
  /* "kvm" or "tcg", and in @out_why one sentence on why (static or owned by the driver). */
  const char *(*accelerator) (VirtDriver *driver, const char **out_why);
  gboolean (*is_connected) (VirtDriver *driver);
  void (*set_event_func) (VirtDriver *driver, VirtEventFunc func, gpointer data);
  void (*free) (VirtDriver *driver);
} VirtDriverClass;

struct VirtDriver
{
  const VirtDriverClass *class;
};

/* libvirt's QEMU driver at @uri. Connects in the background and again whenever the connection
 * breaks; calls meanwhile answer VMM_ERROR_VIRT_AWAY. @accelerator is "auto", "kvm" or "tcg". */
VirtDriver *virt_libvirt_new (const char *uri, const char *accelerator, GError **error);
/* One that only remembers; see virt-fake.h for failing calls and staged events. */
VirtDriver *virt_fake_new (void);
void virt_driver_free (VirtDriver *driver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VirtDriver, virt_driver_free)
