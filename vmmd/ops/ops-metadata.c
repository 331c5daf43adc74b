/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata tree that a guest sees at 100.100.100.200, built from its rows at each request. */
#include "config.h"

#include "ops-network.h"
#include "ops-secret.h"
#include "store-eip.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-clock.h"
#include "vmm-id.h"
#include <string.h>

#define TOKEN_PATH "/latest/api/token"
#define TOKEN_TTL_HEADER "x-aliyun-ecs-metadata-token-ttl-seconds"
#define TOKEN_HEADER "x-aliyun-ecs-metadata-token"
#define TOKEN_MAX_S 21600

/* The router of IPv6 on every guest's link, as netctl has it. */
#define ROUTER6 "fe80::1"

/* Leaves in the order they are listed: "instance/instance-type" → text. */
typedef struct
{
  GPtrArray *paths, *values; /* char* */
} Tree;

static void
add (Tree *tree, const char *path, const char *value)
{
  g_ptr_array_add (tree->paths, g_strdup (path));
  g_ptr_array_add (tree->values, g_strdup (value));
}

static void
add_under (Tree *tree, const char *folder, const char *name, const char *value)
{
  g_autofree char *path = g_strconcat (folder, "/", name, NULL);

  add (tree, path, value);
}

static void
add_lines (Tree *tree, const char *path, char **items)
{
  g_autofree char *text = g_strjoinv ("\n", items);

  if (*text != '\0')
    add (tree, path, text);
}

/* The addresses as a JSON array; @first may be NULL. The caller frees it. */
static char *
array_of (const char *first, const GPtrArray *others)
{
  g_autoptr (GPtrArray) quoted = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *items = NULL;

  if (first != NULL)
    g_ptr_array_add (quoted, g_strdup_printf ("\"%s\"", first));
  for (guint i = 0; others != NULL && i < others->len; i++)
    g_ptr_array_add (quoted, g_strdup_printf ("\"%s\"", (const char *) others->pdata[i]));
  g_ptr_array_add (quoted, NULL);
  items = g_strjoinv (",", (char **) quoted->pdata);
  return g_strdup_printf ("[%s]", items);
}

static void
add_ipv6 (Tree *tree, const char *folder, const VmmNic *nic, const VmmVpc *vpc,
          const VmmVswitch *vswitch)
{
  g_autofree char *ips = array_of (NULL, nic->ips6);
  g_autofree char *blocks = g_strdup_printf ("[\"%s\"]", vpc->ipv6_cidr);

  if (nic->ips6 == NULL || nic->ips6->len == 0)
    return;
  add_under (tree, folder, "ipv6s", ips);
  add_under (tree, folder, "ipv6-gateway", ROUTER6);
  add_under (tree, folder, "vpc-ipv6-cidr-blocks", blocks);
  add_under (tree, folder, "vswitch-ipv6-cidr-block", vswitch->ipv6_cidr);
}

static void
add_nic (Tree *tree, const VmmNic *nic, const VmmVpc *vpc, const VmmVswitch *vswitch)
{
  g_autofree char *folder = g_strconcat ("meta-data/network/interfaces/macs/", nic->mac, NULL);
  g_autofree char *ips = array_of (nic->ip, nic->ips);
  VmmRange range = { 0 };
  g_autofree char *gateway = NULL;
  g_autofree char *netmask = NULL;

  vmm_range_parse (vswitch->cidr, &range);
  gateway = vmm_address_format (vmm_range_gateway (&range));
  netmask = vmm_address_format (range.length == 0 ? 0 : G_MAXUINT32 << (32 - range.length));
  add_under (tree, folder, "network-interface-id", nic->id);
  add_under (tree, folder, "primary-ip-address", nic->ip);
  add_under (tree, folder, "private-ipv4s", ips);
  add_under (tree, folder, "netmask", netmask);
  add_under (tree, folder, "gateway", gateway);
  add_under (tree, folder, "vpc-id", vpc->id);
  add_under (tree, folder, "vpc-cidr-block", vpc->cidr);
  add_under (tree, folder, "vswitch-id", vswitch->id);
  add_under (tree, folder, "vswitch-cidr-block", vswitch->cidr);
  add_ipv6 (tree, folder, nic, vpc, vswitch);
}

static void
add_instance (VmmContext *ctx, Tree *tree, const VmmInstance *i)
{
  g_auto (GStrv) ntp_servers = g_strsplit (ctx->config->ntp_servers, ",", -1);

  add (tree, "meta-data/instance-id", i->id);
  add (tree, "meta-data/image-id", i->image_id);
  add (tree, "meta-data/hostname", i->host_name);
  add (tree, "meta-data/region-id", ctx->config->region_id);
  add (tree, "meta-data/zone-id", i->zone_id);
  add (tree, "meta-data/serial-number", i->uuid);
  add (tree, "meta-data/owner-account-id", i->account_id);
  add (tree, "meta-data/network-type", "vpc");
  add (tree, "meta-data/instance/instance-type", i->type);
  add (tree, "meta-data/instance/instance-name", i->name);
  add (tree, "meta-data/instance/virtualization-solution", "ECS Virt");
  add_lines (tree, "meta-data/dns-conf/nameservers", ctx->dns_servers);
  add_lines (tree, "meta-data/ntp-conf/ntp-servers", ntp_servers);
  if (*i->public_key != '\0')
    add (tree, "meta-data/public-keys/0/openssh-key", i->public_key);
}

static void
add_disks (Tree *tree, GPtrArray *disks)
{
  gsize prefix = strlen (vmm_id_prefix (VMM_ID_DISK));

  for (guint d = 0; d < disks->len; d++)
    {
      const VmmDisk *disk = g_ptr_array_index (disks, d);
      g_autofree char *folder = g_strconcat ("meta-data/disks/", disk->id + prefix, NULL);

      add_under (tree, folder, "id", disk->id);
      add_under (tree, folder, "name", disk->name);
    }
}

/* The address under which the world sees the instance; ECS shows one that goes with it under both
 * names. */
static gboolean
add_public (StoreTxn *txn, Tree *tree, const VmmNic *nic)
{
  g_autoptr (GPtrArray) eips = store_eip_list_nic (txn, nic->id, NULL);

  for (guint i = 0; eips != NULL && i < eips->len; i++)
    {
      const VmmEip *eip = g_ptr_array_index (eips, i);

      if (!g_str_equal (eip->private_ip, nic->ip))
        continue;
      add (tree, "meta-data/eipv4", eip->ip);
      if (eip->is_plain)
        add (tree, "meta-data/public-ipv4", eip->ip);
    }
  return eips != NULL;
}

static gboolean
build (VmmContext *ctx, StoreTxn *txn, const char *instance_id, Tree *tree, char **out_user_data)
{
  g_autoptr (VmmInstance) i = store_instance_get (txn, NULL, instance_id, NULL);
  g_autoptr (GPtrArray) disks = NULL;

  if (i == NULL)
    return FALSE;
  disks = store_disk_list_of (txn, i->id, NULL);
  if (disks == NULL)
    return FALSE;
  add_instance (ctx, tree, i);
  add_disks (tree, disks);
  for (guint n = 0; n < i->nics->len; n++)
    {
      const VmmNic *nic = g_ptr_array_index (i->nics, n);
      g_autoptr (VmmVpc) vpc = store_vpc_get (txn, NULL, nic->vpc_id, NULL);
      g_autoptr (VmmVswitch) vswitch = store_vswitch_get (txn, NULL, nic->vswitch_id, NULL);

      if (vpc == NULL || vswitch == NULL)
        return FALSE;
      add_nic (tree, nic, vpc, vswitch);
      if (n > 0)
        continue;
      if (!add_public (txn, tree, nic))
        return FALSE;
      add (tree, "meta-data/private-ipv4", nic->ip);
      add (tree, "meta-data/mac", nic->mac);
      add (tree, "meta-data/vpc-id", vpc->id);
      add (tree, "meta-data/vpc-cidr-block", vpc->cidr);
      add (tree, "meta-data/vswitch-id", vswitch->id);
      add (tree, "meta-data/vswitch-cidr-block", vswitch->cidr);
    }
  *out_user_data = g_steal_pointer (&i->user_data);
  return TRUE;
}

/* The items of a folder, one a line; those that are folders themselves end in '/'. */
static char *
list_folder (const Tree *tree, const char *folder)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  gsize length = strlen (folder);

  for (guint i = 0; i < tree->paths->len; i++)
    {
      const char *path = g_ptr_array_index (tree->paths, i);
      const char *rest = path + length, *slash;
      g_autofree char *item = NULL;

      if (!g_str_has_prefix (path, folder))
        continue;
      slash = strchr (rest, '/');
      item = slash != NULL ? g_strndup (rest, (gsize) (slash - rest) + 1) : g_strdup (rest);
      if (!g_ptr_array_find_with_equal_func (items, item, g_str_equal, NULL))
        g_ptr_array_add (items, g_steal_pointer (&item));
    }
  if (items->len == 0)
    return NULL;
  g_ptr_array_add (items, NULL);
  return g_strjoinv ("\n", (char **) items->pdata);
}

/* The value at @path ("meta-data/hostname"), or the list of a folder, or NULL. */
static char *
look_up (const Tree *tree, const char *path)
{
  g_autofree char *folder = NULL;

  for (guint i = 0; i < tree->paths->len; i++)
    if (g_str_equal (g_ptr_array_index (tree->paths, i), path))
      return g_strdup (g_ptr_array_index (tree->values, i));
  folder = *path == '\0' || g_str_has_suffix (path, "/") ? g_strdup (path)
                                                         : g_strconcat (path, "/", NULL);
  return list_folder (tree, folder);
}

/* "<expiry seconds>-<mac>": nothing has to be remembered. */
static char *
token_for (VmmContext *ctx, guint32 vpc_index, const char *ip, gint64 expires_s)
{
  g_autofree char *text
      = g_strdup_printf ("metadata %u %s %" G_GINT64_FORMAT, vpc_index, ip, expires_s);
  g_autofree char *mac = ops_secret_mac (ctx->secrets, text);

  return g_strdup_printf ("%" G_GINT64_FORMAT "-%s", expires_s, mac);
}

static gboolean
token_is_good (VmmContext *ctx, guint32 vpc_index, const char *ip, const char *token)
{
  gint64 expires_s = g_ascii_strtoll (token, NULL, 10);
  g_autofree char *good = token_for (ctx, vpc_index, ip, expires_s);

  return ops_secret_equal (good, token) && expires_s > vmm_clock_now_ms () / 1000;
}

static guint
put_token (VmmContext *ctx, guint32 vpc_index, const char *ip, GHashTable *headers, GBytes **body)
{
  const char *ttl_text = g_hash_table_lookup (headers, TOKEN_TTL_HEADER);
  guint64 ttl = 0;
  char *token;

  /* A forwarding proxy in the guest must not fetch tokens for strangers. */
  if (g_hash_table_contains (headers, "x-forwarded-for"))
    return 403;
  if (ttl_text == NULL || !g_ascii_string_to_unsigned (ttl_text, 10, 1, TOKEN_MAX_S, &ttl, NULL))
    return 400;
  token = token_for (ctx, vpc_index, ip, vmm_clock_now_ms () / 1000 + (gint64) ttl);
  *body = g_bytes_new_take (token, strlen (token));
  return 200;
}

/* The path behind the version, or NULL when the version is not one we serve. */
static const char *
strip_version (const char *path)
{
  static const char *const versions[] = { "/latest", "/2016-01-01" };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    if (g_str_has_prefix (path, versions[i]))
      {
        path += strlen (versions[i]);
        return *path == '/' ? path + 1 : *path == '\0' ? path : NULL;
      }
  return NULL;
}

static guint
get (VmmContext *ctx, const char *instance_id, StoreTxn *txn, const char *path, GBytes **body)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  Tree tree = { paths, values };
  g_autofree char *user_data = NULL;
  char *text;

  if (!build (ctx, txn, instance_id, &tree, &user_data))
    return 503;
  if (*user_data != '\0')
    {
      gsize size = 0;
      guint8 *data;

      if (g_str_equal (path, "user-data"))
        {
          data = g_base64_decode (user_data, &size);
          *body = g_bytes_new_take (data, size);
          return 200;
        }
      add (&tree, "user-data", "");
    }
  text = look_up (&tree, path);
  if (text == NULL)
    return 404;
  *body = g_bytes_new_take (text, strlen (text));
  return 200;
}

guint
ops_metadata_get (VmmContext *ctx, guint32 vpc_index, const char *ip, const char *method,
                  const char *path, GHashTable *headers, GBytes **out_body)
{
  g_autoptr (StoreTxn) txn = NULL;
  g_autofree char *instance_id = NULL;
  const char *token = g_hash_table_lookup (headers, TOKEN_HEADER);
  const char *rest;
  guint32 address = 0;

  if (!vmm_address_parse (ip, &address))
    return 404;
  txn = store_begin_read (ctx->store, NULL);
  if (txn == NULL)
    return 503;
  instance_id = store_nic_find_instance (txn, vpc_index, address, NULL);
  if (instance_id == NULL)
    return 404;
  if (g_str_equal (path, TOKEN_PATH))
    return g_str_equal (method, "PUT") ? put_token (ctx, vpc_index, ip, headers, out_body) : 405;
  if (!g_str_equal (method, "GET"))
    return 405;
  if (token != NULL && !token_is_good (ctx, vpc_index, ip, token))
    return 401;
  rest = strip_version (path);
  return rest != NULL ? get (ctx, instance_id, txn, rest, out_body) : 404;
}
