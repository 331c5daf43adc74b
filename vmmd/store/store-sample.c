/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of what instances, disks and public addresses used. */
#include "config.h"

#include "store-db.h"
#include "store-sample.h"

/* In the order of VmmUseKind. */
#define USE_COLUMNS                                                                                \
  "cpu_us, internet_in, internet_out, intranet_in, intranet_out, packets, reads, writes,"          \
  " read_bytes, write_bytes, read_us, write_us"
#define USE_LETTERS "iiiiiiiiiiii"
G_STATIC_ASSERT (sizeof USE_LETTERS == VMM_USE_LAST + 1);
#define INSERT                                                                                     \
  "INSERT INTO sample (meter, period_s, at_s, span_ms, " USE_COLUMNS ")"                           \
  " SELECT no, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16"                  \
  " FROM meter WHERE id=?1 "
#define ADD_TO_SUM                                                                                 \
  INSERT                                                                                           \
  "ON CONFLICT DO UPDATE SET span_ms=span_ms+excluded.span_ms, cpu_us=cpu_us+excluded.cpu_us,"     \
  " internet_in=internet_in+excluded.internet_in, "                                                \
  "internet_out=internet_out+excluded.internet_out,"                                               \
  " intranet_in=intranet_in+excluded.intranet_in, "                                                \
  "intranet_out=intranet_out+excluded.intranet_out,"                                               \
  " packets=packets+excluded.packets, reads=reads+excluded.reads, writes=writes+excluded.writes,"  \
  " read_bytes=read_bytes+excluded.read_bytes, write_bytes=write_bytes+excluded.write_bytes,"      \
  " read_us=read_us+excluded.read_us, write_us=write_us+excluded.write_us"

static int
insert (StoreTxn *txn, const char *sql, const VmmSample *sample, gint64 period_s, GError **error)
{
  const gint64 *of = sample->use.of;

  return store_exec (txn, error, sql, "siii" USE_LETTERS, sample->id, period_s,
                     vmm_sample_floor (sample->at_s, period_s), sample->span_ms, of[0], of[1],
                     of[2], of[3], of[4], of[5], of[6], of[7], of[8], of[9], of[10], of[11]);
}

gboolean
store_sample_add (StoreTxn *txn, const VmmSample *sample, GError **error)
{
  int added;

  if (store_exec (txn, error, "INSERT INTO meter (id) VALUES (?) ON CONFLICT DO NOTHING", "s",
                  sample->id)
      < 0)
    return FALSE;
  added = insert (txn, INSERT "ON CONFLICT DO NOTHING", sample, VMM_SAMPLE_S, error);
  if (added <= 0)
    return added == 0;
  return insert (txn, ADD_TO_SUM, sample, VMM_SAMPLE_TEN_S, error) >= 0
         && insert (txn, ADD_TO_SUM, sample, VMM_SAMPLE_HOUR_S, error) >= 0;
}

static gpointer
read_sample (StoreRows *rows)
{
  VmmSample *sample = g_new0 (VmmSample, 1);

  sample->at_s = store_rows_int (rows, 0);
  sample->span_ms = store_rows_int (rows, 1);
  for (guint i = 0; i < VMM_USE_LAST; i++)
    sample->use.of[i] = store_rows_int (rows, 2 + (int) i);
  return sample;
}

/* Which rows periods of that length are made of. */
static gint64
base_of (gint64 period_s)
{
  return period_s == VMM_SAMPLE_TEN_S || period_s == VMM_SAMPLE_HOUR_S ? period_s : VMM_SAMPLE_S;
}

GPtrArray *
store_sample_list (StoreTxn *txn, const char *id, gint64 period_s, gint64 from_s, gint64 to_s,
                   GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT at_s/?1*?1 AS begin, sum(span_ms), sum(cpu_us), sum(internet_in), sum(internet_out),"
      " sum(intranet_in), sum(intranet_out), sum(packets), sum(reads), sum(writes),"
      " sum(read_bytes), sum(write_bytes), sum(read_us), sum(write_us) FROM sample"
      " WHERE meter=(SELECT no FROM meter WHERE id=?2) AND period_s=?3 AND at_s>=?4 AND at_s<?5"
      " GROUP BY begin ORDER BY begin",
      "isiii", period_s, id, base_of (period_s), (from_s + period_s - 1) / period_s * period_s,
      (to_s + period_s - 1) / period_s * period_s);
  GPtrArray *samples;

  if (rows == NULL)
    return NULL;
  samples = store_read_all (rows, read_sample, (GDestroyNotify) vmm_sample_free, error);
  for (guint i = 0; samples != NULL && i < samples->len; i++)
    ((VmmSample *) g_ptr_array_index (samples, i))->id = g_strdup (id);
  return samples;
}

/* ---- What goes ---- */

#define GONE                                                                                       \
  "NOT EXISTS (SELECT 1 FROM instance o WHERE o.id=m.id)"                                          \
  " AND NOT EXISTS (SELECT 1 FROM disk o WHERE o.id=m.id)"                                         \
  " AND NOT EXISTS (SELECT 1 FROM eip o WHERE o.id=m.id)"

/* CROSS JOIN: meters first, or all samples of all would be looked at. */
gboolean
store_sample_sweep (StoreTxn *txn, guint most, guint *out_n, GError **error)
{
  int removed = store_exec (txn, error,
                            "DELETE FROM sample WHERE (meter, period_s, at_s) IN (SELECT s.meter,"
                            " s.period_s, s.at_s FROM meter m CROSS JOIN sample s"
                            " ON s.meter=m.no WHERE " GONE " LIMIT ?)",
                            "i", (gint64) most);

  if (removed < 0)
    return FALSE;
  *out_n = (guint) removed;
  return *out_n == most
         || store_exec (txn, error,
                        "DELETE FROM meter AS m WHERE " GONE
                        " AND NOT EXISTS (SELECT 1 FROM sample s WHERE s.meter=m.no)",
                        "")
                >= 0;
}

gboolean
store_sample_expire (StoreTxn *txn, gint64 period_s, gint64 before_s, guint turn, guint turns,
                     guint most, guint *out_n, GError **error)
{
  int removed
      = store_exec (txn, error,
                    "DELETE FROM sample WHERE (meter, period_s, at_s) IN (SELECT s.meter,"
                    " s.period_s, s.at_s FROM meter m CROSS JOIN sample s ON s.meter=m.no"
                    " AND s.period_s=?1 AND s.at_s<?2 WHERE m.no%?3=?4 LIMIT ?5)",
                    "iiiii", period_s, before_s, (gint64) turns, (gint64) turn, (gint64) most);

  *out_n = (guint) MAX (removed, 0);
  return removed >= 0;
}

/* ---- What there is to look at ---- */

static void
free_metered (gpointer data)
{
  StoreMetered *metered = data;

  g_free (metered->id);
  g_free (metered->instance_id);
  g_free (metered->device);
  g_free (metered);
}

static gpointer
read_metered (StoreRows *rows)
{
  StoreMetered *metered = g_new0 (StoreMetered, 1);

  metered->kind = (StoreMeteredKind) store_rows_int (rows, 0);
  metered->id = store_rows_string (rows, 1);
  metered->instance_id = store_rows_string (rows, 2);
  metered->device = store_rows_string (rows, 3);
  metered->number = (guint32) store_rows_int (rows, 4);
  return metered;
}

GPtrArray *
store_metered_list (StoreTxn *txn, const char *host_id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error,
      "SELECT ?2, id, instance_id, device, 0 FROM disk WHERE host_id=?1 AND instance_id<>''"
      " UNION ALL SELECT ?3, id, instance_id, '', idx FROM nic"
      " WHERE host_id=?1 AND instance_id<>''"
      " UNION ALL SELECT CASE is_plain WHEN 0 THEN ?4 ELSE ?5 END, e.id,"
      " coalesce(n.instance_id, ''), '', e.ip FROM eip e LEFT JOIN nic n ON n.id=e.nic_id"
      " WHERE e.vpc_id<>''",
      "siiii", host_id, (gint64) STORE_METERED_DISK, (gint64) STORE_METERED_NIC,
      (gint64) STORE_METERED_EIP, (gint64) STORE_METERED_PUBLIC);

  return rows != NULL ? store_read_all (rows, read_metered, free_metered, error) : NULL;
}
