/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines on standard error (the journal reads the <N> prefix); fields come from the scope. */
#include "config.h"

#include "vmm-clock.h"
#include "vmm-log.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Thread_local VmmLogScope *innermost;
static GLogLevelFlags threshold = G_LOG_LEVEL_INFO;
static void (*line_writer) (GLogLevelFlags level, const char *text);

static const struct
{
  GLogLevelFlags level;
  const char *name;
  int syslog;
} levels[] = {
  { G_LOG_LEVEL_CRITICAL, "error", 3 },
  { G_LOG_LEVEL_WARNING, "warning", 4 },
  { G_LOG_LEVEL_INFO, "info", 6 },
  { G_LOG_LEVEL_DEBUG, "debug", 7 },
};

void
vmm_log_scope_push (VmmLogScope *scope)
{
  scope->outer = innermost;
  innermost = scope;
}

void
vmm_log_scope_pop (VmmLogScope *scope)
{
  innermost = scope->outer;
}

gboolean
vmm_log_set_level (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_strcmp0 (levels[i].name, name) == 0)
      {
        threshold = levels[i].level;
        return TRUE;
      }
  return FALSE;
}

void
vmm_log_set_writer (void (*writer) (GLogLevelFlags level, const char *text))
{
  line_writer = writer;
}

/* Control characters in a value could forge a second line. */
static void
append_clean (GString *line, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    g_string_append_c (line, (guchar) *p < 0x20 || *p == 0x7f ? ' ' : *p);
}

void
vmm_log (GLogLevelFlags level, const char *format, ...)
{
  g_autoptr (GString) line = NULL;
  g_autofree char *text = NULL;
  guint row = 0;
  va_list args;

  if (level > threshold)
    return;
  while (row + 1 < G_N_ELEMENTS (levels) && levels[row].level != level)
    row++;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_string_new (levels[row].name);
  g_string_append (line, ": ");
  append_clean (line, text);
  for (const VmmLogScope *s = innermost; s != NULL; s = s->outer)
    {
      g_string_append_printf (line, " %s=", s->field);
      append_clean (line, s->value != NULL ? s->value : "-");
    }
  if (line_writer != NULL)
    {
      line_writer (level, line->str);
      return;
    }
  if (g_getenv ("JOURNAL_STREAM") != NULL)
    fprintf (stderr, "<%d>%s\n", levels[row].syslog, line->str);
  else
    {
      g_autofree char *time = vmm_clock_format_second (vmm_clock_now_ms ());

      fprintf (stderr, "%s %s\n", time, line->str);
    }
}
