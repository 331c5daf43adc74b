/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of one request from bytes to bytes: decode, identify, dispatch, put errors into words,
 * log. Knows no HTTP library. Any thread. */
#pragma once
#include "api-auth.h"
#include "api-dispatch.h"

typedef struct
{
  ApiDispatch dispatch;
  const ApiDoors *doors;
} ApiFront;

/* Always fills @out. */
void api_front_serve (const ApiFront *front, const ApiRequest *request, ApiAnswer *out);
/* An answer for a request that cannot be served at all, such as one that is too large. */
void api_front_refuse (const ApiRequest *request, VmmError code, const char *message,
                       ApiAnswer *out);
/* Frees what an answer owns and was not stolen. */
void api_answer_clear (ApiAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ApiAnswer, api_answer_clear)
