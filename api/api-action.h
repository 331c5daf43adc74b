/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The action table: a row is all there is to know of an action, and it drives parsing, checks,
 * permission, errors, the reply's shape, reference, CLI and tests. See ecs-*.c for rows.
 *
 *   typedef struct { char *id; gboolean force; } StopInstanceArgs;
 *
 *   static const ApiParam stop_instance_params[] = {
 *     API_STR (StopInstanceArgs, id, "InstanceId", .flags = API_REQUIRED, .max_length = 64,
 *              .format = &api_format_instance_id, .error = VMM_ERROR_INSTANCE_NOT_FOUND,
 *              .doc = "The instance to stop."),
 *     API_BOOL (StopInstanceArgs, force, "ForceStop", .doc = "Cut the power."),
 *   };
 *
 *   static const ApiAction actions[] = {
 *     { .name = "StopInstance", .summary = "Asks an instance to power itself off.",
 *       .since = "0.1", .access = API_WRITE, .permission = "ecs:StopInstance",
 *       .flags = API_DRY_RUN, .run = stop_instance,
 *       API_PARAMS (StopInstanceArgs, stop_instance_params),
 *       API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_INSTANCE_STATUS) },
 *   };
 *   const ApiResource ecs_instance = API_RESOURCE ("instance", actions);
 */
#pragma once
#include "api-field.h"
#include "api-format.h"
#include "api-reply.h"
#include "ops-context.h"
#include "vmm-error.h"
#include "vmm-query.h"
#include "vmm-tag.h"
#include <glib.h>
#include <stddef.h>

/* ---- Parameters ---- */

typedef enum
{
  API_KIND_STR,      /* char *: NULL when absent and without fallback */
  API_KIND_INT,      /* int: an optional one must have a fallback, which may lie out of bounds */
  API_KIND_BOOL,     /* gboolean: FALSE when absent, unless the fallback is "true" */
  API_KIND_TRI,      /* int: 1 or 0, and -1 when absent */
  API_KIND_STRLIST,  /* char **: from Name.1, Name.2 …; never NULL, empty when absent */
  API_KIND_JSONLIST, /* char **: from Name=["a","b"] or Name=a,b; never NULL, empty when absent */
  API_KIND_LIST,     /* GArray * of structs: from Name.1.Sub, Name.2.Sub …; never NULL */
  API_KIND_LAST
} ApiKind;

typedef struct ApiParam ApiParam;
struct ApiParam
{
  const char *name; /* as on the wire; may hold dots, as SystemDisk.Size does */
  ApiKind kind;
  guint flags; /* ApiFlags */
  gsize offset;
  const char *fallback; /* value when absent, as text; not checked against the bounds */
  gint64 min, max;      /* INT: the value (both 0: any int). Lists: the number of items, max > 0 */
  gsize max_length;     /* bytes of a text or of each text of a list; every text needs one */
  const char *const *choices; /* ends with NULL; matched in any case, stored as spelt here */
  const ApiFormat *format;    /* of a text or of each text of a list */
  VmmError error;             /* for a bad value; 0 stands for VMM_ERROR_INVALID_PARAMETER */
  const char *doc;
  /* API_KIND_LIST: the members of an item, with offsets inside the item's struct. */
  const ApiParam *items;
  gsize n_items, item_size;
};

/* The offset of @field, which must be of C type @ctype or the compiler stops here. */
#define API_OFFSET(type, field, ctype)                                                             \
  (offsetof (type, field)                                                                          \
   + 0 * sizeof (struct {                                                                          \
       G_STATIC_ASSERT (__builtin_types_compatible_p (__typeof__ (((type *) 0)->field), ctype));   \
       char unused;                                                                                \
     }))
#define API_PARAM(type, field, ctype, kind_, name_, ...)                                           \
  {                                                                                                \
    .name = name_, .kind = kind_, .offset = API_OFFSET (type, field, ctype), __VA_ARGS__           \
  }

#define API_STR(type, field, name, ...)                                                            \
  API_PARAM (type, field, char *, API_KIND_STR, name, __VA_ARGS__)
#define API_INT(type, field, name, ...)                                                            \
  API_PARAM (type, field, int, API_KIND_INT, name, __VA_ARGS__)
#define API_BOOL(type, field, name, ...)                                                           \
  API_PARAM (type, field, gboolean, API_KIND_BOOL, name, __VA_ARGS__)
#define API_TRI(type, field, name, ...)                                                            \
  API_PARAM (type, field, int, API_KIND_TRI, name, __VA_ARGS__)
#define API_STRLIST(type, field, name, ...)                                                        \
  API_PARAM (type, field, char **, API_KIND_STRLIST, name, __VA_ARGS__)
#define API_JSONLIST(type, field, name, ...)                                                       \
  API_PARAM (type, field, char **, API_KIND_JSONLIST, name, __VA_ARGS__)
/* @field is a GArray * of @item_type, whose members are the ApiParam array @item_params. */
#define API_LIST(type, field, name, item_type, item_params, ...)                                   \
  API_PARAM (type, field, GArray *, API_KIND_LIST, name, .items = item_params,                     \
             .n_items = G_N_ELEMENTS (item_params), .item_size = sizeof (item_type), __VA_ARGS__)
#define API_CHOICES(...)                                                                           \
  .choices = (const char *const[]) { __VA_ARGS__, NULL }

/* Shared parameters. `ApiPage page;` in the args struct goes with API_PAGE_PARAMS, and
 * `GArray *tags;` of ApiTag with API_TAG_PARAM. */
typedef struct
{
  int number, size; /* from 1; the default page is the first of ten */
  int max_results;  /* 0: absent. With it or next_token, number and size do not count */
  char *next_token; /* NULL: absent */
} ApiPage;

#define API_PAGE_PARAMS(type, field, max_size)                                                     \
  API_INT (type, field.number, "PageNumber", .fallback = "1", .min = 1, .max = 1000000,            \
           .doc = "Which page, from 1."),                                                          \
      API_INT (type, field.size, "PageSize", .fallback = "10", .min = 1, .max = max_size,          \
               .doc = "Entries a page."),                                                          \
      API_INT (type, field.max_results, "MaxResults", .fallback = "0", .min = 1, .max = 100,       \
               .doc = "Entries a page, in the newer way of paging with NextToken."),               \
      API_STR (type, field.next_token, "NextToken", .max_length = 256,                             \
               .doc = "Where to go on, from the answer before.")

/* What ops wants to know of a page. Borrows next_token. */
VmmPage api_page_get (const ApiPage *page);
/* Writes TotalCount, PageNumber, PageSize and, in the newer way of paging, NextToken. */
void api_reply_page (ApiReply *reply, const ApiPage *page, const VmmPageInfo *info);

typedef VmmTag ApiTag; /* value: NULL when absent */

/* What ops wants to know of `GArray *tags`. Borrowed. */
VmmTags api_tags_get (const GArray *tags);

extern const ApiParam api_tag_params[2];
#define API_TAG_PARAM(type, field)                                                                 \
  API_PARAM (type, field, GArray *, API_KIND_LIST, "Tag", .items = api_tag_params,                 \
             .n_items = G_N_ELEMENTS (api_tag_params), .item_size = sizeof (ApiTag), .max = 20,    \
             .doc = "Tags that all must be there.")
/* Tags of what the action makes; its row says by .makes what that is. */
extern const ApiParam api_new_tag_params[2];
#define API_NEW_TAG_PARAM(type, field)                                                             \
  API_PARAM (type, field, GArray *, API_KIND_LIST, "Tag", .items = api_new_tag_params,             \
             .n_items = G_N_ELEMENTS (api_new_tag_params), .item_size = sizeof (ApiTag),           \
             .max = VMM_TAGS_MAX, .error = VMM_ERROR_TAG_COUNT, .doc = "Tags it shall have.")

/* ---- Actions ---- */

typedef enum
{
  API_READ,  /* changes nothing */
  API_WRITE, /* changes something of the caller's account */
  API_ADMIN, /* for the administrator only */
} ApiAccess;

typedef enum
{
  API_DRY_RUN = 1 << 0,      /* the verb obeys caller->dry_run. Without it a WRITE or ADMIN action
                              * refuses DryRun=true; a READ action needs no flag */
  API_CLIENT_TOKEN = 1 << 1, /* the verb obeys caller->client_token; else ClientToken is ignored */
  API_ANY_REGION = 1 << 2,   /* RegionId is not compared with this region */
} ApiActionFlags;

/* What a handler is given beside its arguments. Borrowed, for the time of the call. */
typedef struct
{
  VmmContext *ctx;
  const VmmCaller *caller;
  const char *host; /* host and port as the client called them; NULL or "" when unknown */
} ApiCall;

/* Runs on a request thread, synchronously: calls one verb of ops and writes the reply. @args is the
 * filled and checked args struct (NULL if the action has none), borrowed. On FALSE, @error is a
 * VMM_ERROR out of the row's list or a common one, and what was written of the reply is dropped. */
typedef gboolean (*ApiHandler) (ApiCall *call, gconstpointer args, ApiReply *reply, GError **error);

typedef struct
{
  const char *name;
  const char *summary;         /* one sentence */
  const char *since;           /* the release that brought it, "0.1" */
  const char *const *versions; /* ends with NULL; NULL stands for 2014-05-26 alone */
  ApiAccess access;
  const char *permission; /* "ecs:StopInstance" */
  guint flags;            /* ApiActionFlags */
  VmmTagType makes;       /* what the tags of its API_NEW_TAG_PARAM are put on */
  ApiHandler run;
  gsize args_size;
  const ApiParam *params;
  gsize n_params;
  const ApiField *fields; /* RequestId needs no row */
  gsize n_fields;
  const VmmError *errors; /* beside the common ones, see api_dispatch_is_common() */
  gsize n_errors;
} ApiAction;

#define API_PARAMS(type, table)                                                                    \
  .args_size = sizeof (type), .params = table, .n_params = G_N_ELEMENTS (table)
#define API_FIELDS(table) .fields = table, .n_fields = G_N_ELEMENTS (table)
#define API_ERRORS(...)                                                                            \
  .errors = (const VmmError[]){ __VA_ARGS__ },                                                     \
  .n_errors = sizeof ((const VmmError[]){ __VA_ARGS__ }) / sizeof (VmmError)
#define API_VERSIONS(...)                                                                          \
  .versions = (const char *const[]) { __VA_ARGS__, NULL }
#define API_ECS_VERSION "2014-05-26"
#define API_VPC_VERSION "2016-04-28"

/* All actions of one resource; `ecs_<name>` in ecs-<name>.c, named in api/meson.build. */
typedef struct
{
  const char *name;
  const ApiAction *actions;
  gsize n_actions;
} ApiResource;

#define API_RESOURCE(name, actions)                                                                \
  {                                                                                                \
    name, actions, G_N_ELEMENTS (actions)                                                          \
  }

/* Every resource; ends with NULL. Generated from the list in api/meson.build. */
extern const ApiResource *const api_resources[];
