/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a row of the action table declares the members of its reply. */
#pragma once
#include <glib.h>

/* Of parameters and of reply members. */
typedef enum
{
  API_REQUIRED = 1 << 0, /* absent or empty: MissingParameter. On a field: always written */
  API_SECRET = 1 << 1,   /* never logged; wiped from memory after the call */
  API_EMPTY_OK = 1 << 2, /* an empty text is a value ("clear it") and not the same as absent */
} ApiFlags;

typedef enum
{
  API_FIELD_STRING,
  API_FIELD_INT,
  API_FIELD_BOOL,
  API_FIELD_OBJECT,
  API_FIELD_LIST,
  API_FIELD_NUMBER /* with a fraction */
} ApiFieldType;

/* One member, by its path from the top: "TotalCount", "VpcAttributes.VpcId",
 * "Instances.Instance[].InstanceId". "SecurityGroupIds.SecurityGroupId[]" of type STRING is a list
 * of texts. Objects and lists need no row of their own, unless they are API_REQUIRED.
 * API_REQUIRED: written whenever the object or item it stands in is. */
typedef struct
{
  const char *path;
  ApiFieldType type;
  guint flags;
  const char *doc;
} ApiField;

#define API_OUT_STR(path, flags, doc)                                                              \
  {                                                                                                \
    path, API_FIELD_STRING, flags, doc                                                             \
  }
#define API_OUT_INT(path, flags, doc)                                                              \
  {                                                                                                \
    path, API_FIELD_INT, flags, doc                                                                \
  }
#define API_OUT_NUMBER(path, flags, doc)                                                           \
  {                                                                                                \
    path, API_FIELD_NUMBER, flags, doc                                                             \
  }
#define API_OUT_BOOL(path, flags, doc)                                                             \
  {                                                                                                \
    path, API_FIELD_BOOL, flags, doc                                                               \
  }
#define API_OUT_OBJECT(path, flags, doc)                                                           \
  {                                                                                                \
    path, API_FIELD_OBJECT, flags, doc                                                             \
  }
/* The path ends with []. */
#define API_OUT_LIST(path, flags, doc)                                                             \
  {                                                                                                \
    path, API_FIELD_LIST, flags, doc                                                               \
  }

#define API_PAGE_FIELDS                                                                            \
  API_OUT_INT ("TotalCount", API_REQUIRED, "Entries in all."),                                     \
      API_OUT_INT ("PageNumber", API_REQUIRED, "The page."),                                       \
      API_OUT_INT ("PageSize", API_REQUIRED, "Entries a page."),                                   \
      API_OUT_STR ("NextToken", 0, "Where to go on; empty or absent at the end.")
