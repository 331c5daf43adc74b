/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of the action table, and the names of all actions that exist. */
#include "config.h"

#include "api-table.h"
#include "api-text.h"
#include <stdlib.h>
#include <string.h>

typedef enum
{
  PRODUCT_ECS = 1 << 0,
  PRODUCT_VPC = 1 << 1,
  PRODUCT_SLB = 1 << 2,
  PRODUCT_LOCATION = 1 << 3,
  PRODUCT_CMS = 1 << 4,
  PRODUCT_ANY = 0xff
} Product;

/* ECS kept the names of the other products when these moved out, and old clients still use them. */
static const struct
{
  const char *version;
  guint products;
} known_versions[] = {
  { API_ECS_VERSION, PRODUCT_ANY }, { API_VPC_VERSION, PRODUCT_VPC },
  { "2014-05-15", PRODUCT_SLB },    { "2015-06-12", PRODUCT_LOCATION },
  { "2019-01-01", PRODUCT_CMS },    { "2017-03-01", PRODUCT_CMS },
  { "2015-08-15", PRODUCT_CMS },
};

static const struct
{
  const char *name;
  guint product;
} known_actions[] = {
#define API_KNOWN_ACTION(name, product) { name, PRODUCT_##product },
#include "api-known-actions.def"
#undef API_KNOWN_ACTION
};

struct ApiTable
{
  const ApiResource *const *resources;
  GHashTable *by_name; /* name in any case -> GPtrArray of ApiAction* */
};

static guint
hash_name (gconstpointer key)
{
  guint hash = 5381;

  for (const char *p = key; *p != '\0'; p++)
    hash = hash * 33 + (guint) g_ascii_tolower (*p);
  return hash;
}

static gboolean
names_equal (gconstpointer a, gconstpointer b)
{
  return g_ascii_strcasecmp (a, b) == 0;
}

static void
add_action (ApiTable *table, const ApiAction *action)
{
  GPtrArray *rows = g_hash_table_lookup (table->by_name, action->name);

  if (rows == NULL)
    {
      rows = g_ptr_array_new ();
      g_hash_table_insert (table->by_name, (gpointer) action->name, rows);
    }
  g_ptr_array_add (rows, (gpointer) action);
}

ApiTable *
api_table_new (const ApiResource *const *resources)
{
  ApiTable *table = g_new0 (ApiTable, 1);

  table->resources = resources;
  table->by_name
      = g_hash_table_new_full (hash_name, names_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  for (; *resources != NULL; resources++)
    for (gsize i = 0; i < (*resources)->n_actions; i++)
      add_action (table, &(*resources)->actions[i]);
  return table;
}

void
api_table_free (ApiTable *table)
{
  g_hash_table_unref (table->by_name);
  g_free (table);
}

const ApiResource *const *
api_table_resources (const ApiTable *table)
{
  return table->resources;
}

const char *const *
api_action_versions (const ApiAction *action)
{
  static const char *const fallback[] = { API_ECS_VERSION, NULL };

  return action->versions != NULL ? action->versions : fallback;
}

/* The products of @version; 0 when there is no such version. */
static guint
products_of (const char *version)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_versions); i++)
    if (g_str_equal (known_versions[i].version, version))
      return known_versions[i].products;
  return 0;
}

static gboolean
exists_in (guint products, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_actions); i++)
    if ((known_actions[i].product & products) != 0
        && g_ascii_strcasecmp (known_actions[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

static const ApiAction *
find_row (const ApiTable *table, const char *version, const char *name)
{
  GPtrArray *rows = g_hash_table_lookup (table->by_name, name);

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const ApiAction *action = g_ptr_array_index (rows, i);

      if (g_strv_contains (api_action_versions (action), version))
        return action;
    }
  return NULL;
}

const ApiAction *
api_table_find (const ApiTable *table, const char *version, const char *name, GError **error)
{
  const ApiAction *action = find_row (table, version, name);
  guint products = products_of (version);
  g_autofree char *shown = NULL;

  if (action != NULL)
    return action;
  if (products == 0)
    {
      shown = api_text_quote (version, 32);
      vmm_fail (error, VMM_ERROR_VERSION, "there is no version '%s'; ECS is " API_ECS_VERSION,
                shown);
      return NULL;
    }
  shown = api_text_quote (name, 64);
  if (exists_in (products, name))
    vmm_fail (error, VMM_ERROR_UNSUPPORTED_OPERATION,
              "the action %s of version %s is not offered by this server", shown, version);
  else
    vmm_fail (error, VMM_ERROR_ACTION_NOT_FOUND, "version %s has no action '%s'", version, shown);
  return NULL;
}
