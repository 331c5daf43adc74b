/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sampler. Once a minute all counters are read, by one call of the hypervisor and one of the
 * network, and what they grew by since the minute before is written in one transaction. What was
 * read last is in memory alone: after a start of the daemon, or a minute in which a counter could
 * not be read, the next look begins anew and the time between has no samples. */
#include "config.h"

#include "store-sample.h"
#include "virt-use.h"
#include "vmm-clock.h"
#include "vmm-log.h"
#include "vmm-nic.h"
#include "work-item.h"
#include "work.h"
#include <string.h>

#define MINUTE_MS (VMM_SAMPLE_S * 1000)
#define DAY_S (24 * 60 * 60)
/* Samples taken away in one transaction, some tens of milliseconds, and how often at most a minute.
 */
#define SWEEP_ROWS 2000
#define SWEEP_TIMES 30
/* Each thing's old samples are looked for once an hour. */
#define SWEEP_TURNS 60

/* One look at the counters. */
typedef struct
{
  GPtrArray *metered; /* StoreMetered* */
  GPtrArray *virt;    /* VirtUse* */
  NetctlUse *net;
  GHashTable *domains; /* id -> VirtUse*; what follows borrows from the above */
  GHashTable *ports;   /* index -> NetctlPortUse* */
  GHashTable *publics; /* address in host byte order -> NetctlPublicUse* */
} Look;

struct WorkMonitor
{
  gint64 looked_ms;     /* 0: not yet */
  GHashTable *counters; /* char* -> VmmUse*: all that the last look found */
};

WorkMonitor *
work_monitor_new (void)
{
  WorkMonitor *monitor = g_new0 (WorkMonitor, 1);

  monitor->counters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return monitor;
}

void
work_monitor_free (WorkMonitor *monitor)
{
  g_hash_table_unref (monitor->counters);
  g_free (monitor);
}

/* ---- Reading ---- */

static void
look_clear (Look *look)
{
  g_clear_pointer (&look->domains, g_hash_table_unref);
  g_clear_pointer (&look->ports, g_hash_table_unref);
  g_clear_pointer (&look->publics, g_hash_table_unref);
  g_clear_pointer (&look->metered, g_ptr_array_unref);
  g_clear_pointer (&look->virt, g_ptr_array_unref);
  g_clear_pointer (&look->net, netctl_use_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

static GPtrArray *
load (WorkItem *item, GError **error)
{
  g_autoptr (StoreTxn) txn = store_begin_read (item->ctx->store, error);

  return txn != NULL ? store_metered_list (txn, item->ctx->host_id, error) : NULL;
}

static guint32
host_order (const NetctlPrefix *address)
{
  guint32 value;

  memcpy (&value, address->bytes, sizeof value);
  return GUINT32_FROM_BE (value);
}

static void
index_look (Look *look)
{
  look->domains = g_hash_table_new (g_str_hash, g_str_equal);
  look->ports = g_hash_table_new (NULL, NULL);
  look->publics = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < look->virt->len; i++)
    {
      VirtUse *use = g_ptr_array_index (look->virt, i);

      g_hash_table_insert (look->domains, use->id, use);
    }
  for (guint i = 0; i < look->net->ports->len; i++)
    {
      NetctlPortUse *use = &g_array_index (look->net->ports, NetctlPortUse, i);

      g_hash_table_insert (look->ports, GUINT_TO_POINTER (use->port), use);
    }
  for (guint i = 0; i < look->net->publics->len; i++)
    {
      NetctlPublicUse *use = &g_array_index (look->net->publics, NetctlPublicUse, i);

      g_hash_table_insert (look->publics, GUINT_TO_POINTER (host_order (&use->address)), use);
    }
}

static gboolean
read_look (WorkItem *item, Look *look, GError **error)
{
  Netctl *net = item->parts->net;
  VirtDriver *virt = item->parts->virt;

  look->metered = load (item, error);
  look->net = netctl_use_new ();
  if (look->metered == NULL || !net->class->use (net, look->net, error))
    return FALSE;
  look->virt = virt->class->use (virt, error);
  if (look->virt == NULL)
    return FALSE;
  index_look (look);
  return TRUE;
}

/* ---- One thing's counters ---- */

static void
set_disk (const Look *look, const StoreMetered *disk, VmmUse *out, gboolean *out_found)
{
  const VirtUse *domain = g_hash_table_lookup (look->domains, disk->instance_id);
  g_autofree char *target = work_disk_target (disk->device);
  const VirtDiskUse *use = domain != NULL ? virt_use_find_disk (domain, target) : NULL;

  *out_found = use != NULL;
  if (use == NULL)
    return;
  out->of[VMM_USE_READS] = (gint64) use->reads;
  out->of[VMM_USE_WRITES] = (gint64) use->writes;
  out->of[VMM_USE_READ_BYTES] = (gint64) use->read_bytes;
  out->of[VMM_USE_WRITE_BYTES] = (gint64) use->write_bytes;
  out->of[VMM_USE_READ_US] = (gint64) (use->read_ns / 1000);
  out->of[VMM_USE_WRITE_US] = (gint64) (use->write_ns / 1000);
}

/* All of an interface's traffic counts as inside the VPC at first; see add_to_instance(). */
static void
set_nic (const Look *look, const StoreMetered *nic, VmmUse *out, gboolean *out_found)
{
  const NetctlPortUse *use = g_hash_table_lookup (look->ports, GUINT_TO_POINTER (nic->number));

  *out_found = use != NULL;
  if (use == NULL)
    return;
  out->of[VMM_USE_INTERNET_IN] = (gint64) use->outside.bytes_in;
  out->of[VMM_USE_INTERNET_OUT] = (gint64) use->outside.bytes_out;
  out->of[VMM_USE_INTRANET_IN] = (gint64) use->all.bytes_in;
  out->of[VMM_USE_INTRANET_OUT] = (gint64) use->all.bytes_out;
}

static void
set_public (const Look *look, const StoreMetered *public, VmmUse *out, gboolean *out_found)
{
  const NetctlPublicUse *use
      = g_hash_table_lookup (look->publics, GUINT_TO_POINTER (public->number));

  *out_found = use != NULL;
  if (use == NULL)
    return;
  out->of[VMM_USE_INTERNET_IN] = (gint64) use->all.bytes_in;
  out->of[VMM_USE_INTERNET_OUT] = (gint64) use->all.bytes_out;
  out->of[VMM_USE_PACKETS] = (gint64) use->all.packets;
}

/* ---- Growth ---- */

typedef struct
{
  WorkMonitor *monitor;
  GHashTable *next;    /* what becomes monitor->counters */
  GHashTable *domains; /* instance id (borrowed) -> VmmSample* (borrowed), without its parts yet */
  GPtrArray *samples;  /* VmmSample* */
  gboolean is_neighbour; /* the look before is of the minute before */
  gint64 at_s, span_ms;
} Round;

/* Notes the counters of @key, and adds to @sum what they grew by: FALSE if nobody knows. */
static gboolean
grow (Round *round, const char *key, const VmmUse *now, VmmUse *sum)
{
  const VmmUse *before = g_hash_table_lookup (round->monitor->counters, key);

  g_hash_table_insert (round->next, g_strdup (key), g_memdup2 (now, sizeof *now));
  return round->is_neighbour && before != NULL && vmm_use_add_growth (sum, before, now);
}

static VmmSample *
add_sample (Round *round, const char *id, const VmmUse *use)
{
  VmmSample *sample = g_new0 (VmmSample, 1);

  sample->id = g_strdup (id);
  sample->at_s = round->at_s;
  sample->span_ms = round->span_ms;
  sample->use = *use;
  g_ptr_array_add (round->samples, sample);
  return sample;
}

/* An instance is sampled when its processor time is known; its parts are added as far as they are.
 * Its QEMU's name is its id. */
static void
take_domain (Round *round, const VirtUse *domain)
{
  VmmUse now = { .of[VMM_USE_CPU_US] = (gint64) (domain->cpu_ns / 1000 / MAX (domain->vcpus, 1)) };
  VmmUse growth = { { 0 } };

  if (grow (round, domain->id, &now, &growth))
    g_hash_table_insert (round->domains, domain->id, add_sample (round, domain->id, &growth));
}

/* What passed under a public address also passed its guest's tap. */
static void
add_to_instance (VmmSample *instance, StoreMeteredKind kind, const VmmUse *growth)
{
  gint64 *sum = instance->use.of;

  if (kind == STORE_METERED_DISK)
    {
      for (guint i = VMM_USE_READS; i <= VMM_USE_WRITE_BYTES; i++)
        sum[i] += growth->of[i];
      return;
    }
  sum[VMM_USE_INTERNET_IN] += growth->of[VMM_USE_INTERNET_IN];
  sum[VMM_USE_INTERNET_OUT] += growth->of[VMM_USE_INTERNET_OUT];
  sum[VMM_USE_INTRANET_IN] += growth->of[VMM_USE_INTRANET_IN] - growth->of[VMM_USE_INTERNET_IN];
  sum[VMM_USE_INTRANET_OUT] += growth->of[VMM_USE_INTRANET_OUT] - growth->of[VMM_USE_INTERNET_OUT];
}

static void
take_metered (Round *round, const Look *look, const StoreMetered *metered)
{
  static void (*const set[]) (const Look *, const StoreMetered *, VmmUse *, gboolean *) = {
    [STORE_METERED_DISK] = set_disk,
    [STORE_METERED_NIC] = set_nic,
    [STORE_METERED_EIP] = set_public,
    [STORE_METERED_PUBLIC] = set_public,
  };
  VmmSample *instance = NULL;
  VmmUse now = { { 0 } }, growth = { { 0 } };
  gboolean is_found;

  set[metered->kind](look, metered, &now, &is_found);
  if (!is_found || !grow (round, metered->id, &now, &growth))
    return;
  if (metered->kind == STORE_METERED_DISK || metered->kind == STORE_METERED_EIP)
    add_sample (round, metered->id, &growth);
  instance = g_hash_table_lookup (round->domains, metered->instance_id);
  if (instance != NULL)
    add_to_instance (instance, metered->kind, &growth);
}

/* Instances of the rows alone: libvirt tells of others' domains too. */
static void
take_domains (Round *round, const Look *look)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < look->metered->len; i++)
    {
      const StoreMetered *metered = g_ptr_array_index (look->metered, i);
      const VirtUse *domain = g_hash_table_lookup (look->domains, metered->instance_id);

      if (domain != NULL && g_hash_table_add (seen, domain->id))
        take_domain (round, domain);
    }
}

/* ---- Writing ---- */

static gboolean
write_samples (WorkItem *item, const GPtrArray *samples, GError **error)
{
  g_autoptr (StoreTxn) txn = NULL;

  if (samples->len == 0)
    return TRUE;
  txn = store_begin (item->ctx->store, error);
  if (txn == NULL)
    return FALSE;
  for (guint i = 0; i < samples->len; i++)
    {
      VmmSample *sample = g_ptr_array_index (samples, i);

      /* Counters of links and of classes are read one after the other. */
      sample->use.of[VMM_USE_INTRANET_IN] = MAX (sample->use.of[VMM_USE_INTRANET_IN], 0);
      sample->use.of[VMM_USE_INTRANET_OUT] = MAX (sample->use.of[VMM_USE_INTRANET_OUT], 0);
      if (!store_sample_add (txn, sample, error))
        return FALSE;
    }
  return store_commit (txn, error);
}

/* One small transaction of sweeping; *@out_n is what it took away. */
static gboolean
sweep_some (WorkItem *item, gint64 now_s, guint what, guint *out_n, GError **error)
{
  const struct
  {
    gint64 period_s, kept_s;
  } periods[] = {
    { VMM_SAMPLE_S, (gint64) item->ctx->config->minutes_h * VMM_SAMPLE_HOUR_S },
    { VMM_SAMPLE_TEN_S, VMM_SAMPLE_TEN_DAYS * DAY_S },
    { VMM_SAMPLE_HOUR_S, VMM_SAMPLE_HOUR_DAYS * DAY_S },
  };
  guint turn = (guint) (now_s / VMM_SAMPLE_S % SWEEP_TURNS);
  g_autoptr (StoreTxn) txn = store_begin (item->ctx->store, error);
  gboolean is_done = txn != NULL;

  if (is_done && what < G_N_ELEMENTS (periods))
    is_done = store_sample_expire (txn, periods[what].period_s, now_s - periods[what].kept_s, turn,
                                   SWEEP_TURNS, SWEEP_ROWS, out_n, error);
  else if (is_done)
    is_done = store_sample_sweep (txn, SWEEP_ROWS, out_n, error);
  return is_done && store_commit (txn, error);
}

static gboolean
sweep (WorkItem *item, gint64 now_s, GError **error)
{
  guint times = 0;

  for (guint what = 0; what < 4; what++)
    for (guint n = SWEEP_ROWS; n == SWEEP_ROWS && times < SWEEP_TIMES; times++)
      if (work_is_cancelled (item->work) || !sweep_some (item, now_s, what, &n, error))
        return FALSE;
  return TRUE;
}

/* ---- The item ---- */

static gboolean
sample (WorkItem *item, WorkMonitor *monitor, gint64 now_ms, GError **error)
{
  g_auto (Look) look = { 0 };
  g_autoptr (GHashTable) domains = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) samples = g_ptr_array_new_with_free_func ((GDestroyNotify) vmm_sample_free);
  Round round = { .monitor = monitor, .domains = domains, .samples = samples };

  if (!read_look (item, &look, error))
    return FALSE;
  round.is_neighbour = vmm_sample_minute (monitor->looked_ms, now_ms, &round.at_s, &round.span_ms);
  round.next = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  take_domains (&round, &look);
  for (guint i = 0; i < look.metered->len; i++)
    take_metered (&round, &look, g_ptr_array_index (look.metered, i));
  g_hash_table_unref (monitor->counters);
  monitor->counters = round.next;
  monitor->looked_ms = now_ms;
  return write_samples (item, samples, error) && sweep (item, now_ms / 1000, error);
}

gint64
work_monitor_wait_ms (void)
{
  return MINUTE_MS - vmm_clock_now_ms () % MINUTE_MS;
}

gint64
work_monitor (WorkItem *item)
{
  WorkMonitor *monitor = work_monitor_memory (item->work);
  gint64 now_ms = vmm_clock_now_ms ();
  g_autoptr (GError) error = NULL;

  if (vmm_sample_is_due (monitor->looked_ms, now_ms) && !sample (item, monitor, now_ms, &error)
      && error != NULL)
    return work_failed (item, g_steal_pointer (&error));
  return work_monitor_wait_ms ();
}
