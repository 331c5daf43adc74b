/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small looks into an answer by path. */
#pragma once
#include <json-glib/json-glib.h>

/* What stands at "Instances.Instance" below @node, or NULL; of a list on the way its first item.
 * Borrowed. */
JsonNode *vmmctl_json_at (JsonNode *node, const char *path);
/* The same as an array; NULL when it is none. Borrowed. */
JsonArray *vmmctl_json_list (JsonNode *node, const char *path);
/* A value as a person reads it: lists of texts with commas, control characters replaced. "" for
 * nothing. The caller frees it. */
char *vmmctl_json_text (JsonNode *node);
/* A text member of @object, or NULL. Borrowed. */
const char *vmmctl_json_member (JsonObject *object, const char *name);
