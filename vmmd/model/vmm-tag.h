/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags: a key and a value that a resource carries, and the sorts of resources that may. Pure. */
#pragma once
#include <glib.h>

/* Tags of one resource, and of one request. */
#define VMM_TAGS_MAX 20

typedef enum
{
  VMM_TAG_NONE,
  VMM_TAG_INSTANCE,
  VMM_TAG_DISK,
  VMM_TAG_IMAGE,
  VMM_TAG_SNAPSHOT,
  VMM_TAG_GROUP,
  VMM_TAG_NIC,
  VMM_TAG_KEY_PAIR, /* its id is its name */
  VMM_TAG_POLICY,
  VMM_TAG_SNAPSHOT_GROUP,
  VMM_TAG_VPC,
  VMM_TAG_VSWITCH,
  VMM_TAG_EIP,
  VMM_TAG_NAT_GATEWAY,
  VMM_TAG_PREFIX_LIST,
  VMM_TAG_LAST
} VmmTagType;

/* "instance", "disk", … "VPC": on the wire and in the database; "" for NONE, and NULL at the end.
 */
extern const char *const vmm_tag_types[VMM_TAG_LAST + 1];
/* Static. */
const char *vmm_tag_type_to_string (VmmTagType type);
/* In any case; FALSE for what is none. */
gboolean vmm_tag_type_from_string (const char *text, VmmTagType *out);

typedef struct
{
  char *key, *value; /* value NULL in a filter: any */
} VmmTag;
VmmTag *vmm_tag_new (const char *key, const char *value);
void vmm_tag_free (VmmTag *tag);

/* Borrowed. */
typedef struct
{
  const VmmTag *items;
  gsize n;
} VmmTags;

/* 1 to 128 characters, not beginning with aliyun or acs: and without http:// and https://. */
gboolean vmm_tag_key_is_valid (const char *key);
/* At most 128 characters, not beginning with acs: and without http:// and https://. */
gboolean vmm_tag_value_is_valid (const char *value);

/* A resource and one of its tags. */
typedef struct
{
  char *id;
  VmmTagType type;
  VmmTag *tag;
} VmmTagRow;
void vmm_tag_row_free (VmmTagRow *row);

/* What to list; NULL, NONE or empty for all. */
typedef struct
{
  VmmTagType type;
  const char *const *ids;
  VmmTags tags; /* resources that have all of these */
} VmmTagQuery;

/* A tag, and how many resources of each sort have it. */
typedef struct
{
  VmmTag *tag;
  guint counts[VMM_TAG_LAST];
} VmmTagUse;
void vmm_tag_use_free (VmmTagUse *use);
