/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many rules as few sets of ranges. */
#include "netctl-layer.h"
#include <string.h>

/* A look into a set costs as much as several rules; measured, see docs/network.md. */
#define LAYER_RULES_MIN 12
/* Rules that overlap more deeply than this are tried one by one. */
#define LAYERS_MAX 8

NetctlFields
netctl_rule_fields (const NetctlRule *rule)
{
  NetctlFields fields = 0;

  if (!rule->peer_is_group)
    fields |= NETCTL_FIELD_PEER;
  if (rule->has_near)
    fields |= NETCTL_FIELD_NEAR;
  if (rule->protocol != -1)
    fields |= NETCTL_FIELD_PROTOCOL;
  if (rule->source_port_min != -1)
    fields |= NETCTL_FIELD_SOURCE_PORT;
  if (rule->port_min != -1)
    fields |= NETCTL_FIELD_PORT;
  return fields;
}

void
netctl_layer_free (NetctlLayer *layer)
{
  g_ptr_array_unref (layer->rules);
  g_free (layer);
}

static gboolean
ranges_meet (int min, int max, int other_min, int other_max)
{
  return min <= other_max && other_min <= max;
}

static gboolean
prefixes_meet (const NetctlPrefix *a, const NetctlPrefix *b)
{
  return netctl_prefix_contains (a, b) || netctl_prefix_contains (b, a);
}

/* Whether a packet can match both; they have the same shape. */
static gboolean
rules_meet (const NetctlRule *a, const NetctlRule *b)
{
  return a->protocol == b->protocol
         && ranges_meet (a->port_min, a->port_max, b->port_min, b->port_max)
         && ranges_meet (a->source_port_min, a->source_port_max, b->source_port_min,
                         b->source_port_max)
         && (a->peer_is_group || prefixes_meet (&a->peer, &b->peer))
         && (!a->has_near || prefixes_meet (&a->near, &b->near));
}

static int
compare_number (gint64 a, gint64 b)
{
  return a < b ? -1 : a > b;
}

static int
compare_shape (const NetctlRule *a, const NetctlRule *b)
{
  int order = compare_number (a->peer.family, b->peer.family);

  if (order == 0)
    order = compare_number (a->peer_is_group, b->peer_is_group);
  if (order == 0 && a->peer_is_group)
    order = compare_number (a->peer_group, b->peer_group);
  return order != 0 ? order : compare_number (netctl_rule_fields (a), netctl_rule_fields (b));
}

static guint
prefix_width (const NetctlPrefix *prefix)
{
  return (prefix->family == G_SOCKET_FAMILY_IPV4 ? 32 : 128) - prefix->length;
}

/* How much a rule covers, in bits. */
static guint
rule_width (const NetctlRule *rule)
{
  return g_bit_storage ((gulong) (rule->port_max - rule->port_min))
         + g_bit_storage ((gulong) (rule->source_port_max - rule->source_port_min))
         + (rule->peer_is_group ? 0 : prefix_width (&rule->peer))
         + (rule->has_near ? prefix_width (&rule->near) : 0);
}

/* By shape, then the narrow before the wide. The narrow are many and lie beside each other; where a
 * wide one comes on top of them it changes none of them, and nor does another narrow one. */
static int
compare_for_layers (gconstpointer a, gconstpointer b)
{
  const NetctlRule *x = *(const NetctlRule *const *) a, *y = *(const NetctlRule *const *) b;
  int order = compare_shape (x, y);

  if (order == 0)
    order = compare_number (rule_width (x), rule_width (y));
  return order != 0 ? order : netctl_rule_compare (x, y);
}

static int
compare_rules (gconstpointer a, gconstpointer b)
{
  return netctl_rule_compare (*(const NetctlRule *const *) a, *(const NetctlRule *const *) b);
}

/* Finding what may overlap without asking every rule of a layer: ranges of peers overlap only if
 * one holds the other. Lists of ranges make rules by the ten thousand. */

#define LENGTHS 129

typedef struct
{
  NetctlLayer *layer;
  GHashTable *exact;  /* NetctlPrefix* -> GPtrArray of the rules with just that peer */
  GHashTable *inside; /* likewise, of the rules with a narrower one inside */
} Index;

typedef struct
{
  GPtrArray *indexes;        /* Index*: one a layer of the shape at hand */
  gboolean lengths[LENGTHS]; /* of the peers of that shape */
} Shape;

static guint
hash_prefix (gconstpointer key)
{
  const NetctlPrefix *prefix = key;
  guint hash = prefix->length;

  for (guint i = 0; i < (prefix->length + 7) / 8; i++)
    hash = hash * 33 + prefix->bytes[i];
  return hash;
}

static gboolean
equal_prefixes (gconstpointer a, gconstpointer b)
{
  return netctl_prefix_equal (a, b);
}

static Index *
index_new (guint number)
{
  Index *index = g_new0 (Index, 1);

  index->layer = g_new0 (NetctlLayer, 1);
  index->layer->number = number;
  index->layer->rules = g_ptr_array_new ();
  index->exact = g_hash_table_new_full (hash_prefix, equal_prefixes, g_free,
                                        (GDestroyNotify) g_ptr_array_unref);
  index->inside = g_hash_table_new_full (hash_prefix, equal_prefixes, g_free,
                                         (GDestroyNotify) g_ptr_array_unref);
  return index;
}

static void
index_free (Index *index)
{
  g_clear_pointer (&index->layer, netctl_layer_free);
  g_hash_table_unref (index->exact);
  g_hash_table_unref (index->inside);
  g_free (index);
}

/* @prefix with no more than @length bits. */
static NetctlPrefix
shortened (const NetctlPrefix *prefix, guint length)
{
  NetctlPrefix result = *prefix;

  result.length = length;
  return netctl_prefix_masked (&result);
}

static void
note (GHashTable *table, const NetctlPrefix *prefix, const NetctlRule *rule)
{
  GPtrArray *rules = g_hash_table_lookup (table, prefix);

  if (rules == NULL)
    {
      rules = g_ptr_array_new ();
      g_hash_table_insert (table, g_memdup2 (prefix, sizeof *prefix), rules);
    }
  g_ptr_array_add (rules, (gpointer) rule);
}

static void
index_add (const Shape *shape, Index *index, const NetctlRule *rule)
{
  g_ptr_array_add (index->layer->rules, (gpointer) rule);
  note (index->exact, &rule->peer, rule);
  for (guint length = 0; length < rule->peer.length; length++)
    if (shape->lengths[length])
      {
        NetctlPrefix around = shortened (&rule->peer, length);

        note (index->inside, &around, rule);
      }
}

static gboolean
meets_any (GHashTable *table, const NetctlPrefix *prefix, const NetctlRule *rule)
{
  const GPtrArray *rules = g_hash_table_lookup (table, prefix);

  for (guint i = 0; rules != NULL && i < rules->len; i++)
    if (rules_meet (g_ptr_array_index (rules, i), rule))
      return TRUE;
  return FALSE;
}

static gboolean
fits (const Shape *shape, const Index *index, const NetctlRule *rule)
{
  for (guint length = 0; length <= rule->peer.length; length++)
    if (shape->lengths[length])
      {
        NetctlPrefix around = shortened (&rule->peer, length);

        if (meets_any (index->exact, &around, rule))
          return FALSE;
      }
  return !meets_any (index->inside, &rule->peer, rule);
}

/* Puts @rule into the first of the shape's layers that has room for it, if one has. */
static void
place (const Shape *shape, const NetctlRule *rule)
{
  for (guint i = 0; i < LAYERS_MAX; i++)
    {
      Index *index;

      if (i == shape->indexes->len)
        g_ptr_array_add (shape->indexes, index_new (i));
      index = g_ptr_array_index (shape->indexes, i);
      if (fits (shape, index, rule))
        {
          index_add (shape, index, rule);
          return;
        }
    }
}

/* The layers of @rules from @first to before @end, which have one shape. */
static void
add_layers_of_shape (GPtrArray *layers, const GPtrArray *rules, guint first, guint end)
{
  g_autoptr (GPtrArray) indexes = g_ptr_array_new_with_free_func ((GDestroyNotify) index_free);
  Shape shape = { .indexes = indexes };

  for (guint i = first; i < end; i++)
    shape.lengths[((const NetctlRule *) g_ptr_array_index (rules, i))->peer.length] = TRUE;
  for (guint i = first; i < end; i++)
    place (&shape, g_ptr_array_index (rules, i));
  for (guint i = 0; i < indexes->len; i++)
    {
      Index *index = g_ptr_array_index (indexes, i);

      if (index->layer->rules->len < LAYER_RULES_MIN)
        continue;
      g_ptr_array_sort (index->layer->rules, compare_rules);
      g_ptr_array_add (layers, g_steal_pointer (&index->layer));
    }
}

GPtrArray *
netctl_layers_new (const GPtrArray *rules, GPtrArray **out_rest)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  g_autoptr (GHashTable) placed = g_hash_table_new (NULL, NULL);
  GPtrArray *layers = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_layer_free);
  guint first = 0;

  for (guint i = 0; i < rules->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (rules, i));
  g_ptr_array_sort (sorted, compare_for_layers);
  for (guint i = 1; i <= sorted->len; i++)
    if (i == sorted->len
        || compare_shape (g_ptr_array_index (sorted, i), g_ptr_array_index (sorted, first)) != 0)
      {
        add_layers_of_shape (layers, sorted, first, i);
        first = i;
      }
  for (guint i = 0; i < layers->len; i++)
    {
      const NetctlLayer *layer = g_ptr_array_index (layers, i);

      for (guint j = 0; j < layer->rules->len; j++)
        g_hash_table_add (placed, g_ptr_array_index (layer->rules, j));
    }
  *out_rest = g_ptr_array_new ();
  for (guint i = 0; i < rules->len; i++)
    if (!g_hash_table_contains (placed, g_ptr_array_index (rules, i)))
      g_ptr_array_add (*out_rest, g_ptr_array_index (rules, i));
  return layers;
}
