/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping of texts for JSON, XML and URLs. */
#include "config.h"

#include "api-text.h"
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static const char hex[] = "0123456789ABCDEF";

/* The text itself when it is UTF-8, else a mended copy in @out_copy. */
static const char *
mend (const char *text, char **out_copy)
{
  if (g_utf8_validate (text, -1, NULL))
    return text;
  *out_copy = g_utf8_make_valid (text, -1);
  return *out_copy;
}

static gboolean
is_ascii (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if ((guchar) *p >= 0x80)
      return FALSE;
  return TRUE;
}

static void
append_json_escape (GString *out, guchar c)
{
  static const char short_forms[]
      = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

  g_string_append_c (out, '\\');
  if (c == '"' || c == '\\')
    g_string_append_c (out, (char) c);
  else if (c < sizeof short_forms && short_forms[c] != '\0')
    g_string_append_c (out, short_forms[c]);
  else
    {
      g_string_append (out, "u00");
      g_string_append_c (out, hex[c >> 4]);
      g_string_append_c (out, hex[c & 15]);
    }
}

void
api_text_append_json (GString *out, const char *text)
{
  g_autofree char *copy = NULL;
  const char *start, *p;

  if (!is_ascii (text))
    text = mend (text, &copy);
  g_string_append_c (out, '"');
  for (start = p = text; *p != '\0'; p++)
    if ((guchar) *p < 0x20 || *p == '"' || *p == '\\' || *p == 0x7f)
      {
        g_string_append_len (out, start, p - start);
        append_json_escape (out, (guchar) *p);
        start = p + 1;
      }
  g_string_append_len (out, start, p - start);
  g_string_append_c (out, '"');
}

static const char *
xml_escape (gunichar c)
{
  switch (c)
    {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\r':
      return "&#13;";
    case '\t':
    case '\n':
      return NULL;
    default:
      return c < 0x20 || c == 0xfffe || c == 0xffff ? REPLACEMENT : NULL;
    }
}

void
api_text_append_xml (GString *out, const char *text)
{
  g_autofree char *copy = NULL;
  const char *start, *p;

  if (!is_ascii (text))
    text = mend (text, &copy);
  for (start = p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      const char *escape = xml_escape (g_utf8_get_char (p));

      if (escape == NULL)
        continue;
      g_string_append_len (out, start, p - start);
      g_string_append (out, escape);
      start = g_utf8_next_char (p);
    }
  g_string_append_len (out, start, p - start);
}

void
api_text_append_percent (GString *out, const char *text)
{
  for (const guchar *p = (const guchar *) text; *p != '\0'; p++)
    if (g_ascii_isalnum (*p) || *p == '-' || *p == '_' || *p == '.' || *p == '~')
      g_string_append_c (out, (char) *p);
    else
      {
        g_string_append_c (out, '%');
        g_string_append_c (out, hex[*p >> 4]);
        g_string_append_c (out, hex[*p & 15]);
      }
}

char *
api_text_quote (const char *text, gsize max_bytes)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) strnlen (text, max_bytes + 4));
  GString *out = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      const char *next = g_utf8_next_char (p);

      if ((gsize) (next - valid) > max_bytes)
        {
          g_string_append (out, "…");
          break;
        }
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        g_string_append_c (out, '?');
      else
        g_string_append_len (out, p, next - p);
    }
  return g_string_free (out, FALSE);
}
