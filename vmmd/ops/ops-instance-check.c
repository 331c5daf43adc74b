/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field checks, and the deadlines of states. */
#include "config.h"

#include "ops-deadline.h"
#include "ops-instance-check.h"
#include "store-key-pair.h"
#include "vmm-error.h"
#include <string.h>

gboolean
ops_check_name (const char *name, GError **error)
{
  if (name == NULL || vmm_instance_name_is_valid (name))
    return TRUE;
  return vmm_fail (
      error, VMM_ERROR_INSTANCE_NAME_MALFORMED,
      "the InstanceName must be 2 to 128 characters, begin with a letter, and not with "
      "http:// or https://");
}

gboolean
ops_check_description (const char *text, GError **error)
{
  if (text == NULL || vmm_instance_description_is_valid (text))
    return TRUE;
  return vmm_fail (error, VMM_ERROR_DESCRIPTION_MALFORMED,
                   "the Description must be 2 to 256 characters and not begin with http:// or "
                   "https://");
}

gboolean
ops_check_host_name (const char *name, GError **error)
{
  if (name == NULL || vmm_instance_host_name_is_valid (name))
    return TRUE;
  return vmm_fail (
      error, VMM_ERROR_HOST_NAME_MALFORMED,
      "the HostName must be 2 to 64 letters, digits, '.' or '-', not all digits, with no "
      "'.' or '-' at an end or doubled");
}

/* g_base64_decode() skips what it does not know; a typing error must not pass. */
static gboolean
is_base64 (const char *text)
{
  gsize length = strlen (text), padding = 0;

  while (padding < 2 && length > padding && text[length - 1 - padding] == '=')
    padding++;
  for (gsize i = 0; i < length - padding; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return length % 4 == 0;
}

gboolean
ops_check_user_data (const char *base64, GError **error)
{
  if (base64 == NULL || *base64 == '\0')
    return TRUE;
  if (!is_base64 (base64))
    return vmm_fail (error, VMM_ERROR_USER_DATA_BASE64, "the UserData is not base64");
  if (strlen (base64) / 4 * 3 > VMM_USER_DATA_MAX_BYTES + 2)
    return vmm_fail (error, VMM_ERROR_USER_DATA_SIZE, "the UserData is larger than %u bytes",
                     VMM_USER_DATA_MAX_BYTES);
  return TRUE;
}

gboolean
ops_instance_fill_key (StoreTxn *txn, VmmInstance *instance, const char *key_pair, GError **error)
{
  g_autoptr (StoreKeyPair) pair = NULL;

  if (key_pair == NULL || *key_pair == '\0')
    return TRUE;
  pair = store_key_pair_get (txn, instance->account_id, key_pair, error);
  if (pair == NULL)
    return FALSE;
  g_free (instance->key_pair);
  g_free (instance->public_key);
  instance->key_pair = g_strdup (pair->name);
  instance->public_key = g_strdup (pair->public_key);
  return TRUE;
}

gint64
ops_deadline (VmmContext *ctx, VmmInstanceState state, gint64 now_ms)
{
  const VmmConfig *config = ctx->config;
  gint64 ms = 0;

  switch (vmm_instance_state_work (state))
    {
    case VMM_WORK_STAGE:
      ms = config->stage_s * 1000;
      break;
    case VMM_WORK_START:
      ms = config->start_s * 1000;
      break;
    case VMM_WORK_STOP:
    case VMM_WORK_REBOOT:
      ms = config->stop_s * 1000 + OPS_FORCE_GRACE_MS;
      break;
    case VMM_WORK_DELETE:
      ms = config->delete_s * 1000;
      break;
    case VMM_WORK_NONE:
      return 0;
    default:
      g_return_val_if_reached (0);
    }
  return now_ms + ms;
}
