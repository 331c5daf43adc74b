/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream that shows what is read through it to somebody, who may keep it from the reader. For
 * readers that poll and never block, as libsoup. Main thread only. */
#pragma once
#include <gio/gio.h>

/* After each read: @n @bytes came; 0 is the end or an error. On FALSE the reader is told that there
 * is nothing yet, and the bytes are lost. */
typedef gboolean (*ApiStreamFunc) (const char *bytes, gsize n, gpointer data);

/* Wraps @inner, whose streams must be pollable, and keeps a reference to it. */
GIOStream *api_stream_new (GIOStream *inner, ApiStreamFunc on_read, gpointer data,
                           GDestroyNotify destroy);
