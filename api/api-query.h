/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of a request, decoded from query and form body. Immutable once sealed; one
 * thread while it is filled. */
#pragma once
#include <glib.h>

/* More parameters than this in one request are refused; the largest real ones have about 200. */
#define API_QUERY_MAX_PARAMS 1000

typedef struct ApiQuery ApiQuery;
typedef struct
{
  const char *name, *value; /* decoded, UTF-8 */
  gboolean is_from_body;
} ApiQueryItem;

/* Empty and unsealed. */
ApiQuery *api_query_new (void);
/* Wipes and frees. */
void api_query_free (ApiQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ApiQuery, api_query_free)

/* Adds what stands in @text, "a=1&b=2" with %-escapes and '+' for a blank. A name without '=' has
 * an empty value. VMM_ERROR_INVALID_PARAMETER for a bad escape, a NUL, text that is no UTF-8 and
 * too many parameters. */
gboolean api_query_add (ApiQuery *query, const char *text, gsize length, gboolean is_from_body,
                        GError **error);
/* Ends the filling. VMM_ERROR_INVALID_PARAMETER if a name occurs twice, in whatever case: what is
 * signed and what is used could differ. */
gboolean api_query_seal (ApiQuery *query, GError **error);

/* The value of the parameter of that name in any case; NULL when absent. Borrowed. */
const char *api_query_get (const ApiQuery *query, const char *name);
/* All parameters, sorted by name without regard to case. Borrowed. */
const ApiQueryItem *api_query_items (const ApiQuery *query, gsize *out_n);
/* The first item whose name begins with @prefix in any case is at *@out_first; returns how many
 * follow each other from there. */
gsize api_query_find_prefix (const ApiQuery *query, const char *prefix, gsize *out_first);
