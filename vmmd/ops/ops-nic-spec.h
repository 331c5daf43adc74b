/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a new network interface. */
#pragma once
#include <glib.h>

/* As on the wire; NULL and 0 mean not given. */
typedef struct
{
  const char *vswitch_id, *primary_ip, *name, *description;
  const char *const *ips; /* secondary addresses, or else how many of them to choose */
  guint ip_count;
  const char *const *ips6; /* IPv6 addresses, or else how many of them to choose */
  guint ip6_count;
  const char *const *group_ids; /* default: the VPC's default group */
  gboolean delete_with_instance;
} OpsNicSpec;

/* One that an instance is born with beside its primary one. */
typedef struct
{
  const char *id;  /* of an Available one, for a single instance only; NULL for a new one */
  OpsNicSpec spec; /* of a new one; vswitch and groups default to the primary interface's */
} OpsInstanceNic;
