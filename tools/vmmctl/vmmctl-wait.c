/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks, and asks again a little later, up to a deadline. */
#include "vmmctl-wait.h"
#include "vmmctl-args.h"
#include "vmmctl-error.h"
#include "vmmctl-json.h"
#include "vmmctl-print.h"
#include <stdlib.h>

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 1000

static gboolean
stop_loop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
pause_ms (guint ms)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_timeout_add (ms, stop_loop, loop);
  g_main_loop_run (loop);
}

static gboolean
contains (JsonObject *how, const char *member, const char *text)
{
  JsonArray *array = json_object_get_array_member (how, member);

  for (guint i = 0; i < json_array_get_length (array); i++)
    if (g_strcmp0 (json_array_get_string_element (array, i), text) == 0)
      return TRUE;
  return FALSE;
}

/* What the server says of @id: an object, or NULL in @out_row when there is none. */
static gboolean
look (VmmctlServer *server, const VmmctlAction *action, JsonObject *how, const char *id,
      JsonNode **out_answer, JsonObject **out_row, GError **error)
{
  g_autoptr (GHashTable) params = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  JsonObject *fixed
      = json_object_has_member (how, "fixed") ? json_object_get_object_member (how, "fixed") : NULL;
  g_autoptr (GList) names = fixed != NULL ? json_object_get_members (fixed) : NULL;
  JsonArray *rows;

  for (GList *l = names; l != NULL; l = l->next)
    g_hash_table_replace (params, g_strdup (l->data),
                          g_strdup (json_object_get_string_member (fixed, l->data)));
  if (!vmmctl_args_add (action, vmmctl_json_member (how, "param"), id, params, error))
    return FALSE;
  *out_answer = vmmctl_server_call (server, action->version, action->name, params, error);
  if (*out_answer == NULL)
    return FALSE;
  rows = vmmctl_json_list (*out_answer, vmmctl_json_member (how, "list"));
  *out_row = rows != NULL && json_array_get_length (rows) > 0
                 ? json_array_get_object_element (rows, 0)
                 : NULL;
  return TRUE;
}

static gboolean
fail_with_reason (JsonObject *how, JsonObject *row, const char *id, const char *state,
                  GError **error)
{
  const char *member = vmmctl_json_member (how, "reason");
  g_autofree char *reason
      = member != NULL ? vmmctl_json_text (json_object_get_member (row, member)) : g_strdup ("");

  return vmmctl_fail (error, VMMCTL_ERROR_WAIT, "%s is %s%s%s", id, state,
                      *reason != '\0' ? ": " : "", reason);
}

/* Whether @id is as wanted; its progress, when the wait has one, in @out_percent. */
static gboolean
is_done (VmmctlServer *server, const VmmctlAction *action, JsonObject *how, const char *id,
         gboolean *out_done, int *out_percent, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *row = NULL;
  const char *progress = vmmctl_json_member (how, "progress");
  const char *state;

  if (!look (server, action, how, id, &answer, &row, error))
    return FALSE;
  if (row == NULL)
    {
      *out_done = json_object_get_boolean_member_with_default (how, "gone", FALSE);
      return *out_done || vmmctl_fail (error, VMMCTL_ERROR_WAIT, "%s is not there any more", id);
    }
  state = vmmctl_json_member (row, vmmctl_json_member (how, "state"));
  if (contains (how, "failed", state))
    return fail_with_reason (how, row, id, state, error);
  if (progress != NULL && vmmctl_json_member (row, progress) != NULL)
    *out_percent = (int) g_ascii_strtoll (vmmctl_json_member (row, progress), NULL, 10);
  *out_done = contains (how, "done", state);
  return TRUE;
}

static gboolean
wait_for_one (VmmctlServer *server, const VmmctlAction *action, JsonObject *how, const char *id,
              gint64 deadline_us, GError **error)
{
  gboolean has_progress = json_object_has_member (how, "progress");
  guint pause = FIRST_PAUSE_MS;
  int last = -1;

  for (;;)
    {
      gboolean done = FALSE;
      int percent = 0;
      gboolean ok = is_done (server, action, how, id, &done, &percent, error);

      if (ok && has_progress)
        vmmctl_print_progress (id, done ? 100 : percent, &last);
      if (!ok || done)
        {
          vmmctl_print_progress_end (last);
          return ok;
        }
      if (g_get_monotonic_time () >= deadline_us)
        {
          vmmctl_print_progress_end (last);
          return vmmctl_fail (error, VMMCTL_ERROR_WAIT,
                              "%s takes longer than --timeout allows; it goes on", id);
        }
      pause_ms (pause);
      pause = MIN (pause * 2, LONGEST_PAUSE_MS);
    }
}

gboolean
vmmctl_wait (VmmctlServer *server, const VmmctlTable *table, JsonObject *how, GPtrArray *ids,
             guint timeout_s, GError **error)
{
  const char *name = vmmctl_json_member (how, "action");
  const VmmctlAction *action = vmmctl_table_find (table, name);
  gint64 deadline_us = g_get_monotonic_time () + (gint64) timeout_s * G_USEC_PER_SEC;

  if (action == NULL)
    return vmmctl_fail (error, VMMCTL_ERROR_USAGE, "the server has no action %s to wait with",
                        name);
  for (guint i = 0; i < ids->len; i++)
    if (!wait_for_one (server, action, how, ids->pdata[i], deadline_us, error))
      return FALSE;
  return TRUE;
}
