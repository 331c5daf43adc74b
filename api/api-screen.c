/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line at a time: the two headers that say how a body is framed must be plain. */
#include "config.h"

#include "api-screen.h"
#include <string.h>

/* What stands behind the colon of the header @name, without blanks, in @line; NULL if it is another
 * line. */
static char *
value_of (char *line, const char *name)
{
  gsize length = strlen (name);

  if (strncmp (line, name, length) != 0 || line[length] != ':')
    return NULL;
  return g_strstrip (line + length + 1);
}

static gboolean
is_length (const char *value)
{
  gsize digits = strspn (value, "0123456789");

  return digits > 0 && digits < 19 && value[digits] == '\0';
}

static gboolean
is_plain (ApiScreen *screen)
{
  gboolean is_whole = screen->length < sizeof screen->line;
  const char *value;

  screen->line[MIN (screen->length, sizeof screen->line - 1)] = '\0';
  value = value_of (screen->line, "transfer-encoding");
  if (value != NULL)
    return is_whole && g_str_equal (value, "chunked");
  value = value_of (screen->line, "content-length");
  return value == NULL || (is_whole && is_length (value));
}

gboolean
api_screen_take (ApiScreen *screen, const char *bytes, gsize n)
{
  for (const char *p = bytes; p < bytes + n; p++)
    {
      if (*p == '\0' || (screen->length == 0 && (*p == ' ' || *p == '\t')))
        return FALSE;
      if (*p == '\n')
        {
          if (!is_plain (screen))
            return FALSE;
          screen->length = 0;
          continue;
        }
      if (screen->length < sizeof screen->line)
        screen->line[screen->length] = g_ascii_tolower (*p);
      screen->length++;
    }
  return TRUE;
}
