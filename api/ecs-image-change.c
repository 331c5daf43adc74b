/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be changed of an image: its texts, its status, and who sees it. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"

#define IMAGE_ID(type, field)                                                                      \
  API_STR (type, field, "ImageId", .flags = API_REQUIRED, .max_length = 64,                        \
           .format = &api_format_image_id, .error = VMM_ERROR_IMAGE_NOT_FOUND,                     \
           .doc = "The image.")

/* ---- ModifyImageAttribute ---- */

typedef struct
{
  char *id, *name, *description, *family, *status, *boot_mode, *imds, *nvme, *license;
} ModifyArgs;

static const ApiParam modify_params[] = {
  IMAGE_ID (ModifyArgs, id),
  API_STR (ModifyArgs, name, "ImageName", .max_length = 512, .format = &ecs_format_image_name,
           .error = VMM_ERROR_IMAGE_NAME_MALFORMED,
           .doc = "A name that no other image of the account has."),
  ECS_DESCRIPTION (ModifyArgs, description, API_EMPTY_OK),
  API_STR (ModifyArgs, family, "ImageFamily", .flags = API_EMPTY_OK, .max_length = 512,
           .doc = "The family; an empty one takes it out of its family."),
  API_STR (ModifyArgs, status, "Status", .max_length = 16, API_CHOICES ("Available", "Deprecated"),
           .doc = "A Deprecated image works as before, but is not the newest of its family and can "
                  "be neither copied nor shared."),
  API_STR (ModifyArgs, boot_mode, "BootMode", .max_length = 16, API_CHOICES ("BIOS"),
           .error = VMM_ERROR_UNSUPPORTED_PARAMETER, .doc = "BIOS is what there is."),
  ECS_REFUSED (ModifyArgs, imds, "Features.ImdsSupport", .doc = "Not offered here."),
  ECS_REFUSED (ModifyArgs, nvme, "Features.NvmeSupport", .doc = "Not offered here."),
  ECS_TEXT_FILTER (ModifyArgs, license, "LicenseType", "Ignored: there are no licences here."),
};

static gboolean
modify_image (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ModifyArgs *args = data;
  const OpsImageChange change = { .name = args->name,
                                  .description = args->description,
                                  .family = args->family,
                                  .status = args->status };

  return ops_image_modify (call->ctx, call->caller, args->id, &change, error);
}

/* ---- ModifyImageSharePermission, DescribeImageSharePermission ---- */

typedef struct
{
  ApiPage page;
  char *id, *is_public, *launch;
  char **add, **remove;
} ShareArgs;

static const ApiParam share_params[] = {
  IMAGE_ID (ShareArgs, id),
  API_STRLIST (ShareArgs, add, "AddAccount", .max = 10, .max_length = 128,
               .doc = "Accounts, by id, that see it from now on and make instances from it."),
  API_STRLIST (ShareArgs, remove, "RemoveAccount", .max = 10, .max_length = 128,
               .doc = "Accounts that see it no more; what they made from it goes on unharmed."),
  ECS_REFUSED (ShareArgs, is_public, "IsPublic",
               .doc = "What all accounts see is the administrator's."),
  ECS_REFUSED (ShareArgs, launch, "LaunchPermission",
               .doc = "What all accounts see is the administrator's."),
};

static gboolean
modify_share (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ShareArgs *args = data;

  return ops_image_share (call->ctx, call->caller, args->id, (const char *const *) args->add,
                          (const char *const *) args->remove, error);
}

static const ApiParam describe_share_params[] = {
  IMAGE_ID (ShareArgs, id),
  API_PAGE_PARAMS (ShareArgs, page, 100),
};

static const ApiField describe_share_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("ImageId", API_REQUIRED, "The image."),
  API_OUT_STR ("Accounts.Account[].AliyunId", API_REQUIRED, "An account that sees it."),
  API_OUT_STR ("Accounts.Account[].SharedTime", API_REQUIRED, "Since when."),
  API_OUT_STR ("ShareGroups.ShareGroup[].Group", 0, "There are none."),
  API_PAGE_FIELDS,
};

static gboolean
describe_share (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const ShareArgs *args = data;
  VmmPage page = api_page_get (&args->page);
  g_auto (VmmPageInfo) info = { 0 };
  g_autoptr (GPtrArray) shares
      = ops_image_shares (call->ctx, call->caller, args->id, &page, &info, error);

  if (shares == NULL)
    return FALSE;
  api_reply_string (reply, "RegionId", call->ctx->config->region_id);
  api_reply_string (reply, "ImageId", args->id);
  api_reply_list (reply, "Accounts", "Account");
  for (guint i = 0; i < shares->len; i++)
    {
      const VmmImageShare *share = g_ptr_array_index (shares, i);

      api_reply_item (reply);
      api_reply_string (reply, "AliyunId", share->account_id);
      api_reply_second (reply, "SharedTime", share->at_ms);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_strings (reply, "ShareGroups", "ShareGroup", NULL);
  api_reply_page (reply, &args->page, &info);
  return TRUE;
}

/* ---- DescribeImageSupportInstanceTypes ---- */

typedef struct
{
  char *id, *action_type;
  GArray *filters;
} TypesArgs;

static const ApiParam types_params[] = {
  IMAGE_ID (TypesArgs, id),
  API_STR (TypesArgs, action_type, "ActionType", .max_length = 16,
           API_CHOICES ("CreateEcs", "ChangeOS"), .doc = "The answer is the same for both."),
  ECS_REFUSED_TAGS (TypesArgs, filters, "Filter"),
};

#define T "InstanceTypes.InstanceType[]."
static const ApiField types_fields[] = {
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("ImageId", API_REQUIRED, "The image."),
  API_OUT_STR (T "InstanceTypeId", API_REQUIRED, "A type."),
  API_OUT_STR (T "InstanceTypeFamily", API_REQUIRED, "Its family."),
  API_OUT_INT (T "CpuCoreCount", API_REQUIRED, "vCPUs."),
  API_OUT_NUMBER (T "MemorySize", API_REQUIRED, "GiB of memory, with fractions."),
};

/* All types there are run on the host's processor, which no arm64 image does. */
static gboolean
describe_types (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const TypesArgs *args = data;
  const VmmConfig *config = call->ctx->config;
  g_autoptr (VmmImage) image = ops_image_get (call->ctx, call->caller, args->id, error);

  if (image == NULL)
    return FALSE;
  api_reply_string (reply, "RegionId", config->region_id);
  api_reply_string (reply, "ImageId", args->id);
  api_reply_list (reply, "InstanceTypes", "InstanceType");
  for (guint i = 0; !g_str_equal (image->architecture, "arm64") && i < config->types->len; i++)
    {
      const VmmInstanceType *type = g_ptr_array_index (config->types, i);

      api_reply_item (reply);
      api_reply_string (reply, "InstanceTypeId", type->id);
      api_reply_string (reply, "InstanceTypeFamily", type->family);
      api_reply_int (reply, "CpuCoreCount", type->vcpus);
      api_reply_number (reply, "MemorySize", type->memory_mib / 1024.0);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "ModifyImageAttribute",
    .summary = "Changes an image's name, description, family and status.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifyImageAttribute",
    .flags = API_DRY_RUN,
    .run = modify_image,
    API_PARAMS (ModifyArgs, modify_params),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_NAME_MALFORMED,
                VMM_ERROR_IMAGE_NAME_DUPLICATED, VMM_ERROR_DESCRIPTION_MALFORMED,
                VMM_ERROR_IMAGE_FAMILY_MALFORMED, VMM_ERROR_IMAGE_STATUS, VMM_ERROR_IMAGE_SHARED) },
  { .name = "ModifyImageSharePermission",
    .summary = "Lets other accounts see an image and make instances from it, or no more.",
    .since = "0.3",
    .access = API_WRITE,
    .permission = "ecs:ModifyImageSharePermission",
    .flags = API_DRY_RUN,
    .run = modify_share,
    API_PARAMS (ShareArgs, share_params),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND, VMM_ERROR_IMAGE_STATUS, VMM_ERROR_ACCOUNT_NOT_FOUND,
                VMM_ERROR_IMAGE_SHARE_QUOTA) },
  { .name = "DescribeImageSharePermission",
    .summary = "Lists the accounts that an image is shared with.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeImageSharePermission",
    .run = describe_share,
    API_PARAMS (ShareArgs, describe_share_params),
    API_FIELDS (describe_share_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND) },
  { .name = "DescribeImageSupportInstanceTypes",
    .summary = "Lists the types of instances that can be made from an image.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeImageSupportInstanceTypes",
    .run = describe_types,
    API_PARAMS (TypesArgs, types_params),
    API_FIELDS (types_fields),
    API_ERRORS (VMM_ERROR_IMAGE_NOT_FOUND) },
};

const ApiResource ecs_image_change = API_RESOURCE ("image-change", actions);
