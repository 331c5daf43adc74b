/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream that makes libsoup 3.2 notice when a client leaves between two requests.
 *
 * That library forgets a connection whose next request ends before its first byte: neither closed
 * nor freed, whoever accepted it. This stream gives it one byte in front of the end, which makes it
 * a request that was begun and broken off, and those it ends properly. */
#pragma once
#include <gio/gio.h>

#define API_TYPE_STREAM (api_stream_get_type ())
G_DECLARE_FINAL_TYPE (ApiStream, api_stream, API, STREAM, GIOStream)

/* Around @base, whose streams must be pollable; takes a reference. Closing it closes @base. */
GIOStream *api_stream_new (GIOStream *base);
