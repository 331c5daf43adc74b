/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM or TCG: the facts of the host and the decision. */
#include "config.h"

#include "virt-accel.h"

#include <string.h>

#include "vmm-error.h"

#define PROBE_DEADLINE_MS 2000

static const char *
why_not_kvm (const VirtAccelFacts *facts)
{
  if (!facts->has_cpu_flag)
    return "the CPU shows neither vmx nor svm, so KVM cannot work";
  if (!facts->has_module)
    return "neither kvm_intel nor kvm_amd is loaded, so KVM cannot work";
  switch (facts->probe)
    {
    case VIRT_PROBE_RAN:
      return NULL;
    case VIRT_PROBE_NO_DEVICE:
      return "/dev/kvm cannot be used";
    case VIRT_PROBE_HUNG:
      return "a probe guest hung under KVM";
    case VIRT_PROBE_FAILED:
      return "a probe guest failed under KVM";
    case VIRT_PROBE_NOT_RUN:
    default:
      return "no probe guest was run under KVM";
    }
}

const char *
virt_accel_decide (const char *wanted, const VirtAccelFacts *facts, const char **out_why,
                   GError **error)
{
  const char *obstacle = why_not_kvm (facts);

  if (g_str_equal (wanted, "tcg"))
    {
      *out_why = "the configuration asks for it";
      return "tcg";
    }
  if (!g_str_equal (wanted, "auto") && !g_str_equal (wanted, "kvm"))
    {
      vmm_fail (error, VMM_ERROR_VIRT_FAILED,
                "accelerator '%s' is unknown; it must be auto, kvm or tcg", wanted);
      return NULL;
    }
  if (obstacle == NULL)
    {
      *out_why = "a probe guest ran under KVM";
      return "kvm";
    }
  if (g_str_equal (wanted, "kvm"))
    {
      vmm_fail (error, VMM_ERROR_VIRT_FAILED, "the configuration asks for KVM, but %s", obstacle);
      return NULL;
    }
  *out_why = obstacle;
  return "tcg";
}

static gboolean
line_has_flag (const char *line)
{
  g_auto (GStrv) words = NULL;

  if (!g_str_has_prefix (line, "flags"))
    return FALSE;
  words = g_strsplit_set (line, " \t:", -1);
  return g_strv_contains ((const char *const *) words, "vmx")
         || g_strv_contains ((const char *const *) words, "svm");
}

gboolean
virt_accel_cpuinfo_has_flag (const char *cpuinfo)
{
  g_auto (GStrv) lines = g_strsplit (cpuinfo, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (line_has_flag (*line))
      return TRUE;
  return FALSE;
}

void
virt_accel_gather (VirtAccelFacts *out_facts)
{
  g_autofree char *cpuinfo = NULL;

  memset (out_facts, 0, sizeof *out_facts);
  if (g_file_get_contents ("/proc/cpuinfo", &cpuinfo, NULL, NULL))
    out_facts->has_cpu_flag = virt_accel_cpuinfo_has_flag (cpuinfo);
  out_facts->has_module = g_file_test ("/sys/module/kvm_intel", G_FILE_TEST_IS_DIR)
                          || g_file_test ("/sys/module/kvm_amd", G_FILE_TEST_IS_DIR);
  if (out_facts->has_cpu_flag && out_facts->has_module)
    out_facts->probe = virt_accel_probe ("/dev/kvm", PROBE_DEADLINE_MS);
}
