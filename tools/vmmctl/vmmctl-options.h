/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that hold for every command, taken out of the words wherever they stand. */
#pragma once
#include <glib.h>

typedef struct
{
  char *socket;              /* the administrator's door; NULL when an endpoint is used */
  char *endpoint;            /* http://host:port; NULL when the socket is used */
  char *key_id, *key_secret; /* only for an endpoint */
  char *account;             /* NULL: the default one */
  char *output;              /* "table" or "json" */
  char *table;               /* a file with a described table; NULL: ask the server */
  char *timeout;             /* as given */
  guint timeout_s;           /* of waiting */
  gboolean help, version, wait, no_wait, list_actions;
  GPtrArray *words; /* char *, the rest */
} VmmctlOptions;

/* Reads @argv (without the program's name) and the environment. An option without its value, or
 * with a bad one, is VMMCTL_ERROR_USAGE. Words behind `--` are taken as they are. */
VmmctlOptions *vmmctl_options_parse (char **argv, GError **error);
/* One line an option, for --help. The caller frees it. */
char *vmmctl_options_help (void);
/* The options' names with their hyphens, for completion. The caller frees the array alone. */
GPtrArray *vmmctl_options_names (void);
void vmmctl_options_free (VmmctlOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmctlOptions, vmmctl_options_free)
