/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes the parameters of a request. Not left to a library's form decoder: those drop names
 * without '=', keep the last of two equal names and let bad escapes pass, and a signature must be
 * computed over exactly what is used. */
#include "config.h"

#include "api-query.h"
#include "api-text.h"
#include "vmm-error.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  char *text;
  gsize length;
} Block;

struct ApiQuery
{
  GArray *items;  /* ApiQueryItem, pointing into the blocks */
  GArray *blocks; /* Block: one decoded copy for each text added */
};

ApiQuery *
api_query_new (void)
{
  ApiQuery *query = g_new0 (ApiQuery, 1);

  query->items = g_array_new (FALSE, FALSE, sizeof (ApiQueryItem));
  query->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  return query;
}

void
api_query_free (ApiQuery *query)
{
  for (guint i = 0; i < query->blocks->len; i++)
    {
      Block *block = &g_array_index (query->blocks, Block, i);

      /* A password may be among the parameters. */
      sodium_memzero (block->text, block->length);
      g_free (block->text);
    }
  g_array_unref (query->items);
  g_array_unref (query->blocks);
  g_free (query);
}

/* Decodes [@in, @end) to @out and ends it with NUL; NULL for a bad escape or a NUL inside. Returns
 * the place behind the NUL. */
static char *
decode (const char *in, const char *end, char *out)
{
  for (; in < end; in++)
    {
      int c = (guchar) *in;

      if (c == '+')
        c = ' ';
      else if (c == '%')
        {
          int high = end - in > 2 ? g_ascii_xdigit_value (in[1]) : -1;
          int low = end - in > 2 ? g_ascii_xdigit_value (in[2]) : -1;

          if (high < 0 || low < 0)
            return NULL;
          c = high << 4 | low;
          in += 2;
        }
      if (c == '\0')
        return NULL;
      *out++ = (char) c;
    }
  *out++ = '\0';
  return out;
}

static gboolean
add_pair (ApiQuery *query, const char *start, const char *end, char **out, gboolean is_from_body,
          GError **error)
{
  const char *equals = memchr (start, '=', (gsize) (end - start));
  ApiQueryItem item = { .name = *out, .is_from_body = is_from_body };
  char *value, *next;

  if (query->items->len >= API_QUERY_MAX_PARAMS)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "the request has more than %d parameters",
                     API_QUERY_MAX_PARAMS);
  next = value = decode (start, equals != NULL ? equals : end, *out);
  if (value != NULL && equals != NULL)
    next = decode (equals + 1, end, value);
  else if (value != NULL)
    value--; /* the NUL of the name is the empty value */
  if (next == NULL)
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                     "parameter %u has a malformed %%-escape or a NUL", query->items->len + 1);
  item.value = value;
  if (!g_utf8_validate (item.name, -1, NULL) || !g_utf8_validate (item.value, -1, NULL))
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "parameter %u is not UTF-8",
                     query->items->len + 1);
  if (item.name[0] == '\0')
    return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER, "parameter %u has no name",
                     query->items->len + 1);
  *out = next;
  g_array_append_val (query->items, item);
  return TRUE;
}

gboolean
api_query_add (ApiQuery *query, const char *text, gsize length, gboolean is_from_body,
               GError **error)
{
  const char *end = text + length, *start = text;
  /* Decoding never lengthens: one NUL takes the place of '=', another of '&' or of the end. */
  Block block = { g_malloc0 (length + 1), length + 1 };
  char *out = block.text;

  g_array_append_val (query->blocks, block);
  while (start < end)
    {
      const char *stop = memchr (start, '&', (gsize) (end - start));

      if (stop == NULL)
        stop = end;
      if (stop > start && !add_pair (query, start, stop, &out, is_from_body, error))
        return FALSE;
      start = stop + 1;
    }
  return TRUE;
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  return g_ascii_strcasecmp (((const ApiQueryItem *) a)->name, ((const ApiQueryItem *) b)->name);
}

gboolean
api_query_seal (ApiQuery *query, GError **error)
{
  g_array_sort (query->items, compare_items);
  for (guint i = 1; i < query->items->len; i++)
    {
      const ApiQueryItem *item = &g_array_index (query->items, ApiQueryItem, i);

      if (compare_items (item - 1, item) == 0)
        {
          g_autofree char *name = api_text_quote (item->name, 64);

          return vmm_fail (error, VMM_ERROR_INVALID_PARAMETER,
                           "parameter '%s' is given more than once", name);
        }
    }
  return TRUE;
}

const char *
api_query_get (const ApiQuery *query, const char *name)
{
  ApiQueryItem key = { .name = name };
  const ApiQueryItem *found = NULL;

  if (query->items->len > 0)
    found = bsearch (&key, query->items->data, query->items->len, sizeof key, compare_items);
  return found != NULL ? found->value : NULL;
}

const ApiQueryItem *
api_query_items (const ApiQuery *query, gsize *out_n)
{
  *out_n = query->items->len;
  return (const ApiQueryItem *) (gconstpointer) query->items->data;
}

gsize
api_query_find_prefix (const ApiQuery *query, const char *prefix, gsize *out_first)
{
  gsize length = strlen (prefix), low = 0, high = query->items->len, last;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      const ApiQueryItem *item = &g_array_index (query->items, ApiQueryItem, middle);

      if (g_ascii_strncasecmp (item->name, prefix, length) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  *out_first = last = low;
  while (
      last < query->items->len
      && g_ascii_strncasecmp (g_array_index (query->items, ApiQueryItem, last).name, prefix, length)
             == 0)
    last++;
  return last - low;
}
