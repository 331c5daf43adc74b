/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the fake driver share. */
#pragma once
#include "virt-use.h"
#include "virt.h"
#include "vmm-error.h"

/* A disk of an active domain. */
typedef struct
{
  VirtDisk *disk;
  guint64 virtual_bytes; /* as last grown, 0 before */
  gboolean is_leaving;   /* asked for, and the guest has not given it up */
  gboolean is_pulling;
  char *base;      /* of the pull, or NULL */
  VirtDiskUse use; /* its target is the disk's */
} VirtFakeDisk;

typedef struct
{
  VirtState state;
  VirtReason reason;
  VirtSpec *spec;     /* NULL when taken up from a file */
  GPtrArray *disks;   /* VirtFakeDisk*; of an active domain */
  gboolean is_frozen; /* its file systems, by the agent */
  guint64 cpu_ns;     /* of an active domain */
  GHashTable *nics;   /* char* tap → VirtFakeNicState, as a pointer; of an active domain */
} VirtFakeDomain;

/* How an interface of a running guest stands. */
typedef enum
{
  NIC_DOWN = 1,
  NIC_UP,
  NIC_LEAVING /* asked for, and the guest has not given it up */
} VirtFakeNicState;

typedef struct
{
  VirtDriver base;
  VirtDriverClass class;
  GThread *thread;
  GAsyncQueue *events; /* char*: ids for the event thread */

  GMutex lock; /* guards what follows */
  GCond ended;
  GHashTable *domains; /* char* id → VirtFakeDomain* */
  guint calls;
  guint fail_at; /* the value of calls that fails, 0 for none */
  guint failure; /* VirtFakeFailure */
  VmmError code;
  guint delay_ms;
  gboolean is_away;
  gboolean is_disobedient, is_clinging;
  gboolean has_agent;     /* guests freeze when asked */
  gboolean is_agent_mute; /* but the agent does not say so, nor thaws */
  gboolean is_lingering;  /* pulls run until they are finished by hand */
  char *path;

  GMutex event_lock; /* held over event_func; never taken after lock */
  VirtEventFunc event_func;
  gpointer event_data;
} VirtFake;

/* The frame of every call: delay, failures, absence. @act runs with the lock held. */
typedef gboolean (*VirtFakeAct) (VirtFake *self, const char *id, gpointer data, GError **error);
gboolean virt_fake_call (VirtDriver *driver, VirtFakeAct act, const char *id, gpointer data,
                         GError **error);

/* With the lock held: */
gboolean virt_fake_is_active (const VirtFakeDomain *domain);
/* The domain, which must be active. */
VirtFakeDomain *virt_fake_find_active (VirtFake *self, const char *id, GError **error);
/* Keeps the domains in the file, when there is one. */
void virt_fake_save (VirtFake *self);
/* An event about @id, unless libvirtd is away. */
void virt_fake_emit (VirtFake *self, const char *id);

/* virt-fake-use.c */
GPtrArray *virt_fake_use (VirtDriver *driver, GError **error);

/* virt-fake-disk.c, with the lock held: */
void virt_fake_disk_free (VirtFakeDisk *disk);
/* A starting domain has the disks of its spec. */
void virt_fake_disk_start (VirtFakeDomain *domain);
/* To and from the file's group of the domain. */
void virt_fake_disk_save (GKeyFile *file, const char *id, const VirtFakeDomain *domain);
void virt_fake_disk_take_up (GKeyFile *file, const char *id, VirtFakeDomain *domain);
/* Those that were asked for go; how many. */
guint virt_fake_disk_release (VirtFakeDomain *domain);
/* Fills the calls on disks of the table. */
void virt_fake_disk_fill (VirtDriverClass *class);
