/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wall clock and the two time formats of the API. */
#include "config.h"

#include "vmm-clock.h"
#include <stdio.h>
#include <string.h>

static gint64
real_now_ms (void)
{
  return g_get_real_time () / 1000;
}

static gint64 (*now) (void) = real_now_ms;

gint64
vmm_clock_now_ms (void)
{
  return now ();
}

void
vmm_clock_replace (gint64 (*now_ms) (void))
{
  now = now_ms != NULL ? now_ms : real_now_ms;
}

static char *
format_time (gint64 ms, const char *format)
{
  g_autoptr (GDateTime) time = NULL;

  if (ms == 0)
    return g_strdup ("");
  time = g_date_time_new_from_unix_utc (ms / 1000);
  return time != NULL ? g_date_time_format (time, format) : g_strdup ("");
}

char *
vmm_clock_format_minute (gint64 ms)
{
  return format_time (ms, "%Y-%m-%dT%H:%MZ");
}

char *
vmm_clock_format_second (gint64 ms)
{
  return format_time (ms, "%Y-%m-%dT%H:%M:%SZ");
}

gboolean
vmm_clock_parse (const char *text, gint64 *out_ms)
{
  g_autoptr (GDateTime) time = NULL;
  const char *form = "dddd-dd-ddTdd:dd:ddZ";
  gboolean has_seconds = text != NULL && strlen (text) == 20;
  int f[6] = { 0 };

  if (text == NULL || (!has_seconds && strlen (text) != 17))
    return FALSE;
  for (guint i = 0; text[i] != '\0'; i++)
    {
      char want = !has_seconds && i == 16 ? 'Z' : form[i];

      if (want == 'd' ? !g_ascii_isdigit (text[i]) : text[i] != want)
        return FALSE;
    }
  if (sscanf (text, "%4d-%2d-%2dT%2d:%2d:%2d", &f[0], &f[1], &f[2], &f[3], &f[4], &f[5]) < 5)
    return FALSE;
  time = g_date_time_new_utc (f[0], f[1], f[2], f[3], f[4], f[5]);
  if (time == NULL)
    return FALSE;
  *out_ms = g_date_time_to_unix (time) * 1000;
  return TRUE;
}
