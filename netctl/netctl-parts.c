/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as the sum of parts. */
#include "netctl-parts.h"

/* One object that parts in force hold. */
typedef struct
{
  NetctlTableKind kind;
  const char *table;
  char *name, *head;
  guint holders;
  GHashTable *elements; /* char* -> how many parts give it; unused for a chain */
} Held;

struct NetctlParts
{
  GHashTable *parts;  /* key -> NetctlTables*: what is in force */
  GHashTable *staged; /* key -> NetctlTables*, or NULL for a part that goes */
  GHashTable *index;  /* an object's key -> Held* */
  GHashTable *tables; /* const char* -> how many objects it has */
};

static void
held_free (Held *held)
{
  g_free (held->name);
  g_free (held->head);
  g_hash_table_unref (held->elements);
  g_free (held);
}

static GHashTable *
table_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                (GDestroyNotify) netctl_tables_free);
}

NetctlParts *
netctl_parts_new (void)
{
  NetctlParts *parts = g_new0 (NetctlParts, 1);

  parts->parts = table_new ();
  parts->staged = table_new ();
  parts->index
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) held_free);
  parts->tables = g_hash_table_new (g_str_hash, g_str_equal);
  return parts;
}

void
netctl_parts_free (NetctlParts *parts)
{
  if (parts == NULL)
    return;
  g_hash_table_unref (parts->parts);
  g_hash_table_unref (parts->staged);
  g_hash_table_unref (parts->index);
  g_hash_table_unref (parts->tables);
  g_free (parts);
}

void
netctl_parts_stage (NetctlParts *parts, const char *key, NetctlTables *tables)
{
  g_hash_table_replace (parts->staged, g_strdup (key), tables);
}

/* The change of one object: how many holders and givers of an element come or go. */
typedef struct
{
  const NetctlTableObject *model;          /* any that has its kind, table, name and head */
  const NetctlTableObject *before, *after; /* the chain's rules */
  const Held *held;
  int holders;
  GHashTable *elements; /* const char* -> int */
  GPtrArray *order;     /* the same, as first seen */
} Delta;

static void
delta_free (Delta *delta)
{
  g_hash_table_unref (delta->elements);
  g_ptr_array_unref (delta->order);
  g_free (delta);
}

typedef struct
{
  const NetctlParts *parts;
  GHashTable *index; /* an object's key -> Delta* */
  GPtrArray *order;  /* the same Delta*, as first seen */
} Change;

static Delta *
delta_of (Change *change, const char *key, const NetctlTableObject *object)
{
  Delta *delta = g_hash_table_lookup (change->index, key);

  if (delta != NULL)
    return delta;
  delta = g_new0 (Delta, 1);
  delta->model = object;
  delta->held = g_hash_table_lookup (change->parts->index, key);
  delta->elements = g_hash_table_new (g_str_hash, g_str_equal);
  delta->order = g_ptr_array_new ();
  g_hash_table_insert (change->index, (gpointer) key, delta);
  g_ptr_array_add (change->order, delta);
  return delta;
}

static void
count_elements (Delta *delta, const NetctlTableObject *object, int by)
{
  for (guint i = 0; i < object->lines->len; i++)
    {
      char *element = g_ptr_array_index (object->lines, i);
      gpointer count = NULL;

      if (!g_hash_table_lookup_extended (delta->elements, element, NULL, &count))
        g_ptr_array_add (delta->order, element);
      g_hash_table_replace (delta->elements, element,
                            GINT_TO_POINTER (GPOINTER_TO_INT (count) + by));
    }
}

/* Adds what a part gains (@by 1) or loses (-1). */
static void
count_part (Change *change, const NetctlTables *part, int by)
{
  for (guint i = 0; part != NULL && i < part->objects->len; i++)
    {
      const NetctlTableObject *object = g_ptr_array_index (part->objects, i);
      Delta *delta = delta_of (change, object->key, object);

      delta->holders += by;
      if (by > 0)
        delta->model = object;
      if (object->kind != NETCTL_TABLE_CHAIN)
        count_elements (delta, object, by);
      else if (object->lines->len > 0 && by > 0)
        delta->after = object;
      else if (object->lines->len > 0)
        delta->before = object;
    }
}

static Change
change_of (const NetctlParts *parts)
{
  Change change = { .parts = parts };
  GHashTableIter iter;
  gpointer key, value;

  change.index = g_hash_table_new (g_str_hash, g_str_equal);
  change.order = g_ptr_array_new_with_free_func ((GDestroyNotify) delta_free);
  g_hash_table_iter_init (&iter, parts->staged);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      count_part (&change, g_hash_table_lookup (parts->parts, key), -1);
      count_part (&change, value, 1);
    }
  return change;
}

static void
change_clear (Change *change)
{
  g_hash_table_unref (change->index);
  g_ptr_array_unref (change->order);
}

static void
copy_lines (NetctlTableObject *to, const NetctlTableObject *from)
{
  for (guint i = 0; from != NULL && i < from->lines->len; i++)
    netctl_table_line (to, "%s", (char *) g_ptr_array_index (from->lines, i));
}

static int
givers (const Delta *delta, const char *element)
{
  return delta->held == NULL
             ? 0
             : GPOINTER_TO_INT (g_hash_table_lookup (delta->held->elements, element));
}

/* One object as it was and as it shall be. */
static void
add_difference (const Delta *delta, NetctlTables *from, NetctlTables *to)
{
  const NetctlTableObject *model = delta->model;
  const Held *held = delta->held;
  int before = held != NULL ? (int) held->holders : 0;
  NetctlTableObject *old = NULL, *new = NULL;

  if (before > 0)
    old = netctl_tables_add (from, held->kind, held->table, held->name, held->head);
  if (before + delta->holders > 0)
    new = netctl_tables_add (to, model->kind, model->table, model->name, model->head);
  if (old != NULL)
    copy_lines (old, delta->before);
  if (new != NULL)
    copy_lines (new, delta->after);
  for (guint i = 0; i < delta->order->len; i++)
    {
      const char *element = g_ptr_array_index (delta->order, i);
      int by = GPOINTER_TO_INT (g_hash_table_lookup (delta->elements, element));
      int count = givers (delta, element);

      if (old != NULL && count > 0)
        netctl_table_line (old, "%s", element);
      if (new != NULL && count + by > 0)
        netctl_table_line (new, "%s", element);
    }
}

/* The tables that are there before and after, whether or not an object of theirs changes. */
static void
add_tables (const NetctlParts *parts, NetctlTables *from, NetctlTables *to)
{
  GHashTableIter iter;
  gpointer table, count;

  g_hash_table_iter_init (&iter, parts->tables);
  while (g_hash_table_iter_next (&iter, &table, &count))
    {
      int left = GPOINTER_TO_INT (count);

      for (guint i = 0; i < from->objects->len; i++)
        if (g_str_equal (((NetctlTableObject *) g_ptr_array_index (from->objects, i))->table,
                         table))
          left--;
      netctl_tables_add_table (from, table);
      if (left > 0)
        netctl_tables_add_table (to, table);
    }
}

void
netctl_parts_difference (const NetctlParts *parts, NetctlTables **out_from, NetctlTables **out_to)
{
  Change change = change_of (parts);

  *out_from = netctl_tables_new ();
  *out_to = netctl_tables_new ();
  for (guint i = 0; i < change.order->len; i++)
    add_difference (g_ptr_array_index (change.order, i), *out_from, *out_to);
  add_tables (parts, *out_from, *out_to);
  change_clear (&change);
}

static void
count_object (NetctlParts *parts, const char *table, int by)
{
  int count = GPOINTER_TO_INT (g_hash_table_lookup (parts->tables, table)) + by;

  if (count > 0)
    g_hash_table_replace (parts->tables, (gpointer) table, GINT_TO_POINTER (count));
  else
    g_hash_table_remove (parts->tables, table);
}

static void
take_delta (NetctlParts *parts, const Delta *delta)
{
  const NetctlTableObject *model = delta->model;
  Held *held = g_hash_table_lookup (parts->index, model->key);

  if (held == NULL)
    {
      held = g_new0 (Held, 1);
      held->name = g_strdup (model->name);
      held->elements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (parts->index, g_strdup (model->key), held);
      count_object (parts, model->table, 1);
    }
  held->kind = model->kind;
  held->table = model->table;
  if (g_strcmp0 (held->head, model->head) != 0)
    {
      g_free (held->head);
      held->head = g_strdup (model->head);
    }
  held->holders = (guint) ((int) held->holders + delta->holders);
  for (guint i = 0; i < delta->order->len; i++)
    {
      const char *element = g_ptr_array_index (delta->order, i);
      int count = GPOINTER_TO_INT (g_hash_table_lookup (held->elements, element))
                  + GPOINTER_TO_INT (g_hash_table_lookup (delta->elements, element));

      if (count > 0)
        g_hash_table_replace (held->elements, g_strdup (element), GINT_TO_POINTER (count));
      else
        g_hash_table_remove (held->elements, element);
    }
  if (held->holders > 0)
    return;
  count_object (parts, model->table, -1);
  g_hash_table_remove (parts->index, model->key);
}

void
netctl_parts_keep (NetctlParts *parts)
{
  Change change = change_of (parts);
  GHashTableIter iter;
  gpointer key, value;

  for (guint i = 0; i < change.order->len; i++)
    take_delta (parts, g_ptr_array_index (change.order, i));
  change_clear (&change);
  g_hash_table_iter_init (&iter, parts->staged);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      g_hash_table_iter_steal (&iter);
      if (value != NULL)
        g_hash_table_replace (parts->parts, key, value);
      else
        {
          g_hash_table_remove (parts->parts, key);
          g_free (key);
        }
    }
}

void
netctl_parts_drop (NetctlParts *parts)
{
  g_hash_table_remove_all (parts->staged);
}
