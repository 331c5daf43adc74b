/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks through what a client sends, byte by byte and before the HTTP library, for the few things
 * that harm the library: libsoup 3.2 loses the memory of a request whose body has an encoding or
 * length that it does not know, and takes the square of their number over NULs in a head. Folded
 * header lines, long forbidden, could hide the first. Bodies are looked through as well, since
 * where they end is not known here; forms have none of all this. Pure. */
#pragma once
#include <glib.h>

/* The line that is being read; zeroed at first. */
typedef struct
{
  char line[64]; /* its beginning, in lower case */
  gsize length;  /* of the whole line so far */
} ApiScreen;

/* FALSE when the connection must not be read any further. */
gboolean api_screen_take (ApiScreen *screen, const char *bytes, gsize n);
