/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses in the work on a VPC. For this room only. */
#pragma once
#include "ops-public.h"
#include "work-item.h"

/* The host was told of all in @seen: its rows move on. */
gboolean work_public_told (WorkItem *item, const OpsPublicSeen *seen, GError **error);
/* It could not be told for @error (taken): what is late turns back. @seen NULL: not even read. When
 * to look again. */
gint64 work_public_failed (WorkItem *item, const OpsPublicSeen *seen, GError *error);
