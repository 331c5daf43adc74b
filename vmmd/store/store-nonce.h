/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nonces of signed requests, in a database file of their own.
 *
 * A commit costs no flush to disk, since every request makes one: what a killed daemon wrote is in
 * the kernel and safe. What a power cut may lose is made up for by the boot mark: after one,
 * requests that are older than the daemon's start are refused. Any thread. */
#pragma once
#include <glib.h>

typedef struct StoreNonces StoreNonces;

/* @boot_id names this boot of the host. */
StoreNonces *store_nonces_open (const char *path, const char *boot_id, gint64 now_ms,
                                GError **error);
void store_nonces_close (StoreNonces *nonces);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreNonces, store_nonces_close)

/* Remembers (@key_id, @nonce) until @expires_ms. VMM_ERROR_NONCE_USED when it is remembered
 * already, VMM_ERROR_TIMESTAMP_EXPIRED when @timestamp_ms lies before a power cut's new boot. */
gboolean store_nonce_use (StoreNonces *nonces, const char *key_id, const char *nonce,
                          gint64 timestamp_ms, gint64 expires_ms, GError **error);
/* Forgets those that expired before @now_ms. */
gboolean store_nonce_expire (StoreNonces *nonces, gint64 now_ms, GError **error);
