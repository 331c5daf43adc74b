/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses for guests: one dnsmasq a VPC, inside its namespace. */
#include "netctl-dhcp.h"
#include "netctl-ns.h"
#include "netctl-proc.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRAM "dnsmasq"
#define MARK "--dhcp-hostsfile="
#define START_TIMEOUT_MS 10000

struct NetctlDhcp
{
  char *dir;
  char *program;
  char *user;
  GPtrArray *dns;    /* char* */
  GMutex lock;       /* of the next field */
  GHashTable *known; /* VPC index -> hosts file that its server has surely read */
};

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

NetctlDhcp *
netctl_dhcp_new (const char *run_dir, const char *const *dns, GError **error)
{
  g_autoptr (NetctlDhcp) dhcp = g_new0 (NetctlDhcp, 1);

  g_mutex_init (&dhcp->lock);
  dhcp->dir = g_build_filename (run_dir, "dhcp", NULL);
  dhcp->dns = g_ptr_array_new_with_free_func (g_free);
  dhcp->known = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 0; dns != NULL && dns[i] != NULL; i++)
    {
      NetctlPrefix server;

      if (!netctl_prefix_parse (dns[i], &server) || !netctl_prefix_is_host4 (&server))
        {
          g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID,
                       "name server \"%s\" is not an IPv4 address", dns[i]);
          return NULL;
        }
      g_ptr_array_add (dhcp->dns, netctl_prefix_address (&server));
    }
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
  g_autofree char *name = netctl_vpc_namespace_name (vpc_index);

  return g_strdup_printf ("%s/%s.%s", dhcp->dir, name, suffix);
}

/* The first label, unless dnsmasq would read it as something else: "ignore" would shut the guest
 * out, "2h" would be the time of its lease. */
static char *
label_of (const char *host_name)
{
  g_autofree char *label = NULL;
  gsize digits;

  if (host_name == NULL)
    return NULL;
  label = g_strndup (host_name, strcspn (host_name, "."));
  digits = strspn (label, "0123456789");
  if (*label == '\0' || strlen (label) > 63 || (digits > 0 && strlen (label) <= digits + 1)
      || g_ascii_strcasecmp (label, "ignore") == 0 || g_ascii_strcasecmp (label, "infinite") == 0
      || g_ascii_strcasecmp (label, "deprecated") == 0)
    return NULL;
  for (const char *p = label; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-')
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

      g_string_append_printf (out, "%s,%s,%s%sinfinite\n", mac, address, label != NULL ? label : "",
                              label != NULL ? "," : "");
    }
  return g_string_free (out, FALSE);
}

/* A lease's line is "expiry mac address name client-id"; the guest chose the last two. */
static gboolean
lease_conflicts (const char *line, const NetctlModel *model)
{
  g_auto (GStrv) fields = g_strsplit (line, " ", 4);
  NetctlPrefix address;

  if (g_strv_length (fields) < 4 || !netctl_prefix_parse (fields[2], &address))
    return FALSE;
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autofree char *mac = netctl_mac_format (port->mac);
      gboolean same_mac = g_ascii_strcasecmp (mac, fields[1]) == 0;
      gboolean same_address
          = netctl_prefix_equal (&address, &g_array_index (port->addresses, NetctlPrefix, 0));

      if (same_mac != same_address)
        return TRUE;
    }
  return FALSE;
}

char *
netctl_dhcp_leases_without_conflicts (const char *leases, const NetctlModel *model)
{
  g_auto (GStrv) lines = g_strsplit (leases, "\n", -1);
  g_autoptr (GString) kept = g_string_new (NULL);
  gboolean has_conflict = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (*lines[i] == '\0')
        continue;
      if (lease_conflicts (lines[i], model))
        has_conflict = TRUE;
      else
        g_string_append_printf (kept, "%s\n", lines[i]);
    }
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
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=tag:s%u,3,%s", number, gateway));
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=tag:s%u,121," NETCTL_METADATA_ADDRESS
                                               "/32,%s,0.0.0.0/0,%s",
                                               number, gateway, gateway));
}

char **
netctl_dhcp_arguments (const NetctlDhcp *dhcp, const NetctlVpc *vpc)
{
  static const char *const fixed[]
      = { "--conf-file=/dev/null", "--port=0", "--no-hosts", "--no-resolv",
          /* A wildcard: with one plain name dnsmasq would bind to that link alone. */
          "--interface=es*", "--bridge-interface=" NETCTL_ANCHOR "," NETCTL_TAP_PREFIX "*",
          "--dhcp-authoritative", "--no-ping", "--dhcp-no-override", "--quiet-dhcp",
          "--dhcp-lease-max=100000",
          /* Else dnsmasq would make our permanent neighbour entries age. */
          "--dhcp-broadcast" };
  g_autofree char *hosts = file_of (dhcp, vpc->index, "hosts");
  g_autofree char *pid = file_of (dhcp, vpc->index, "pid");
  g_autofree char *leases = file_of (dhcp, vpc->index, "leases");
  GPtrArray *arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup (dhcp->program));
  g_ptr_array_add (arguments, g_strconcat (MARK, hosts, NULL));
  g_ptr_array_add (arguments, g_strconcat ("--pid-file=", pid, NULL));
  g_ptr_array_add (arguments, g_strconcat ("--dhcp-leasefile=", leases, NULL));
  g_ptr_array_add (arguments, g_strconcat ("--user=", dhcp->user, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    g_ptr_array_add (arguments, g_strdup (fixed[i]));
  g_ptr_array_add (arguments, g_strdup_printf ("--dhcp-option=26,%d", NETCTL_GUEST_MTU));
  if (dhcp->dns->len > 0)
    {
      GString *option = g_string_new ("--dhcp-option=6");

      for (guint i = 0; i < dhcp->dns->len; i++)
        g_string_append_printf (option, ",%s", (char *) g_ptr_array_index (dhcp->dns, i));
      g_ptr_array_add (arguments, g_string_free (option, FALSE));
    }
  for (guint i = 0; i < vpc->subnets->len; i++)
    add_subnet (arguments, &g_array_index (vpc->subnets, NetctlSubnet, i), i);
  g_ptr_array_add (arguments, NULL);
  return (char **) g_ptr_array_free (arguments, FALSE);
}

/* Servers of this VPC; normally one or none. The pid file saves looking at every process. */
static GArray *
find_servers (const NetctlDhcp *dhcp, guint32 vpc_index)
{
  g_autofree char *hosts = file_of (dhcp, vpc_index, "hosts");
  g_autofree char *mark = g_strconcat (MARK, hosts, NULL);
  g_autofree char *pid_file = file_of (dhcp, vpc_index, "pid");
  g_autofree char *text = NULL;
  guint64 value;

  if (g_file_get_contents (pid_file, &text, NULL, NULL)
      && g_ascii_string_to_unsigned (g_strstrip (text), 10, 1, G_MAXINT, &value, NULL)
      && netctl_proc_is ((int) value, PROGRAM, mark))
    {
      GArray *servers = g_array_new (FALSE, FALSE, sizeof (int));
      int pid = (int) value;

      g_array_append_val (servers, pid);
      return servers;
    }
  return netctl_proc_find (PROGRAM, mark);
}

static gboolean
end_servers (const NetctlDhcp *dhcp, guint32 vpc_index, GError **error)
{
  g_autofree char *hosts = file_of (dhcp, vpc_index, "hosts");
  g_autofree char *mark = g_strconcat (MARK, hosts, NULL);
  /* All of them, also one that a crash left beside the one in the pid file. */
  g_autoptr (GArray) servers = netctl_proc_find (PROGRAM, mark);

  for (guint i = 0; i < servers->len; i++)
    if (!netctl_proc_end (g_array_index (servers, int, i), PROGRAM, mark, error))
      return FALSE;
  return TRUE;
}

/* A server that runs where and how it should; 0 if there is none. */
static int
find_right_server (const NetctlDhcp *dhcp, const NetctlVpc *vpc)
{
  g_autoptr (GArray) servers = find_servers (dhcp, vpc->index);
  g_autofree char *ns = netctl_vpc_namespace_name (vpc->index);
  g_auto (GStrv) wanted = netctl_dhcp_arguments (dhcp, vpc);
  g_auto (GStrv) actual = NULL;
  int pid;

  if (servers->len != 1)
    return 0;
  pid = g_array_index (servers, int, 0);
  actual = netctl_proc_arguments (pid);
  if (actual == NULL || !g_strv_equal ((const char *const *) wanted, (const char *const *) actual))
    return 0;
  return netctl_ns_identity_of_process (pid) == netctl_ns_identity (ns) ? pid : 0;
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
  return end_servers (dhcp, model->vpc->index, error) && write_file (path, kept, error);
}

static void
remember (NetctlDhcp *dhcp, guint32 vpc_index, const char *hosts)
{
  g_mutex_lock (&dhcp->lock);
  if (hosts != NULL)
    g_hash_table_insert (dhcp->known, GUINT_TO_POINTER (vpc_index), g_strdup (hosts));
  else
    g_hash_table_remove (dhcp->known, GUINT_TO_POINTER (vpc_index));
  g_mutex_unlock (&dhcp->lock);
}

static gboolean
is_known (NetctlDhcp *dhcp, guint32 vpc_index, const char *hosts)
{
  gboolean is_equal;

  g_mutex_lock (&dhcp->lock);
  is_equal
      = g_strcmp0 (g_hash_table_lookup (dhcp->known, GUINT_TO_POINTER (vpc_index)), hosts) == 0;
  g_mutex_unlock (&dhcp->lock);
  return is_equal;
}

gboolean
netctl_dhcp_apply (NetctlDhcp *dhcp, const NetctlModel *model, int fd, GError **error)
{
  guint32 index = model->vpc->index;
  g_autofree char *path = file_of (dhcp, index, "hosts");
  g_autofree char *mark = g_strconcat (MARK, path, NULL);
  g_autofree char *hosts = netctl_dhcp_hosts (model);
  g_auto (GStrv) arguments = NULL;
  gboolean is_current = is_known (dhcp, index, hosts);
  gboolean dropped;
  int pid;

  if (model->vpc->subnets->len == 0)
    return netctl_dhcp_stop (dhcp, index, error);
  remember (dhcp, index, NULL);
  if (!is_current && !write_file (path, hosts, error))
    return FALSE;
  if (!drop_conflicts (dhcp, model, &dropped, error))
    return FALSE;
  pid = dropped ? 0 : find_right_server (dhcp, model->vpc);
  if (pid == 0)
    {
      arguments = netctl_dhcp_arguments (dhcp, model->vpc);
      if (!end_servers (dhcp, index, error)
          || !netctl_proc_run (fd, (const char *const *) arguments, START_TIMEOUT_MS, error))
        return FALSE;
    }
  else if (!is_current && !netctl_proc_signal (pid, PROGRAM, mark, SIGHUP))
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "%s of vpc \"%s\" ended", PROGRAM,
                   model->vpc->id);
      return FALSE;
    }
  remember (dhcp, index, hosts);
  return TRUE;
}

/* The VPC that a file or a server belongs to, by the file's name. */
static gboolean
vpc_of_file (const char *path, guint32 *out_index)
{
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strchr (name, '.');

  if (dot == NULL)
    return FALSE;
  *dot = '\0';
  return netctl_namespace_name_parse (name, out_index);
}

/* All of a VPC's files; among them may be one that a daemon was killed while writing. */
static void
remove_files (const NetctlDhcp *dhcp, guint32 vpc_index)
{
  g_autoptr (GDir) dir = g_dir_open (dhcp->dir, 0, NULL);
  const char *name;
  guint32 index;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (vpc_of_file (name, &index) && index == vpc_index)
      {
        g_autofree char *path = g_build_filename (dhcp->dir, name, NULL);

        g_unlink (path);
      }
}

gboolean
netctl_dhcp_stop (NetctlDhcp *dhcp, guint32 vpc_index, GError **error)
{
  remember (dhcp, vpc_index, NULL);
  if (!end_servers (dhcp, vpc_index, error))
    return FALSE;
  remove_files (dhcp, vpc_index);
  return TRUE;
}

static void
note_unwanted (GHashTable *unwanted, GHashTable *wanted, const char *path)
{
  guint32 index;

  if (vpc_of_file (path, &index) && !g_hash_table_contains (wanted, GUINT_TO_POINTER (index)))
    g_hash_table_add (unwanted, GUINT_TO_POINTER (index));
}

gboolean
netctl_dhcp_prune (NetctlDhcp *dhcp, GHashTable *wanted, GError **error)
{
  g_autofree char *mark = g_strconcat (MARK, dhcp->dir, "/", NULL);
  g_autoptr (GArray) servers = netctl_proc_find (PROGRAM, mark);
  g_autoptr (GHashTable) unwanted = g_hash_table_new (NULL, NULL);
  g_autoptr (GDir) dir = g_dir_open (dhcp->dir, 0, NULL);
  GHashTableIter iter;
  const char *name;
  gpointer key;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    note_unwanted (unwanted, wanted, name);
  for (guint i = 0; i < servers->len; i++)
    {
      g_auto (GStrv) arguments = netctl_proc_arguments (g_array_index (servers, int, i));

      for (guint j = 0; arguments != NULL && arguments[j] != NULL; j++)
        if (g_str_has_prefix (arguments[j], mark))
          note_unwanted (unwanted, wanted, arguments[j] + strlen (MARK));
    }
  g_hash_table_iter_init (&iter, unwanted);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!netctl_dhcp_stop (dhcp, GPOINTER_TO_UINT (key), error))
      return FALSE;
  return TRUE;
}
