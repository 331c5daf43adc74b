/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags. */
#include "config.h"

#include "vmm-tag.h"
#include <string.h>

#define LENGTH_MAX 128

const char *const vmm_tag_types[VMM_TAG_LAST + 1] = {
  [VMM_TAG_NONE] = "",
  [VMM_TAG_INSTANCE] = "instance",
  [VMM_TAG_DISK] = "disk",
  [VMM_TAG_IMAGE] = "image",
  [VMM_TAG_SNAPSHOT] = "snapshot",
  [VMM_TAG_GROUP] = "securitygroup",
  [VMM_TAG_NIC] = "eni",
  [VMM_TAG_KEY_PAIR] = "keypair",
  [VMM_TAG_POLICY] = "snapshotpolicy",
  [VMM_TAG_SNAPSHOT_GROUP] = "snapshotgroup",
  [VMM_TAG_VPC] = "VPC",
  [VMM_TAG_VSWITCH] = "VSWITCH",
  [VMM_TAG_EIP] = "EIP",
  [VMM_TAG_NAT_GATEWAY] = "NATGATEWAY",
  [VMM_TAG_PREFIX_LIST] = "prefixlist",
};

const char *
vmm_tag_type_to_string (VmmTagType type)
{
  return vmm_tag_types[type];
}

gboolean
vmm_tag_type_from_string (const char *text, VmmTagType *out)
{
  for (VmmTagType type = VMM_TAG_NONE + 1; type < VMM_TAG_LAST; type++)
    if (g_ascii_strcasecmp (vmm_tag_types[type], text) == 0)
      {
        *out = type;
        return TRUE;
      }
  return FALSE;
}

VmmTag *
vmm_tag_new (const char *key, const char *value)
{
  VmmTag *tag = g_new0 (VmmTag, 1);

  tag->key = g_strdup (key);
  tag->value = g_strdup (value);
  return tag;
}

void
vmm_tag_free (VmmTag *tag)
{
  if (tag == NULL)
    return;
  g_free (tag->key);
  g_free (tag->value);
  g_free (tag);
}

void
vmm_tag_row_free (VmmTagRow *row)
{
  if (row == NULL)
    return;
  g_free (row->id);
  vmm_tag_free (row->tag);
  g_free (row);
}

void
vmm_tag_use_free (VmmTagUse *use)
{
  vmm_tag_free (use->tag);
  g_free (use);
}

static gboolean
is_text (const char *text)
{
  if (g_utf8_strlen (text, -1) > LENGTH_MAX || strstr (text, "http://") != NULL
      || strstr (text, "https://") != NULL)
    return FALSE;
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (g_unichar_iscntrl (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

gboolean
vmm_tag_key_is_valid (const char *key)
{
  return *key != '\0' && is_text (key) && g_ascii_strncasecmp (key, "aliyun", 6) != 0
         && g_ascii_strncasecmp (key, "acs:", 4) != 0;
}

gboolean
vmm_tag_value_is_valid (const char *value)
{
  return is_text (value) && g_ascii_strncasecmp (value, "acs:", 4) != 0;
}
