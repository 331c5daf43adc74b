/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper programs that serve one VPC each from inside its namespace. */
#include "netctl-server.h"
#include "netctl-ns.h"
#include "netctl-proc.h"
#include <signal.h>
#include <string.h>

#define START_TIMEOUT_MS 10000

char *
netctl_server_file (const char *dir, guint32 vpc_index, const char *suffix)
{
  g_autofree char *name = netctl_vpc_namespace_name (vpc_index);

  return g_strdup_printf ("%s/%s.%s", dir, name, suffix);
}

gboolean
netctl_server_file_parse (const char *path, guint32 *out_index)
{
  g_autofree char *name = g_path_get_basename (path);
  char *dot = strchr (name, '.');

  if (dot == NULL)
    return FALSE;
  *dot = '\0';
  return netctl_namespace_name_parse (name, out_index);
}

/* The whole argument by which a VPC's server is known. */
static char *
mark_of (const NetctlServerKind *kind, const char *dir, guint32 vpc_index)
{
  g_autofree char *file = netctl_server_file (dir, vpc_index, kind->suffix);

  return g_strconcat (kind->mark, file, NULL);
}

/* Servers of this VPC; normally one or none. The pid file saves looking at every process. */
static GArray *
find_servers (const NetctlServerKind *kind, const char *dir, guint32 vpc_index)
{
  g_autofree char *mark = mark_of (kind, dir, vpc_index);
  g_autofree char *pid_file = netctl_server_file (dir, vpc_index, kind->pid_suffix);
  g_autofree char *text = NULL;
  guint64 value;

  if (g_file_get_contents (pid_file, &text, NULL, NULL)
      && g_ascii_string_to_unsigned (g_strstrip (text), 10, 1, G_MAXINT, &value, NULL)
      && netctl_proc_is ((int) value, kind->program, mark))
    {
      GArray *servers = g_array_new (FALSE, FALSE, sizeof (int));
      int pid = (int) value;

      g_array_append_val (servers, pid);
      return servers;
    }
  return netctl_proc_find (kind->program, mark);
}

/* A server that runs where and how it should; 0 if there is none. */
static int
find_right_server (const NetctlServerKind *kind, const char *dir, guint32 vpc_index,
                   const char *const *wanted)
{
  g_autoptr (GArray) servers = find_servers (kind, dir, vpc_index);
  g_autofree char *ns = netctl_vpc_namespace_name (vpc_index);
  g_auto (GStrv) actual = NULL;
  int pid;

  if (servers->len != 1)
    return 0;
  pid = g_array_index (servers, int, 0);
  actual = netctl_proc_arguments (pid);
  if (actual == NULL || !g_strv_equal (wanted, (const char *const *) actual))
    return 0;
  return netctl_ns_identity_of_process (pid) == netctl_ns_identity (ns) ? pid : 0;
}

gboolean
netctl_server_ensure (const NetctlServerKind *kind, const char *dir, guint32 vpc_index,
                      const char *const *wanted, int fd, gboolean fresh, gboolean is_changed,
                      GError **error)
{
  g_autofree char *mark = mark_of (kind, dir, vpc_index);
  int pid = fresh ? 0 : find_right_server (kind, dir, vpc_index, wanted);

  if (pid == 0)
    return netctl_server_end (kind, dir, vpc_index, error)
           && netctl_proc_run (fd, wanted, START_TIMEOUT_MS, error);
  if (!is_changed || netctl_proc_signal (pid, kind->program, mark, SIGHUP))
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "%s of \"%s\" ended", kind->program, mark);
  return FALSE;
}

gboolean
netctl_server_end (const NetctlServerKind *kind, const char *dir, guint32 vpc_index, GError **error)
{
  g_autofree char *mark = mark_of (kind, dir, vpc_index);
  /* All of them, also one that a crash left beside the one in the pid file. */
  g_autoptr (GArray) servers = netctl_proc_find (kind->program, mark);

  for (guint i = 0; i < servers->len; i++)
    if (!netctl_proc_end (g_array_index (servers, int, i), kind->program, mark, error))
      return FALSE;
  return TRUE;
}

void
netctl_server_collect (const NetctlServerKind *kind, const char *dir, GHashTable *out)
{
  g_autofree char *mark = g_strconcat (kind->mark, dir, "/", NULL);
  g_autoptr (GArray) servers = netctl_proc_find (kind->program, mark);

  for (guint i = 0; i < servers->len; i++)
    {
      g_auto (GStrv) arguments = netctl_proc_arguments (g_array_index (servers, int, i));
      guint32 index;

      for (guint j = 0; arguments != NULL && arguments[j] != NULL; j++)
        if (g_str_has_prefix (arguments[j], mark)
            && netctl_server_file_parse (arguments[j] + strlen (kind->mark), &index))
          g_hash_table_add (out, GUINT_TO_POINTER (index));
    }
}
