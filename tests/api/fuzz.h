/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz target defines: libFuzzer calls it, or fuzz-replay.c with the files of a corpus. */
#pragma once
#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
