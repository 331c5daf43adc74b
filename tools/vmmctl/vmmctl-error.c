/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error domain of the command line. */
#include "vmmctl-error.h"

/* Not G_DEFINE_QUARK: its cache is a plain static, a data race where two threads fail at once. */
GQuark
vmmctl_error_quark (void)
{
  return g_quark_from_static_string ("vmmctl-error-quark");
}

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
