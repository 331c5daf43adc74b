/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error domain of the command line. */
#include "vmmctl-error.h"

G_DEFINE_QUARK (vmmctl - error - quark, vmmctl_error)

gboolean
vmmctl_fail (GError **error, VmmctlError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (VMMCTL_ERROR, (int) code, format, args);
  va_end (args);
  return FALSE;
}
