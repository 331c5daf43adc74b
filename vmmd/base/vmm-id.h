/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and checking ids such as i-0a…: a known prefix and 20 random characters. */
#pragma once
#include <glib.h>

/* Characters after the prefix. Twenty, because virtio-blk cuts a serial at twenty bytes and the
 * disk's serial is its id without the prefix. */
#define VMM_ID_RANDOM_LENGTH 20

typedef enum
{
  VMM_ID_INSTANCE,       /* i-    */
  VMM_ID_DISK,           /* d-    */
  VMM_ID_IMAGE,          /* m-    */
  VMM_ID_LAYER,          /* l-    ours, never on the wire */
  VMM_ID_SNAPSHOT,       /* s-    */
  VMM_ID_VPC,            /* vpc-  */
  VMM_ID_VSWITCH,        /* vsw-  */
  VMM_ID_GROUP,          /* sg-   */
  VMM_ID_RULE,           /* sgr-  */
  VMM_ID_NIC,            /* eni-  */
  VMM_ID_EVENT,          /* e-    */
  VMM_ID_ROUTER,         /* vrt-  */
  VMM_ID_ROUTE_TABLE,    /* vtb- */
  VMM_ID_ROUTE,          /* rte-  */
  VMM_ID_PREFIX_LIST,    /* pl-   */
  VMM_ID_SNAPSHOT_GROUP, /* ssg- */
  VMM_ID_POLICY,         /* sp-  of automatic snapshots */
  VMM_ID_TASK,           /* t-  */
  VMM_ID_EIP,            /* eip-  */
  VMM_ID_NAT_GATEWAY,    /* ngw-  */
  VMM_ID_SNAT_TABLE,     /* stb-  */
  VMM_ID_SNAT,           /* snat- */
  VMM_ID_FORWARD_TABLE,  /* ftb-  */
  VMM_ID_FORWARD,        /* fwd-  */
  VMM_ID_HOST,           /* h-    ours, never on the wire */
  VMM_ID_LAST
} VmmIdKind;

/* A new random id; the caller frees it. 20 characters of [0-9a-z]: about 103 bits from the
 * kernel's generator. Any thread. */
char *vmm_id_new (VmmIdKind kind);
/* Whether @id has the form of a @kind. Says nothing about a row behind it. */
gboolean vmm_id_is (VmmIdKind kind, const char *id);
/* The kind an id's prefix tells, or VMM_ID_LAST. */
VmmIdKind vmm_id_kind (const char *id);
/* The prefix with its hyphen. Static. */
const char *vmm_id_prefix (VmmIdKind kind);
/* A new upper-case UUID as ECS writes request ids; the caller frees it. */
char *vmm_id_request (void);
