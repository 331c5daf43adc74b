/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of errors. vmm-errors.def holds symbol, wire code, HTTP status and sentence. */
#pragma once
#include <glib.h>

#define VMM_ERROR (vmm_error_quark ())
GQuark vmm_error_quark (void);

typedef enum
{
#define VMM_ERROR_DEF(symbol, wire, status, sentence) VMM_ERROR_##symbol,
#include "vmm-errors.def"
#undef VMM_ERROR_DEF
  VMM_ERROR_LAST
} VmmError;

/* The code on the wire, such as "InvalidInstanceId.NotFound". Static. */
const char *vmm_error_wire (VmmError code);
/* The HTTP status of the code. */
guint vmm_error_status (VmmError code);
/* One sentence on what the code means, for the reference. Static. */
const char *vmm_error_sentence (VmmError code);

/* Sets @error (may be NULL) and returns FALSE, so that a check reads `return vmm_fail (…)`.
 * The message names the object, the cause and, where there is one, the next step. */
gboolean vmm_fail (GError **error, VmmError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
