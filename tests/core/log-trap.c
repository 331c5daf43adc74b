/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines come from any thread, cmocka fails on the test's own only: so they are kept and looked at.
 */
#include "log-trap.h"
#include "core-test.h"
#include "vmm-log.h"

static GMutex lock; /* guards all below */
static GPtrArray *lines, *warnings, *expected, *allowed;

static void
note (GLogLevelFlags level, const char *text)
{
  g_mutex_lock (&lock);
  g_ptr_array_add (lines, g_strdup (text));
  if (level <= G_LOG_LEVEL_WARNING)
    g_ptr_array_add (warnings, g_strdup (text));
  g_mutex_unlock (&lock);
}

static void
renew (GPtrArray **array)
{
  g_clear_pointer (array, g_ptr_array_unref);
  *array = g_ptr_array_new_with_free_func (g_free);
}

void
log_trap_install (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  g_mutex_lock (&lock);
  renew (&lines);
  renew (&warnings);
  renew (&expected);
  renew (&allowed);
  g_mutex_unlock (&lock);
  vmm_log_set_level ("debug");
  vmm_log_set_writer (note);
}

static void
add (GPtrArray *array, const char *glob)
{
  g_mutex_lock (&lock);
  g_ptr_array_add (array, g_strdup (glob));
  g_mutex_unlock (&lock);
}

void
log_trap_expect (const char *glob)
{
  add (expected, glob);
}

void
log_trap_allow (const char *glob)
{
  add (allowed, glob);
}

static guint
count_in (GPtrArray *texts, const char *glob)
{
  guint count = 0;

  for (guint i = 0; i < texts->len; i++)
    count += g_pattern_match_simple (glob, g_ptr_array_index (texts, i)) ? 1 : 0;
  return count;
}

guint
log_trap_count (const char *glob)
{
  guint count;

  g_mutex_lock (&lock);
  count = count_in (lines, glob);
  g_mutex_unlock (&lock);
  return count;
}

static gboolean
is_like_one_of (GPtrArray *globs, const char *text)
{
  for (guint i = 0; i < globs->len; i++)
    if (g_pattern_match_simple (g_ptr_array_index (globs, i), text))
      return TRUE;
  return FALSE;
}

/* What is wrong with the log so far, or NULL. */
static char *
complaint (void)
{
  for (guint i = 0; i < warnings->len; i++)
    {
      const char *text = g_ptr_array_index (warnings, i);

      if (!is_like_one_of (expected, text) && !is_like_one_of (allowed, text))
        return g_strdup_printf ("unexpected in the log: %s", text);
    }
  for (guint i = 0; i < expected->len; i++)
    if (count_in (warnings, g_ptr_array_index (expected, i)) == 0)
      return g_strdup_printf ("never in the log: %s",
                              (const char *) g_ptr_array_index (expected, i));
  return NULL;
}

void
log_trap_check (void)
{
  g_autofree char *text = NULL;

  if (lines == NULL)
    return;
  vmm_log_set_writer (NULL);
  g_mutex_lock (&lock);
  text = complaint ();
  g_clear_pointer (&lines, g_ptr_array_unref);
  g_clear_pointer (&warnings, g_ptr_array_unref);
  g_clear_pointer (&expected, g_ptr_array_unref);
  g_clear_pointer (&allowed, g_ptr_array_unref);
  g_mutex_unlock (&lock);
  if (text != NULL)
    fail_msg ("%s", text);
}
