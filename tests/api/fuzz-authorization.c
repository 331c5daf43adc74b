/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: any text as an Authorization header, and the canonical request of what it says. */
#include "config.h"

#include "api-sign.h"
#include "fuzz.h"
#include "vmm-error.h"
#include <string.h>

static const char *
header_of (gpointer data, const char *name)
{
  return data;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (ApiSignV3) sign = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (ApiQuery) query = api_query_new ();
  g_autoptr (GString) canonical = NULL;

  if (!api_sign_v3_parse (text, &sign, &error))
    {
      g_assert_true (error->domain == VMM_ERROR);
      g_assert_true (error->code == VMM_ERROR_INCOMPLETE_SIGNATURE && sign.key_id == NULL);
      return 0;
    }
  if (!api_query_add (query, text, strlen (text), FALSE, NULL) || !api_query_seal (query, NULL))
    return 0;
  canonical = api_sign_v3_request ("POST", "/", query, &sign, header_of, text, "hash");
  g_assert_true (g_str_has_prefix (canonical->str, "POST\n/\n"));
  g_assert_true (g_str_has_suffix (canonical->str, "\nhash"));
  return 0;
}
