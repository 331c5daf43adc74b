/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fields of an instance or image may hold. */
#include "config.h"

#include "vmm-disk.h"
#include "vmm-instance.h"
#include <string.h>

static gboolean
has_url_prefix (const char *text)
{
  return g_ascii_strncasecmp (text, "http://", 7) == 0
         || g_ascii_strncasecmp (text, "https://", 8) == 0;
}

/* Valid UTF-8 of so many characters and none of control: a name ends up in logs and tables. */
static gboolean
is_plain_text (const char *text, glong min, glong max)
{
  glong length;

  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  length = g_utf8_strlen (text, -1);
  if (length < min || length > max)
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static gboolean
is_name (const char *name)
{
  return is_plain_text (name, 2, 128) && g_unichar_isalpha (g_utf8_get_char (name))
         && !has_url_prefix (name);
}

gboolean
vmm_instance_name_is_valid (const char *name)
{
  return is_name (name);
}

gboolean
vmm_disk_name_is_valid (const char *name)
{
  return is_name (name);
}

gboolean
vmm_image_name_is_valid (const char *name)
{
  return is_name (name) && g_ascii_strncasecmp (name, "aliyun", 6) != 0
         && g_ascii_strncasecmp (name, "acs:", 4) != 0;
}

gboolean
vmm_instance_description_is_valid (const char *text)
{
  return *text == '\0' || (is_plain_text (text, 2, 256) && !has_url_prefix (text));
}

gboolean
vmm_instance_host_name_is_valid (const char *name)
{
  gsize length = strlen (name);
  gboolean all_digits = TRUE;

  if (length < 2 || length > 64)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      gboolean is_joint = name[i] == '.' || name[i] == '-';

      if (!g_ascii_isalnum (name[i]) && !is_joint)
        return FALSE;
      if (is_joint && (i == 0 || i == length - 1 || name[i + 1] == '.' || name[i + 1] == '-'))
        return FALSE;
      if (!g_ascii_isdigit (name[i]))
        all_digits = FALSE;
    }
  return !all_digits;
}

gboolean
vmm_instance_password_is_valid (const char *password)
{
  static const char special[] = "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/";
  guint upper = 0, lower = 0, digit = 0, other = 0;
  gsize length = strlen (password);

  if (length < 8 || length > 30)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (g_ascii_isupper (password[i]))
      upper = 1;
    else if (g_ascii_islower (password[i]))
      lower = 1;
    else if (g_ascii_isdigit (password[i]))
      digit = 1;
    else if (strchr (special, password[i]) != NULL)
      other = 1;
    else
      return FALSE;
  return upper + lower + digit + other >= 3;
}

VMM_ENUM_IMPL (VmmSnapshotState, vmm_snapshot_state, VMM_SNAPSHOT_STATE_LAST, "progressing",
               "accomplished", "failed")
VMM_ENUM_IMPL (VmmConsistency, vmm_consistency, VMM_CONSISTENCY_LAST, "unknown", "freezing",
               "crash", "frozen", "off")
VMM_ENUM_IMPL (VmmImageSource, vmm_image_source, VMM_IMAGE_SOURCE_LAST, "import", "instance",
               "snapshots", "copy")
VMM_ENUM_IMPL (VmmImageState, vmm_image_state, VMM_IMAGE_STATE_LAST, "creating", "available",
               "deprecated", "failed", "deleting")

const char *
vmm_image_state_wire (VmmImageState state)
{
  static const char *const wire[] = {
    [VMM_IMAGE_CREATING] = "Creating",     [VMM_IMAGE_AVAILABLE] = "Available",
    [VMM_IMAGE_DEPRECATED] = "Deprecated", [VMM_IMAGE_FAILED] = "CreateFailed",
    [VMM_IMAGE_DELETING] = "UnAvailable",
  };

  g_return_val_if_fail ((guint) state < VMM_IMAGE_STATE_LAST, "UnAvailable");
  return wire[state];
}

gboolean
vmm_image_state_is_usable (VmmImageState state)
{
  return state == VMM_IMAGE_AVAILABLE || state == VMM_IMAGE_DEPRECATED;
}
