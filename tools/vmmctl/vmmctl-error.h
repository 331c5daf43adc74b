/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can go wrong, and the exit code that tells a script. */
#pragma once
#include <glib.h>

#define VMMCTL_ERROR (vmmctl_error_quark ())
GQuark vmmctl_error_quark (void);

/* The values are the exit codes; vmmctl --help lists them. */
typedef enum
{
  VMMCTL_ERROR_REFUSED = 1, /* the server answered with an error */
  VMMCTL_ERROR_DIFFERS = 1, /* what was compared differs, as for diff */
  VMMCTL_ERROR_USAGE = 2,   /* the words make no sense; nothing was sent */
  VMMCTL_ERROR_AWAY = 3,    /* the server cannot be reached, or gave no answer that makes sense */
  VMMCTL_ERROR_WAIT = 4,    /* what was waited for failed, or took too long */
} VmmctlError;

/* Sets @error and returns FALSE, so that a check reads `return vmmctl_fail (…)`. */
gboolean vmmctl_fail (GError **error, VmmctlError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
