/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only libnftables: gives commands to the kernel, all or none. */
#include "netctl-apply.h"
#include "netctl-ns.h"
#include <nftables/libnftables.h>

/* libnftables makes no promise about threads. */
static GMutex nft_lock;

static gboolean
run_commands (gpointer data, GError **error)
{
  struct nft_ctx *nft = nft_ctx_new (NFT_CTX_DEFAULT);
  gboolean is_done;

  if (nft == NULL)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables cannot be reached");
      return FALSE;
    }
  nft_ctx_buffer_output (nft);
  nft_ctx_buffer_error (nft);
  is_done = nft_run_cmd_from_buffer (nft, data) == 0;
  if (!is_done)
    {
      g_autofree char *text = g_strdup (nft_ctx_get_error_buffer (nft));

      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables refused: %s",
                   g_strstrip (text));
    }
  nft_ctx_free (nft);
  return is_done;
}

gboolean
netctl_apply_commands (int fd, const char *commands, GError **error)
{
  gboolean is_done;

  g_mutex_lock (&nft_lock);
  is_done = netctl_ns_run (fd, run_commands, (gpointer) commands, error);
  g_mutex_unlock (&nft_lock);
  return is_done;
}

gboolean
netctl_apply_tables (int fd, const NetctlTables *from, const NetctlTables *to, GError **error)
{
  g_autofree char *change = from != NULL ? netctl_tables_change (from, to) : NULL;
  g_autofree char *whole = NULL;

  if (change != NULL && (*change == '\0' || netctl_apply_commands (fd, change, NULL)))
    return TRUE;
  whole = netctl_tables_replace (to);
  return netctl_apply_commands (fd, whole, error);
}

gboolean
netctl_apply_delete (int fd, const NetctlTables *tables, GError **error)
{
  g_autoptr (GString) commands = g_string_new (NULL);

  for (guint i = 0; i < tables->tables->len; i++)
    {
      const char *table = g_ptr_array_index (tables->tables, i);

      g_string_append_printf (commands, "add table %s\ndelete table %s\n", table, table);
    }
  return netctl_apply_commands (fd, commands->str, error);
}
