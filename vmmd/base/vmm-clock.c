/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wall clock and the two time formats of the API. */
#include "config.h"

#include "vmm-clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

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
put_number (char *to, int value, int digits)
{
  for (int i = digits - 1; i >= 0; i--, value /= 10)
    to[i] = (char) ('0' + value % 10);
  return to + digits;
}

/* By hand, because a list of instances carries dozens of times and GDateTime takes microseconds
 * over each. */
static char *
format_time (gint64 ms, gboolean has_seconds)
{
  time_t seconds = ms / 1000;
  struct tm tm;
  char *text, *to;

  if (ms == 0 || gmtime_r (&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099)
    return g_strdup ("");
  to = text = g_malloc (sizeof "2026-01-02T03:04:05Z");
  to = put_number (to, tm.tm_year + 1900, 4);
  *to++ = '-';
  to = put_number (to, tm.tm_mon + 1, 2);
  *to++ = '-';
  to = put_number (to, tm.tm_mday, 2);
  *to++ = 'T';
  to = put_number (to, tm.tm_hour, 2);
  *to++ = ':';
  to = put_number (to, tm.tm_min, 2);
  if (has_seconds)
    {
      *to++ = ':';
      to = put_number (to, tm.tm_sec, 2);
    }
  *to++ = 'Z';
  *to = '\0';
  return text;
}

char *
vmm_clock_format_minute (gint64 ms)
{
  return format_time (ms, FALSE);
}

char *
vmm_clock_format_second (gint64 ms)
{
  return format_time (ms, TRUE);
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
