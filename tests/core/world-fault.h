/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways in which one call of one driver fails, each tried in turn, and a daemon that goes down.
 */
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

/* Arms @fault for its @n-th call from now; what world_fault_end() wants. */
guint world_fault_arm (World *w, const WorldFault *fault, guint n);
/* Waits until nothing is at work and disarms @fault; whether there was an n-th call. */
gboolean world_fault_end (World *w, const WorldFault *fault, guint armed);

/* Something done with the @n-th call of a driver failing; FALSE when there was no n-th call. */
typedef gboolean (*WorldTrial) (World *w, gconstpointer data, const WorldFault *fault, guint n);
/* Tries it with each call failing in each way; how many failed. */
guint world_fault_each (World *w, WorldTrial trial, gconstpointer data);

/* Calls of the hypervisor take long enough for the daemon to go down in the middle of them. */
void world_slow_down (World *w);
/* After so many looks at @instance the daemon goes down and comes up again, no longer slow. */
void world_go_down (World *w, const char *instance, guint looks);

/* Deeds on instances that have @thing, an interface or a disk. */
void world_deed_stop (World *w, const char *thing, const char *instance);
void world_deed_delete (World *w, const char *thing, const char *instance);
