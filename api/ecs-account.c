/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator's actions: accounts and their access keys, and how the service is. The answers
 * have the members that the vendor's RAM gives them. */
#include "config.h"

#include "ecs-common.h"
#include "ops-image.h"
#include "ops-key.h"

/* ---- Accounts ---- */

typedef struct
{
  char *name;
} AccountArgs;

static const ApiParam account_params[] = {
  API_STR (AccountArgs, name, "Name", .flags = API_REQUIRED, .max_length = 64,
           .doc = "1 to 64 letters, digits, dots, underscores or hyphens."),
};

static const ApiField account_fields[] = {
  API_OUT_STR ("Account.AccountId", API_REQUIRED, "The account's id."),
  API_OUT_STR ("Account.Name", API_REQUIRED, "Its name."),
  API_OUT_STR ("Account.CreateDate", API_REQUIRED, "When it was made."),
};

static const ApiField accounts_fields[] = {
  API_OUT_STR ("Accounts.Account[].AccountId", API_REQUIRED, "An account's id."),
  API_OUT_STR ("Accounts.Account[].Name", API_REQUIRED, "Its name."),
  API_OUT_STR ("Accounts.Account[].CreateDate", API_REQUIRED, "When it was made."),
};

static void
write_account (ApiReply *reply, const OpsAccount *account)
{
  api_reply_string (reply, "AccountId", account->id);
  api_reply_string (reply, "Name", account->name);
  api_reply_second (reply, "CreateDate", account->created_ms);
}

static gboolean
create_account (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const AccountArgs *args = data;
  g_autoptr (OpsAccount) account = ops_account_create (call->ctx, args->name, error);

  if (account == NULL)
    return FALSE;

  api_reply_begin (reply, "Account");
  write_account (reply, account);
  api_reply_end (reply);
  return TRUE;
}

static gboolean
list_accounts (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) accounts = ops_account_list (call->ctx, error);

  if (accounts == NULL)
    return FALSE;

  api_reply_list (reply, "Accounts", "Account");
  for (guint i = 0; i < accounts->len; i++)
    {
      api_reply_item (reply);
      write_account (reply, accounts->pdata[i]);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

/* ---- Access keys ---- */

typedef struct
{
  char *id, *status;
} KeyArgs;

/* UserAccessKeyId as in RAM, because AccessKeyId is whose signature it is. */
#define KEY_ID                                                                                     \
  API_STR (KeyArgs, id, "UserAccessKeyId", .flags = API_REQUIRED, .max_length = 64,                \
           .doc = "The access key, of the account that is asked for.")

static const ApiParam key_params[] = { KEY_ID };

static const ApiParam update_key_params[] = {
  KEY_ID,
  API_STR (KeyArgs, status, "Status", .flags = API_REQUIRED, .max_length = 16,
           API_CHOICES ("Active", "Inactive"), .doc = "In force at the next request."),
};

static const ApiField key_fields[] = {
  API_OUT_STR ("AccessKey.AccessKeyId", API_REQUIRED, "The access key."),
  API_OUT_STR ("AccessKey.AccessKeySecret", API_REQUIRED,
               "Its secret, which is shown this once and never again."),
  API_OUT_STR ("AccessKey.Status", API_REQUIRED, "Always Active."),
  API_OUT_STR ("AccessKey.CreateDate", API_REQUIRED, "When it was made."),
};

static const ApiField keys_fields[] = {
  API_OUT_STR ("AccessKeys.AccessKey[].AccessKeyId", API_REQUIRED, "An access key."),
  API_OUT_STR ("AccessKeys.AccessKey[].Status", API_REQUIRED, "Active or Inactive."),
  API_OUT_STR ("AccessKeys.AccessKey[].CreateDate", API_REQUIRED, "When it was made."),
};

static void
write_key (ApiReply *reply, const OpsKey *key)
{
  api_reply_string (reply, "AccessKeyId", key->id);
  api_reply_string (reply, "Status", key->enabled ? "Active" : "Inactive");
  api_reply_second (reply, "CreateDate", key->created_ms);
}

static gboolean
create_key (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (OpsKey) key = ops_key_create (call->ctx, call->caller, error);

  if (key == NULL)
    return FALSE;

  api_reply_begin (reply, "AccessKey");
  write_key (reply, key);
  api_reply_string (reply, "AccessKeySecret", key->secret);
  api_reply_end (reply);
  return TRUE;
}

static gboolean
list_keys (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) keys = ops_key_list (call->ctx, call->caller, error);

  if (keys == NULL)
    return FALSE;

  api_reply_list (reply, "AccessKeys", "AccessKey");
  for (guint i = 0; i < keys->len; i++)
    {
      api_reply_item (reply);
      write_key (reply, keys->pdata[i]);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

static gboolean
update_key (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const KeyArgs *args = data;

  return ops_key_set_enabled (call->ctx, call->caller, args->id,
                              g_str_equal (args->status, "Active"), error);
}

static gboolean
delete_key (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  const KeyArgs *args = data;

  return ops_key_delete (call->ctx, call->caller, args->id, error);
}

/* ---- DescribeServiceStatus ---- */

static const ApiField status_fields[] = {
  API_OUT_STR ("Version", API_REQUIRED, "The release of this daemon."),
  API_OUT_STR ("HostId", API_REQUIRED, "This host."),
  API_OUT_STR ("RegionId", API_REQUIRED, "The region."),
  API_OUT_STR ("ZoneId", API_REQUIRED, "The zone."),
  API_OUT_STR ("Hypervisor.Accelerator", API_REQUIRED, "kvm, or tcg where KVM does not work."),
  API_OUT_STR ("Hypervisor.AcceleratorReason", API_REQUIRED, "Why it is that one."),
  API_OUT_BOOL ("Hypervisor.Connected", API_REQUIRED, "Whether libvirtd answers."),
  API_OUT_INT ("Capacity.Instances", API_REQUIRED, "Instances of all accounts."),
  API_OUT_INT ("Capacity.VcpusTotal", API_REQUIRED, "vCPUs that may be promised."),
  API_OUT_INT ("Capacity.VcpusUsed", API_REQUIRED, "vCPUs that are."),
  API_OUT_INT ("Capacity.MemoryMibTotal", API_REQUIRED, "MiB of memory that may be promised."),
  API_OUT_INT ("Capacity.MemoryMibUsed", API_REQUIRED, "MiB of memory that are."),
  API_OUT_INT ("Capacity.DiskBytesTotal", API_REQUIRED, "Bytes of disks that may be promised."),
  API_OUT_INT ("Capacity.DiskBytesUsed", API_REQUIRED, "Bytes of disks that are."),
  API_OUT_INT ("Pool.BytesTotal", API_REQUIRED, "Size of the file system with the disks."),
  API_OUT_INT ("Pool.BytesFree", API_REQUIRED, "What is free of it."),
};

static void
write_capacity (ApiReply *reply, const OpsCapacity *capacity)
{
  api_reply_begin (reply, "Capacity");
  api_reply_int (reply, "Instances", capacity->instances);
  api_reply_int (reply, "VcpusTotal", capacity->vcpus_total);
  api_reply_int (reply, "VcpusUsed", capacity->vcpus_used);
  api_reply_int (reply, "MemoryMibTotal", capacity->memory_mib_total);
  api_reply_int (reply, "MemoryMibUsed", capacity->memory_mib_used);
  api_reply_int (reply, "DiskBytesTotal", capacity->disk_bytes_total);
  api_reply_int (reply, "DiskBytesUsed", capacity->disk_bytes_used);
  api_reply_end (reply);
}

static gboolean
describe_status (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  VmmContext *ctx = call->ctx;
  OpsServiceStatus status = { 0 };
  OpsCapacity capacity;

  if (!ops_capacity (ctx, &capacity, error))
    return FALSE;

  ctx->service_status (ctx, &status);
  api_reply_string (reply, "Version", VMMD_VERSION);
  api_reply_string (reply, "HostId", ctx->host_id);
  api_reply_string (reply, "RegionId", ctx->config->region_id);
  api_reply_string (reply, "ZoneId", ctx->config->zone_id);
  api_reply_begin (reply, "Hypervisor");
  api_reply_string (reply, "Accelerator", status.accelerator);
  api_reply_string (reply, "AcceleratorReason", status.accelerator_why);
  api_reply_bool (reply, "Connected", status.hypervisor_connected);
  api_reply_end (reply);
  write_capacity (reply, &capacity);
  api_reply_begin (reply, "Pool");
  api_reply_int (reply, "BytesTotal", (gint64) status.pool_total_bytes);
  api_reply_int (reply, "BytesFree", (gint64) status.pool_free_bytes);
  api_reply_end (reply);
  return TRUE;
}

static const ApiAction actions[] = {
  { .name = "CreateAccount",
    .summary = "Makes an account.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:CreateAccount",
    .run = create_account,
    API_PARAMS (AccountArgs, account_params),
    API_FIELDS (account_fields),
    API_ERRORS (VMM_ERROR_ACCOUNT_EXISTS) },
  { .name = "ListAccounts",
    .summary = "Lists the accounts.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:ListAccounts",
    .run = list_accounts,
    API_FIELDS (accounts_fields) },
  { .name = "CreateAccessKey",
    .summary = "Makes an access key for an account.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:CreateAccessKey",
    .run = create_key,
    API_FIELDS (key_fields),
    API_ERRORS (VMM_ERROR_QUOTA) },
  { .name = "ListAccessKeys",
    .summary = "Lists the access keys of an account, without their secrets.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:ListAccessKeys",
    .run = list_keys,
    API_FIELDS (keys_fields) },
  { .name = "UpdateAccessKey",
    .summary = "Switches an access key on or off.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:UpdateAccessKey",
    .run = update_key,
    API_PARAMS (KeyArgs, update_key_params),
    API_ERRORS (VMM_ERROR_ACCESS_KEY_NOT_EXIST) },
  { .name = "DeleteAccessKey",
    .summary = "Deletes an access key.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ram:DeleteAccessKey",
    .run = delete_key,
    API_PARAMS (KeyArgs, key_params),
    API_ERRORS (VMM_ERROR_ACCESS_KEY_NOT_EXIST) },
  { .name = "DescribeServiceStatus",
    .summary = "Shows how the service is and what room is left.",
    .since = "0.1",
    .access = API_ADMIN,
    .permission = "ecs:DescribeServiceStatus",
    .run = describe_status,
    API_FIELDS (status_fields) },
};

const ApiResource ecs_account = API_RESOURCE ("account", actions);
