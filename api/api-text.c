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

/* How a byte is written in JSON: 0 as it is, 'u' as \u00XX, else behind a backslash; '8' for one of
 * several bytes of a character. */
static const char json_forms[256] = {
  [0x01 ... 0x07] = 'u', ['\b'] = 'b',  ['\t'] = 't', ['\n'] = 'n',
  [0x0b] = 'u',          ['\f'] = 'f',  ['\r'] = 'r', [0x0e ... 0x1f] = 'u',
  ['"'] = '"',           ['\\'] = '\\', [0x7f] = 'u', [0x80 ... 0xff] = '8',
};

char *
api_text_grow (GString *out, gsize n)
{
  gsize length = out->len;

  g_string_set_size (out, MAX (length + n, 2 * length));
  out->len = length;
  return out->str + length;
}

static gboolean
is_ascii (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if ((guchar) *p >= 0x80)
      return FALSE;
  return TRUE;
}

static char *
put_json_escape (char *to, guchar c, char form)
{
  *to++ = '\\';
  *to++ = form;
  if (form == 'u')
    {
      *to++ = '0';
      *to++ = '0';
      *to++ = hex[c >> 4];
      *to++ = hex[c & 15];
    }
  return to;
}

/* The slow way: something must be escaped or is not ASCII. @text is UTF-8. */
static char *
put_json (char *to, const char *text)
{
  for (; *text != '\0'; text++)
    {
      char form = json_forms[(guchar) *text];

      if (form == '\0' || form == '8')
        *to++ = *text;
      else
        to = put_json_escape (to, (guchar) *text, form);
    }
  return to;
}

void
api_text_append_json (GString *out, const char *text)
{
  g_autofree char *copy = NULL;
  const char *p = text;
  gsize length;
  char *to;

  while (*p != '\0' && json_forms[(guchar) *p] == '\0')
    p++;
  length = (gsize) (p - text);
  if (*p == '\0')
    {
      to = api_text_reserve (out, length + 2);
      *to++ = '"';
      memcpy (to, text, length);
      to += length;
    }
  else
    {
      text = mend (text, &copy);
      to = api_text_reserve (out, 6 * strlen (text) + 2);
      *to++ = '"';
      to = put_json (to, text);
    }
  *to++ = '"';
  api_text_commit (out, to);
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

static const gboolean is_unreserved[256] = {
  ['0' ... '9'] = TRUE, ['A' ... 'Z'] = TRUE, ['a' ... 'z'] = TRUE, ['-'] = TRUE,
  ['_'] = TRUE,         ['.'] = TRUE,         ['~'] = TRUE,
};

void
api_text_append_percent (GString *out, const char *text)
{
  char *to = api_text_reserve (out, 3 * strlen (text));

  for (const guchar *p = (const guchar *) text; *p != '\0'; p++)
    if (is_unreserved[*p])
      *to++ = (char) *p;
    else
      {
        *to++ = '%';
        *to++ = hex[*p >> 4];
        *to++ = hex[*p & 15];
      }
  api_text_commit (out, to);
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
