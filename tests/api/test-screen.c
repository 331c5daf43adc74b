/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must not reach the HTTP library, however it is cut into reads. */
#include "config.h"

#include "api-screen.h"
#include "world.h"
#include <string.h>

static gboolean
passes (const char *bytes, gsize n, gsize step)
{
  ApiScreen screen = { { 0 }, 0 };

  for (gsize at = 0; at < n; at += step)
    if (!api_screen_take (&screen, bytes + at, MIN (step, n - at)))
      return FALSE;
  return TRUE;
}

static void
assert_passes (const char *text, gboolean expected)
{
  for (gsize step = 1; step <= strlen (text); step++)
    if (passes (text, strlen (text), step) != expected)
      fail_msg ("'%s' in reads of %zu bytes: not %d", text, step, expected);
}

static void
what_clients_send_passes (void **state)
{
  assert_passes ("GET /?A=1 HTTP/1.1\r\nHost: h\r\n\r\n", TRUE);
  assert_passes ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nA=b c&B=d+", TRUE);
  assert_passes ("POST / HTTP/1.1\nTRANSFER-ENCODING:chunked \r\n\r\n3\r\nA=1\r\n0\r\n\r\n", TRUE);
  assert_passes ("GET / HTTP/1.1\r\nX-Transfer-Encoding: gzip\r\n\r\n", TRUE);
}

static void
odd_framing_does_not_pass (void **state)
{
  static const char *const bad[] = {
    "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n",
    "POST / HTTP/1.1\nTransfer-Encoding:\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n gzip\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    "A: b\r\nTransfer-Encoding:                                           chunked\r\n",
    "POST / HTTP/1.1\r\nContent-Length: -1\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1 2\r\n",
    "POST / HTTP/1.1\r\nContent-Length:\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 0x10\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1000000000000000000\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_passes (bad[i], FALSE);
}

static void
a_nul_does_not_pass (void **state)
{
  assert_false (passes ("GET / HTTP/1.1\r\nA: \0b\r\n\r\n", 25, 25));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (what_clients_send_passes),
    cmocka_unit_test (odd_framing_does_not_pass),
    cmocka_unit_test (a_nul_does_not_pass),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
