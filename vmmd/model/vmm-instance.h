/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance as it stands in the database, and the rules its fields obey. */
#pragma once
#include "vmm-instance-state.h"
#include "vmm-nic.h"

#define VMM_USER_DATA_MAX_BYTES 32768 /* before encoding */

typedef struct
{
  char *id, *account_id, *host_id;
  char *uuid; /* the domain's */
  VmmInstanceState state;
  char *name, *description, *host_name;
  char *image_id, *type, *zone_id;
  guint vcpus, memory_mib;
  char *user_data;   /* base64, "" when there is none */
  char *key_pair;    /* name, "" when there is none */
  char *public_key;  /* OpenSSH line, "" when there is none */
  char *charge_type; /* of its bandwidth, as on the wire */
  /* Of what its interfaces exchange with the outside; 0 for no bound. */
  guint bandwidth_in_mbit, bandwidth_out_mbit;
  gboolean deletion_protection;
  gboolean boot_when_staged;     /* RunInstances, not CreateInstance */
  gboolean force;                /* the stop, reboot or delete under way cuts the power */
  gboolean restart_on_crash;     /* ActionOnMaintenance AutoRecover */
  gint64 created_ms, started_ms; /* started_ms 0 until the first start */
  gint64 deadline_ms;            /* of the transitional state; 0 in a stable one */
  char *reason;                  /* why it is in this state, for its owner; "" when as asked */
  GPtrArray *nics;               /* VmmNic*, the primary one first; NULL when not loaded */
} VmmInstance;

void vmm_instance_free (VmmInstance *instance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmInstance, vmm_instance_free)

/* 2-128 characters, begins with a letter (any script), no http:// or https://. */
gboolean vmm_instance_name_is_valid (const char *name);
/* 2-64 characters of [A-Za-z0-9.-], no leading, trailing or doubled '.' or '-', not all digits. */
gboolean vmm_instance_host_name_is_valid (const char *name);
/* Empty, or 2-256 characters, no http:// or https:// in front. */
gboolean vmm_instance_description_is_valid (const char *text);
/* 8-30 characters of three of the four classes. */
gboolean vmm_instance_password_is_valid (const char *password);
