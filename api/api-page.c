/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters that many rows share: pages and tags. */
#include "config.h"

#include "api-action.h"

const ApiParam api_tag_params[2] = {
  API_STR (ApiTag, key, "Key", .flags = API_REQUIRED, .max_length = 512, .doc = "The tag's key."),
  API_STR (ApiTag, value, "Value", .flags = API_EMPTY_OK, .max_length = 512,
           .doc = "The tag's value."),
};

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
