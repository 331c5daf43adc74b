/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the kernel hold the tables that were worked out. */
#include "netctl-apply.h"

gboolean
netctl_apply_commands (int fd, const char *commands, GError **error)
{
  g_autoptr (NetctlFilter) filter = netctl_filter_open (fd, error);

  return filter != NULL && netctl_filter_run (filter, commands, error);
}

gboolean
netctl_apply_change (NetctlFilter *filter, const NetctlTables *from, const NetctlTables *to)
{
  g_autofree char *commands = netctl_tables_change (from, to);

  return commands != NULL && (*commands == '\0' || netctl_filter_run (filter, commands, NULL));
}

gboolean
netctl_apply_whole (NetctlFilter *filter, const NetctlTables *tables, GError **error)
{
  g_autofree char *commands = netctl_tables_replace (tables);

  return netctl_filter_run (filter, commands, error);
}

gboolean
netctl_apply_tables (NetctlFilter *filter, const NetctlTables *from, const NetctlTables *to,
                     GError **error)
{
  return (from != NULL && netctl_apply_change (filter, from, to))
         || netctl_apply_whole (filter, to, error);
}
