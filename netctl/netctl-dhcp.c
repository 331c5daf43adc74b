/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and names for guests: two dnsmasq a VPC, inside its namespace. They are two so that
 * the one that anybody may ask anything has no privileges, and so that a name is gone with its port
 * and not with its lease. */
#include "netctl-dhcp.h"
#include "netctl-names.h"
#include "netctl-server.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRAM "dnsmasq"
/* The tag of ports that must not become their guest's way out. */
#define SECONDARY "secondary"

static const NetctlServerKind leases_kind = { PROGRAM, "--dhcp-hostsfile=", "hosts", "pid" };
static const NetctlServerKind names_kind = { PROGRAM, "--addn-hosts=", "names", "names-pid" };

/* The files that a VPC's servers have surely read. */
typedef struct
{
  char *hosts, *names;
} Known;

struct NetctlDhcp
{
  char *dir;
  char *program;
  char *user;
  GPtrArray *dns;    /* char* */
  GPtrArray *ntp;    /* char*: those that are IPv4 addresses */
  GMutex lock;       /* of the next field */
  GHashTable *known; /* VPC index -> Known* */
};

static void
known_free (Known *known)
{
  g_free (known->hosts);
  g_free (known->names);
  g_free (known);
}

/* Whether an unprivileged process can open files below @dir. */
static gboolean
is_open_to_all (const char *dir)
{
  g_autofree char *path = g_strdup (dir);
  struct stat info;

  for (;;)
    {
      char *parent;

      if (stat (path, &info) != 0 || (info.st_mode & S_IXOTH) == 0)
        return FALSE;
      parent = g_path_get_dirname (path);
      if (g_str_equal (parent, path))
        {
          g_free (parent);
          return TRUE;
        }
      g_free (path);
      path = parent;
    }
}

/* The least user that can still read the hosts file. */
static char *
choose_user (const char *dir)
{
  struct passwd entry, *found = NULL;
  char buffer[1024];

  if (!is_open_to_all (dir))
    return g_strdup ("root");
  if (getpwnam_r ("dnsmasq", &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
    return g_strdup ("dnsmasq");
  return g_strdup ("nobody");
}

static gboolean
is_address4 (const char *text, NetctlPrefix *out)
{
  return netctl_prefix_parse (text, out) && netctl_prefix_is_host4 (out);
}

NetctlDhcp *
netctl_dhcp_new (const char *run_dir, const char *const *dns, const char *const *ntp,
                 GError **error)
{
  g_autoptr (NetctlDhcp) dhcp = g_new0 (NetctlDhcp, 1);
  NetctlPrefix server;

  g_mutex_init (&dhcp->lock);
  dhcp->dir = g_build_filename (run_dir, "dhcp", NULL);
  dhcp->dns = g_ptr_array_new_with_free_func (g_free);
  dhcp->ntp = g_ptr_array_new_with_free_func (g_free);
  dhcp->known = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) known_free);
  for (guint i = 0; dns != NULL && dns[i] != NULL; i++)
    {
      if (!is_address4 (dns[i], &server))
        {
          g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID,
                       "name server \"%s\" is not an IPv4 address", dns[i]);
          return NULL;
        }
      g_ptr_array_add (dhcp->dns, netctl_prefix_address (&server));
    }
  /* DHCP can tell addresses only. */
  for (guint i = 0; ntp != NULL && ntp[i] != NULL; i++)
    if (is_address4 (ntp[i], &server))
      g_ptr_array_add (dhcp->ntp, netctl_prefix_address (&server));
  if (g_mkdir_with_parents (dhcp->dir, 0755) != 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot make \"%s\": %s", dhcp->dir,
                   g_strerror (errno));
      return NULL;
    }
  dhcp->user = choose_user (dhcp->dir);
  dhcp->program = g_find_program_in_path (PROGRAM);
  if (dhcp->program == NULL)
    dhcp->program = g_strdup ("/usr/sbin/" PROGRAM);
  return g_steal_pointer (&dhcp);
}

void
netctl_dhcp_free (NetctlDhcp *dhcp)
{
  if (dhcp == NULL)
    return;
  g_mutex_clear (&dhcp->lock);
  g_free (dhcp->dir);
  g_free (dhcp->program);
  g_free (dhcp->user);
  g_ptr_array_unref (dhcp->dns);
  g_ptr_array_unref (dhcp->ntp);
  g_hash_table_unref (dhcp->known);
  g_free (dhcp);
}

const GPtrArray *
netctl_dhcp_servers (const NetctlDhcp *dhcp)
{
  return dhcp->dns;
}

static char *
file_of (const NetctlDhcp *dhcp, guint32 vpc_index, const char *suffix)
{
  return netctl_server_file (dhcp->dir, vpc_index, suffix);
}

/* The guest's name, unless dnsmasq would read it as something else: "ignore" would shut the guest
 * out, "2h" would be the time of its lease. */
static char *
label_of (const char *host_name)
{
  g_autofree char *label = netctl_names_label (host_name);
  gsize digits = label != NULL ? strspn (label, "0123456789") : 0;

  if (label == NULL || (digits > 0 && strlen (label) <= digits + 1)
      || g_ascii_strcasecmp (label, "ignore") == 0 || g_ascii_strcasecmp (label, "infinite") == 0
      || g_ascii_strcasecmp (label, "deprecated") == 0)
    return NULL;
  return g_steal_pointer (&label);
}

char *
netctl_dhcp_hosts (const NetctlModel *model)
{
  GString *out = g_string_new (NULL);

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autofree char *mac = netctl_mac_format (port->mac);
      g_autofree char *label = label_of (port->host_name);
      g_autofree char *address
          = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, 0));

      g_string_append_printf (out, "%s,%s%s,%s%sinfinite\n", mac,
                              port->is_secondary ? "set:" SECONDARY "," : "", address,
                              label != NULL ? label : "", label != NULL ? "," : "");
    }
  return g_string_free (out, FALSE);
}

/* Who has which address, both as text. */
typedef struct
{
  GHashTable *addresses; /* of each MAC */
  GHashTable *macs;      /* of each address */
} Guests;

static Guests
guests_of (const NetctlModel *model)
{
  Guests guests = { g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
                    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      char *mac = netctl_mac_format (port->mac);
      char *address = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, 0));

      g_hash_table_insert (guests.addresses, g_strdup (mac), g_strdup (address));
      g_hash_table_insert (guests.macs, address, mac);
    }
  return guests;
}

static void
guests_clear (Guests *guests)
{
  g_hash_table_unref (guests->addresses);
  g_hash_table_unref (guests->macs);
}

/* A lease's line is "expiry mac address name client-id"; the guest chose the last two. */
static gboolean
lease_conflicts (const char *line, const Guests *guests)
{
  g_auto (GStrv) fields = g_strsplit (line, " ", 4);
  g_autofree char *mac = NULL, *address = NULL;
  const char *right_mac, *right_address;
  NetctlPrefix prefix;

  if (g_strv_length (fields) < 4 || !netctl_prefix_parse (fields[2], &prefix))
    return FALSE;
  mac = g_ascii_strdown (fields[1], -1);
  address = netctl_prefix_address (&prefix);
  right_mac = g_hash_table_lookup (guests->macs, address);
  right_address = g_hash_table_lookup (guests->addresses, mac);
  return (right_mac != NULL && !g_str_equal (right_mac, mac))
         || (right_address != NULL && !g_str_equal (right_address, address));
}

char *
netctl_dhcp_leases_without_conflicts (const char *leases, const NetctlModel *model)
{
  g_auto (GStrv) lines = g_strsplit (leases, "\n", -1);
  g_autoptr (GString) kept = g_string_new (NULL);
  Guests guests = guests_of (model);
  gboolean has_conflict = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (*lines[i] == '\0')
        continue;
      if (lease_conflicts (lines[i], &guests))
        has_conflict = TRUE;
      else
        g_string_append_printf (kept, "%s\n", lines[i]);
    }
  guests_clear (&guests);
  return has_conflict ? g_strdup (kept->str) : NULL;
}

static void
add_subnet (GPtrArray *arguments, const NetctlSubnet *subnet, guint number)
{
  g_autofree char *gateway = netctl_prefix_address (&subnet->gateway);
  g_autofree char *network = netctl_prefix_network (&subnet->range);
  guint32 mask = GUINT32_TO_BE (0xffffffffu << (32 - subnet->range.length));
  NetctlPrefix mask_prefix = netctl_prefix_from_ipv4 (mask);
  g_autofree char *mask_text = netctl_prefix_address (&mask_prefix);

  *strchr (network, '/') = '\0';
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-range=set:s%u,%s,static,%s,infinite", number,
                                               network, mask_text));
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=tag:s%u,tag:!" SECONDARY ",3,%s",
                                               number, gateway));
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=tag:s%u,tag:!" SECONDARY
                                               ",121," NETCTL_METADATA_ADDRESS
                                               "/32,%s," NETCTL_DNS_ADDRESS "/32,%s,0.0.0.0/0,%s",
                                               number, gateway, gateway, gateway));
}

/* "OPTION,a,b" as one argument. */
static void
add_list (GPtrArray *arguments, const char *option, const GPtrArray *values)
{
  GString *text = g_string_new (option);

  for (guint i = 0; i < values->len; i++)
    g_string_append_printf (text, ",%s", (char *) g_ptr_array_index (values, i));
  g_ptr_array_add (arguments, g_string_free (text, FALSE));
}

/* The program, its files and its user. */
static GPtrArray *
begin_arguments (const NetctlDhcp *dhcp, guint32 vpc_index, const NetctlServerKind *kind)
{
  g_autofree char *file = file_of (dhcp, vpc_index, kind->suffix);
  g_autofree char *pid = file_of (dhcp, vpc_index, kind->pid_suffix);
  GPtrArray *arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup (dhcp->program));
  g_ptr_array_add (arguments, g_strconcat (kind->mark, file, NULL));
  g_ptr_array_add (arguments, g_strconcat ("--pid-file=", pid, NULL));
  g_ptr_array_add (arguments, g_strconcat ("--user=", dhcp->user, NULL));
  return arguments;
}

static char **
end_arguments (GPtrArray *arguments)
{
  g_ptr_array_add (arguments, NULL);
  return (char **) g_ptr_array_free (arguments, FALSE);
}

char **
netctl_dhcp_arguments (const NetctlDhcp *dhcp, const NetctlVpc *vpc)
{
  static const char *const fixed[]
      = { "--conf-file=/dev/null", "--port=0", "--no-hosts", "--no-resolv",
          /* A wildcard: with one plain name dnsmasq would bind to that link alone. */
          "--interface=es*", "--bridge-interface=" NETCTL_ANCHOR "," NETCTL_TAP_PREFIX "*",
          "--dhcp-authoritative", "--no-ping", "--dhcp-no-override", "--quiet-dhcp",
          "--dhcp-lease-max=100000", "--dhcp-option=6," NETCTL_DNS_ADDRESS,
          /* Without a value dnsmasq does not name itself as the router. */
          "--dhcp-option=tag:" SECONDARY ",3",
          /* Else dnsmasq would make our permanent neighbour entries age. */
          "--dhcp-broadcast" };
  g_autofree char *leases = file_of (dhcp, vpc->index, "leases");
  GPtrArray *arguments = begin_arguments (dhcp, vpc->index, &leases_kind);

  g_ptr_array_add (arguments, g_strconcat ("--dhcp-leasefile=", leases, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    g_ptr_array_add (arguments, g_strdup (fixed[i]));
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=26,%d", NETCTL_GUEST_MTU));
  if (dhcp->ntp->len > 0)
    add_list (arguments, "--dhcp-option=42", dhcp->ntp);
  if (vpc->domain != NULL && *vpc->domain != '\0')
    g_ptr_array_add (arguments, g_strconcat ("--dhcp-option=15,", vpc->domain, NULL));
  for (guint i = 0; i < vpc->subnets->len; i++)
    {
      const NetctlSubnet *subnet = &g_array_index (vpc->subnets, NetctlSubnet, i);

      if (subnet->range.family == G_SOCKET_FAMILY_IPV4)
        add_subnet (arguments, subnet, i);
    }
  return end_arguments (arguments);
}

char **
netctl_dhcp_names_arguments (const NetctlDhcp *dhcp, const NetctlVpc *vpc)
{
  GPtrArray *arguments = begin_arguments (dhcp, vpc->index, &names_kind);

  netctl_names_add_arguments (arguments, vpc, dhcp->dns);
  return end_arguments (arguments);
}

static gboolean
write_file (const char *path, const char *text, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &fault))
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "%s", fault->message);
  return FALSE;
}

/* dnsmasq holds its leases in memory and refuses an address that it once gave to another client:
 * only a server that starts without that lease gives it out anew. */
static gboolean
drop_conflicts (const NetctlDhcp *dhcp, const NetctlModel *model, gboolean *out_dropped,
                GError **error)
{
  g_autofree char *path = file_of (dhcp, model->vpc->index, "leases");
  g_autofree char *leases = NULL, *kept = NULL;

  *out_dropped = FALSE;
  if (!g_file_get_contents (path, &leases, NULL, NULL))
    return TRUE;
  kept = netctl_dhcp_leases_without_conflicts (leases, model);
  if (kept == NULL)
    return TRUE;
  *out_dropped = TRUE;
  return netctl_server_end (&leases_kind, dhcp->dir, model->vpc->index, error)
         && write_file (path, kept, error);
}

static void
remember (NetctlDhcp *dhcp, guint32 vpc_index, const char *hosts, const char *names)
{
  Known *known = g_new0 (Known, 1);

  known->hosts = g_strdup (hosts);
  known->names = g_strdup (names);
  g_mutex_lock (&dhcp->lock);
  g_hash_table_insert (dhcp->known, GUINT_TO_POINTER (vpc_index), known);
  g_mutex_unlock (&dhcp->lock);
}

static void
forget (NetctlDhcp *dhcp, guint32 vpc_index, char **out_hosts, char **out_names)
{
  Known *known;

  g_mutex_lock (&dhcp->lock);
  known = g_hash_table_lookup (dhcp->known, GUINT_TO_POINTER (vpc_index));
  if (known != NULL)
    {
      *out_hosts = g_steal_pointer (&known->hosts);
      *out_names = g_steal_pointer (&known->names);
    }
  g_hash_table_remove (dhcp->known, GUINT_TO_POINTER (vpc_index));
  g_mutex_unlock (&dhcp->lock);
}

/* One server of the VPC, with @text in its file; @before is what it has surely read, or NULL. */
static gboolean
apply_server (const NetctlDhcp *dhcp, const NetctlServerKind *kind, guint32 vpc_index,
              char **arguments, const char *text, const char *before, gboolean fresh, int fd,
              GError **error)
{
  g_autofree char *path = file_of (dhcp, vpc_index, kind->suffix);
  gboolean is_changed = g_strcmp0 (text, before) != 0;

  return (!is_changed || write_file (path, text, error))
         && netctl_server_ensure (kind, dhcp->dir, vpc_index, (const char *const *) arguments, fd,
                                  fresh, is_changed, error);
}

gboolean
netctl_dhcp_apply (NetctlDhcp *dhcp, const NetctlModel *model, int fd, GError **error)
{
  guint32 index = model->vpc->index;
  g_autofree char *hosts = netctl_dhcp_hosts (model), *names = netctl_names_hosts (model);
  g_auto (GStrv) leases_arguments = netctl_dhcp_arguments (dhcp, model->vpc);
  g_auto (GStrv) names_arguments = netctl_dhcp_names_arguments (dhcp, model->vpc);
  g_autofree char *hosts_before = NULL, *names_before = NULL;
  gboolean dropped;

  if (model->vpc->subnets->len == 0)
    return netctl_dhcp_stop (dhcp, index, error);
  forget (dhcp, index, &hosts_before, &names_before);
  if (!drop_conflicts (dhcp, model, &dropped, error)
      || !apply_server (dhcp, &leases_kind, index, leases_arguments, hosts, hosts_before, dropped,
                        fd, error)
      || !apply_server (dhcp, &names_kind, index, names_arguments, names, names_before, FALSE, fd,
                        error))
    return FALSE;
  remember (dhcp, index, hosts, names);
  return TRUE;
}

static gboolean
is_sure (NetctlDhcp *dhcp, guint32 vpc_index)
{
  gboolean is_known;

  g_mutex_lock (&dhcp->lock);
  is_known = g_hash_table_contains (dhcp->known, GUINT_TO_POINTER (vpc_index));
  g_mutex_unlock (&dhcp->lock);
  return is_known;
}

/* Both servers run; their files are as they should be. */
static gboolean
ensure_servers (const NetctlDhcp *dhcp, const NetctlVpc *vpc, int fd, GError **error)
{
  g_auto (GStrv) leases_arguments = netctl_dhcp_arguments (dhcp, vpc);
  g_auto (GStrv) names_arguments = netctl_dhcp_names_arguments (dhcp, vpc);

  return netctl_server_ensure (&leases_kind, dhcp->dir, vpc->index,
                               (const char *const *) leases_arguments, fd, FALSE, FALSE, error)
         && netctl_server_ensure (&names_kind, dhcp->dir, vpc->index,
                                  (const char *const *) names_arguments, fd, FALSE, FALSE, error);
}

gboolean
netctl_dhcp_apply_port (NetctlDhcp *dhcp, const NetctlModel *model, const NetctlPort *before,
                        const NetctlPort *after, int fd, GError **error)
{
  if (netctl_port_same_guest (before, after) && is_sure (dhcp, model->vpc->index))
    return ensure_servers (dhcp, model->vpc, fd, error);
  return netctl_dhcp_apply (dhcp, model, fd, error);
}

void
netctl_dhcp_doubt (NetctlDhcp *dhcp, guint32 vpc_index)
{
  g_autofree char *hosts = NULL, *names = NULL;

  forget (dhcp, vpc_index, &hosts, &names);
}

/* All of a VPC's files; among them may be one that a daemon was killed while writing. */
static void
remove_files (const NetctlDhcp *dhcp, guint32 vpc_index)
{
  g_autoptr (GDir) dir = g_dir_open (dhcp->dir, 0, NULL);
  const char *name;
  guint32 index;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (netctl_server_file_parse (name, &index) && index == vpc_index)
      {
        g_autofree char *path = g_build_filename (dhcp->dir, name, NULL);

        g_unlink (path);
      }
}

gboolean
netctl_dhcp_stop (NetctlDhcp *dhcp, guint32 vpc_index, GError **error)
{
  g_autofree char *hosts = NULL, *names = NULL;

  forget (dhcp, vpc_index, &hosts, &names);
  if (!netctl_server_end (&leases_kind, dhcp->dir, vpc_index, error)
      || !netctl_server_end (&names_kind, dhcp->dir, vpc_index, error))
    return FALSE;
  remove_files (dhcp, vpc_index);
  return TRUE;
}

/* A file that was still being written when a process died has a second dot in its name. */
static void
remove_if_half (const NetctlDhcp *dhcp, const char *name)
{
  g_autofree char *path = g_build_filename (dhcp->dir, name, NULL);

  if (strchr (name, '.') != strrchr (name, '.'))
    g_unlink (path);
}

gboolean
netctl_dhcp_prune (NetctlDhcp *dhcp, GHashTable *wanted, GError **error)
{
  g_autoptr (GHashTable) present = g_hash_table_new (NULL, NULL);
  g_autoptr (GDir) dir = g_dir_open (dhcp->dir, 0, NULL);
  GHashTableIter iter;
  const char *name;
  gpointer key;
  guint32 index;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (netctl_server_file_parse (name, &index))
      {
        g_hash_table_add (present, GUINT_TO_POINTER (index));
        remove_if_half (dhcp, name);
      }
  netctl_server_collect (&leases_kind, dhcp->dir, present);
  netctl_server_collect (&names_kind, dhcp->dir, present);
  g_hash_table_iter_init (&iter, present);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (wanted, key)
        && !netctl_dhcp_stop (dhcp, GPOINTER_TO_UINT (key), error))
      return FALSE;
  return TRUE;
}
