/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images, disks and the layers both rest on, as they stand in the database. */
#pragma once
#include "vmm-disk-state.h"
#include "vmm-enum.h"

typedef enum
{
  VMM_IMAGE_CREATING,
  VMM_IMAGE_AVAILABLE,
  VMM_IMAGE_DEPRECATED, /* works as before, but is not the latest of its family */
  VMM_IMAGE_FAILED,
  VMM_IMAGE_DELETING,
  VMM_IMAGE_STATE_LAST
} VmmImageState;
VMM_ENUM_DECL (VmmImageState, vmm_image_state)
/* "Creating", "Available", "Deprecated", "CreateFailed", "UnAvailable". Static. */
const char *vmm_image_state_wire (VmmImageState state);
/* Whether instances can be made from it. */
gboolean vmm_image_state_is_usable (VmmImageState state);

/* What an image was made from. */
typedef enum
{
  VMM_IMAGE_IMPORT,    /* a file from outside */
  VMM_IMAGE_INSTANCE,  /* snapshots that were taken for it */
  VMM_IMAGE_SNAPSHOTS, /* snapshots that were there */
  VMM_IMAGE_COPY,      /* another image */
  VMM_IMAGE_SOURCE_LAST
} VmmImageSource;
VMM_ENUM_DECL (VmmImageSource, vmm_image_source)

/* One disk of an image. */
typedef struct
{
  char *device;          /* "/dev/xvda" for the system disk, which comes first */
  char *layer_id;        /* NULL: none yet, or the disk is made empty */
  char *snapshot_id;     /* "" unless made from one */
  guint64 virtual_bytes; /* at least the layer's */
} VmmImageDisk;

/* An account that sees an image beside its owner. */
typedef struct
{
  char *account_id;
  gint64 at_ms; /* since when */
} VmmImageShare;

typedef struct
{
  char *id, *account_id; /* account_id "" for a system image, which all accounts see */
  VmmImageState state;
  VmmImageSource source;
  char *name, *description, *os_type, *os_name, *architecture;
  char *family, *version;
  char *source_file, *source_format; /* of an import under way */
  guint progress;                    /* percent */
  gint64 created_ms, deadline_ms;
  char *reason;          /* why it failed */
  char *layer_id;        /* of the system disk, NULL while there is none */
  guint64 virtual_bytes; /* likewise */
  gboolean is_shared;    /* with some other account */
  GPtrArray *disks;      /* VmmImageDisk*, the system disk first; NULL stands for that alone */
} VmmImage;

/* One that is attached nowhere has "" as instance_id and device. */
typedef struct
{
  char *id, *account_id, *host_id, *instance_id, *image_id, *zone_id;
  char *name, *description, *category, *performance_level;
  char *layer_id;           /* the active layer */
  char *origin_layer_id;    /* what ReInitDisk goes back to; NULL when it was made empty */
  char *next_layer_id;      /* what a snapshot, reset or reinit under way turns to, or NULL */
  char *source_snapshot_id; /* "" unless made from one */
  char *file_system;        /* made into it at its creation, "" for none */
  char *policy_id;          /* of automatic snapshots, "" for none */
  char *device;             /* "/dev/xvda" */
  VmmDiskState state;
  gboolean is_system, delete_with_instance;
  gboolean enable_auto_snapshot, delete_auto_snapshot; /* the latter: with the disk */
  guint64 virtual_bytes;
  guint64 want_bytes;  /* what a growth under way ends at, or 0 */
  gboolean is_unbound; /* its bounds of I/O changed and its running guest has yet to be told */
  gint64 created_ms, attached_ms, detached_ms, deadline_ms;
  char *reason;         /* why the last work failed, or "" */
  gboolean is_creating; /* its instance is still Pending */
} VmmDisk;

typedef enum
{
  VMM_SNAPSHOT_PROGRESSING, /* its disk is turning to a new active layer */
  VMM_SNAPSHOT_ACCOMPLISHED,
  VMM_SNAPSHOT_FAILED,
  VMM_SNAPSHOT_STATE_LAST
} VmmSnapshotState;
/* "progressing", "accomplished", "failed": on the wire too. */
VMM_ENUM_DECL (VmmSnapshotState, vmm_snapshot_state)

typedef enum
{
  VMM_CONSISTENCY_UNKNOWN,  /* not done yet */
  VMM_CONSISTENCY_FREEZING, /* likewise, and the guest was asked to freeze: it must be thawed */
  VMM_CONSISTENCY_CRASH,    /* as after a power cut */
  VMM_CONSISTENCY_FROZEN,   /* the guest had its file systems frozen */
  VMM_CONSISTENCY_OFF,      /* no guest was running */
  VMM_CONSISTENCY_LAST
} VmmConsistency;
VMM_ENUM_DECL (VmmConsistency, vmm_consistency)

/* What a disk held at an instant. Its disk and instance may be gone. */
typedef struct
{
  char *id, *account_id, *host_id;
  VmmSnapshotState state;
  char *group_id; /* of those taken at one instant, or "" */
  char *disk_id, *instance_id, *image_id, *zone_id, *category;
  gboolean is_system; /* of a system disk */
  char *name, *description;
  char *layer_id; /* sealed; NULL once it failed */
  guint64 virtual_bytes;
  gboolean is_auto;
  char *policy_id;
  guint retention_days; /* 0: for ever */
  VmmConsistency consistency;
  gint64 created_ms, expires_ms, deadline_ms; /* expires_ms 0: never */
  char *reason;
  guint64 size_bytes;      /* that its own layer takes on the host */
  guint n_images, n_disks; /* made from it and still there */
} VmmSnapshot;

/* Snapshots of an instance's disks, taken at one instant. */
typedef struct
{
  char *id, *account_id, *instance_id, *name, *description;
  VmmSnapshotState state; /* PROGRESSING while one is, FAILED when one has */
  gint64 created_ms;
  GPtrArray *snapshots; /* VmmSnapshot*, oldest first; NULL when not loaded */
} VmmSnapshotGroup;

typedef struct
{
  char *id, *host_id;
  char *parent_id; /* NULL at the base */
  guint64 virtual_bytes;
  guint64 size_bytes;     /* on the host, as last seen */
  guint64 reserved_bytes; /* that work under way may add */
  gboolean is_sealed;
  gint64 created_ms;
} VmmLayer;

void vmm_image_free (VmmImage *image);
void vmm_image_disk_free (VmmImageDisk *disk);
void vmm_image_share_free (VmmImageShare *share);
void vmm_disk_free (VmmDisk *disk);
void vmm_layer_free (VmmLayer *layer);
void vmm_snapshot_free (VmmSnapshot *snapshot);
void vmm_snapshot_group_free (VmmSnapshotGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmSnapshotGroup, vmm_snapshot_group_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmImage, vmm_image_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmImageDisk, vmm_image_disk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmImageShare, vmm_image_share_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmDisk, vmm_disk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmLayer, vmm_layer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmSnapshot, vmm_snapshot_free)

/* Of images and families: 2-128 characters, begins with a letter, not with http://, https://,
 * aliyun or acs:. */
gboolean vmm_image_name_is_valid (const char *name);
/* 2-128 characters, begins with a letter, not with http:// or https://. */
gboolean vmm_disk_name_is_valid (const char *name);
