/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups in the error list. */
#include "config.h"

#include "vmm-error.h"

/* Not G_DEFINE_QUARK: its cache is a plain static, a data race where two threads fail at once. */
GQuark
vmm_error_quark (void)
{
  return g_quark_from_static_string ("vmm-error-quark");
}

static const struct
{
  const char *wire;
  guint status;
  const char *sentence;
} errors[] = {
#define VMM_ERROR_DEF(symbol, wire, status, sentence)                                              \
  [VMM_ERROR_##symbol] = { wire, status, sentence },
#include "vmm-errors.def"
#undef VMM_ERROR_DEF
};

const char *
vmm_error_wire (VmmError code)
{
  g_return_val_if_fail ((guint) code < VMM_ERROR_LAST, "InternalError");
  return errors[code].wire;
}

guint
vmm_error_status (VmmError code)
{
  g_return_val_if_fail ((guint) code < VMM_ERROR_LAST, 500);
  return errors[code].status;
}

const char *
vmm_error_sentence (VmmError code)
{
  g_return_val_if_fail ((guint) code < VMM_ERROR_LAST, "");
  return errors[code].sentence;
}

gboolean
vmm_fail (GError **error, VmmError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (VMM_ERROR, (int) code, format, args);
  va_end (args);
  return FALSE;
}
