/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forms a text parameter can be required to have. A resource may define its own beside its rows. */
#pragma once
#include <glib.h>

typedef struct
{
  const char *name; /* for the reference: "instance id" */
  /* Whether @value has the form; only called with valid UTF-8 within max_length. Pure. */
  gboolean (*check) (const char *value);
  const char *good, *bad; /* a value of either sort, for the reference and the tests */
} ApiFormat;

extern const ApiFormat api_format_instance_id, api_format_disk_id, api_format_image_id,
    api_format_snapshot_id, api_format_vpc_id, api_format_vswitch_id, api_format_group_id,
    api_format_task_id, api_format_rule_id, api_format_nic_id, api_format_eip_id,
    api_format_nat_gateway_id, api_format_policy_id, api_format_snapshot_group_id;
/* "2026-01-02T03:04:05Z" or without seconds. */
extern const ApiFormat api_format_time;
/* A dotted IPv4 address; the same with a prefix length (bits below it must be 0). */
extern const ApiFormat api_format_ipv4, api_format_ipv4_cidr;
/* Printable ASCII without blanks, as in a ClientToken. */
extern const ApiFormat api_format_token;
/* No control characters: for names and descriptions on which no stricter rule stands. */
extern const ApiFormat api_format_line;
