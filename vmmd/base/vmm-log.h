/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structured log lines whose ids come from the scope, so that nobody passes ids to a log call.
 *
 * error = someone must act; warning = we cope, and the text says how; info = a state changed;
 * debug = the rest. Lower floors return errors and do not log them. Any thread. */
#pragma once
#include <glib.h>

#define VMM_FIELD_REQUEST_ID "REQUEST_ID"
#define VMM_FIELD_ACTION "ACTION"
#define VMM_FIELD_INSTANCE_ID "INSTANCE_ID"
#define VMM_FIELD_IMAGE_ID "IMAGE_ID"
#define VMM_FIELD_WORK "WORK"

/* A field that stands on every log line of this thread until the scope ends. @value must live as
 * long as the scope. Use VMM_LOG_SCOPE. */
typedef struct VmmLogScope
{
  const char *field;
  const char *value;
  struct VmmLogScope *outer;
} VmmLogScope;

/* What VMM_LOG_SCOPE calls at the start and at the end of its block; strictly nested in a thread.
 */
void vmm_log_scope_push (VmmLogScope *scope);
void vmm_log_scope_pop (VmmLogScope *scope);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmLogScope, vmm_log_scope_pop)

#define VMM_LOG_SCOPE_NAME(line) VMM_LOG_SCOPE_PASTE (line)
#define VMM_LOG_SCOPE_PASTE(line) vmm_log_scope_##line
#define VMM_LOG_SCOPE_AT(field, value, line)                                                       \
  g_auto (VmmLogScope) VMM_LOG_SCOPE_NAME (line) = { field, value, NULL };                         \
  vmm_log_scope_push (&VMM_LOG_SCOPE_NAME (line))
/* Until the end of this block, this thread's lines carry @field. One to a line of source. */
#define VMM_LOG_SCOPE(field, value) VMM_LOG_SCOPE_AT (field, value, __LINE__)

/* Writes one line with the fields of this thread's scopes; use the macros below. */
void vmm_log (GLogLevelFlags level, const char *format, ...) G_GNUC_PRINTF (2, 3);
#define vmm_error_log(...) vmm_log (G_LOG_LEVEL_CRITICAL, __VA_ARGS__)
#define vmm_warning(...) vmm_log (G_LOG_LEVEL_WARNING, __VA_ARGS__)
#define vmm_info(...) vmm_log (G_LOG_LEVEL_INFO, __VA_ARGS__)
#define vmm_debug(...) vmm_log (G_LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Sets the least severe level that is written, from "error", "warning", "info", "debug"; FALSE if
 * the name is none of them. Before threads start. */
gboolean vmm_log_set_level (const char *name);
/* Sends lines elsewhere (tests); NULL brings standard error back. @text is the whole line. */
void vmm_log_set_writer (void (*writer) (GLogLevelFlags level, const char *text));
