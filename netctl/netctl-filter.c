/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A namespace's netfilter, held open. The only libnftables: it waits with select() and makes no
 * promise about threads, so all its calls are made on one thread, with descriptors of its own. */
#include "netctl-filter.h"
#include "netctl-apart.h"
#include "netctl-ns.h"
#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE 32768

struct NetctlFilter
{
  struct mnl_socket *socket;
  struct nft_ctx *nft;
  guint32 sequence;
};

/* Something to do for a filter. */
typedef struct
{
  NetctlFilter *filter;
  const char *text; /* of the namespace to open, or commands */
  char *output;
} Job;

static gboolean
open_here (gpointer data, GError **error)
{
  NetctlFilter *filter = data;

  filter->socket = mnl_socket_open2 (NETLINK_NETFILTER, SOCK_CLOEXEC);
  if (filter->socket != NULL && mnl_socket_bind (filter->socket, 0, MNL_SOCKET_AUTOPID) == 0)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot open a netfilter socket: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
open_nft_here (gpointer data, GError **error)
{
  NetctlFilter *filter = data;

  /* Its socket belongs to this namespace from now on, whoever uses it. */
  filter->nft = nft_ctx_new (NFT_CTX_DEFAULT);
  if (filter->nft == NULL)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables cannot be reached");
      return FALSE;
    }
  nft_ctx_buffer_output (filter->nft);
  nft_ctx_buffer_error (filter->nft);
  return TRUE;
}

static gboolean
open_nft (gpointer data, GError **error)
{
  const Job *job = data;
  int fd = open (job->text, O_RDONLY | O_CLOEXEC);
  gboolean is_done;

  if (fd < 0)
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "cannot open \"%s\": %s", job->text,
                   g_strerror (errno));
      return FALSE;
    }
  is_done = netctl_ns_run (fd, open_nft_here, job->filter, error);
  close (fd);
  return is_done;
}

NetctlFilter *
netctl_filter_open (int fd, GError **error)
{
  g_autoptr (NetctlFilter) filter = g_new0 (NetctlFilter, 1);
  /* Numbers mean nothing to the thread of libnftables. */
  g_autofree char *path = fd >= 0 ? g_strdup_printf ("/proc/self/fd/%d", fd)
                                  : g_strdup_printf ("/proc/self/task/%d/ns/net", (int) gettid ());
  Job job = { .filter = filter, .text = path };

  return netctl_ns_run (fd, open_here, filter, error) && netctl_apart_run (open_nft, &job, error)
             ? g_steal_pointer (&filter)
             : NULL;
}

static gboolean
close_nft (gpointer data, GError **error)
{
  nft_ctx_free (data);
  return TRUE;
}

void
netctl_filter_close (NetctlFilter *filter)
{
  if (filter == NULL)
    return;
  if (filter->socket != NULL)
    mnl_socket_close (filter->socket);
  if (filter->nft != NULL)
    netctl_apart_run (close_nft, filter->nft, NULL);
  g_free (filter);
}

/* The output is in the context. */
static gboolean
run (gpointer data, GError **error)
{
  const Job *job = data;
  g_autofree char *text = NULL;

  if (nft_run_cmd_from_buffer (job->filter->nft, job->text) == 0)
    return TRUE;
  text = g_strdup (nft_ctx_get_error_buffer (job->filter->nft));
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "nftables refused: %s", g_strstrip (text));
  return FALSE;
}

gboolean
netctl_filter_run (NetctlFilter *filter, const char *commands, GError **error)
{
  Job job = { .filter = filter, .text = commands };

  return netctl_apart_run (run, &job, error);
}

static gboolean
list (gpointer data, GError **error)
{
  Job *job = data;

  nft_ctx_output_set_flags (job->filter->nft, NFT_CTX_OUTPUT_STATELESS);
  if (run (job, error))
    job->output = g_strdup (nft_ctx_get_output_buffer (job->filter->nft));
  nft_ctx_output_set_flags (job->filter->nft, 0);
  return job->output != NULL;
}

char *
netctl_filter_list (NetctlFilter *filter, const char *command, GError **error)
{
  Job job = { .filter = filter, .text = command };

  return netctl_apart_run (list, &job, error) ? job.output : NULL;
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
