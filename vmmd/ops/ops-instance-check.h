/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of an instance's fields with the errors ECS gives. NULL is "not given" and passes. For
 * this room only. */
#pragma once
#include "store.h"
#include "vmm-instance.h"

/* INSTANCE_NAME_MALFORMED. */
gboolean ops_check_name (const char *name, GError **error);
/* DESCRIPTION_MALFORMED. */
gboolean ops_check_description (const char *text, GError **error);
/* HOST_NAME_MALFORMED. */
gboolean ops_check_host_name (const char *name, GError **error);
/* Base64 of at most VMM_USER_DATA_MAX_BYTES; "" clears. */
gboolean ops_check_user_data (const char *base64, GError **error);
/* Copies name and public key of the account's key pair into @instance; NULL or "" for none.
 * KEY_PAIR_NOT_FOUND. */
gboolean ops_instance_fill_key (StoreTxn *txn, VmmInstance *instance, const char *key_pair,
                                GError **error);
