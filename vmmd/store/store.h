/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database: open, migrate, transactions. One writer at a time, many readers.
 *
 * Any thread; a transaction belongs to the thread that began it. Errors are VMM_ERROR_STORE unless
 * a function says otherwise. */
#pragma once
#include <glib.h>

typedef struct Store Store;
typedef struct StoreTxn StoreTxn;

/* Opens or makes the database in @path (0600) and brings its schema up to date, all migrations in
 * one transaction. A database of a newer schema is refused. */
Store *store_open (const char *path, GError **error);
void store_close (Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_close)

/* Begins a transaction that may write; waits for the one before. */
StoreTxn *store_begin (Store *store, GError **error);
/* Begins one that only reads a consistent state, beside any writer. */
StoreTxn *store_begin_read (Store *store, GError **error);
/* Makes the changes durable. On failure nothing was changed. */
gboolean store_commit (StoreTxn *txn, GError **error);
/* Ends the transaction; one that was not committed is rolled back. */
void store_txn_free (StoreTxn *txn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreTxn, store_txn_free)

/* A value by name; NULL without @error set when there is none. The caller frees it. */
char *store_meta_get (StoreTxn *txn, const char *key, GError **error);
gboolean store_meta_set (StoreTxn *txn, const char *key, const char *value, GError **error);
