/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images, disks and the layers both rest on, as they stand in the database. */
#pragma once
#include "vmm-enum.h"

typedef enum
{
  VMM_IMAGE_CREATING,
  VMM_IMAGE_AVAILABLE,
  VMM_IMAGE_FAILED,
  VMM_IMAGE_DELETING,
  VMM_IMAGE_STATE_LAST
} VmmImageState;
VMM_ENUM_DECL (VmmImageState, vmm_image_state)
/* "Creating", "Available", "CreateFailed", "UnAvailable". Static. */
const char *vmm_image_state_wire (VmmImageState state);

typedef struct
{
  char *id, *account_id; /* account_id "" for a system image, which all accounts see */
  VmmImageState state;
  char *name, *description, *os_type, *os_name, *architecture;
  char *layer_id;
  char *source_file, *source_format; /* of an import under way */
  guint progress;                    /* percent */
  guint64 virtual_bytes;
  gint64 created_ms, deadline_ms;
  char *reason; /* why it failed */
} VmmImage;

typedef struct
{
  char *id, *account_id, *host_id, *instance_id, *image_id, *zone_id;
  char *name, *description, *category;
  char *layer_id; /* the active layer */
  char *device;   /* "/dev/xvda" */
  gboolean is_system, delete_with_instance;
  guint64 virtual_bytes;
  gint64 created_ms;
  gboolean is_creating; /* its instance is still Pending */
} VmmDisk;

typedef struct
{
  char *id, *host_id;
  char *parent_id; /* NULL at the base */
  guint64 virtual_bytes;
  gint64 created_ms;
} VmmLayer;

void vmm_image_free (VmmImage *image);
void vmm_disk_free (VmmDisk *disk);
void vmm_layer_free (VmmLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmImage, vmm_image_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmDisk, vmm_disk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmLayer, vmm_layer_free)

/* 2-128 characters, begins with a letter, not with http://, https://, aliyun or acs:. */
gboolean vmm_image_name_is_valid (const char *name);
