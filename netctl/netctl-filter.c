/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace's netfilter, held open. The only libnftables. */
#include "netctl-filter.h"
#include "netctl-ns.h"
#include <errno.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#define BUFFER_SIZE 32768

struct NetctlFilter
{
  struct mnl_socket *socket;
  struct nft_ctx *nft;
  guint32 sequence;
};

/* libnftables makes no promise about threads. */
static GMutex nft_lock;

static gboolean
open_here (gpointer data, GError **error)
{
  NetctlFilter *filter = data;

  filter->socket = mnl_socket_open2 (NETLINK_NETFILTER, SOCK_CLOEXEC);
  if (filter->socket == NULL || mnl_socket_bind (filter->socket, 0, MNL_SOCKET_AUTOPID) != 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot open a netfilter socket: %s",
                   g_strerror (errno));
      return FALSE;
    }
  /* Its socket belongs to this namespace from now on, whoever uses it. */
  g_mutex_lock (&nft_lock);
  filter->nft = nft_ctx_new (NFT_CTX_DEFAULT);
  g_mutex_unlock (&nft_lock);
  if (filter->nft != NULL)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables cannot be reached");
  return FALSE;
}

NetctlFilter *
netctl_filter_open (int fd, GError **error)
{
  g_autoptr (NetctlFilter) filter = g_new0 (NetctlFilter, 1);

  if (!netctl_ns_run (fd, open_here, filter, error))
    return NULL;
  nft_ctx_buffer_output (filter->nft);
  nft_ctx_buffer_error (filter->nft);
  return g_steal_pointer (&filter);
}

void
netctl_filter_close (NetctlFilter *filter)
{
  if (filter == NULL)
    return;
  if (filter->socket != NULL)
    mnl_socket_close (filter->socket);
  if (filter->nft != NULL)
    {
      g_mutex_lock (&nft_lock);
      nft_ctx_free (filter->nft);
      g_mutex_unlock (&nft_lock);
    }
  g_free (filter);
}

/* Holding the lock; the output is in the context. */
static gboolean
run_locked (NetctlFilter *filter, const char *commands, GError **error)
{
  g_autofree char *text = NULL;

  if (nft_run_cmd_from_buffer (filter->nft, commands) == 0)
    return TRUE;
  text = g_strdup (nft_ctx_get_error_buffer (filter->nft));
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables refused: %s", g_strstrip (text));
  return FALSE;
}

gboolean
netctl_filter_run (NetctlFilter *filter, const char *commands, GError **error)
{
  gboolean is_done;

  g_mutex_lock (&nft_lock);
  is_done = run_locked (filter, commands, error);
  g_mutex_unlock (&nft_lock);
  return is_done;
}

char *
netctl_filter_list (NetctlFilter *filter, const char *command, GError **error)
{
  char *text = NULL;

  g_mutex_lock (&nft_lock);
  nft_ctx_output_set_flags (filter->nft, NFT_CTX_OUTPUT_STATELESS);
  if (run_locked (filter, command, error))
    text = g_strdup (nft_ctx_get_output_buffer (filter->nft));
  nft_ctx_output_set_flags (filter->nft, 0);
  g_mutex_unlock (&nft_lock);
  return text;
}

/* Reads the rest of an answer that the kernel says has become wrong meanwhile. */
static int
skip_rest (const struct nlmsghdr *message, void *data)
{
  return MNL_CB_OK;
}

static int
forget_flag (char *buffer, ssize_t length)
{
  struct nlmsghdr *message = (struct nlmsghdr *) buffer;
  int left = (int) length;

  for (; mnl_nlmsg_ok (message, left); message = mnl_nlmsg_next (message, &left))
    message->nlmsg_flags &= (guint16) ~NLM_F_DUMP_INTR;
  return EINTR;
}

int
netctl_filter_talk (NetctlFilter *filter, struct nlmsghdr *message, mnl_cb_t callback,
                    gpointer data)
{
  g_autofree char *buffer = g_malloc (BUFFER_SIZE);
  guint port = mnl_socket_get_portid (filter->socket);
  int status = MNL_CB_OK, code = 0;

  message->nlmsg_seq = ++filter->sequence;
  if (mnl_socket_sendto (filter->socket, message, message->nlmsg_len) < 0)
    return errno;
  while (status > MNL_CB_STOP)
    {
      ssize_t length = mnl_socket_recvfrom (filter->socket, buffer, BUFFER_SIZE);

      if (length < 0)
        return errno;
      /* What an earlier question that failed has left over. */
      if (((struct nlmsghdr *) buffer)->nlmsg_seq != filter->sequence)
        continue;
      status = mnl_cb_run (buffer, (size_t) length, filter->sequence, port, callback, data);
      if (status >= 0 || errno != EINTR)
        continue;
      code = forget_flag (buffer, length);
      callback = skip_rest;
      status = mnl_cb_run (buffer, (size_t) length, filter->sequence, port, callback, NULL);
    }
  return status < 0 ? errno : code;
}
