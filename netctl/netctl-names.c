/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VPC's name server is told: the names of its guests and who knows the others. */
#include "netctl-names.h"
#include "netctl-nat.h"
#include <string.h>

char *
netctl_names_label (const char *host_name)
{
  g_autofree char *label = NULL;

  if (host_name == NULL)
    return NULL;
  label = g_strndup (host_name, strcspn (host_name, "."));
  /* "localhost" is nobody's but the asker's own. */
  if (*label == '\0' || strlen (label) > 63 || g_ascii_strcasecmp (label, "localhost") == 0)
    return NULL;
  for (const char *p = label; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-')
      return NULL;
  return g_steal_pointer (&label);
}

static void
append_first (GString *out, const NetctlPort *port, GSocketFamily family, const char *label)
{
  for (guint i = 0; i < port->addresses->len; i++)
    {
      const NetctlPrefix *prefix = &g_array_index (port->addresses, NetctlPrefix, i);
      g_autofree char *address = NULL;

      if (prefix->family != family)
        continue;
      address = netctl_prefix_address (prefix);
      g_string_append_printf (out, "%s %s\n", address, label);
      return;
    }
}

char *
netctl_names_hosts (const NetctlModel *model)
{
  GString *out = g_string_new (NULL);

  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autofree char *label = port->is_secondary ? NULL : netctl_names_label (port->host_name);

      if (label == NULL)
        continue;
      append_first (out, port, G_SOCKET_FAMILY_IPV4, label);
      append_first (out, port, G_SOCKET_FAMILY_IPV6, label);
    }
  return g_string_free (out, FALSE);
}

void
netctl_names_add_arguments (GPtrArray *arguments, const NetctlVpc *vpc, const GPtrArray *upstream)
{
  static const char *const fixed[]
      = { "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--bind-interfaces",
          ("--listen-address=" NETCTL_DNS_ADDRESS),
          /* Plain names and private addresses are the VPC's own affair. */
          "--domain-needed", "--bogus-priv", "--no-ident", "--cache-size=1000",
          "--dns-forward-max=150", "--edns-packet-max=1232" };

  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    g_ptr_array_add (arguments, g_strdup (fixed[i]));
  if (vpc->domain != NULL && *vpc->domain != '\0')
    {
      g_ptr_array_add (arguments, g_strdup ("--expand-hosts"));
      g_ptr_array_add (arguments, g_strconcat ("--domain=", vpc->domain, NULL));
      g_ptr_array_add (arguments, g_strconcat ("--local=/", vpc->domain, "/", NULL));
    }
  /* Without one it refuses at once what it does not know. */
  for (guint i = 0; netctl_vpc_has_uplink (vpc) && i < upstream->len; i++)
    g_ptr_array_add (arguments, g_strconcat ("--server=", g_ptr_array_index (upstream, i), NULL));
}
