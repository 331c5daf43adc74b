/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Desired nft tables as objects, and the nft commands that make them so. */
#include "netctl-table.h"
#include <string.h>

/* libnftables gets one line a command; a line must not grow without bound. */
#define ELEMENTS_A_COMMAND 256

static const char *const kind_words[] = {
  [NETCTL_TABLE_SET] = "set",
  [NETCTL_TABLE_MAP] = "map",
  [NETCTL_TABLE_CHAIN] = "chain",
};

static void
object_free (NetctlTableObject *object)
{
  g_free (object->key);
  g_free (object->name);
  g_free (object->head);
  g_ptr_array_unref (object->lines);
  g_free (object);
}

NetctlTables *
netctl_tables_new (void)
{
  NetctlTables *tables = g_new0 (NetctlTables, 1);

  tables->tables = g_ptr_array_new ();
  tables->objects = g_ptr_array_new_with_free_func ((GDestroyNotify) object_free);
  tables->index = g_hash_table_new (g_str_hash, g_str_equal);
  return tables;
}

void
netctl_tables_free (NetctlTables *tables)
{
  if (tables == NULL)
    return;
  g_hash_table_unref (tables->index);
  g_ptr_array_unref (tables->tables);
  g_ptr_array_unref (tables->objects);
  g_free (tables);
}

static char *
key_of (NetctlTableKind kind, const char *table, const char *name)
{
  return g_strdup_printf ("%s %s %s", table, kind == NETCTL_TABLE_CHAIN ? "chain" : "set", name);
}

static gboolean
has_table (const NetctlTables *tables, const char *table)
{
  return g_ptr_array_find_with_equal_func (tables->tables, table, g_str_equal, NULL);
}

void
netctl_tables_add_table (NetctlTables *tables, const char *table)
{
  if (!has_table (tables, table))
    g_ptr_array_add (tables->tables, (gpointer) table);
}

NetctlTableObject *
netctl_tables_add (NetctlTables *tables, NetctlTableKind kind, const char *table, const char *name,
                   const char *head)
{
  NetctlTableObject *object = g_new0 (NetctlTableObject, 1);

  netctl_tables_add_table (tables, table);
  object->kind = kind;
  object->table = table;
  object->key = key_of (kind, table, name);
  object->name = g_strdup (name);
  object->head = g_strdup (head);
  object->lines = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (tables->objects, object);
  g_hash_table_insert (tables->index, object->key, object);
  return object;
}

NetctlTableObject *
netctl_tables_ensure (NetctlTables *tables, NetctlTableKind kind, const char *table,
                      const char *name, const char *head)
{
  g_autofree char *key = key_of (kind, table, name);
  NetctlTableObject *object = g_hash_table_lookup (tables->index, key);

  return object != NULL ? object : netctl_tables_add (tables, kind, table, name, head);
}

void
netctl_table_line (NetctlTableObject *object, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (object->lines, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* NULL also without @tables. */
static const NetctlTableObject *
counterpart (const NetctlTables *tables, const NetctlTableObject *object)
{
  return tables != NULL ? g_hash_table_lookup (tables->index, object->key) : NULL;
}

static gboolean
lines_equal (const NetctlTableObject *a, const NetctlTableObject *b)
{
  if (a->lines->len != b->lines->len)
    return FALSE;
  for (guint i = 0; i < a->lines->len; i++)
    if (!g_str_equal (g_ptr_array_index (a->lines, i), g_ptr_array_index (b->lines, i)))
      return FALSE;
  return TRUE;
}

/* The lines of @a that @b has not; all of them without @b. */
static GPtrArray *
lines_only_in (const NetctlTableObject *a, const NetctlTableObject *b)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *only = g_ptr_array_new ();

  for (guint i = 0; b != NULL && i < b->lines->len; i++)
    g_hash_table_add (known, g_ptr_array_index (b->lines, i));
  for (guint i = 0; i < a->lines->len; i++)
    if (!g_hash_table_contains (known, g_ptr_array_index (a->lines, i)))
      g_ptr_array_add (only, g_ptr_array_index (a->lines, i));
  return only;
}

static void
print_elements (GString *out, const char *verb, const NetctlTableObject *object,
                const GPtrArray *elements)
{
  for (guint i = 0; i < elements->len; i++)
    {
      gboolean first = i % ELEMENTS_A_COMMAND == 0;
      gboolean last = i + 1 == elements->len || (i + 1) % ELEMENTS_A_COMMAND == 0;

      if (first)
        g_string_append_printf (out, "%s element %s %s { ", verb, object->table, object->name);
      g_string_append (out, g_ptr_array_index (elements, i));
      g_string_append (out, last ? " }\n" : ", ");
    }
}

static void
print_declaration (GString *out, const NetctlTableObject *object)
{
  g_string_append_printf (out, "add %s %s %s", kind_words[object->kind], object->table,
                          object->name);
  if (object->head != NULL)
    g_string_append_printf (out, " { %s; }", object->head);
  g_string_append_c (out, '\n');
}

static void
print_rules (GString *out, const NetctlTableObject *chain)
{
  for (guint i = 0; i < chain->lines->len; i++)
    g_string_append_printf (out, "add rule %s %s %s\n", chain->table, chain->name,
                            (char *) g_ptr_array_index (chain->lines, i));
}

static gboolean
needs_replacement (const NetctlTables *to, const NetctlTables *old)
{
  for (guint i = 0; i < to->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (to->objects, i);
      const NetctlTableObject *before = counterpart (old, object);

      if (before != NULL
          && (before->kind != object->kind || g_strcmp0 (before->head, object->head) != 0))
        return TRUE;
    }
  return FALSE;
}

/* First what is new or changed: chains and sets, then rules (they name sets), then elements (they
 * name chains). An element is removed before another one takes its key. */
static void
print_wanted (GString *out, const NetctlTables *to, const NetctlTables *old)
{
  for (guint i = 0; i < to->objects->len; i++)
    if (counterpart (old, g_ptr_array_index (to->objects, i)) == NULL)
      print_declaration (out, g_ptr_array_index (to->objects, i));
  for (guint i = 0; i < to->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (to->objects, i);
      const NetctlTableObject *before = counterpart (old, object);

      if (object->kind != NETCTL_TABLE_CHAIN || (before != NULL && lines_equal (before, object)))
        continue;
      if (before != NULL)
        g_string_append_printf (out, "flush chain %s %s\n", object->table, object->name);
      print_rules (out, object);
    }
  for (guint i = 0; i < to->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (to->objects, i);
      const NetctlTableObject *before = counterpart (old, object);
      g_autoptr (GPtrArray) added = NULL, removed = NULL;

      if (object->kind == NETCTL_TABLE_CHAIN)
        continue;
      added = lines_only_in (object, before);
      if (before != NULL)
        {
          removed = lines_only_in (before, object);
          print_elements (out, "delete", object, removed);
        }
      print_elements (out, "add", object, added);
    }
}

/* Then what is gone: rules may name sets and elements chains, so both are emptied first. */
static void
print_unwanted (GString *out, const NetctlTables *from, const NetctlTables *new)
{
  for (guint i = 0; i < from->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (from->objects, i);

      if (counterpart (new, object) == NULL)
        g_string_append_printf (out, "flush %s %s %s\n", kind_words[object->kind], object->table,
                                object->name);
    }
  for (guint i = 0; i < from->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (from->objects, i);

      if (counterpart (new, object) == NULL)
        g_string_append_printf (out, "delete %s %s %s\n", kind_words[object->kind], object->table,
                                object->name);
    }
}

char *
netctl_tables_replace (const NetctlTables *tables)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < tables->tables->len; i++)
    {
      const char *table = g_ptr_array_index (tables->tables, i);

      /* "add" first, since deleting an absent table is an error. */
      g_string_append_printf (out, "add table %s\ndelete table %s\nadd table %s\n", table, table,
                              table);
    }
  print_wanted (out, tables, NULL);
  return g_string_free (out, FALSE);
}

char *
netctl_tables_change (const NetctlTables *from, const NetctlTables *to)
{
  GString *out;

  if (needs_replacement (to, from))
    return NULL;
  out = g_string_new (NULL);
  for (guint i = 0; i < to->tables->len; i++)
    if (!has_table (from, g_ptr_array_index (to->tables, i)))
      g_string_append_printf (out, "add table %s\n", (char *) g_ptr_array_index (to->tables, i));
  print_wanted (out, to, from);
  print_unwanted (out, from, to);
  for (guint i = 0; i < from->tables->len; i++)
    if (!has_table (to, g_ptr_array_index (from->tables, i)))
      g_string_append_printf (out, "delete table %s\n",
                              (char *) g_ptr_array_index (from->tables, i));
  return g_string_free (out, FALSE);
}

gboolean
netctl_tables_narrow (const NetctlTables *from, const NetctlTables *to)
{
  for (guint i = 0; i < from->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (from->objects, i);
      const NetctlTableObject *after = counterpart (to, object);
      g_autoptr (GPtrArray) removed = NULL;

      if (after == NULL)
        return TRUE;
      if (object->kind == NETCTL_TABLE_CHAIN && !lines_equal (object, after))
        return TRUE;
      removed = lines_only_in (object, after);
      if (removed->len > 0)
        return TRUE;
      /* What stands in a set of ranges may be dropped for it. */
      if (object->head != NULL && strstr (object->head, "interval") != NULL
          && !lines_equal (object, after))
        return TRUE;
    }
  return FALSE;
}
