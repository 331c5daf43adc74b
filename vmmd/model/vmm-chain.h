/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a chain of layers is shortened. Pure. */
#pragma once
#include <glib.h>

/* A disk that rests on more layers than this, itself included, is to be shortened … */
#define VMM_CHAIN_DEEP 8
/* … to at most so many, unless its base alone is … */
#define VMM_CHAIN_LOW 7
/* … and from here on its snapshots wait for that … */
#define VMM_CHAIN_PATIENT 12
/* … since this is where they are refused. */
#define VMM_CHAIN_MAX 16

typedef struct
{
  guint64 size_bytes; /* on the host */
  gboolean is_kept;   /* it stays on the host though it leaves this chain */
} VmmChainLink;

/* How many of the layers below the first one of @links (the upper ones first) it shall take in; 0
 * for none.
 *
 * Those right below that nobody keeps always are: they go. With @may_copy, which is for the active
 * layer of a disk, kept ones are taken in too when the chain is deep: what they hold is then on the
 * host twice. As in a binary counter each layer that is taken in becomes part of one about twice
 * its size or more, so that a byte is copied a few times only, however many snapshots are taken;
 * the base stays, since most often it is an image that many disks rest on. */
guint vmm_chain_take (const VmmChainLink *links, guint n_links, gboolean may_copy);
