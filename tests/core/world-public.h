/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Public addresses in a world without a host: short ways to make them and to play work's part. */
#pragma once
#include "ops-eip.h"
#include "world.h"

/* The id of a new elastic address of 5 Mbit/s; the caller frees it. */
char *world_allocate (World *w, const VmmCaller *caller);
/* Alice's address @id shall lead to @target_id. */
void world_lead (World *w, const char *id, const char *target_id);
/* Work has told the host of everything in the VPC. */
void world_told (World *w, const char *vpc_id);
/* An instance of Alice's in @state; its primary interface, which the caller frees. */
VmmNic *world_add_nic (World *w, VmmInstanceState state);
