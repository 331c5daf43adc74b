/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of bandwidth: a queueing discipline on a link that has a class for each bounded
 * address. */
#include "netctl-shape.h"
#include "netctl-link-priv.h"
#include "netctl-link.h"
#include "netctl-nat.h"
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define ROOT NETCTL_SHAPE_ROOT
#define TAP_CLASS NETCTL_SHAPE_TAP_MINOR
/* Minor numbers: ports from here, public addresses from there; 0xffff is the kernel's. */
#define FIRST_PORT 0x10
#define FIRST_PUBLIC 0x8001
#define PUBLICS 0x7ff0

typedef NetctlShapeClass Class;

/* Numbers */

guint
netctl_shape_port_class (guint32 port_index)
{
  return FIRST_PORT + port_index % NETCTL_SHAPE_PORTS;
}

static int
compare_address (gconstpointer a, gconstpointer b)
{
  const NetctlPrefix *x = *(NetctlPrefix *const *) a, *y = *(NetctlPrefix *const *) b;

  return memcmp (x->bytes, y->bytes, sizeof x->bytes);
}

/* Each address asks for the number that it has in its network; who comes late takes the next. So
 * numbers seldom change when addresses come and go. */
GHashTable *
netctl_shape_publics (const NetctlVpc *vpc)
{
  GHashTable *classes = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, i);

      if (public->kbit_s_in != 0 || public->kbit_s_out != 0)
        g_ptr_array_add (addresses, &public->address);
    }
  g_ptr_array_sort (addresses, compare_address);
  for (guint i = 0; i < addresses->len && i < PUBLICS; i++)
    {
      NetctlPrefix *address = g_ptr_array_index (addresses, i);
      guint slot = ((guint) address->bytes[2] * 256 + address->bytes[3]) % PUBLICS;

      while (!g_hash_table_add (taken, GUINT_TO_POINTER (slot)))
        slot = (slot + 1) % PUBLICS;
      g_hash_table_insert (classes, address, GUINT_TO_POINTER (FIRST_PUBLIC + slot));
    }
  return classes;
}

/* Messages */

static struct nlmsghdr *
begin (NetctlLink *link, guint16 type, guint16 flags, int device, guint32 parent, guint32 handle)
{
  struct nlmsghdr *message = netctl_link_begin (link, type, flags);
  struct tcmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->tcm_family = AF_UNSPEC;
  header->tcm_ifindex = device;
  header->tcm_parent = parent;
  header->tcm_handle = handle;
  return message;
}

static int
add_root (NetctlLink *link, int device)
{
  struct nlmsghdr *message
      = begin (link, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, device, TC_H_ROOT, ROOT);
  struct tc_htb_glob global = { .version = 3, .rate2quantum = 10 };
  struct nlattr *nest;

  mnl_attr_put_strz (message, TCA_KIND, "htb");
  nest = mnl_attr_nest_start (message, TCA_OPTIONS);
  mnl_attr_put (message, TCA_HTB_INIT, sizeof global, &global);
  mnl_attr_nest_end (message, nest);
  return netctl_link_command (link, message);
}

/* How long @bytes take, in the kernel's unit of 64 ns. */
static guint32
ticks (guint64 bytes, guint64 rate)
{
  return (guint32) MIN (bytes * (1000000000 / 64) / rate, G_MAXUINT32);
}

static int
set_class (NetctlLink *link, int device, const Class *class)
{
  struct nlmsghdr *message = begin (link, RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_REPLACE, device, ROOT,
                                    ROOT | class->minor);
  /* So much may go at once: 25 ms, but some large packets in any case. */
  guint64 burst = MAX (class->rate / 40, 32768);
  struct tc_htb_opt options = { .buffer = ticks (burst, class->rate), .quantum = 65536 };
  struct nlattr *nest;

  options.rate.rate = (guint32) MIN (class->rate, G_MAXUINT32);
  options.rate.linklayer = TC_LINKLAYER_ETHERNET;
  options.ceil = options.rate;
  options.cbuffer = options.buffer;
  mnl_attr_put_strz (message, TCA_KIND, "htb");
  nest = mnl_attr_nest_start (message, TCA_OPTIONS);
  mnl_attr_put (message, TCA_HTB_PARMS, sizeof options, &options);
  if (class->rate > G_MAXUINT32)
    {
      mnl_attr_put_u64 (message, TCA_HTB_RATE64, class->rate);
      mnl_attr_put_u64 (message, TCA_HTB_CEIL64, class->rate);
    }
  mnl_attr_nest_end (message, nest);
  return netctl_link_command (link, message);
}

/* The class's queue: by bytes, or slow classes would hold packets for many seconds. */
static int
set_queue (NetctlLink *link, int device, const Class *class)
{
  struct nlmsghdr *message = begin (link, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, device,
                                    ROOT | class->minor, (guint32) class->minor << 16);
  /* 200 ms, but one large packet of segments and some small ones in any case. */
  struct tc_fifo_qopt options = { .limit = (guint32) CLAMP (class->rate / 5, 98304, 8388608) };

  mnl_attr_put_strz (message, TCA_KIND, "bfifo");
  mnl_attr_put (message, TCA_OPTIONS, sizeof options, &options);
  return netctl_link_command (link, message);
}

/* What is there */

typedef struct
{
  guint minor;
  guint64 rate;
  guint32 queue; /* handle */
} Present;

static void
put_class_query (struct nlmsghdr *message, gpointer data)
{
  struct tcmsg *header = mnl_nlmsg_put_extra_header (message, sizeof *header);

  header->tcm_ifindex = GPOINTER_TO_INT (data);
}

static int
collect_class (const struct nlmsghdr *message, void *data)
{
  const struct tcmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute, *option;
  Present present = { .minor = TC_H_MIN (header->tcm_handle), .queue = header->tcm_info };

  if (TC_H_MAJ (header->tcm_handle) != ROOT)
    return MNL_CB_OK;
  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) != TCA_OPTIONS)
      continue;
    mnl_attr_for_each_nested (option, attribute)
    {
      if (mnl_attr_get_type (option) == TCA_HTB_RATE64
          && mnl_attr_get_payload_len (option) == sizeof present.rate)
        present.rate = mnl_attr_get_u64 (option);
      else if (mnl_attr_get_type (option) == TCA_HTB_PARMS && present.rate == 0
               && mnl_attr_get_payload_len (option) >= sizeof (struct tc_htb_opt))
        present.rate = ((const struct tc_htb_opt *) mnl_attr_get_payload (option))->rate.rate;
    }
  }
  g_array_append_val (data, present);
  return MNL_CB_OK;
}

static int
take_kind (const struct nlmsghdr *message, void *data)
{
  const struct tcmsg *header = mnl_nlmsg_get_payload (message);
  const struct nlattr *attribute;
  gboolean *is_ours = data;

  mnl_attr_for_each (attribute, message, sizeof *header)
  {
    if (mnl_attr_get_type (attribute) == TCA_KIND
        && mnl_attr_validate (attribute, MNL_TYPE_NUL_STRING) >= 0)
      *is_ours = header->tcm_handle == ROOT && g_str_equal (mnl_attr_get_str (attribute), "htb");
  }
  return MNL_CB_OK;
}

/* Whether our discipline is the link's. */
static gboolean
has_root (NetctlLink *link, const NetctlLinkInfo *info, gboolean *out_has, GError **error)
{
  /* Without NLM_F_ECHO the answer goes to those alone who listen for changes. */
  struct nlmsghdr *message
      = begin (link, RTM_GETQDISC, NLM_F_ACK | NLM_F_ECHO, info->index, TC_H_ROOT, 0);
  int code;

  *out_has = FALSE;
  code = netctl_link_talk (link, message, take_kind, out_has);
  /* A link without any discipline is said not to have one. */
  return code == ENOENT || netctl_link_check (error, code, "look up the discipline of", info->name);
}

/* Changes */

static gboolean
check (GError **error, int code, const char *what, const NetctlLinkInfo *info)
{
  return netctl_link_check (error, code, what, info->name);
}

static Class *
find_class (GArray *classes, guint minor)
{
  for (guint i = 0; i < classes->len; i++)
    if (g_array_index (classes, Class, i).minor == minor)
      return &g_array_index (classes, Class, i);
  return NULL;
}

/* The queue of a new class is set after it and of a class that changes before: what is
 * left half done is then found by the next call. */
static gboolean
change_class (NetctlLink *link, const NetctlLinkInfo *info, const Class *class,
              const Present *present, GError **error)
{
  gboolean has_queue = present != NULL && present->queue == (guint32) class->minor << 16;

  if (has_queue && present->rate == class->rate)
    return TRUE;
  if (present != NULL
      && !check (error, set_queue (link, info->index, class), "set a queue of", info))
    return FALSE;
  return check (error, set_class (link, info->index, class), "set a bandwidth of", info)
         && (present != NULL
             || check (error, set_queue (link, info->index, class), "set a queue of", info));
}

static gboolean
change_classes (NetctlLink *link, const NetctlLinkInfo *info, const GArray *wanted,
                const GArray *present, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) wish = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < wanted->len; i++)
    g_hash_table_add (wish, GUINT_TO_POINTER (g_array_index (wanted, Class, i).minor));
  for (guint i = 0; i < present->len; i++)
    {
      Present *entry = &g_array_index (present, Present, i);
      int code = 0;

      g_hash_table_insert (known, GUINT_TO_POINTER (entry->minor), entry);
      if (!g_hash_table_contains (wish, GUINT_TO_POINTER (entry->minor)))
        code = netctl_link_command (
            link, begin (link, RTM_DELTCLASS, 0, info->index, 0, ROOT | entry->minor));
      if (!check (error, code, "take a bandwidth from", info))
        return FALSE;
    }
  for (guint i = 0; i < wanted->len; i++)
    {
      const Class *class = &g_array_index (wanted, Class, i);

      if (!change_class (link, info, class,
                         g_hash_table_lookup (known, GUINT_TO_POINTER (class->minor)), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
list_classes (NetctlLink *link, const NetctlLinkInfo *info, GArray *present, GError **error)
{
  return netctl_link_dump (link, RTM_GETTCLASS, put_class_query, GINT_TO_POINTER (info->index),
                           collect_class, present, "bandwidths", error);
}

static gboolean
set_link (NetctlLink *link, const NetctlLinkInfo *info, const GArray *wanted, GError **error)
{
  g_autoptr (GArray) present = g_array_new (FALSE, FALSE, sizeof (Present));
  gboolean has;

  if (!has_root (link, info, &has, error))
    return FALSE;
  if (wanted->len == 0)
    return !has
           || check (error,
                     netctl_link_command (
                         link, begin (link, RTM_DELQDISC, 0, info->index, TC_H_ROOT, ROOT)),
                     "take the discipline from", info);
  if (!has && !check (error, add_root (link, info->index), "add a discipline to", info))
    return FALSE;
  return list_classes (link, info, present, error)
         && change_classes (link, info, wanted, present, error);
}

gboolean
netctl_shape_list (NetctlLink *link, const NetctlLinkInfo *info, GArray *classes, GError **error)
{
  g_autoptr (GArray) present = g_array_new (FALSE, FALSE, sizeof (Present));
  gboolean has;

  if (!has_root (link, info, &has, error) || (has && !list_classes (link, info, present, error)))
    return FALSE;
  for (guint i = 0; i < present->len; i++)
    {
      const Present *entry = &g_array_index (present, Present, i);
      Class class = { entry->minor, entry->rate };

      g_array_append_val (classes, class);
    }
  return TRUE;
}

/* By the name of the link; nothing is done if there is none. */
static gboolean
set_named (int fd, const char *name, const GArray *wanted, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (NetctlLinkInfo) info = NULL;
  GError *fault = NULL;

  if (link == NULL)
    return FALSE;
  info = netctl_link_find (link, name, &fault);
  if (info != NULL && set_link (link, info, wanted, &fault))
    return TRUE;
  /* It goes with its process whenever that likes. */
  if (fault == NULL || g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
    {
      g_clear_error (&fault);
      return TRUE;
    }
  g_propagate_error (error, fault);
  return FALSE;
}

/* A VPC's */

static void
add_class (GArray *classes, guint minor, guint32 kbit_s)
{
  Class class = { minor, (guint64) kbit_s * 125 };
  Class *same = kbit_s != 0 ? find_class (classes, minor) : NULL;

  if (same != NULL)
    same->rate += class.rate;
  else if (kbit_s != 0)
    g_array_append_val (classes, class);
}

static void
add_publics (GArray *inward, GArray *outward, const NetctlVpc *vpc)
{
  g_autoptr (GHashTable) numbers = netctl_shape_publics (vpc);

  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, i);
      guint minor = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, &public->address));

      add_class (inward, minor, public->kbit_s_in);
      add_class (outward, minor, public->kbit_s_out);
    }
}

void
netctl_shape_want_vpc (const NetctlModel *model, GArray *inward, GArray *outward)
{
  if (!netctl_vpc_has_uplink (model->vpc))
    return;
  add_publics (inward, outward, model->vpc);
  for (GTreeNode *n = g_tree_node_first (model->ports); model->vpc->nat && n != NULL;
       n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);

      add_class (outward, netctl_shape_port_class (port->index), port->kbit_s_out);
    }
}

static gboolean
shape_vpc (int fd, const NetctlModel *model, GError **error)
{
  g_autoptr (GArray) inward = g_array_new (FALSE, FALSE, sizeof (Class));
  g_autoptr (GArray) outward = g_array_new (FALSE, FALSE, sizeof (Class));
  g_autofree char *uplink = netctl_vpc_uplink_name (model->vpc->index);

  if (!netctl_vpc_has_uplink (model->vpc))
    return TRUE;
  netctl_shape_want_vpc (model, inward, outward);
  return set_named (-1, uplink, inward, error)
         && set_named (fd, NETCTL_UPLINK_INSIDE, outward, error);
}

/* Taps */

void
netctl_shape_want_port (const NetctlVpc *vpc, const NetctlPort *port, GArray *classes)
{
  if (vpc->nat)
    add_class (classes, TAP_CLASS, port->kbit_s_in);
}

static void
put_root_query (struct nlmsghdr *message, gpointer data)
{
  mnl_nlmsg_put_extra_header (message, sizeof (struct tcmsg));
}

/* Indexes of the links with our discipline. */
static int
collect_root (const struct nlmsghdr *message, void *data)
{
  const struct tcmsg *header = mnl_nlmsg_get_payload (message);

  if (header->tcm_handle == ROOT && header->tcm_parent == TC_H_ROOT)
    g_array_append_val (data, header->tcm_ifindex);
  return MNL_CB_OK;
}

static gboolean
contains (const GArray *indexes, int index)
{
  for (guint i = 0; i < indexes->len; i++)
    if (g_array_index (indexes, int, i) == index)
      return TRUE;
  return FALSE;
}

static gboolean
shape_taps (int fd, const NetctlModel *model, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GArray) shaped = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GPtrArray) links = link != NULL ? netctl_link_list (link, error) : NULL;

  if (links == NULL
      || !netctl_link_dump (link, RTM_GETQDISC, put_root_query, NULL, collect_root, shaped,
                            "disciplines", error))
    return FALSE;
  for (guint i = 0; i < links->len; i++)
    {
      const NetctlLinkInfo *info = g_ptr_array_index (links, i);
      g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (Class));
      g_autoptr (GError) fault = NULL;
      const NetctlPort *port;
      guint32 index;

      if (!netctl_tap_name_parse (info->name, &index))
        continue;
      port = netctl_model_port (model, index);
      if (port == NULL)
        continue;
      netctl_shape_want_port (model->vpc, port, classes);
      if ((classes->len == 0 && !contains (shaped, info->index))
          || set_link (link, info, classes, &fault)
          || g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
        continue;
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  return TRUE;
}

/* All */

gboolean
netctl_shape_is_bounded (const NetctlPort *port)
{
  return port != NULL && (port->kbit_s_in != 0 || port->kbit_s_out != 0);
}

gboolean
netctl_shape_apply (int fd, const NetctlModel *model, gboolean is_thorough, GError **error)
{
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL && !is_thorough;
       n = g_tree_node_next (n))
    is_thorough = netctl_shape_is_bounded (g_tree_node_value (n));
  return shape_vpc (fd, model, error) && (!is_thorough || shape_taps (fd, model, error));
}

gboolean
netctl_shape_apply_port (int fd, const NetctlModel *model, const NetctlPort *port, GError **error)
{
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (Class));
  g_autofree char *tap = netctl_port_tap_name (port->index);

  netctl_shape_want_port (model->vpc, port, classes);
  return shape_vpc (fd, model, error) && set_named (fd, tap, classes, error);
}
