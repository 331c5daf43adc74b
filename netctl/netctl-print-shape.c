/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounds of bandwidth as lines: what the kernel has, and what records ask for. */
#include "netctl-nat.h"
#include "netctl-print.h"
#include "netctl-shape.h"

static void
print_classes (NetctlLines *lines, const char *place, const char *link, const GArray *classes)
{
  for (guint i = 0; i < classes->len; i++)
    {
      const NetctlShapeClass *class = &g_array_index (classes, NetctlShapeClass, i);

      netctl_lines_add (lines, place, "bandwidth dev %s class 1:%x kbit/s %" G_GUINT64_FORMAT, link,
                        class->minor, class->rate / 125);
    }
}

gboolean
netctl_print_shapes (NetctlLines *lines, const char *place, int fd, GError **error)
{
  g_autoptr (NetctlLink) link = netctl_link_open (fd, error);
  g_autoptr (GPtrArray) links = link != NULL ? netctl_link_list (link, error) : NULL;
  guint32 index;

  for (guint i = 0; links != NULL && i < links->len; i++)
    {
      const NetctlLinkInfo *info = g_ptr_array_index (links, i);
      g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (NetctlShapeClass));
      g_autoptr (GError) fault = NULL;

      if (!g_str_equal (info->name, NETCTL_UPLINK_INSIDE)
          && !netctl_uplink_name_parse (info->name, &index)
          && !netctl_tap_name_parse (info->name, &index))
        continue;
      if (!netctl_shape_list (link, info, classes, &fault)
          && !g_error_matches (fault, NETCTL_ERROR, NETCTL_ERROR_NO_TAP))
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      print_classes (lines, place, info->name, classes);
    }
  return links != NULL;
}

void
netctl_print_shapes_plan (NetctlLines *lines, const NetctlModel *model, GHashTable *taps)
{
  g_autoptr (GArray) inward = g_array_new (FALSE, FALSE, sizeof (NetctlShapeClass));
  g_autoptr (GArray) outward = g_array_new (FALSE, FALSE, sizeof (NetctlShapeClass));
  g_autofree char *place = netctl_vpc_namespace_name (model->vpc->index);
  g_autofree char *uplink = netctl_vpc_uplink_name (model->vpc->index);

  netctl_shape_want_vpc (model, inward, outward);
  print_classes (lines, NETCTL_PRINT_HOST, uplink, inward);
  print_classes (lines, place, NETCTL_UPLINK_INSIDE, outward);
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (NetctlShapeClass));
      g_autofree char *tap = netctl_port_tap_name (port->index);

      if (!g_hash_table_contains (taps, g_tree_node_key (n)))
        continue;
      netctl_shape_want_port (model->vpc, port, classes);
      print_classes (lines, place, tap, classes);
    }
}
