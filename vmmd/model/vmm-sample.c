/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of samples. */
#include "config.h"

#include "vmm-sample.h"

#define MINUTE_MS (VMM_SAMPLE_S * 1000)
/* Looks are a minute apart; later than this one between them is missing, and closer their
 * difference says little. */
#define LONGEST_MS (MINUTE_MS + MINUTE_MS / 2)
#define SHORTEST_MS 1000

void
vmm_sample_free (VmmSample *sample)
{
  if (sample == NULL)
    return;
  g_free (sample->id);
  g_free (sample);
}

gint64
vmm_sample_floor (gint64 at_s, gint64 period_s)
{
  return at_s - at_s % period_s;
}

gboolean
vmm_use_add_growth (VmmUse *sum, const VmmUse *before, const VmmUse *now)
{
  for (guint i = 0; i < VMM_USE_LAST; i++)
    if (now->of[i] < before->of[i])
      return FALSE;
  for (guint i = 0; i < VMM_USE_LAST; i++)
    sum->of[i] += now->of[i] - before->of[i];
  return TRUE;
}

/* The minute that lies in the middle: a look may be somewhat early or late. */
gboolean
vmm_sample_minute (gint64 before_ms, gint64 now_ms, gint64 *out_at_s, gint64 *out_span_ms)
{
  gint64 span_ms = now_ms - before_ms;

  if (span_ms < SHORTEST_MS || span_ms > LONGEST_MS)
    return FALSE;
  *out_at_s = vmm_sample_floor ((before_ms + span_ms / 2) / 1000, VMM_SAMPLE_S);
  *out_span_ms = span_ms;
  return TRUE;
}

gboolean
vmm_sample_is_due (gint64 before_ms, gint64 now_ms)
{
  return now_ms / MINUTE_MS != before_ms / MINUTE_MS;
}

static gint64
divide (gint64 value, gint64 by)
{
  return by > 0 && value > 0 ? (value + by / 2) / by : 0;
}

gint64
vmm_sample_per_second (const VmmSample *sample, gint64 amount)
{
  return divide (amount * 1000, sample->span_ms);
}

gint64
vmm_sample_kbit (gint64 bytes)
{
  return divide (bytes * 8, 1000);
}

gint64
vmm_sample_cpu_percent (const VmmSample *sample)
{
  return MIN (divide (sample->use.of[VMM_USE_CPU_US], sample->span_ms * 10), 100);
}

gint64
vmm_sample_latency_us (gint64 spent_us, gint64 operations)
{
  return divide (spent_us, operations);
}
