/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file from a stranger's web server, fetched by vmmd-img-fetch without rights. */
#pragma once
#include "img.h"

/* The end of a fetched file's name in the spool. */
#define IMG_FETCH_SUFFIX ".fetch"

typedef struct
{
  const char *url;
  const char *file;          /* absolute; made anew */
  const char *user;          /* who fetches; NULL: who we are (not as root) */
  const char *const *ranges; /* not public ones that may be asked; NULL-terminated or NULL */
  guint64 max_bytes;
  ImgProgressFunc progress; /* or NULL: gets the first half of 0 to 100 */
  gpointer progress_data;
  GCancellable *cancellable;
} ImgFetch;

/* Blocks while it is fetched. REFUSED "url", "http" or "limit"; on failure the file may be there in
 * part. Any thread. */
gboolean img_fetch_run (const ImgFetch *fetch, GError **error);
/* An ImgProgressFunc for what follows: tells the ImgFetch in @data the second half. */
void img_fetch_rest (guint percent, gpointer data);
