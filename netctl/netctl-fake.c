/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Netctl that only remembers, for tests of the control plane. Refuses what the kernel's driver
 * would refuse. */
#include "netctl-fake.h"
#include "netctl-judge.h"
#include "netctl-lines.h"
#include "netctl-nat.h"

typedef struct
{
  Netctl base;
  GMutex lock;
  GTree *vpcs;            /* index -> NetctlModel* */
  GHashTable *attached;   /* port indexes */
  GHashTable *no_tap;     /* likewise */
  GHashTable *port_use;   /* port index -> NetctlPortUse* */
  GHashTable *public_use; /* address as text -> NetctlCount* */
  guint calls, fail_in;
  NetctlFakeMoment moment;
} Fake;

static int
compare_index (gconstpointer a, gconstpointer b, gpointer data)
{
  guint32 x = GPOINTER_TO_UINT (a), y = GPOINTER_TO_UINT (b);

  return x < y ? -1 : x > y;
}

static Fake *
begin (Netctl *net)
{
  Fake *fake = (Fake *) net;

  g_mutex_lock (&fake->lock);
  return fake;
}

static void
end (Fake *fake)
{
  g_mutex_unlock (&fake->lock);
}

/* Counts the call; TRUE if it is the one to fail. */
static gboolean
strikes (Fake *fake)
{
  fake->calls++;
  return fake->fail_in > 0 && --fake->fail_in == 0;
}

/* One call: @func does the work, before or instead of a staged failure. */
static gboolean
call (Netctl *net, gboolean (*func) (Fake *fake, gconstpointer argument, GError **error),
      gconstpointer argument, GError **error)
{
  Fake *fake = begin (net);
  gboolean has_struck = strikes (fake);
  gboolean is_done = TRUE;

  if (!has_struck || fake->moment == NETCTL_FAKE_AFTER)
    is_done = func (fake, argument, error);
  end (fake);
  if (has_struck && is_done)
    g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_KERNEL, "staged failure");
  return is_done && !has_struck;
}

static NetctlModel *
model_of (Fake *fake, guint32 vpc_index)
{
  return g_tree_lookup (fake->vpcs, GUINT_TO_POINTER (vpc_index));
}

static NetctlModel *
need_model (Fake *fake, guint32 vpc_index, GError **error)
{
  NetctlModel *model = model_of (fake, vpc_index);

  if (model == NULL)
    g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_INVALID, "vpc %u has not been applied",
                 vpc_index);
  return model;
}

/* While another VPC has one of its public addresses, a VPC has to wait. */
static gboolean
publics_are_free (Fake *fake, const NetctlVpc *vpc, GError **error)
{
  for (GTreeNode *n = g_tree_node_first (fake->vpcs); n != NULL; n = g_tree_node_next (n))
    if (!netctl_nat_apart (vpc, ((const NetctlModel *) g_tree_node_value (n))->vpc,
                           NETCTL_ERROR_BUSY, error))
      return FALSE;
  return TRUE;
}

static gboolean
do_vpc_apply (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlVpc *vpc = argument;
  NetctlModel *model = model_of (fake, vpc->index);

  if (!netctl_vpc_check (vpc, error) || !publics_are_free (fake, vpc, error))
    return FALSE;
  if (model != NULL)
    return netctl_model_set_vpc (model, vpc, error);
  model = netctl_model_new ();
  if (!netctl_model_set_vpc (model, vpc, error))
    {
      netctl_model_free (model);
      return FALSE;
    }
  g_tree_replace (fake->vpcs, GUINT_TO_POINTER (vpc->index), model);
  return TRUE;
}

static gboolean
do_vpc_remove (Fake *fake, gconstpointer argument, GError **error)
{
  const guint32 *index = argument;
  NetctlModel *model = model_of (fake, *index);

  for (GTreeNode *n = model != NULL ? g_tree_node_first (model->ports) : NULL; n != NULL;
       n = g_tree_node_next (n))
    if (g_hash_table_contains (fake->attached, g_tree_node_key (n)))
      {
        g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_BUSY, "vpc %u still has taps", *index);
        return FALSE;
      }
  g_tree_remove (fake->vpcs, GUINT_TO_POINTER (*index));
  return TRUE;
}

static gboolean
do_group_apply (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlGroup *group = argument;
  NetctlModel *model = need_model (fake, group->vpc, error);

  return model != NULL && netctl_model_set_group (model, group, error);
}

static gboolean
do_group_remove (Fake *fake, gconstpointer argument, GError **error)
{
  const guint32 *indexes = argument;
  NetctlModel *model = model_of (fake, indexes[0]);

  return model == NULL || netctl_model_remove_group (model, indexes[1], error);
}

static gboolean
do_port_prepare (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlPort *port = argument;
  NetctlModel *model = need_model (fake, port->vpc, error);

  return model != NULL && netctl_model_set_port (model, port, error);
}

static gboolean
do_port_attach (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlPort *port = argument;
  gpointer key = GUINT_TO_POINTER (port->index);

  if (!do_port_prepare (fake, argument, error))
    return FALSE;
  if (g_hash_table_contains (fake->no_tap, key))
    {
      g_set_error (error, NETCTL_ERROR, NETCTL_ERROR_NO_TAP, "port \"%s\" has no tap", port->id);
      return FALSE;
    }
  g_hash_table_add (fake->attached, key);
  return TRUE;
}

static gboolean
do_port_detach (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlPort *port = argument;
  NetctlModel *model = model_of (fake, port->vpc);

  if (model != NULL)
    netctl_model_remove_port (model, port->index);
  g_hash_table_remove (fake->attached, GUINT_TO_POINTER (port->index));
  return TRUE;
}

static gboolean
has_port (Fake *fake, guint32 port_index)
{
  for (GTreeNode *n = g_tree_node_first (fake->vpcs); n != NULL; n = g_tree_node_next (n))
    if (netctl_model_port (g_tree_node_value (n), port_index) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
do_reconcile (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlPlan *plan = argument;
  g_autoptr (GError) first = NULL;
  GHashTableIter iter;
  gpointer key;

  g_tree_remove_all (fake->vpcs);
  for (guint i = 0; i < plan->vpcs->len; i++)
    {
      guint32 index = ((const NetctlVpc *) g_ptr_array_index (plan->vpcs, i))->index;
      g_autoptr (GError) fault = NULL;
      NetctlModel *model = netctl_model_from_plan (plan, index, &fault);

      if (model != NULL && publics_are_free (fake, model->vpc, fault == NULL ? &fault : NULL))
        g_tree_replace (fake->vpcs, GUINT_TO_POINTER (index), model);
      else
        netctl_model_free (model);
      if (first == NULL)
        first = g_steal_pointer (&fault);
    }
  g_hash_table_iter_init (&iter, fake->attached);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!has_port (fake, GPOINTER_TO_UINT (key)))
      g_hash_table_iter_remove (&iter);
  if (first == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

static gboolean
fake_vpc_apply (Netctl *net, const NetctlVpc *vpc, GError **error)
{
  return call (net, do_vpc_apply, vpc, error);
}

static gboolean
fake_vpc_remove (Netctl *net, guint32 vpc_index, GError **error)
{
  return call (net, do_vpc_remove, &vpc_index, error);
}

static gboolean
fake_group_apply (Netctl *net, const NetctlGroup *group, GError **error)
{
  return call (net, do_group_apply, group, error);
}

static gboolean
fake_group_remove (Netctl *net, guint32 vpc_index, guint32 group_index, GError **error)
{
  guint32 indexes[] = { vpc_index, group_index };

  return call (net, do_group_remove, indexes, error);
}

static gboolean
fake_port_prepare (Netctl *net, const NetctlPort *port, GError **error)
{
  return call (net, do_port_prepare, port, error);
}

static gboolean
fake_port_attach (Netctl *net, const NetctlPort *port, GError **error)
{
  return call (net, do_port_attach, port, error);
}

static gboolean
fake_port_detach (Netctl *net, const NetctlPort *port, GError **error)
{
  return call (net, do_port_detach, port, error);
}

static gboolean
fake_reconcile (Netctl *net, const NetctlPlan *plan, GError **error)
{
  return call (net, do_reconcile, plan, error);
}

static void
print_model (NetctlLines *lines, const NetctlModel *model)
{
  g_autofree char *place = netctl_vpc_namespace_name (model->vpc->index);

  netctl_lines_add (lines, place, "namespace");
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlGroup *group = g_tree_node_value (n);

      netctl_lines_add (lines, place, "group %u rules=%u", group->index, group->rules->len);
    }
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      g_autofree char *address
          = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, 0));

      netctl_lines_add (lines, place, "port %u %s", port->index, address);
    }
}

static gboolean
fake_print_plan (Netctl *net, const NetctlPlan *plan, char **out, GError **error)
{
  g_autoptr (NetctlLines) lines = netctl_lines_new ();

  for (guint i = 0; i < plan->vpcs->len; i++)
    {
      guint32 index = ((const NetctlVpc *) g_ptr_array_index (plan->vpcs, i))->index;
      g_autoptr (NetctlModel) model = netctl_model_from_plan (plan, index, NULL);

      if (model != NULL)
        print_model (lines, model);
    }
  *out = netctl_lines_print (lines);
  return TRUE;
}

static gboolean
fake_print_kernel (Netctl *net, char **out, GError **error)
{
  Fake *fake = begin (net);
  g_autoptr (NetctlLines) lines = netctl_lines_new ();

  for (GTreeNode *n = g_tree_node_first (fake->vpcs); n != NULL; n = g_tree_node_next (n))
    print_model (lines, g_tree_node_value (n));
  end (fake);
  *out = netctl_lines_print (lines);
  return TRUE;
}

/* An entry of a VPC that has gone is not found again. */
static gboolean
do_use (Fake *fake, gconstpointer argument, GError **error)
{
  const NetctlUse *out = argument;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, fake->attached);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const NetctlPortUse *spent = g_hash_table_lookup (fake->port_use, key);
      NetctlPortUse use = spent != NULL ? *spent : (NetctlPortUse){ 0 };

      use.port = GPOINTER_TO_UINT (key);
      g_array_append_val (out->ports, use);
    }
  for (GTreeNode *n = g_tree_node_first (fake->vpcs); n != NULL; n = g_tree_node_next (n))
    {
      const GArray *publics = ((const NetctlModel *) g_tree_node_value (n))->vpc->publics;

      for (guint i = 0; i < publics->len; i++)
        {
          NetctlPublicUse use = { .address = g_array_index (publics, NetctlPublic, i).address };
          g_autofree char *text = netctl_prefix_format (&use.address);
          const NetctlCount *spent = g_hash_table_lookup (fake->public_use, text);

          use.all = spent != NULL ? *spent : use.all;
          g_array_append_val (out->publics, use);
        }
    }
  return TRUE;
}

static gboolean
fake_use (Netctl *net, NetctlUse *out, GError **error)
{
  return call (net, do_use, out, error);
}

static void
fake_free (Netctl *net)
{
  Fake *fake = (Fake *) net;

  g_tree_unref (fake->vpcs);
  g_hash_table_unref (fake->attached);
  g_hash_table_unref (fake->no_tap);
  g_hash_table_unref (fake->port_use);
  g_hash_table_unref (fake->public_use);
  g_mutex_clear (&fake->lock);
  g_free (fake);
}

static const NetctlClass fake_class = {
  .vpc_apply = fake_vpc_apply,
  .vpc_remove = fake_vpc_remove,
  .group_apply = fake_group_apply,
  .group_remove = fake_group_remove,
  .port_prepare = fake_port_prepare,
  .port_attach = fake_port_attach,
  .port_detach = fake_port_detach,
  .reconcile = fake_reconcile,
  .print_plan = fake_print_plan,
  .print_kernel = fake_print_kernel,
  .use = fake_use,
  .free = fake_free,
};

Netctl *
netctl_fake_new (void)
{
  Fake *fake = g_new0 (Fake, 1);

  fake->base.class = &fake_class;
  g_mutex_init (&fake->lock);
  fake->vpcs = g_tree_new_full (compare_index, NULL, NULL, (GDestroyNotify) netctl_model_free);
  fake->attached = g_hash_table_new (NULL, NULL);
  fake->no_tap = g_hash_table_new (NULL, NULL);
  fake->port_use = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  fake->public_use = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return &fake->base;
}

void
netctl_free (Netctl *net)
{
  if (net != NULL)
    net->class->free (net);
}

void
netctl_fake_fail_at (Netctl *net, guint n, NetctlFakeMoment moment)
{
  Fake *fake = begin (net);

  fake->fail_in = n;
  fake->moment = moment;
  end (fake);
}

guint
netctl_fake_calls (Netctl *net)
{
  Fake *fake = begin (net);
  guint calls = fake->calls;

  end (fake);
  return calls;
}

void
netctl_fake_set_tap (Netctl *net, guint32 port_index, gboolean exists)
{
  Fake *fake = begin (net);
  gpointer key = GUINT_TO_POINTER (port_index);

  if (exists)
    g_hash_table_remove (fake->no_tap, key);
  else
    {
      g_hash_table_add (fake->no_tap, key);
      g_hash_table_remove (fake->attached, key);
    }
  end (fake);
}

gboolean
netctl_fake_has_vpc (Netctl *net, guint32 vpc_index)
{
  Fake *fake = begin (net);
  gboolean has = model_of (fake, vpc_index) != NULL;

  end (fake);
  return has;
}

gboolean
netctl_fake_has_group (Netctl *net, guint32 vpc_index, guint32 group_index)
{
  Fake *fake = begin (net);
  const NetctlModel *model = model_of (fake, vpc_index);
  gboolean has = model != NULL && netctl_model_group (model, group_index) != NULL;

  end (fake);
  return has;
}

gboolean
netctl_fake_has_port (Netctl *net, guint32 port_index)
{
  Fake *fake = begin (net);
  gboolean has = has_port (fake, port_index);

  end (fake);
  return has;
}

gboolean
netctl_fake_is_attached (Netctl *net, guint32 port_index)
{
  Fake *fake = begin (net);
  gboolean is_attached = g_hash_table_contains (fake->attached, GUINT_TO_POINTER (port_index));

  end (fake);
  return is_attached;
}

gboolean
netctl_fake_is_empty (Netctl *net)
{
  Fake *fake = begin (net);
  gboolean is_empty = g_tree_nnodes (fake->vpcs) == 0 && g_hash_table_size (fake->attached) == 0;

  end (fake);
  return is_empty;
}

/* Ways in and out, as they were applied. */
static void
describe_publics (GString *out, const NetctlVpc *vpc)
{
  for (guint i = 0; i < vpc->publics->len; i++)
    {
      const NetctlPublic *public = &g_array_index (vpc->publics, NetctlPublic, i);
      g_autofree char *address = netctl_prefix_format (&public->address);

      g_string_append_printf (out, "public %u %s in=%u out=%u\n", vpc->index, address,
                              public->kbit_s_in, public->kbit_s_out);
    }
  for (guint i = 0; i < vpc->eips->len; i++)
    {
      const NetctlEip *eip = &g_array_index (vpc->eips, NetctlEip, i);
      g_autofree char *outer = netctl_prefix_format (&eip->public_address);
      g_autofree char *inner = netctl_prefix_format (&eip->private_address);

      g_string_append_printf (out, "eip %u %s %s\n", vpc->index, outer, inner);
    }
  for (guint i = 0; i < vpc->snats->len; i++)
    {
      const NetctlSnat *snat = &g_array_index (vpc->snats, NetctlSnat, i);
      g_autofree char *source = netctl_prefix_format (&snat->source);
      g_autofree char *outer = netctl_prefix_format (&snat->public_address);

      g_string_append_printf (out, "snat %u %s %s\n", vpc->index, source, outer);
    }
  for (guint i = 0; i < vpc->forwards->len; i++)
    {
      const NetctlForward *forward = &g_array_index (vpc->forwards, NetctlForward, i);
      g_autofree char *outer = netctl_prefix_format (&forward->public_address);
      g_autofree char *inner = netctl_prefix_format (&forward->private_address);

      g_string_append_printf (out, "forward %u %d %s:%d-%d %s:%d-%d\n", vpc->index,
                              forward->protocol, outer, forward->port_min, forward->port_max, inner,
                              forward->private_port_min, forward->private_port_max);
    }
}

static void
describe_model (GString *out, Fake *fake, const NetctlModel *model)
{
  guint32 vpc = model->vpc->index;

  g_string_append_printf (out, "vpc %u%s", vpc, model->vpc->nat ? " nat" : "");
  if (model->vpc->routes->len > 0)
    g_string_append_printf (out, " routes=%u", model->vpc->routes->len);
  g_string_append_c (out, '\n');
  describe_publics (out, model->vpc);
  for (GTreeNode *n = g_tree_node_first (model->groups); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlGroup *group = g_tree_node_value (n);

      g_string_append_printf (out, "group %u/%u rules=%u\n", vpc, group->index, group->rules->len);
    }
  for (GTreeNode *n = g_tree_node_first (model->ports); n != NULL; n = g_tree_node_next (n))
    {
      const NetctlPort *port = g_tree_node_value (n);
      gboolean is_attached = g_hash_table_contains (fake->attached, g_tree_node_key (n));

      g_string_append_printf (out, "port %u/%u %s", vpc, port->index,
                              is_attached ? "attached" : "prepared");
      for (guint a = 0; a < port->addresses->len; a++)
        {
          g_autofree char *address
              = netctl_prefix_address (&g_array_index (port->addresses, NetctlPrefix, a));

          g_string_append_printf (out, " %s", address);
        }
      g_string_append_c (out, '\n');
    }
}

char *
netctl_fake_describe (Netctl *net)
{
  Fake *fake = begin (net);
  GString *out = g_string_new (NULL);

  for (GTreeNode *n = g_tree_node_first (fake->vpcs); n != NULL; n = g_tree_node_next (n))
    describe_model (out, fake, g_tree_node_value (n));
  end (fake);
  return g_string_free (out, FALSE);
}

gboolean
netctl_fake_allows (Netctl *net, guint32 vpc_index, int protocol, const char *source,
                    int source_port, const char *destination, int destination_port)
{
  NetctlFlow flow = { .protocol = (guint8) protocol,
                      .source_port = (guint16) source_port,
                      .destination_port = (guint16) destination_port };
  g_autoptr (NetctlJudge) judge = NULL;
  const NetctlModel *model;
  gboolean allows;
  Fake *fake;

  if (!netctl_prefix_parse (source, &flow.source)
      || !netctl_prefix_parse (destination, &flow.destination)
      || flow.source.family != flow.destination.family)
    return FALSE;
  fake = begin (net);
  model = model_of (fake, vpc_index);
  judge = model != NULL ? netctl_judge_new (model) : NULL;
  allows = judge != NULL && netctl_judge_allows (judge, &flow);
  end (fake);
  return allows;
}

static void
add_count (NetctlCount *sum, const NetctlCount *more)
{
  sum->bytes_in += more->bytes_in;
  sum->bytes_out += more->bytes_out;
  sum->packets += more->packets;
}

void
netctl_fake_carry (Netctl *net, const NetctlPortUse *more)
{
  Fake *fake = begin (net);
  gpointer key = GUINT_TO_POINTER (more->port);
  NetctlPortUse *use = g_hash_table_lookup (fake->port_use, key);

  if (use == NULL)
    {
      use = g_new0 (NetctlPortUse, 1);
      g_hash_table_insert (fake->port_use, key, use);
    }
  add_count (&use->all, &more->all);
  add_count (&use->outside, &more->outside);
  end (fake);
}

void
netctl_fake_carry_public (Netctl *net, const char *address, const NetctlCount *more)
{
  Fake *fake = begin (net);
  NetctlCount *use = g_hash_table_lookup (fake->public_use, address);

  if (use == NULL)
    {
      use = g_new0 (NetctlCount, 1);
      g_hash_table_insert (fake->public_use, g_strdup (address), use);
    }
  add_count (use, more);
  end (fake);
}
