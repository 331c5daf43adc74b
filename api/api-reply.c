/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer of reply bodies. It appends to one string and never looks back, which keeps an answer
 * cheap; what was written is only checked when checking is on. */
#include "config.h"

#include "api-reply-body.h"
#include "api-reply-check.h"
#include "api-reply.h"
#include "api-text.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include <string.h>

#define MAX_DEPTH 16

/* What is open. In JSON a list is two brackets deep, in XML its items carry the singular name. */
typedef struct
{
  const char *name; /* of the XML element that ends it */
  const char *item; /* of a list: the singular name; else NULL */
} Level;

struct ApiReply
{
  GString *text;
  gboolean is_xml;
  gboolean needs_comma;
  guint depth;
  Level levels[MAX_DEPTH];
  ApiReplyCheck *check; /* NULL unless checking */
  const char *action;   /* borrowed */
};

static void
open_tag (GString *text, const char *name)
{
  g_string_append_c (text, '<');
  g_string_append (text, name);
  g_string_append_c (text, '>');
}

static void
close_tag (GString *text, const char *name)
{
  g_string_append (text, "</");
  g_string_append (text, name);
  g_string_append_c (text, '>');
}

/* Names are our own words, ASCII letters, and need no escaping. */
static void
begin_member (ApiReply *reply, const char *name)
{
  gsize length;
  char *to;

  if (reply->is_xml)
    {
      open_tag (reply->text, name);
      return;
    }
  length = strlen (name);
  to = api_text_reserve (reply->text, length + 4);
  if (reply->needs_comma)
    *to++ = ',';
  *to++ = '"';
  memcpy (to, name, length);
  to += length;
  *to++ = '"';
  *to++ = ':';
  api_text_commit (reply->text, to);
}

static void
end_member (ApiReply *reply, const char *name)
{
  if (reply->is_xml)
    close_tag (reply->text, name);
  reply->needs_comma = TRUE;
}

static void
push (ApiReply *reply, const char *name, const char *item)
{
  g_assert (reply->depth < MAX_DEPTH);
  reply->levels[reply->depth++] = (Level){ name, item };
  reply->needs_comma = FALSE;
}

static void
append_text (ApiReply *reply, const char *value)
{
  if (value == NULL)
    value = "";
  if (reply->is_xml)
    api_text_append_xml (reply->text, value);
  else
    api_text_append_json (reply->text, value);
}

static void
append_int (ApiReply *reply, gint64 value)
{
  char digits[24];
  char *first = digits + sizeof digits;
  guint64 rest = value < 0 ? 0 - (guint64) value : (guint64) value;

  do
    *--first = (char) ('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    *--first = '-';
  g_string_append_len (reply->text, first, digits + sizeof digits - first);
}

void
api_reply_string (ApiReply *reply, const char *name, const char *value)
{
  if (reply->check != NULL)
    api_reply_check_member (reply->check, name, API_FIELD_STRING);
  begin_member (reply, name);
  append_text (reply, value);
  end_member (reply, name);
}

void
api_reply_int (ApiReply *reply, const char *name, gint64 value)
{
  if (reply->check != NULL)
    api_reply_check_member (reply->check, name, API_FIELD_INT);
  begin_member (reply, name);
  append_int (reply, value);
  end_member (reply, name);
}

void
api_reply_number (ApiReply *reply, const char *name, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (reply->check != NULL)
    api_reply_check_member (reply->check, name, API_FIELD_NUMBER);
  begin_member (reply, name);
  g_string_append (reply->text, g_ascii_dtostr (digits, sizeof digits, value));
  end_member (reply, name);
}

void
api_reply_bool (ApiReply *reply, const char *name, gboolean value)
{
  if (reply->check != NULL)
    api_reply_check_member (reply->check, name, API_FIELD_BOOL);
  begin_member (reply, name);
  g_string_append (reply->text, value ? "true" : "false");
  end_member (reply, name);
}

void
api_reply_minute (ApiReply *reply, const char *name, gint64 ms)
{
  g_autofree char *text = vmm_clock_format_minute (ms);

  api_reply_string (reply, name, text);
}

void
api_reply_second (ApiReply *reply, const char *name, gint64 ms)
{
  g_autofree char *text = vmm_clock_format_second (ms);

  api_reply_string (reply, name, text);
}

void
api_reply_begin (ApiReply *reply, const char *name)
{
  if (reply->check != NULL)
    api_reply_check_open (reply->check, name);
  begin_member (reply, name);
  if (!reply->is_xml)
    g_string_append_c (reply->text, '{');
  push (reply, name, NULL);
}

void
api_reply_list (ApiReply *reply, const char *plural, const char *singular)
{
  if (reply->check != NULL)
    {
      api_reply_check_open (reply->check, plural);
      api_reply_check_open_list (reply->check, singular);
    }
  begin_member (reply, plural);
  if (!reply->is_xml)
    {
      g_string_append (reply->text, "{\"");
      g_string_append (reply->text, singular);
      g_string_append (reply->text, "\":[");
    }
  push (reply, plural, singular);
}

/* The name of the items of the innermost open level, which must be a list. */
static const char *
begin_item (ApiReply *reply)
{
  const char *item = reply->depth > 0 ? reply->levels[reply->depth - 1].item : NULL;

  g_assert (item != NULL);
  if (reply->is_xml)
    open_tag (reply->text, item);
  else if (reply->needs_comma)
    g_string_append_c (reply->text, ',');
  return item;
}

void
api_reply_item (ApiReply *reply)
{
  const char *item = begin_item (reply);

  if (reply->check != NULL)
    api_reply_check_open (reply->check, NULL);
  if (!reply->is_xml)
    g_string_append_c (reply->text, '{');
  push (reply, item, NULL);
}

void
api_reply_item_string (ApiReply *reply, const char *value)
{
  const char *item = begin_item (reply);

  if (reply->check != NULL)
    api_reply_check_item (reply->check, API_FIELD_STRING);
  append_text (reply, value);
  end_member (reply, item);
}

void
api_reply_item_int (ApiReply *reply, gint64 value)
{
  const char *item = begin_item (reply);

  if (reply->check != NULL)
    api_reply_check_item (reply->check, API_FIELD_INT);
  append_int (reply, value);
  end_member (reply, item);
}

void
api_reply_end (ApiReply *reply)
{
  Level level;

  g_assert (reply->depth > 0);
  level = reply->levels[--reply->depth];
  if (reply->check != NULL)
    {
      api_reply_check_close (reply->check);
      if (level.item != NULL)
        api_reply_check_close (reply->check);
    }
  if (!reply->is_xml)
    g_string_append (reply->text, level.item != NULL ? "]}" : "}");
  end_member (reply, level.name);
}

void
api_reply_strings (ApiReply *reply, const char *plural, const char *singular,
                   const char *const *values)
{
  api_reply_list (reply, plural, singular);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    api_reply_item_string (reply, values[i]);
  api_reply_end (reply);
}

static void
begin_document (GString *text, gboolean is_xml, const char *root, const char *suffix)
{
  if (is_xml)
    g_string_append_printf (text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s%s>", root,
                            suffix);
  else
    g_string_append_c (text, '{');
}

ApiReply *
api_reply_new (const char *action, const ApiField *fields, gsize n_fields, const char *request_id,
               gboolean is_xml, gboolean is_checked)
{
  ApiReply *reply = g_new0 (ApiReply, 1);

  reply->action = action;
  reply->is_xml = is_xml;
  /* A page of instances fits, so that the text is not copied as it grows. */
  reply->text = g_string_sized_new (24 * 1024);
  begin_document (reply->text, is_xml, action, "Response");
  api_reply_string (reply, "RequestId", request_id);
  if (is_checked)
    reply->check = api_reply_check_new (fields, n_fields);
  return reply;
}

void
api_reply_free (ApiReply *reply)
{
  if (reply->text != NULL)
    g_string_free (reply->text, TRUE);
  g_clear_pointer (&reply->check, api_reply_check_free);
  g_free (reply);
}

GString *
api_reply_finish (ApiReply *reply, GError **error)
{
  g_autofree char *wrong = NULL;

  g_assert (reply->depth == 0);
  if (reply->check != NULL)
    wrong = api_reply_check_finish (reply->check);
  if (wrong != NULL)
    {
      vmm_fail (error, VMM_ERROR_INTERNAL, "the reply of %s is not as its row says: %s",
                reply->action, wrong);
      return NULL;
    }
  if (reply->is_xml)
    g_string_append_printf (reply->text, "</%sResponse>", reply->action);
  else
    g_string_append_c (reply->text, '}');
  return g_steal_pointer (&reply->text);
}

GString *
api_reply_error (gboolean is_xml, const char *request_id, const char *host, const char *code,
                 const char *message)
{
  ApiReply reply = { .is_xml = is_xml, .text = g_string_sized_new (512) };

  begin_document (reply.text, is_xml, "Error", "");
  api_reply_string (&reply, "RequestId", request_id);
  api_reply_string (&reply, "HostId", host);
  api_reply_string (&reply, "Code", code);
  api_reply_string (&reply, "Message", message);
  api_reply_string (&reply, "Recommend", "docs/errors.md");
  g_string_append (reply.text, is_xml ? "</Error>" : "}");
  return reply.text;
}
