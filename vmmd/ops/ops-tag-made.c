/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of tags, and the tags of what a call makes. */
#include "config.h"

#include "ops-tag-made.h"
#include "store-tag.h"
#include "vmm-error.h"
#include <string.h>

gboolean
ops_tag_check (const VmmTags *tags, GError **error)
{
  for (gsize i = 0; i < tags->n; i++)
    {
      const VmmTag *tag = &tags->items[i];

      if (!vmm_tag_key_is_valid (tag->key))
        return vmm_fail (error, VMM_ERROR_TAG_KEY,
                         "a tag's key must be 1 to 128 characters, begin with neither aliyun nor "
                         "acs:, and not hold http:// or https://");
      if (tag->value != NULL && !vmm_tag_value_is_valid (tag->value))
        return vmm_fail (error, VMM_ERROR_TAG_VALUE,
                         "the value of tag '%s' must be at most 128 characters, not begin with "
                         "acs:, and not hold http:// or https://",
                         tag->key);
      for (gsize j = 0; j < i; j++)
        if (g_str_equal (tags->items[j].key, tag->key))
          return vmm_fail (error, VMM_ERROR_TAG_DUPLICATE, "the tag key '%s' is given twice",
                           tag->key);
    }
  return TRUE;
}

gboolean
ops_tag_put_all (StoreTxn *txn, const VmmCaller *caller, VmmTagType type, const char *id,
                 const VmmTags *tags, GError **error)
{
  guint count = 0;

  for (gsize i = 0; i < tags->n; i++)
    if (!store_tag_put (txn, caller->account_id, type, id, &tags->items[i], error))
      return FALSE;
  if (!store_tag_count (txn, caller->account_id, type, id, &count, error))
    return FALSE;
  if (count > VMM_TAGS_MAX)
    return vmm_fail (error, VMM_ERROR_TAG_QUOTA,
                     "%s '%s' would have %u tags, and %d are the most; remove some first",
                     vmm_tag_type_to_string (type), id, count, VMM_TAGS_MAX);
  return TRUE;
}

/* The ids that @answer begins with. That of a key pair is its name, which may hold anything. */
static char **
ids_of (VmmTagType type, const char *answer)
{
  const char *const name[] = { answer, NULL };
  g_autofree char *ids = g_strndup (answer, strcspn (answer, " "));

  return type == VMM_TAG_KEY_PAIR ? g_strdupv ((char **) name) : g_strsplit (ids, ",", -1);
}

gboolean
ops_tag_made (StoreTxn *txn, const VmmCaller *caller, const char *answer, GError **error)
{
  g_auto (GStrv) ids = ids_of (caller->tag_type, answer);

  if (caller->tags.n == 0)
    return TRUE;
  if (!ops_tag_check (&caller->tags, error))
    return FALSE;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!ops_tag_put_all (txn, caller, caller->tag_type, ids[i], &caller->tags, error)
        || (caller->tag_type == VMM_TAG_INSTANCE && !store_tag_spread (txn, ids[i], error)))
      return FALSE;
  return TRUE;
}
