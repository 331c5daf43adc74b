/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The described table: which actions there are and what they take. Read-only after loading. */
#pragma once
#include <glib.h>

typedef enum
{
  VMMCTL_KIND_TEXT,  /* texts, numbers: sent as given */
  VMMCTL_KIND_BOOL,  /* may stand without a value, for true */
  VMMCTL_KIND_TEXTS, /* repeated: sent as Name.1, Name.2 … */
  VMMCTL_KIND_JSON,  /* repeated: sent as Name=["a","b"] */
  VMMCTL_KIND_ITEMS, /* repeated: Key=a,Value=b is sent as Name.1.Key, Name.1.Value */
} VmmctlKind;

typedef struct
{
  char *name; /* as on the wire */
  VmmctlKind kind;
  char *type;     /* for people */
  char *doc;      /* for people */
  char *fallback; /* NULL: none */
  gboolean is_required;
  gboolean is_refused; /* known, but any value is an error: not worth showing */
  GPtrArray *choices;  /* char * */
  GPtrArray *items;    /* VmmctlParam *, of ITEMS */
} VmmctlParam;

typedef struct
{
  char *name;
  char *version; /* to ask for it */
  char *summary;
  char *access;      /* "read", "write" or "admin" */
  GPtrArray *params; /* VmmctlParam * */
} VmmctlAction;

typedef struct VmmctlTable VmmctlTable;

/* Reads the JSON text that the server or `vmmd --describe-api` gives. VMMCTL_ERROR_AWAY when it is
 * something else. */
VmmctlTable *vmmctl_table_parse (const char *text, GError **error);
/* The same from a file. */
VmmctlTable *vmmctl_table_load (const char *path, GError **error);
/* The action of that name in any case, or NULL. Borrowed. */
const VmmctlAction *vmmctl_table_find (const VmmctlTable *table, const char *name);
/* VmmctlAction *, sorted by name. Borrowed. */
GPtrArray *vmmctl_table_actions (const VmmctlTable *table);
/* The parameter that a person means by @word: its name in any case, with or without hyphens and
 * dots, so that image-id is ImageId. NULL: none. Borrowed. */
const VmmctlParam *vmmctl_action_param (const VmmctlAction *action, const char *word);
void vmmctl_table_free (VmmctlTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmctlTable, vmmctl_table_free)
