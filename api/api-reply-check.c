/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares a reply, while it is written, with the fields its action's row declares. Only at work
 * in tests and under --check-replies, hence plain rather than fast. */
#include "config.h"

#include "api-reply-check.h"
#include <string.h>

static const char *const type_names[]
    = { "text", "whole number", "boolean", "object", "list", "number" };

typedef struct
{
  gsize path_length; /* of the path above this level */
  GHashTable *seen;  /* full path of each member written here; NULL for an array */
} Level;

struct ApiReplyCheck
{
  const ApiField *fields;
  gsize n_fields;
  GString *path;  /* of the open object, without a last dot; "" at the top */
  GArray *levels; /* Level */
  GString *wrong;
};

static void
clear_level (gpointer data)
{
  g_clear_pointer (&((Level *) data)->seen, g_hash_table_unref);
}

static void
complain (ApiReplyCheck *check, const char *path, const char *what)
{
  if (check->wrong->len > 0)
    g_string_append (check->wrong, "; ");
  g_string_append_printf (check->wrong, "%s %s", path, what);
}

static void
push (ApiReplyCheck *check, gsize path_length, gboolean is_array)
{
  Level level = { path_length, NULL };

  if (!is_array)
    level.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_array_append_val (check->levels, level);
}

ApiReplyCheck *
api_reply_check_new (const ApiField *fields, gsize n_fields)
{
  ApiReplyCheck *check = g_new0 (ApiReplyCheck, 1);

  check->fields = fields;
  check->n_fields = n_fields;
  check->path = g_string_new (NULL);
  check->wrong = g_string_new (NULL);
  check->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  g_array_set_clear_func (check->levels, clear_level);
  push (check, 0, FALSE);
  return check;
}

void
api_reply_check_free (ApiReplyCheck *check)
{
  g_string_free (check->path, TRUE);
  g_string_free (check->wrong, TRUE);
  g_array_unref (check->levels);
  g_free (check);
}

static char *
member_path (ApiReplyCheck *check, const char *name)
{
  if (check->path->len == 0)
    return g_strdup (name);
  return g_strdup_printf ("%s.%s", check->path->str, name);
}

static const ApiField *
find_field (ApiReplyCheck *check, const char *path)
{
  for (gsize i = 0; i < check->n_fields; i++)
    if (g_str_equal (check->fields[i].path, path))
      return &check->fields[i];
  return NULL;
}

/* An object or list is declared by a row of its own or by one of something inside it. */
static gboolean
is_container (ApiReplyCheck *check, const char *path)
{
  gsize length = strlen (path);

  for (gsize i = 0; i < check->n_fields; i++)
    {
      const char *field = check->fields[i].path;

      if (strncmp (field, path, length) == 0 && (field[length] == '.' || field[length] == '\0'))
        return TRUE;
    }
  return FALSE;
}

static void
note_seen (ApiReplyCheck *check, const char *path)
{
  Level *level = &g_array_index (check->levels, Level, check->levels->len - 1);

  if (level->seen != NULL && !g_hash_table_add (level->seen, g_strdup (path)))
    complain (check, path, "was written twice");
}

static void
check_scalar (ApiReplyCheck *check, const char *path, ApiFieldType type)
{
  const ApiField *field = find_field (check, path);

  if (field == NULL)
    complain (check, path, "is not declared");
  else if (field->type != type)
    {
      g_autofree char *what
          = g_strdup_printf ("is a %s, declared as %s", type_names[type], type_names[field->type]);
      complain (check, path, what);
    }
}

void
api_reply_check_member (ApiReplyCheck *check, const char *name, ApiFieldType type)
{
  g_autofree char *path = member_path (check, name);

  note_seen (check, path);
  check_scalar (check, path, type);
}

void
api_reply_check_open (ApiReplyCheck *check, const char *name)
{
  gsize length = check->path->len;

  if (name != NULL)
    {
      g_autofree char *path = member_path (check, name);

      note_seen (check, path);
      g_string_assign (check->path, path);
    }
  if (!is_container (check, check->path->str))
    complain (check, check->path->str, "is not declared as an object");
  push (check, length, FALSE);
}

void
api_reply_check_open_list (ApiReplyCheck *check, const char *name)
{
  gsize length = check->path->len;
  g_autofree char *path = NULL;
  g_autofree char *member = member_path (check, name);

  path = g_strconcat (member, "[]", NULL);
  note_seen (check, path);
  g_string_assign (check->path, path);
  if (!is_container (check, path))
    complain (check, path, "is not declared as a list");
  push (check, length, TRUE);
}

void
api_reply_check_item (ApiReplyCheck *check, ApiFieldType type)
{
  check_scalar (check, check->path->str, type);
}

/* Whether @field stands right inside the object at @parent. */
static gboolean
is_child (const char *field, const char *parent)
{
  gsize length = strlen (parent);

  if (length > 0)
    {
      if (strncmp (field, parent, length) != 0 || field[length] != '.')
        return FALSE;
      field += length + 1;
    }
  return strchr (field, '.') == NULL;
}

static void
check_required (ApiReplyCheck *check, const Level *level)
{
  for (gsize i = 0; level->seen != NULL && i < check->n_fields; i++)
    {
      const ApiField *field = &check->fields[i];

      if ((field->flags & API_REQUIRED) != 0 && is_child (field->path, check->path->str)
          && !g_hash_table_contains (level->seen, field->path))
        complain (check, field->path, "is missing");
    }
}

void
api_reply_check_close (ApiReplyCheck *check)
{
  Level *level = &g_array_index (check->levels, Level, check->levels->len - 1);

  check_required (check, level);
  g_string_truncate (check->path, level->path_length);
  g_array_set_size (check->levels, check->levels->len - 1);
}

/* A required list inside an object of its own, as Instances.Instance[], is required of the object
 * around both: a client reads the array without asking whether it is there. */
static void
check_required_lists (ApiReplyCheck *check, const Level *top)
{
  for (gsize i = 0; i < check->n_fields; i++)
    {
      const ApiField *field = &check->fields[i];
      g_autofree char *plural = NULL;
      const char *dot = strchr (field->path, '.');

      if ((field->flags & API_REQUIRED) == 0 || !g_str_has_suffix (field->path, "[]") || dot == NULL
          || strchr (dot + 1, '.') != NULL)
        continue;
      plural = g_strndup (field->path, (gsize) (dot - field->path));
      if (!g_hash_table_contains (top->seen, plural))
        complain (check, field->path, "is missing");
    }
}

char *
api_reply_check_finish (ApiReplyCheck *check)
{
  Level *top = &g_array_index (check->levels, Level, 0);

  g_assert (check->levels->len == 1);
  check_required (check, top);
  check_required_lists (check, top);
  return check->wrong->len > 0 ? g_strdup (check->wrong->str) : NULL;
}
