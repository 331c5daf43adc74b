/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request and its answer, free of any HTTP library. Borrowed texts, for the time of the call. */
#pragma once
#include "api-sign.h"

typedef struct
{
  const char *method, *path;
  const char *query; /* as on the wire, without '?'; NULL for none */
  const char *body;  /* body_length bytes; NULL for none */
  gsize body_length;
  ApiHeaderFunc header; /* lower-case name → value, or NULL */
  gpointer header_data;
  gboolean is_admin; /* came through the administrator's socket, peer checked */
  const char *peer;  /* for the log */
} ApiRequest;

typedef struct
{
  guint status;
  const char *content_type; /* static */
  GString *body;
  char *request_id;
} ApiAnswer;
