/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers what guests ask about their IPv6: one pair of sockets a VPC, inside its namespace. */
#include "netctl-guide.h"
#include "netctl-advice.h"
#include "netctl-ns.h"
#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE 8192
#define QUESTION_MAX 1500
/* Guests that missed one, or whose router's time runs out. */
#define ANNOUNCE_S 600

typedef struct
{
  NetctlGuide *guide;
  guint32 vpc;
  guint64 identity;
  struct mnl_socket *questions;
  int answers;       /* a packet socket that gets nothing */
  GSource *source;   /* of the questions */
  GHashTable *ports; /* port index -> NetctlAdvice* */
} Desk;

struct NetctlGuide
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GArray *ntp;       /* NetctlPrefix */
  GMutex lock;       /* of the next field and all in it */
  GHashTable *desks; /* VPC index -> Desk* */
};

static void
desk_free (Desk *desk)
{
  if (desk->source != NULL)
    {
      g_source_destroy (desk->source);
      g_source_unref (desk->source);
    }
  if (desk->questions != NULL)
    mnl_socket_close (desk->questions);
  if (desk->answers >= 0)
    close (desk->answers);
  g_hash_table_unref (desk->ports);
  g_free (desk);
}

/* Sending */

/* The link's index under that name in the desk's namespace; 0 if there is none. */
static int
index_of (const Desk *desk, guint32 port_index)
{
  g_autofree char *tap = netctl_port_tap_name (port_index);
  struct ifreq request = { 0 };

  g_strlcpy (request.ifr_name, tap, sizeof request.ifr_name);
  return ioctl (desk->answers, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

/* What is lost is asked again. */
static void
send_frame (const Desk *desk, int link, const GByteArray *frame)
{
  struct sockaddr_ll to
      = { .sll_family = AF_PACKET, .sll_protocol = htons (0x86dd), .sll_ifindex = link };

  while (sendto (desk->answers, frame->data, frame->len, MSG_DONTWAIT, (struct sockaddr *) &to,
                 sizeof to)
             < 0
         && errno == EINTR)
    continue;
}

static void
announce (const Desk *desk, guint32 port_index, const NetctlAdvice *advice, gboolean is_leaving)
{
  int link = index_of (desk, port_index);
  g_autoptr (GByteArray) frame = NULL;

  if (link == 0)
    return;
  frame = netctl_advice_announce (advice, is_leaving);
  send_frame (desk, link, frame);
}

/* Questions */

typedef struct
{
  int link;
  const guint8 *packet;
  gsize length;
} Question;

static int
read_attribute (const struct nlattr *attribute, void *data)
{
  Question *question = data;
  guint length = mnl_attr_get_payload_len (attribute);

  switch (mnl_attr_get_type (attribute))
    {
    case NFULA_IFINDEX_INDEV:
      if (length == 4)
        question->link = (int) ntohl (mnl_attr_get_u32 (attribute));
      break;
    case NFULA_PAYLOAD:
      question->packet = mnl_attr_get_payload (attribute);
      question->length = length;
      break;
    default:
      break;
    }
  return MNL_CB_OK;
}

/* The link's name tells the port: that of another VPC or of a stranger has no advice here. */
static const NetctlAdvice *
advice_for (const Desk *desk, int link)
{
  struct ifreq request = { .ifr_ifindex = link };
  guint32 port;

  if (ioctl (desk->answers, SIOCGIFNAME, &request) != 0
      || !netctl_tap_name_parse (request.ifr_name, &port))
    return NULL;
  return g_hash_table_lookup (desk->ports, GUINT_TO_POINTER (port));
}

static int
answer (const struct nlmsghdr *message, void *data)
{
  const Desk *desk = data;
  Question question = { 0 };
  const NetctlAdvice *advice;
  g_autoptr (GByteArray) frame = NULL;

  if (message->nlmsg_type != ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET))
    return MNL_CB_OK;
  mnl_attr_parse (message, sizeof (struct nfgenmsg), read_attribute, &question);
  advice = question.link != 0 && question.packet != NULL ? advice_for (desk, question.link) : NULL;
  if (advice != NULL)
    frame = netctl_advice_answer (advice, question.packet, question.length);
  if (frame != NULL)
    send_frame (desk, question.link, frame);
  return MNL_CB_OK;
}

static gboolean
has_socket (gpointer vpc_index, gpointer desk, gpointer fd)
{
  return mnl_socket_get_fd (((const Desk *) desk)->questions) == GPOINTER_TO_INT (fd);
}

/* A source that is destroyed is not called any more, but may be so on its way; hence it holds no
 * desk: the socket tells which one is asked, if it is still there. */
static gboolean
is_asked (int fd, GIOCondition condition, gpointer data)
{
  NetctlGuide *guide = data;
  char buffer[BUFFER_SIZE];
  Desk *desk;

  g_mutex_lock (&guide->lock);
  desk = g_hash_table_find (guide->desks, has_socket, GINT_TO_POINTER (fd));
  if (desk != NULL)
    {
      ssize_t length = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);

      /* What did not fit into the kernel's buffer is asked again. */
      if (length > 0)
        mnl_cb_run (buffer, (size_t) length, 0, 0, answer, desk);
    }
  g_mutex_unlock (&guide->lock);
  return G_SOURCE_CONTINUE;
}

static gboolean
announce_all (gpointer data)
{
  NetctlGuide *guide = data;
  GHashTableIter desks, ports;
  gpointer desk, port, advice;

  g_mutex_lock (&guide->lock);
  g_hash_table_iter_init (&desks, guide->desks);
  while (g_hash_table_iter_next (&desks, NULL, &desk))
    {
      g_hash_table_iter_init (&ports, ((Desk *) desk)->ports);
      while (g_hash_table_iter_next (&ports, &port, &advice))
        announce (desk, GPOINTER_TO_UINT (port), advice, FALSE);
    }
  g_mutex_unlock (&guide->lock);
  return G_SOURCE_CONTINUE;
}

/* Opening */

static struct nlmsghdr *
begin_config (char *buffer)
{
  struct nlmsghdr *message = mnl_nlmsg_put_header (buffer);
  struct nfgenmsg *header;

  message->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  header = mnl_nlmsg_put_extra_header (message, sizeof *header);
  header->nfgen_family = AF_UNSPEC;
  header->version = NFNETLINK_V0;
  header->res_id = htons (NETCTL_GUIDE_GROUP);
  return message;
}

static int
configure (struct mnl_socket *socket, const struct nlmsghdr *message)
{
  char buffer[BUFFER_SIZE];
  ssize_t length;

  if (mnl_socket_sendto (socket, message, message->nlmsg_len) < 0)
    return errno;
  length = mnl_socket_recvfrom (socket, buffer, sizeof buffer);
  if (length < 0
      || mnl_cb_run (buffer, (size_t) length, 0, mnl_socket_get_portid (socket), NULL, NULL) < 0)
    return errno;
  return 0;
}

/* Each packet at once and whole. */
static int
listen_to_group (struct mnl_socket *socket)
{
  struct nfulnl_msg_config_cmd command = { .command = NFULNL_CFG_CMD_BIND };
  struct nfulnl_msg_config_mode mode
      = { .copy_range = htonl (QUESTION_MAX), .copy_mode = NFULNL_COPY_PACKET };
  char buffer[BUFFER_SIZE];
  struct nlmsghdr *message = begin_config (buffer);
  int code;

  mnl_attr_put (message, NFULA_CFG_CMD, sizeof command, &command);
  code = configure (socket, message);
  if (code != 0)
    return code;
  message = begin_config (buffer);
  mnl_attr_put (message, NFULA_CFG_MODE, sizeof mode, &mode);
  mnl_attr_put_u32 (message, NFULA_CFG_QTHRESH, htonl (1));
  return configure (socket, message);
}

static gboolean
open_here (gpointer data, GError **error)
{
  Desk *desk = data;
  int code;

  desk->answers = socket (AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  desk->questions = desk->answers >= 0 ? mnl_socket_open2 (NETLINK_NETFILTER, SOCK_CLOEXEC) : NULL;
  code = desk->questions == NULL || mnl_socket_bind (desk->questions, 0, MNL_SOCKET_AUTOPID) != 0
             ? errno
             : listen_to_group (desk->questions);
  if (code == 0)
    return TRUE;
  g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL,
               "cannot listen for guests' questions about IPv6: %s", g_strerror (code));
  return FALSE;
}

/* With the lock. */
static Desk *
open_desk (NetctlGuide *guide, guint32 vpc_index, int fd, guint64 identity, GError **error)
{
  Desk *desk = g_hash_table_lookup (guide->desks, GUINT_TO_POINTER (vpc_index));

  if (desk != NULL && desk->identity == identity)
    return desk;
  g_hash_table_remove (guide->desks, GUINT_TO_POINTER (vpc_index));
  desk = g_new0 (Desk, 1);
  desk->guide = guide;
  desk->vpc = vpc_index;
  desk->identity = identity;
  desk->answers = -1;
  desk->ports = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) netctl_advice_free);
  if (!netctl_ns_run (fd, open_here, desk, error))
    {
      desk_free (desk);
      return NULL;
    }
  desk->source = g_unix_fd_source_new (mnl_socket_get_fd (desk->questions), G_IO_IN);
  g_source_set_callback (desk->source, G_SOURCE_FUNC (is_asked), guide, NULL);
  g_source_attach (desk->source, guide->context);
  g_hash_table_insert (guide->desks, GUINT_TO_POINTER (vpc_index), desk);
  return desk;
}

/* With the lock. The guest hears of it if it is news. */
static void
put_advice (Desk *desk, guint32 port_index, NetctlAdvice *advice)
{
  const NetctlAdvice *before = g_hash_table_lookup (desk->ports, GUINT_TO_POINTER (port_index));
  gboolean is_news = advice != NULL && (before == NULL || !netctl_advice_equal (before, advice));

  if (advice == NULL && before != NULL)
    announce (desk, port_index, before, TRUE);
  if (advice == NULL)
    g_hash_table_remove (desk->ports, GUINT_TO_POINTER (port_index));
  else
    g_hash_table_replace (desk->ports, GUINT_TO_POINTER (port_index), advice);
  if (is_news)
    announce (desk, port_index, advice, FALSE);
}

static gboolean
is_not_in (gpointer key, gpointer value, gpointer data)
{
  return netctl_model_port (data, GPOINTER_TO_UINT (key)) == NULL;
}

gboolean
netctl_guide_apply (NetctlGuide *guide, const NetctlModel *model, int fd, guint64 identity,
                    GError **error)
{
  Desk *desk;

  if (!netctl_vpc_has_ipv6 (model->vpc))
    {
      netctl_guide_close (guide, model->vpc->index);
      return TRUE;
    }
  g_mutex_lock (&guide->lock);
  desk = open_desk (guide, model->vpc->index, fd, identity, error);
  if (desk != NULL)
    {
      g_hash_table_foreach_remove (desk->ports, is_not_in, (gpointer) model);
      for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
        put_advice (desk, GPOINTER_TO_UINT (g_tree_node_key (n)),
                    netctl_advice_new (model->vpc, g_tree_node_value (n), guide->ntp));
    }
  g_mutex_unlock (&guide->lock);
  return desk != NULL;
}

void
netctl_guide_apply_port (NetctlGuide *guide, const NetctlModel *model, guint32 port_index)
{
  const NetctlPort *port = netctl_model_port (model, port_index);
  Desk *desk;

  g_mutex_lock (&guide->lock);
  desk = g_hash_table_lookup (guide->desks, GUINT_TO_POINTER (model->vpc->index));
  if (desk != NULL)
    put_advice (desk, port_index,
                port != NULL ? netctl_advice_new (model->vpc, port, guide->ntp) : NULL);
  g_mutex_unlock (&guide->lock);
}

void
netctl_guide_close (NetctlGuide *guide, guint32 vpc_index)
{
  g_mutex_lock (&guide->lock);
  g_hash_table_remove (guide->desks, GUINT_TO_POINTER (vpc_index));
  g_mutex_unlock (&guide->lock);
}

static gpointer
run_loop (gpointer data)
{
  NetctlGuide *guide = data;

  g_main_context_push_thread_default (guide->context);
  g_main_loop_run (guide->loop);
  g_main_context_pop_thread_default (guide->context);
  return NULL;
}

NetctlGuide *
netctl_guide_new (const char *const *ntp, GError **error)
{
  g_autoptr (NetctlGuide) guide = g_new0 (NetctlGuide, 1);
  g_autoptr (GSource) timer = g_timeout_source_new_seconds (ANNOUNCE_S);

  g_mutex_init (&guide->lock);
  guide->context = g_main_context_new ();
  guide->loop = g_main_loop_new (guide->context, FALSE);
  guide->desks = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) desk_free);
  guide->ntp = g_array_new (FALSE, FALSE, sizeof (NetctlPrefix));
  for (guint i = 0; ntp != NULL && ntp[i] != NULL; i++)
    {
      NetctlPrefix server;

      if (netctl_prefix_parse (ntp[i], &server) && netctl_prefix_is_host6 (&server))
        g_array_append_val (guide->ntp, server);
    }
  g_source_set_callback (timer, announce_all, guide, NULL);
  g_source_attach (timer, guide->context);
  guide->thread = g_thread_try_new ("netctl-guide", run_loop, guide, error);
  return guide->thread != NULL ? g_steal_pointer (&guide) : NULL;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
netctl_guide_free (NetctlGuide *guide)
{
  if (guide == NULL)
    return;
  if (guide->thread != NULL)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      /* On the loop itself: it may not have begun to run. */
      g_source_set_callback (source, quit, guide->loop, NULL);
      g_source_attach (source, guide->context);
      g_thread_join (guide->thread);
    }
  g_hash_table_unref (guide->desks);
  g_main_loop_unref (guide->loop);
  g_main_context_unref (guide->context);
  g_array_unref (guide->ntp);
  g_mutex_clear (&guide->lock);
  g_free (guide);
}
