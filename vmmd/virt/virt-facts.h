/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about domains, and the one place where libvirt's states become ours. */
#pragma once
#include "virt.h"

/* A fact that owns a copy of @id. */
VirtFact *virt_fact_new (const char *id, VirtState state, VirtReason reason);

/* Translates what virDomainGetState() says. Numbers that this libvirt did not know are an active
 * domain (RUNNING) and an UNKNOWN reason, so that a newer libvirt never makes a guest look off. */
void virt_facts_translate (int libvirt_state, int libvirt_reason, VirtState *out_state,
                           VirtReason *out_reason);
