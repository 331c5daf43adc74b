/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which generation of the rules is in force on the host. Any pool thread. */
#pragma once
#include "ops-context.h"

/* Of a group or an interface. */
typedef struct
{
  char *id;
  guint64 desired, applied; /* generations; applied 0 when the host has nothing of it */
  char *reason;             /* why the desired one is not in force; "" when nothing failed */
} OpsApplied;
void ops_applied_free (OpsApplied *applied);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpsApplied, ops_applied_free)

/* That a generation came into force, or did not. */
typedef struct
{
  char *id;           /* of a group or an interface */
  guint64 generation; /* 0: the host has nothing of it any more */
  char *reason;       /* why it did not, or NULL */
} OpsAppliedNews;
/* For work: writes what is new among @news (OpsAppliedNews*). When a failure begins or ends, the
 * instances concerned that run get an event. */
gboolean ops_applied_record (VmmContext *ctx, const GPtrArray *news, GError **error);
