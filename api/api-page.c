/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters that many rows share: pages and tags. */
#include "config.h"

#include "api-action.h"

const ApiParam api_tag_params[2] = {
  API_STR (ApiTag, key, "Key", .flags = API_REQUIRED, .max_length = 512, .doc = "The tag's key."),
  API_STR (ApiTag, value, "Value", .flags = API_EMPTY_OK, .max_length = 512,
           .doc = "The tag's value."),
};

static const ApiFormat format_tag_key
    = { "tag key", vmm_tag_key_is_valid, .good = "team", .bad = "acs:team" };
static const ApiFormat format_tag_value
    = { "tag value", vmm_tag_value_is_valid, .good = "shop", .bad = "http://x" };

const ApiParam api_new_tag_params[2] = {
  API_STR (ApiTag, key, "Key", .flags = API_REQUIRED, .max_length = 512, .format = &format_tag_key,
           .error = VMM_ERROR_TAG_KEY, .doc = "The tag's key."),
  API_STR (ApiTag, value, "Value", .flags = API_EMPTY_OK, .max_length = 512,
           .format = &format_tag_value, .error = VMM_ERROR_TAG_VALUE, .doc = "The tag's value."),
};

VmmTags
api_tags_get (const GArray *tags)
{
  VmmTags out = { (const VmmTag *) (gconstpointer) tags->data, tags->len };

  return out;
}

VmmPage
api_page_get (const ApiPage *page)
{
  VmmPage out = { .number = (guint) page->number,
                  .size = (guint) page->size,
                  .max_results = (guint) page->max_results,
                  .next_token = page->next_token };

  /* A token alone goes on in steps of the default page. */
  if (page->next_token != NULL && page->max_results == 0)
    out.max_results = 10;
  return out;
}

void
api_reply_page (ApiReply *reply, const ApiPage *page, const VmmPageInfo *info)
{
  gboolean is_new_style = page->max_results > 0 || page->next_token != NULL;

  api_reply_int (reply, "TotalCount", info->total);
  api_reply_int (reply, "PageNumber", page->number);
  api_reply_int (reply, "PageSize", page->size);
  if (is_new_style)
    api_reply_string (reply, "NextToken", info->next_token);
}
