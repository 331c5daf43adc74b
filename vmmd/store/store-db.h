/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements for the other files of this room: SQL text, a letter an argument, rows out.
 *
 * Letters: 's' const char* (NULL is SQL NULL), 'i' gint64, 'b' GBytes*. Statements are compiled
 * once a connection and kept by their text, so texts should be few. */
#pragma once
#include "vmm-query.h"
#include <glib.h>

typedef struct StoreTxn StoreTxn;

/* Runs a statement without rows. The number of rows changed, or -1. */
int store_exec (StoreTxn *txn, GError **error, const char *sql, const char *letters, ...);
/* Whether @error is a broken UNIQUE constraint. */
gboolean store_error_is_duplicate (const GError *error);

typedef struct StoreRows StoreRows;
/* Begins a query; one query of a text at a time in a transaction. */
StoreRows *store_query (StoreTxn *txn, GError **error, const char *sql, const char *letters, ...);
/* The same, with arguments gathered while the text was built: GVariant strings ("s") and
 * 64-bit integers ("x"), in order. */
StoreRows *store_query_array (StoreTxn *txn, GError **error, const char *sql, GPtrArray *args);
/* TRUE while there is a row; FALSE at the end, and on failure with @error set. */
gboolean store_rows_next (StoreRows *rows, GError **error);
char *store_rows_string (StoreRows *rows, int column); /* a copy; NULL for SQL NULL */
gint64 store_rows_int (StoreRows *rows, int column);
GBytes *store_rows_bytes (StoreRows *rows, int column);
void store_rows_free (StoreRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreRows, store_rows_free)

/* One integer of one row; FALSE when there is no row or on failure. */
gboolean store_query_int (StoreTxn *txn, gint64 *out, GError **error, const char *sql,
                          const char *letters, ...);

/* All rows as records by @read; an array that frees them by @free_func. */
typedef gpointer (*StoreReadFunc) (StoreRows *rows);
GPtrArray *store_read_all (StoreRows *rows, StoreReadFunc read, GDestroyNotify free_func,
                           GError **error);

/* Records that each hold an array of others: where things stand in both structs. */
typedef struct
{
  const char *select; /* "SELECT … WHERE …", then "AND <column> IN (…) ORDER BY <order>" */
  const char *column; /* of the owner's id; not the rows' own id */
  const char *order;
  StoreReadFunc read;
  GDestroyNotify free_func;
  gsize owner_id, list; /* in the owners: char *, GPtrArray * */
  gsize owner;          /* in what is read: char *, an owner's id */
} StoreFill;
/* Gives each of @owners a new array of what is its own, in one query. */
gboolean store_fill (StoreTxn *txn, const StoreFill *fill, const GPtrArray *owners, GError **error);

/* The first column of all rows as strings (char*); takes @rows, which may be NULL. */
GPtrArray *store_read_ids (StoreRows *rows, GError **error);

/* A count that is asked again and again: remembered for as long as nobody writes. */
gboolean store_query_count (StoreTxn *txn, gint64 *out, GError **error, const char *sql,
                            GPtrArray *args);

/* The condition of a list, gathered piece by piece. */
typedef struct
{
  GString *where;
  GPtrArray *args; /* GVariant* */
} StoreFilter;
void store_filter_init (StoreFilter *filter, const char *first, const char *value);
void store_filter_clear (StoreFilter *filter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StoreFilter, store_filter_clear)
/* "AND <sql>" with one '?', unless @value is NULL or empty. */
void store_filter_string (StoreFilter *filter, const char *sql, const char *value);
void store_filter_int (StoreFilter *filter, const char *sql, gint64 value);
/* "AND <column> IN (…)", unless @values is NULL or empty. */
void store_filter_in (StoreFilter *filter, const char *column, const char *const *values);
/* "AND <open> (…) <close>" with @ips as numbers, unless they are NULL or empty; those that cannot
 * be read find nothing. @open ends with IN. */
void store_filter_addresses (StoreFilter *filter, const char *open, const char *const *ips,
                             const char *close);
/* "AND <sql>" with one '?' for an address as text, likewise. */
void store_filter_address (StoreFilter *filter, const char *sql, const char *ip);
/* "AND <column> IN (…)" the resources of that sort and account that have all @tags. */
void store_filter_tags (StoreFilter *filter, const char *column, VmmTagType type,
                        const char *account_id, const VmmTags *tags);
/* The value of a '?' that was put into @where by hand. */
void store_filter_argument (StoreFilter *filter, const char *value);
/* "AND <column> GLOB …" where '*' of @pattern stands for anything and nothing else does. */
void store_filter_wildcard (StoreFilter *filter, const char *column, const char *pattern);

/* Rows of "SELECT <columns>, <order> FROM <table> WHERE …" newest first, one page of them. The last
 * column is the integer that orders them; it becomes the token. */
GPtrArray *store_list (StoreTxn *txn, const char *columns, const char *table, const char *order,
                       StoreFilter *filter, const VmmPage *page, VmmPageInfo *out_info,
                       StoreReadFunc read, GDestroyNotify free_func, GError **error);
