/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances, disks and elastic addresses used, by the minute, ten minutes or hour. */
#include "config.h"

#include "ecs-common.h"
#include "ops-monitor.h"
#include "vmm-clock.h"

#define START_TIME(type, field)                                                                    \
  API_STR (type, field, "StartTime", .flags = API_REQUIRED, .max_length = 32,                      \
           .format = &api_format_time, .error = VMM_ERROR_MONITOR_START_TIME,                      \
           .doc = "The first sample begins then or later; at most 30 days ago.")
#define END_TIME(type, field)                                                                      \
  API_STR (type, field, "EndTime", .flags = API_REQUIRED, .max_length = 32,                        \
           .format = &api_format_time, .error = VMM_ERROR_MONITOR_END_TIME,                        \
           .doc = "The last one begins earlier; at most 400 periods after StartTime.")
#define PERIOD(type, field, doc_)                                                                  \
  API_INT (type, field, "Period", .fallback = "60", .min = 60, .max = 3600, .doc = doc_)
#define PERIOD_DOC "Seconds that a sample is of: 60, 600 or 3600."
#define TIME_STAMP_DOC "When the sample's period began."

typedef struct
{
  char *id, *start, *end;
  int period;
} Args;

static gint64
time_of (const char *text)
{
  gint64 ms = 0;

  vmm_clock_parse (text, &ms);
  return ms;
}

static GPtrArray *
list (ApiCall *call, const Args *args, OpsMonitorKind kind, GError **error)
{
  const OpsMonitorQuery query = { .id = args->id,
                                  .start_ms = time_of (args->start),
                                  .end_ms = time_of (args->end),
                                  .period_s = args->period };

  return ops_monitor_list (call->ctx, call->caller, kind, &query, error);
}

static void
write_rate (ApiReply *reply, const char *name, const VmmSample *sample, gint64 amount)
{
  api_reply_int (reply, name, vmm_sample_per_second (sample, amount));
}

static void
write_disk_rates (ApiReply *reply, const VmmSample *sample)
{
  write_rate (reply, "IOPSRead", sample, sample->use.of[VMM_USE_READS]);
  write_rate (reply, "IOPSWrite", sample, sample->use.of[VMM_USE_WRITES]);
  write_rate (reply, "BPSRead", sample, sample->use.of[VMM_USE_READ_BYTES]);
  write_rate (reply, "BPSWrite", sample, sample->use.of[VMM_USE_WRITE_BYTES]);
}

/* ---- DescribeInstanceMonitorData ---- */

static const ApiParam instance_params[] = {
  ECS_INSTANCE_ID (Args, id),
  START_TIME (Args, start),
  END_TIME (Args, end),
  PERIOD (Args, period, PERIOD_DOC),
};

#define I "MonitorData.InstanceMonitorData[]."
static const ApiField instance_fields[] = {
  API_OUT_STR (I "InstanceId", API_REQUIRED, "The instance."),
  API_OUT_STR (I "TimeStamp", API_REQUIRED, TIME_STAMP_DOC),
  API_OUT_INT (I "CPU", API_REQUIRED, "Percent of its vCPUs' time that they were busy."),
  API_OUT_INT (I "InternetRX", API_REQUIRED, "kbit that came in under public addresses."),
  API_OUT_INT (I "InternetTX", API_REQUIRED, "kbit that went out under them."),
  API_OUT_INT (I "InternetBandwidth", API_REQUIRED, "kbit/s of both together."),
  API_OUT_INT (I "IntranetRX", API_REQUIRED, "kbit that came in otherwise."),
  API_OUT_INT (I "IntranetTX", API_REQUIRED, "kbit that went out otherwise."),
  API_OUT_INT (I "IntranetBandwidth", API_REQUIRED, "kbit/s of both together."),
  API_OUT_INT (I "IOPSRead", API_REQUIRED, "Reads a second, of all its disks."),
  API_OUT_INT (I "IOPSWrite", API_REQUIRED, "Writes a second."),
  API_OUT_INT (I "BPSRead", API_REQUIRED, "Bytes read a second."),
  API_OUT_INT (I "BPSWrite", API_REQUIRED, "Bytes written a second."),
};

static void
write_traffic (ApiReply *reply, const VmmSample *sample, const char *const names[3], gint64 in,
               gint64 out)
{
  api_reply_int (reply, names[0], vmm_sample_kbit (in));
  api_reply_int (reply, names[1], vmm_sample_kbit (out));
  api_reply_int (reply, names[2], vmm_sample_kbit (vmm_sample_per_second (sample, in + out)));
}

static gboolean
describe_instance (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  static const char *const internet[] = { "InternetRX", "InternetTX", "InternetBandwidth" };
  static const char *const intranet[] = { "IntranetRX", "IntranetTX", "IntranetBandwidth" };
  g_autoptr (GPtrArray) samples = list (call, data, OPS_MONITOR_INSTANCE, error);

  if (samples == NULL)
    return FALSE;
  api_reply_list (reply, "MonitorData", "InstanceMonitorData");
  for (guint i = 0; i < samples->len; i++)
    {
      const VmmSample *sample = g_ptr_array_index (samples, i);
      const gint64 *of = sample->use.of;

      api_reply_item (reply);
      api_reply_string (reply, "InstanceId", sample->id);
      api_reply_second (reply, "TimeStamp", sample->at_s * 1000);
      api_reply_int (reply, "CPU", vmm_sample_cpu_percent (sample));
      write_traffic (reply, sample, internet, of[VMM_USE_INTERNET_IN], of[VMM_USE_INTERNET_OUT]);
      write_traffic (reply, sample, intranet, of[VMM_USE_INTRANET_IN], of[VMM_USE_INTRANET_OUT]);
      write_disk_rates (reply, sample);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

/* ---- DescribeDiskMonitorData ---- */

static const ApiParam disk_params[] = {
  API_STR (Args, id, "DiskId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_disk_id, .error = VMM_ERROR_DISK_NOT_FOUND, .doc = "The disk."),
  START_TIME (Args, start),
  END_TIME (Args, end),
  PERIOD (Args, period, PERIOD_DOC),
};

#define D "MonitorData.DiskMonitorData[]."
static const ApiField disk_fields[] = {
  API_OUT_STR (D "DiskId", API_REQUIRED, "The disk."),
  API_OUT_STR (D "TimeStamp", API_REQUIRED, TIME_STAMP_DOC),
  API_OUT_INT (D "IOPSRead", API_REQUIRED, "Reads a second."),
  API_OUT_INT (D "IOPSWrite", API_REQUIRED, "Writes a second."),
  API_OUT_INT (D "IOPSTotal", API_REQUIRED, "Both together."),
  API_OUT_INT (D "BPSRead", API_REQUIRED, "Bytes read a second."),
  API_OUT_INT (D "BPSWrite", API_REQUIRED, "Bytes written a second."),
  API_OUT_INT (D "BPSTotal", API_REQUIRED, "Both together."),
  API_OUT_INT (D "LatencyRead", API_REQUIRED, "Microseconds that a read took."),
  API_OUT_INT (D "LatencyWrite", API_REQUIRED, "Microseconds that a write took."),
  API_OUT_INT ("TotalCount", API_REQUIRED, "How many samples there are."),
};

static gboolean
describe_disk (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) samples = list (call, data, OPS_MONITOR_DISK, error);

  if (samples == NULL)
    return FALSE;
  api_reply_list (reply, "MonitorData", "DiskMonitorData");
  for (guint i = 0; i < samples->len; i++)
    {
      const VmmSample *sample = g_ptr_array_index (samples, i);
      const gint64 *of = sample->use.of;

      api_reply_item (reply);
      api_reply_string (reply, "DiskId", sample->id);
      api_reply_second (reply, "TimeStamp", sample->at_s * 1000);
      write_disk_rates (reply, sample);
      write_rate (reply, "IOPSTotal", sample, of[VMM_USE_READS] + of[VMM_USE_WRITES]);
      write_rate (reply, "BPSTotal", sample, of[VMM_USE_READ_BYTES] + of[VMM_USE_WRITE_BYTES]);
      api_reply_int (reply, "LatencyRead",
                     vmm_sample_latency_us (of[VMM_USE_READ_US], of[VMM_USE_READS]));
      api_reply_int (reply, "LatencyWrite",
                     vmm_sample_latency_us (of[VMM_USE_WRITE_US], of[VMM_USE_WRITES]));
      api_reply_end (reply);
    }
  api_reply_end (reply);
  api_reply_int (reply, "TotalCount", samples->len);
  return TRUE;
}

/* ---- DescribeEipMonitorData ---- */

static const ApiParam eip_params[] = {
  API_STR (Args, id, "AllocationId", .flags = API_REQUIRED, .max_length = 64,
           .format = &api_format_eip_id, .error = VMM_ERROR_EIP_NOT_FOUND,
           .doc = "The elastic address."),
  START_TIME (Args, start),
  END_TIME (Args, end),
  PERIOD (Args, period, "Seconds that a sample is of: 60, 300, 600, 900 or 3600."),
};

#define E "EipMonitorDatas.EipMonitorData[]."
static const ApiField eip_fields[] = {
  API_OUT_STR (E "TimeStamp", API_REQUIRED, TIME_STAMP_DOC),
  API_OUT_INT (E "EipRX", API_REQUIRED, "Bytes that came in under the address."),
  API_OUT_INT (E "EipTX", API_REQUIRED, "Bytes that went out under it."),
  API_OUT_INT (E "EipFlow", API_REQUIRED, "Both together."),
  API_OUT_INT (E "EipBandwidth", API_REQUIRED, "Bytes a second, both together, as in ECS."),
  API_OUT_INT (E "EipPackets", API_REQUIRED, "Packets of both."),
};

static gboolean
describe_eip (ApiCall *call, gconstpointer data, ApiReply *reply, GError **error)
{
  g_autoptr (GPtrArray) samples = list (call, data, OPS_MONITOR_EIP, error);

  if (samples == NULL)
    return FALSE;
  api_reply_list (reply, "EipMonitorDatas", "EipMonitorData");
  for (guint i = 0; i < samples->len; i++)
    {
      const VmmSample *sample = g_ptr_array_index (samples, i);
      const gint64 *of = sample->use.of;
      gint64 flow = of[VMM_USE_INTERNET_IN] + of[VMM_USE_INTERNET_OUT];

      api_reply_item (reply);
      api_reply_second (reply, "TimeStamp", sample->at_s * 1000);
      api_reply_int (reply, "EipRX", of[VMM_USE_INTERNET_IN]);
      api_reply_int (reply, "EipTX", of[VMM_USE_INTERNET_OUT]);
      api_reply_int (reply, "EipFlow", flow);
      write_rate (reply, "EipBandwidth", sample, flow);
      api_reply_int (reply, "EipPackets", of[VMM_USE_PACKETS]);
      api_reply_end (reply);
    }
  api_reply_end (reply);
  return TRUE;
}

#define TIME_ERRORS                                                                                \
  VMM_ERROR_MONITOR_START_TIME, VMM_ERROR_MONITOR_END_TIME, VMM_ERROR_MONITOR_TOO_EARLY

static const ApiAction actions[] = {
  { .name = "DescribeInstanceMonitorData",
    .summary = "What an instance used: processor, network and disks.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeInstanceMonitorData",
    .run = describe_instance,
    API_PARAMS (Args, instance_params),
    API_FIELDS (instance_fields),
    API_ERRORS (VMM_ERROR_INSTANCE_NOT_FOUND, VMM_ERROR_MONITOR_ORDER, VMM_ERROR_MONITOR_TOO_MANY,
                TIME_ERRORS) },
  { .name = "DescribeDiskMonitorData",
    .summary = "What a disk did while it was on a running instance.",
    .since = "0.3",
    .access = API_READ,
    .permission = "ecs:DescribeDiskMonitorData",
    .run = describe_disk,
    API_PARAMS (Args, disk_params),
    API_FIELDS (disk_fields),
    API_ERRORS (VMM_ERROR_DISK_NOT_FOUND, VMM_ERROR_MONITOR_DISK_ORDER, VMM_ERROR_MONITOR_TOO_MANY,
                TIME_ERRORS) },
  { .name = "DescribeEipMonitorData",
    .summary = "What passed under an elastic address.",
    .since = "0.3",
    .access = API_READ,
    .permission = "vpc:DescribeEipMonitorData",
    .run = describe_eip,
    ECS_BOTH_VERSIONS,
    API_PARAMS (Args, eip_params),
    API_FIELDS (eip_fields),
    API_ERRORS (VMM_ERROR_EIP_NOT_FOUND, VMM_ERROR_MONITOR_EIP_TOO_MANY, TIME_ERRORS) },
};

const ApiResource ecs_monitor = API_RESOURCE ("monitor", actions);
