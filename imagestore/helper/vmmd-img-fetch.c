/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches a file from a web server that nobody vouches for:
 *
 *   vmmd-img-fetch UID GID MAX_BYTES SECONDS FILE URL [RANGE…]
 *
 * URL "-" is read from descriptor 3, since it may hold a signature and arguments are seen by all.
 * FILE is made, then all rights are given up, and only then is a byte of the network looked at.
 * Each address that a name resolves to is checked at the moment a socket is opened for it, hence
 * behind redirects and changing names too: it must be public, and no address of this host, or lie
 * in one of the RANGEs. Prints "(12.34/100%)" as it goes on. Exit 1 and a line "vmmd-img-fetch:
 * NAME: text". */
#include "img-address.h"
#include "img-number.h"
#include "img-seccomp.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define REDIRECTS_MAX 5L
/* Slower than this for so long is a server that holds us up. */
#define SLOW_BYTES_PER_SECOND 1024L
#define SLOW_SECONDS 60L
#define MEMORY_BYTES (512UL << 20)
#define URL_FD 3
#define URL_MAX 8192

typedef struct
{
  char **ranges;
  int range_count;
  int fd;
  unsigned long long max_bytes, bytes;
  char refused[IMG_ADDRESS_TEXT]; /* the address that was not allowed, or "" */
  int write_errno;
  unsigned percent;
} Fetch;

static _Noreturn void
fail (const char *name, const char *text)
{
  fprintf (stderr, "vmmd-img-fetch: %s: %s\n", name, text);
  _exit (1);
}

static unsigned long long
number (const char *text)
{
  unsigned long long value = 0;

  if (!img_number_parse (text, &value))
    fail ("usage", text);
  return value;
}

static const char *
read_url (const char *argument)
{
  static char url[URL_MAX + 1];
  ssize_t n;

  if (strcmp (argument, "-") != 0)
    return argument;
  n = read (URL_FD, url, sizeof url);
  if (n <= 0 || n > URL_MAX)
    fail ("url", "it cannot be read");
  url[n] = '\0';
  return url;
}

static void
limit (int resource, rlim_t value)
{
  const struct rlimit both = { value, value };

  if (setrlimit (resource, &both) < 0)
    fail ("setrlimit", strerror (errno));
}

static void
give_up_rights (uid_t uid, gid_t gid, unsigned long long max_bytes)
{
  if (uid == 0)
    fail ("usage", "root is not taken as user");
  if (geteuid () == 0
      && (setgroups (0, NULL) < 0 || setresgid (gid, gid, gid) < 0 || setresuid (uid, uid, uid) < 0
          || setuid (0) == 0))
    fail ("giving up root", strerror (errno));
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl (PR_SET_DUMPABLE, 0) < 0
      || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    fail ("prctl", strerror (errno));
  limit (RLIMIT_CORE, 0);
  limit (RLIMIT_NOFILE, 64);
  limit (RLIMIT_FSIZE, max_bytes + 1);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any bound */
  limit (RLIMIT_AS, MEMORY_BYTES);
#endif
  signal (SIGXFSZ, SIG_IGN);
  if (img_seccomp_install (true) < 0)
    fail ("seccomp", strerror (errno));
}

static curl_socket_t
open_socket (void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
  Fetch *fetch = data;

  (void) purpose;
  if (!img_address_may_be_asked (&address->addr, fetch->ranges, fetch->range_count))
    {
      img_address_format (&address->addr, fetch->refused);
      return CURL_SOCKET_BAD;
    }
  return socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
take (char *bytes, size_t size, size_t count, void *data)
{
  Fetch *fetch = data;
  size_t length = size * count, done = 0;

  if (fetch->bytes + length > fetch->max_bytes)
    {
      fetch->bytes = fetch->max_bytes + 1;
      return 0;
    }
  while (done < length)
    {
      ssize_t n = write (fetch->fd, bytes + done, length - done);

      if (n < 0 && errno != EINTR)
        {
          fetch->write_errno = errno;
          return 0;
        }
      done += n > 0 ? (size_t) n : 0;
    }
  fetch->bytes += length;
  return length;
}

static int
tell (void *data, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
  Fetch *fetch = data;
  unsigned percent = total > 0 ? (unsigned) (now * 100 / total) : 0;

  (void) up_total;
  (void) up_now;
  if (percent > fetch->percent)
    {
      fetch->percent = percent;
      printf ("(%u.00/100%%)\n", percent);
      fflush (stdout);
    }
  return 0;
}

/* Without these it would ask whom it must not: a library that lacks one of them is not used. */
static bool
confine (CURL *curl, Fetch *fetch)
{
  return curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
         && curl_easy_setopt (curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK
         && curl_easy_setopt (curl, CURLOPT_PROXY, "") == CURLE_OK
         && curl_easy_setopt (curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK
         && curl_easy_setopt (curl, CURLOPT_OPENSOCKETDATA, fetch) == CURLE_OK;
}

/* Options that cannot fail but for want of memory, which the transfer then tells. */
static void
set_options (CURL *curl, Fetch *fetch, const char *url, long seconds, char *why)
{
  curl_easy_setopt (curl, CURLOPT_URL, url);
  curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
  curl_easy_setopt (curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, 30L);
  curl_easy_setopt (curl, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt (curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND);
  curl_easy_setopt (curl, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
  curl_easy_setopt (curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) fetch->max_bytes);
  curl_easy_setopt (curl, CURLOPT_USERAGENT, "vmmd");
  curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt (curl, CURLOPT_WRITEDATA, fetch);
  curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt (curl, CURLOPT_XFERINFOFUNCTION, tell);
  curl_easy_setopt (curl, CURLOPT_XFERINFODATA, fetch);
}

static _Noreturn void
explain (const Fetch *fetch, CURLcode code, const char *why)
{
  if (fetch->refused[0] != '\0')
    {
      char text[IMG_ADDRESS_TEXT + 96];

      snprintf (text, sizeof text,
                "%s is not a public address; [storage] import-ranges allows more", fetch->refused);
      fail ("url", text);
    }
  if (fetch->write_errno != 0)
    fail ("writing", strerror (fetch->write_errno));
  if (fetch->bytes > fetch->max_bytes || code == CURLE_FILESIZE_EXCEEDED)
    fail ("limit", "the file is larger than an image may be");
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
    fail ("url", "only http and https are fetched from");
  fail ("http", *why != '\0' ? why : curl_easy_strerror (code));
}

int
main (int argc, char **argv)
{
  Fetch fetch = { .fd = -1 };
  char why[CURL_ERROR_SIZE] = "";
  unsigned long long uid, gid;
  const char *url;
  CURLcode code;
  CURL *curl;

  if (argc < 7)
    fail ("usage", "UID GID MAX_BYTES SECONDS FILE URL [RANGE…]");
  uid = number (argv[1]);
  gid = number (argv[2]);
  url = read_url (argv[6]);
  fetch.max_bytes = number (argv[3]);
  fetch.ranges = argv + 7;
  fetch.range_count = argc - 7;
  fetch.fd = open (argv[5], O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fetch.fd < 0)
    fail ("opening", strerror (errno));
  give_up_rights ((uid_t) uid, (gid_t) gid, fetch.max_bytes);
  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK || (curl = curl_easy_init ()) == NULL)
    fail ("curl", "it does not start");
  if (!confine (curl, &fetch))
    fail ("confine", "this libcurl cannot be kept to http and https");
  set_options (curl, &fetch, url, (long) number (argv[4]), why);
  code = curl_easy_perform (curl);
  curl_easy_cleanup (curl);
  curl_global_cleanup ();
  if (code != CURLE_OK)
    explain (&fetch, code, why);
  if (fsync (fetch.fd) < 0 || close (fetch.fd) < 0)
    fail ("writing", strerror (errno));
  /* Not by return: a leak checker could not trace a process without rights. */
  _exit (0);
}
