/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of text that several resources share. */
#include "config.h"

#include "api-format.h"
#include "vmm-clock.h"
#include "vmm-id.h"
#include "vmm-nic.h"
#include <string.h>

#define ID_FORMAT(noun, kind, label, sample)                                                       \
  static gboolean is_##noun##_id (const char *value) { return vmm_id_is (kind, value); }           \
  const ApiFormat api_format_##noun##_id = { label, is_##noun##_id, sample, "../etc/passwd" }

ID_FORMAT (instance, VMM_ID_INSTANCE, "instance id", "i-0123456789abcdefghij");
ID_FORMAT (disk, VMM_ID_DISK, "disk id", "d-0123456789abcdefghij");
ID_FORMAT (image, VMM_ID_IMAGE, "image id", "m-0123456789abcdefghij");
ID_FORMAT (snapshot, VMM_ID_SNAPSHOT, "snapshot id", "s-0123456789abcdefghij");
ID_FORMAT (vpc, VMM_ID_VPC, "VPC id", "vpc-0123456789abcdefghij");
ID_FORMAT (vswitch, VMM_ID_VSWITCH, "vswitch id", "vsw-0123456789abcdefghij");
ID_FORMAT (group, VMM_ID_GROUP, "security group id", "sg-0123456789abcdefghij");
ID_FORMAT (rule, VMM_ID_RULE, "security group rule id", "sgr-0123456789abcdefghij");
ID_FORMAT (task, VMM_ID_TASK, "task id", "t-0123456789abcdefghij");
ID_FORMAT (nic, VMM_ID_NIC, "network interface id", "eni-0123456789abcdefghij");

ID_FORMAT (eip, VMM_ID_EIP, "id of an elastic address", "eip-0123456789abcdefghij");
ID_FORMAT (policy, VMM_ID_POLICY, "id of an automatic snapshot policy", "sp-0123456789abcdefghij");
ID_FORMAT (snapshot_group, VMM_ID_SNAPSHOT_GROUP, "snapshot group id", "ssg-0123456789abcdefghij");
ID_FORMAT (nat_gateway, VMM_ID_NAT_GATEWAY, "NAT gateway id", "ngw-0123456789abcdefghij");

static gboolean
is_time (const char *value)
{
  gint64 ms;

  return vmm_clock_parse (value, &ms);
}

const ApiFormat api_format_time
    = { "time", is_time, "2026-01-02T03:04:05Z", "2026-01-02 03:04:05" };

static gboolean
is_ipv4 (const char *value)
{
  guint32 address;

  return vmm_address_parse (value, &address);
}

const ApiFormat api_format_ipv4 = { "IPv4 address", is_ipv4, "172.16.0.10", "172.16.0.256" };

static gboolean
is_ipv4_cidr (const char *value)
{
  VmmRange range;

  return vmm_range_parse (value, &range);
}

const ApiFormat api_format_ipv4_cidr
    = { "IPv4 range", is_ipv4_cidr, "172.16.0.0/24", "172.16.0.1/24" };

static gboolean
is_token (const char *value)
{
  if (*value == '\0')
    return FALSE;
  for (; *value != '\0'; value++)
    if (!g_ascii_isgraph (*value))
      return FALSE;
  return TRUE;
}

const ApiFormat api_format_token
    = { "token of printable ASCII", is_token, "c4b1e9a0", "two words" };

static gboolean
is_line (const char *value)
{
  for (; *value != '\0'; value = g_utf8_next_char (value))
    if (g_unichar_iscntrl (g_utf8_get_char (value)))
      return FALSE;
  return TRUE;
}

const ApiFormat api_format_line
    = { "text without control characters", is_line, "a text", "two\nlines" };
