/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's part in public addresses: routes to the VPCs and neighbours that the host answers
 * for. */
#pragma once
#include "netctl-model.h"

/* A public address and who has it. */
typedef struct
{
  guint32 vpc;
  NetctlPublic public;
  guint class; /* of what comes in, on the VPC's way out (netctl-shape.h); 0 for no bound */
} NetctlHostPublic;

/* Appends those of @vpc to @publics (NetctlHostPublic). */
void netctl_public_collect (GArray *publics, const NetctlVpc *vpc);

/* Makes the host's routes to public addresses exactly these (NetctlHostPublic), and answers for
 * them on the link called @interface unless that is NULL. The ways out must be there; those that
 * are not are passed over. */
gboolean netctl_public_apply (const GArray *publics, const char *interface, GError **error);
