/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hallway: every part is made here and given to those who may use it. */
#include "config.h"

#include "api-http.h"
#include "app-fakes.h"
#include "app.h"
#include "img.h"
#include "netctl.h"
#include "ops-ipv6.h"
#include "ops-key.h"
#include "ops-network.h"
#include "ops-secret.h"
#include "store-nonce.h"
#include "store.h"
#include "virt.h"
#include "vmm-clock.h"
#include "vmm-error.h"
#include "vmm-id.h"
#include "vmm-log.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define DEFAULT_ACCOUNT "default"

struct App
{
  VmmContext ctx; /* ctx.app is this */
  int lock_fd;
  char *lock_path;
  VirtDriver *virt;
  Netctl *net;
  ImgStore *img;
  Work *work;
  ApiServer *server;
  VmmPool *pools;
};

static void
kick (VmmContext *ctx, const char *id)
{
  App *app = ctx->app;

  work_kick (app->work, id);
}

static void
on_virt_event (const char *id, gpointer data)
{
  App *app = data;

  /* libvirt tells of the host's other domains too. */
  if (id == NULL)
    work_kick (app->work, WORK_RECONCILE);
  else if (vmm_id_kind (id) == VMM_ID_INSTANCE)
    work_notice (app->work, id);
}

static guint
on_metadata (guint32 vpc, const char *peer, const char *method, const char *path,
             GHashTable *headers, GBytes **out_body, gpointer data)
{
  App *app = data;

  return ops_metadata_get (&app->ctx, vpc, peer, method, path, headers, out_body);
}

static void
service_status (VmmContext *ctx, OpsServiceStatus *out)
{
  App *app = ctx->app;
  g_autoptr (GError) error = NULL;

  out->accelerator = app->virt->class->accelerator (app->virt, &out->accelerator_why);
  out->hypervisor_connected = app->virt->class->is_connected (app->virt);
  if (!app->img->class->space (app->img, &out->pool_total_bytes, &out->pool_free_bytes, &error))
    vmm_warning ("the pool's free space is unknown, so nothing more is promised: %s",
                 error->message);
}

static guint
host_processors (VmmContext *ctx)
{
  return g_get_num_processors ();
}

static guint64
host_memory_mib (VmmContext *ctx)
{
  struct sysinfo info = { 0 };

  if (sysinfo (&info) != 0)
    vmm_warning ("the host's memory is unknown, so none is promised: %s", g_strerror (errno));
  return (guint64) info.totalram * info.mem_unit >> 20;
}

static gboolean
host_network (VmmContext *ctx, char **out_plan, char **out_state, GError **error)
{
  App *app = ctx->app;

  return work_network_show (app->work, out_plan, out_state, error);
}

/* A directory of that mode; QEMU's group gets it when @group is given. */
static gboolean
make_dir (const char *parent, const char *name, mode_t mode, const char *group, GError **error)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);
  const struct group *entry = group != NULL ? getgrnam (group) : NULL;

  if (g_mkdir_with_parents (path, 0755) != 0 || chmod (path, mode) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", path, g_strerror (errno));
  if (entry != NULL && chown (path, (uid_t) -1, entry->gr_gid) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", path, g_strerror (errno));
  return TRUE;
}

/* Others may pass through but not look: QEMU's user opens what it is given by its full name. */
static gboolean
make_dirs (const VmmConfig *config, GError **error)
{
  return make_dir (config->state_dir, "", 0711, NULL, error)
         && make_dir (config->state_dir, "console", 0700, NULL, error)
         && make_dir (config->run_dir, "", 0711, NULL, error)
         && make_dir (config->run_dir, "vnc", 0770, config->qemu_group, error);
}

static gboolean
take_lock (App *app, const VmmConfig *config, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d\n", (int) getpid ());

  app->lock_path = g_build_filename (config->run_dir, "vmmd.pid", NULL);
  app->lock_fd = open (app->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (app->lock_fd < 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", app->lock_path, g_strerror (errno));
  if (flock (app->lock_fd, LOCK_EX | LOCK_NB) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: another vmmd runs here", app->lock_path);
  if (ftruncate (app->lock_fd, 0) != 0
      || write (app->lock_fd, text, strlen (text)) != (ssize_t) strlen (text))
    return vmm_fail (error, VMM_ERROR_CONFIG, "%s: %s", app->lock_path, g_strerror (errno));
  return TRUE;
}

static gboolean
find_host_id (App *app, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin (app->ctx.store, error);
  g_autoptr (GError) local = NULL;

  if (txn == NULL)
    return FALSE;
  app->ctx.host_id = store_meta_get (txn, "host_id", &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (app->ctx.host_id != NULL)
    return TRUE;
  app->ctx.host_id = vmm_id_new (VMM_ID_HOST);
  return store_meta_set (txn, "host_id", app->ctx.host_id, error) && store_commit (txn, error);
}

static gboolean
open_store (App *app, const VmmConfig *config, GError **error)
{
  g_autofree char *db = g_build_filename (config->state_dir, "vmmd.db", NULL);
  g_autofree char *nonces = g_build_filename (config->state_dir, "nonces.db", NULL);
  g_autofree char *key = g_build_filename (config->state_dir, "secret.key", NULL);
  g_autofree char *boot_id = NULL;
  g_autoptr (OpsAccount) account = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &boot_id, NULL, error))
    return FALSE;
  app->ctx.secrets = ops_secret_box_new (key, error);
  if (app->ctx.secrets == NULL)
    return FALSE;
  app->ctx.store = store_open (db, error);
  if (app->ctx.store == NULL || !find_host_id (app, error))
    return FALSE;
  app->ctx.nonces = store_nonces_open (nonces, g_strstrip (boot_id), vmm_clock_now_ms (), error);
  if (app->ctx.nonces == NULL)
    return FALSE;
  account = ops_account_ensure (&app->ctx, DEFAULT_ACCOUNT, error);
  return account != NULL;
}

/* The parts of a comma separated list, without blanks and without empty ones. */
static char **
list_of (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_strv_builder_add (builder, parts[i]);
  return g_strv_builder_end (builder);
}

/* The name servers in that file which the VPCs' own can reach. */
static char **
dns_servers_of (const char *path)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strv_builder_end (builder);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *address = NULL;
      NetctlPrefix prefix;

      if (!g_str_has_prefix (lines[i], "nameserver "))
        continue;
      address = g_strstrip (g_strdup (lines[i] + strlen ("nameserver ")));
      if (netctl_prefix_parse (address, &prefix) && prefix.family == G_SOCKET_FAMILY_IPV4
          && prefix.bytes[0] != 127)
        g_strv_builder_add (builder, address);
    }
  return g_strv_builder_end (builder);
}

/* The configured name servers, else the host's own. */
static char **
dns_servers (const VmmConfig *config)
{
  g_auto (GStrv) servers = list_of (config->dns_servers);

  if (*servers == NULL)
    {
      g_strfreev (servers);
      servers = dns_servers_of ("/etc/resolv.conf");
    }
  if (*servers == NULL)
    {
      /* The first may name systemd-resolved alone, which only the host itself can ask. */
      g_strfreev (servers);
      servers = dns_servers_of ("/run/systemd/resolve/resolv.conf");
    }
  return g_steal_pointer (&servers);
}

/* What the administrator wrote about imports and exports can be meant. */
static gboolean
check_transfers (const VmmConfig *config, char *const *ranges, GError **error)
{
  const struct
  {
    const char *key, *folder;
  } folders[]
      = { { "drop-folder", config->drop_folder }, { "export-folder", config->export_folder } };

  for (guint i = 0; ranges[i] != NULL; i++)
    {
      NetctlPrefix prefix;

      if (!netctl_prefix_parse (ranges[i], &prefix))
        return vmm_fail (error, VMM_ERROR_CONFIG,
                         "[storage] import-ranges: '%s' is no address range", ranges[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    if (*folders[i].folder != '\0' && !g_path_is_absolute (folders[i].folder))
      return vmm_fail (error, VMM_ERROR_CONFIG, "[storage] %s is '%s', must be an absolute path",
                       folders[i].key, folders[i].folder);
  return TRUE;
}

static gboolean
open_drivers (App *app, const VmmConfig *config, GError **error)
{
  g_autofree char *pool = g_build_filename (config->state_dir, "pool", NULL);
  g_autofree char *net_dir = g_build_filename (config->run_dir, "net", NULL);
  ImgConfig img = { .dir = pool,
                    .qemu_user = config->qemu_user,
                    .qemu_group = config->qemu_group,
                    .import_user = config->import_user,
                    .max_virtual_bytes = (guint64) config->max_image_gib << 30 };
  g_auto (GStrv) dns = dns_servers (config), ntp = list_of (config->ntp_servers);
  g_auto (GStrv) ranges = list_of (config->import_ranges);
  NetctlConfig net = { .run_dir = net_dir,
                       .dns = (const char *const *) dns,
                       .ntp = (const char *const *) ntp,
                       .metadata = on_metadata,
                       .metadata_data = app };

  if (!check_transfers (config, ranges, error))
    return FALSE;
  img.fetch_ranges = (const char *const *) ranges;
  img.drop_dir = config->drop_folder;
  img.export_dir = config->export_folder;
  app->ctx.dns_servers = g_strsplit (NETCTL_DNS_ADDRESS, ",", -1);
  if (*config->public_interface != '\0')
    net.public_interface = config->public_interface;
  if (g_str_equal (config->driver, "fake"))
    return app_open_fakes (config, &app->virt, &app->net, &app->img, error);
  if (!g_str_equal (config->driver, "libvirt"))
    return vmm_fail (error, VMM_ERROR_CONFIG,
                     "[hypervisor] driver is '%s', must be libvirt or fake", config->driver);
  app->img = img_store_new (&img, error);
  if (app->img == NULL)
    return FALSE;
  app->net = netctl_new (&net, error);
  if (app->net == NULL)
    return FALSE;
  app->virt = virt_libvirt_new (config->libvirt_uri, config->accelerator, error);
  return app->virt != NULL;
}

/* An address of the host itself would be lost to it as soon as somebody got it. */
static gboolean
check_own_addresses (const VmmPool *pools, GError **error)
{
  struct ifaddrs *list = NULL;
  gboolean ok = TRUE;

  if (getifaddrs (&list) != 0)
    return vmm_fail (error, VMM_ERROR_CONFIG, "the host's own addresses: %s", g_strerror (errno));
  for (const struct ifaddrs *at = list; at != NULL && ok; at = at->ifa_next)
    {
      const struct sockaddr_in *address = (const struct sockaddr_in *) (const void *) at->ifa_addr;

      if (address != NULL && address->sin_family == AF_INET
          && vmm_pool_contains (pools, ntohl (address->sin_addr.s_addr)))
        ok = vmm_fail (error, VMM_ERROR_CONFIG,
                       "[network] public-pools holds an address of the host's own link '%s'",
                       at->ifa_name);
    }
  freeifaddrs (list);
  return ok;
}

/* The configured pools of public addresses and of VPCs' IPv6 ranges. */
static gboolean
read_pools (App *app, const VmmConfig *config, GError **error)
{
  if (!ops_ipv6_check_pool (config->ipv6_pool, error))
    return FALSE;
  app->pools = vmm_pool_parse (config->public_pools, error);
  if (app->pools == NULL)
    g_prefix_error (error, "[network] public-pools: ");
  app->ctx.pools = app->pools;
  return app->pools != NULL && check_own_addresses (app->pools, error);
}

static void
say_accelerator (App *app)
{
  const char *why = NULL;
  const char *name = app->virt->class->accelerator (app->virt, &why);

  vmm_info ("guests run under %s: %s", name, why);
}

App *
app_new (const VmmConfig *config, gboolean check_replies, GError **error)
{
  g_autoptr (App) app = g_new0 (App, 1);
  WorkParts parts;

  app->lock_fd = -1;
  app->ctx = (VmmContext){ .config = config,
                           .kick = kick,
                           .service_status = service_status,
                           .host_processors = host_processors,
                           .host_memory_mib = host_memory_mib,
                           .host_network = host_network,
                           .app = app };
  if (!read_pools (app, config, error) || !make_dirs (config, error)
      || !take_lock (app, config, error) || !open_store (app, config, error)
      || !open_drivers (app, config, error))
    return NULL;
  say_accelerator (app);
  parts = (WorkParts){ &app->ctx, app->virt, app->net, app->img };
  app->work = work_new (&parts);
  app->virt->class->set_event_func (app->virt, on_virt_event, app);
  work_start (app->work);
  app->server = api_server_new (&app->ctx, &api_doors_ops, api_resources, check_replies);
  if (!api_server_listen (app->server, error))
    return NULL;
  vmm_info ("vmmd %s serves on %s:%u, host %s", VMMD_VERSION, config->listen_address,
            api_server_port (app->server), app->ctx.host_id);
  return g_steal_pointer (&app);
}

void
app_free (App *app)
{
  if (app == NULL)
    return;
  g_clear_pointer (&app->server, api_server_free);
  if (app->virt != NULL)
    app->virt->class->set_event_func (app->virt, NULL, NULL);
  if (app->work != NULL)
    work_stop (app->work);
  g_clear_pointer (&app->virt, virt_driver_free);
  g_clear_pointer (&app->net, netctl_free);
  g_clear_pointer (&app->work, work_free);
  g_clear_pointer (&app->img, img_store_free);
  g_clear_pointer (&app->ctx.nonces, store_nonces_close);
  g_clear_pointer (&app->ctx.store, store_close);
  g_clear_pointer (&app->ctx.secrets, ops_secret_box_free);
  g_free (app->ctx.host_id);
  g_strfreev (app->ctx.dns_servers);
  g_clear_pointer (&app->pools, vmm_pool_free);
  if (app->lock_fd >= 0)
    {
      unlink (app->lock_path);
      close (app->lock_fd);
    }
  g_free (app->lock_path);
  g_free (app);
}
