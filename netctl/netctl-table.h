/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Desired nft tables as objects, and the nft commands that make them so. Pure text; the objects
 * are filled from parsed addresses, integers and our own names only. */
#pragma once
#include <glib.h>

typedef enum
{
  NETCTL_TABLE_SET,
  NETCTL_TABLE_MAP,
  NETCTL_TABLE_CHAIN
} NetctlTableKind;

/* One set, map or chain. */
typedef struct
{
  NetctlTableKind kind;
  const char *table; /* "inet ecs"; static */
  char *key;         /* what tells objects apart: a set and a chain of one name are two */
  char *name;
  char *head;       /* a set's type, a base chain's hook; NULL for a plain chain */
  GPtrArray *lines; /* char*: elements in order of insertion, or rules in order */
} NetctlTableObject;

typedef struct
{
  GPtrArray *tables;  /* const char*: static names such as "inet ecs" */
  GPtrArray *objects; /* NetctlTableObject* */
  GHashTable *index;  /* key -> NetctlTableObject*, both borrowed */
} NetctlTables;

/* Without any table. */
NetctlTables *netctl_tables_new (void);
void netctl_tables_free (NetctlTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlTables, netctl_tables_free)

/* A table, perhaps without objects; a literal. */
void netctl_tables_add_table (NetctlTables *tables, const char *table);
/* Adds an object; @table is a literal. The result is borrowed. */
NetctlTableObject *netctl_tables_add (NetctlTables *tables, NetctlTableKind kind, const char *table,
                                      const char *name, const char *head);
/* The object of that kind and name, added if it is not there yet. Borrowed. */
NetctlTableObject *netctl_tables_ensure (NetctlTables *tables, NetctlTableKind kind,
                                         const char *table, const char *name, const char *head);
/* Adds a rule or an element. */
void netctl_table_line (NetctlTableObject *object, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Commands that replace all that the kernel has under these tables' names, in one transaction. */
char *netctl_tables_replace (const NetctlTables *tables);
/* Commands that turn @from into @to in one transaction; "" if they are equal; NULL if only a
 * replacement can (a base chain or a type differs). */
char *netctl_tables_change (const NetctlTables *from, const NetctlTables *to);
/* TRUE if what @from lets through may be more than what @to does: rules differ, an
 * element is gone, or a set of ranges differs. */
gboolean netctl_tables_narrow (const NetctlTables *from, const NetctlTables *to);
