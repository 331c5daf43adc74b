/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances, disks and public addresses use in a minute, ten minutes or an hour. */
#pragma once
#include <glib.h>

/* What is counted. All are sums, so that samples of minutes add up to one of an hour. */
typedef enum
{
  VMM_USE_CPU_US, /* processor time, a vCPU's share of it: as much as has passed when all are busy
                   */
  VMM_USE_INTERNET_IN,  /* bytes under a public address, seen from the guest */
  VMM_USE_INTERNET_OUT, /* likewise */
  VMM_USE_INTRANET_IN,  /* all other bytes */
  VMM_USE_INTRANET_OUT, /* likewise */
  VMM_USE_PACKETS,      /* under a public address */
  VMM_USE_READS,        /* operations of disks */
  VMM_USE_WRITES,       /* likewise */
  VMM_USE_READ_BYTES,
  VMM_USE_WRITE_BYTES,
  VMM_USE_READ_US, /* time that operations took, those at the same time added up */
  VMM_USE_WRITE_US,
  VMM_USE_LAST
} VmmUseKind;

/* By VmmUseKind; what a thing does not have is 0. */
typedef struct
{
  gint64 of[VMM_USE_LAST];
} VmmUse;

/* What was used between two moments. */
typedef struct
{
  char *id;       /* of the instance, disk or public address */
  gint64 at_s;    /* begin of its minute, ten minutes or hour, in seconds since 1970 */
  gint64 span_ms; /* how much of that was looked at */
  VmmUse use;
} VmmSample;
void vmm_sample_free (VmmSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmSample, vmm_sample_free)

/* What samples are kept of: a minute, and sums of ten minutes and of an hour. */
#define VMM_SAMPLE_S 60
#define VMM_SAMPLE_TEN_S 600
#define VMM_SAMPLE_HOUR_S 3600
/* How long the sums are kept; for minutes the configuration says. */
#define VMM_SAMPLE_TEN_DAYS 8
#define VMM_SAMPLE_HOUR_DAYS 31
/* Begin of the period of @period_s that @at_s lies in. */
gint64 vmm_sample_floor (gint64 at_s, gint64 period_s);

/* Adds to @sum what counters grew by between two looks; FALSE, and nothing is added, if one of them
 * went back: then they began anew, and nobody knows what was used before. */
gboolean vmm_use_add_growth (VmmUse *sum, const VmmUse *before, const VmmUse *now);

/* Which minute two looks at the counters tell of: TRUE with its begin and how much of it was
 * seen. FALSE when they are no neighbours: the clock was set, or looks between them are missing. */
gboolean vmm_sample_minute (gint64 before_ms, gint64 now_ms, gint64 *out_at_s, gint64 *out_span_ms);
/* Whether another minute has begun, or the clock went back. */
gboolean vmm_sample_is_due (gint64 before_ms, gint64 now_ms);

/* What the API shows, rounded; never negative. */
gint64 vmm_sample_per_second (const VmmSample *sample, gint64 amount);
gint64 vmm_sample_kbit (gint64 bytes);
gint64 vmm_sample_cpu_percent (const VmmSample *sample);
/* Of one operation, in microseconds; 0 without any. */
gint64 vmm_sample_latency_us (gint64 spent_us, gint64 operations);
