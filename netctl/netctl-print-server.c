/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers of VPCs as lines: what they are told, and with which arguments they run. */
#include "netctl-names.h"
#include "netctl-ns.h"
#include "netctl-print.h"
#include "netctl-proc.h"
#include <string.h>

/* One of a VPC's servers. */
typedef struct
{
  const char *word; /* before each line of its file */
  char **(*arguments) (const NetctlDhcp *dhcp, const NetctlVpc *vpc);
  char *(*text) (const NetctlModel *model);
} Server;

static const Server servers[] = {
  { "dhcp", netctl_dhcp_arguments, netctl_dhcp_hosts },
  { "name", netctl_dhcp_names_arguments, netctl_names_hosts },
};

/* The first of its arguments names the file that it is found by. */
#define MARK 1

static void
print_file (NetctlLines *lines, const char *place, const char *word, const char *text)
{
  g_auto (GStrv) texts = g_strsplit (text, "\n", -1);

  for (guint i = 0; texts[i] != NULL; i++)
    if (*texts[i] != '\0')
      netctl_lines_add (lines, place, "%s %s", word, texts[i]);
}

static void
print_arguments (NetctlLines *lines, const char *place, char **arguments)
{
  g_autofree char *text = g_strjoinv (" ", arguments);

  netctl_lines_add (lines, place, "server %s", text);
}

/* Those in the VPC's namespace; elsewhere they serve nobody. */
static void
print_running (NetctlLines *lines, const char *place, char **wanted)
{
  g_autofree char *program = g_path_get_basename (wanted[0]);
  g_autoptr (GArray) found = netctl_proc_find (program, wanted[MARK]);
  guint64 identity = netctl_ns_identity (place);

  for (guint i = 0; i < found->len; i++)
    {
      int pid = g_array_index (found, int, i);
      g_auto (GStrv) actual = netctl_proc_arguments (pid);

      if (actual != NULL && netctl_ns_identity_of_process (pid) == identity)
        print_arguments (lines, place, actual);
    }
}

void
netctl_print_servers (NetctlLines *lines, const NetctlDhcp *dhcp, guint32 vpc_index)
{
  g_autofree char *place = netctl_vpc_namespace_name (vpc_index);
  g_autoptr (NetctlVpc) vpc = netctl_vpc_new ();

  vpc->index = vpc_index;
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      g_auto (GStrv) wanted = servers[i].arguments (dhcp, vpc);
      g_autofree char *text = NULL;

      if (g_file_get_contents (strchr (wanted[MARK], '=') + 1, &text, NULL, NULL))
        print_file (lines, place, servers[i].word, text);
      print_running (lines, place, wanted);
    }
}

void
netctl_print_servers_plan (NetctlLines *lines, const NetctlDhcp *dhcp, const NetctlModel *model)
{
  g_autofree char *place = netctl_vpc_namespace_name (model->vpc->index);

  for (guint i = 0; i < G_N_ELEMENTS (servers) && model->vpc->subnets->len > 0; i++)
    {
      g_auto (GStrv) wanted = servers[i].arguments (dhcp, model->vpc);
      g_autofree char *text = servers[i].text (model);

      print_file (lines, place, servers[i].word, text);
      print_arguments (lines, place, wanted);
    }
}
