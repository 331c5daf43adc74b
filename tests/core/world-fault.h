/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways in which one call of one driver fails. */
#pragma once
#include "world-host.h"

/* A way in which the next calls of one driver fail. */
typedef struct
{
  const char *name;
  void (*arm) (World *w, guint n); /* the n-th call from now, once */
  void (*disarm) (World *w);
  guint (*calls) (World *w); /* how many there were so far */
} WorldFault;

#define WORLD_FAULTS 7
extern const WorldFault world_faults[WORLD_FAULTS];
