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

static gboolean
fits (const NetctlLayer *layer, const NetctlRule *rule)
{
  for (guint i = 0; i < layer->rules->len; i++)
    if (rules_meet (g_ptr_array_index (layer->rules, i), rule))
      return FALSE;
  return TRUE;
}

static NetctlLayer *
layer_new (guint number)
{
  NetctlLayer *layer = g_new0 (NetctlLayer, 1);

  layer->number = number;
  layer->rules = g_ptr_array_new ();
  return layer;
}

/* Puts @rule into the first of the layers from @first on that has room for it. */
static void
place (GPtrArray *layers, guint first, const NetctlRule *rule)
{
  for (guint i = 0; i < LAYERS_MAX; i++)
    {
      if (first + i == layers->len)
        g_ptr_array_add (layers, layer_new (i));
      if (fits (g_ptr_array_index (layers, first + i), rule))
        {
          NetctlLayer *layer = g_ptr_array_index (layers, first + i);

          g_ptr_array_add (layer->rules, (gpointer) rule);
          return;
        }
    }
}

GPtrArray *
netctl_layers_new (const GPtrArray *rules, GPtrArray **out_rest)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  g_autoptr (GHashTable) placed = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  GPtrArray *layers = g_ptr_array_new_with_free_func ((GDestroyNotify) netctl_layer_free);
  guint first = 0;

  for (guint i = 0; i < rules->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (rules, i));
  g_ptr_array_sort (sorted, compare_for_layers);
  for (guint i = 0; i < sorted->len; i++)
    {
      const NetctlRule *rule = g_ptr_array_index (sorted, i);

      if (i > 0 && compare_shape (g_ptr_array_index (sorted, i - 1), rule) != 0)
        first = all->len;
      place (all, first, rule);
    }
  for (guint i = 0; i < all->len; i++)
    {
      NetctlLayer *layer = g_ptr_array_index (all, i);

      if (layer->rules->len < LAYER_RULES_MIN)
        {
          netctl_layer_free (layer);
          continue;
        }
      g_ptr_array_sort (layer->rules, compare_rules);
      for (guint j = 0; j < layer->rules->len; j++)
        g_hash_table_add (placed, g_ptr_array_index (layer->rules, j));
      g_ptr_array_add (layers, layer);
    }
  *out_rest = g_ptr_array_new ();
  for (guint i = 0; i < rules->len; i++)
    if (!g_hash_table_contains (placed, g_ptr_array_index (rules, i)))
      g_ptr_array_add (*out_rest, g_ptr_array_index (rules, i));
  return layers;
}
