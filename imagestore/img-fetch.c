/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetching: the vector for vmmd-img-fetch, and its words sorted into our errors. */
#include "config.h"

#include "img-command.h"
#include "img-fetch.h"
#include "img-file.h"
#include "img-refusal.h"
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The slowest server that is waited for. */
#define BYTES_PER_SECOND (G_GUINT64_CONSTANT (256) << 10)
#define LEAST_SECONDS 300
#define SECONDS_MAX (24 * 3600)

static gboolean
find_ids (const ImgFetch *fetch, uid_t *out_uid, gid_t *out_gid, GError **error)
{
  g_autofree char *buffer = g_malloc (16384);
  struct passwd entry, *found = NULL;

  *out_uid = geteuid ();
  *out_gid = getegid ();
  if (*out_uid != 0)
    return TRUE;
  if (fetch->user == NULL || getpwnam_r (fetch->user, &entry, buffer, 16384, &found) != 0
      || found == NULL || found->pw_uid == 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO,
                   "\"%s\" is no user without rights that could fetch images",
                   fetch->user != NULL ? fetch->user : "");
      return FALSE;
    }
  *out_uid = found->pw_uid;
  *out_gid = found->pw_gid;
  return TRUE;
}

static void
first_half (guint percent, gpointer data)
{
  const ImgFetch *fetch = data;

  fetch->progress (percent / 2, fetch->progress_data);
}

void
img_fetch_rest (guint percent, gpointer data)
{
  const ImgFetch *fetch = data;

  fetch->progress (50 + percent / 2, fetch->progress_data);
}

/* The helper stands beside the other one. */
static char *
helper_path (void)
{
  const char *other = g_getenv ("VMMD_IMG_HELPER");
  g_autofree char *dir = g_path_get_dirname (other != NULL ? other : VMMD_LIBEXECDIR "/");

  return g_build_filename (dir, "vmmd-img-fetch", NULL);
}

/* The URL for the helper to read, out of everybody's sight. */
static int
hide_url (const char *url, GError **error)
{
  int fd = memfd_create ("url", MFD_CLOEXEC);
  gsize length = strlen (url);

  if (fd >= 0 && write (fd, url, length) == (gssize) length && lseek (fd, 0, SEEK_SET) == 0)
    return fd;
  img_file_fail (error, "passing the URL on");
  if (fd >= 0)
    close (fd);
  return -1;
}

/* "vmmd-img-fetch: NAME: text" */
static gboolean
sort (const ImgCommand *command, GError **error)
{
  static const ImgRefusal refusals[] = { IMG_REFUSAL_URL, IMG_REFUSAL_HTTP, IMG_REFUSAL_LIMIT };
  g_autofree char *complaint = img_command_complaint (command);
  const char *text = complaint;

  if (g_str_has_prefix (text, "vmmd-img-fetch: "))
    text += strlen ("vmmd-img-fetch: ");
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      const char *name = img_refusal_name (refusals[i]);

      if (g_str_has_prefix (text, name) && g_str_has_prefix (text + strlen (name), ": "))
        return img_refuse (error, refusals[i], "%s", text + strlen (name) + 2);
    }
  g_set_error (error, IMG_ERROR,
               strstr (text, "No space left") != NULL ? IMG_ERROR_SPACE : IMG_ERROR_IO, "%s", text);
  return FALSE;
}

gboolean
img_fetch_run (const ImgFetch *fetch, GError **error)
{
  guint64 seconds = MIN (LEAST_SECONDS + fetch->max_bytes / BYTES_PER_SECOND, SECONDS_MAX);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (ImgCommand) command = { .timeout_ms = (guint) (seconds * 1000),
                                  .progress = fetch->progress != NULL ? first_half : NULL,
                                  .progress_data = (gpointer) fetch,
                                  .cancellable = fetch->cancellable };
  gboolean is_run;
  uid_t uid;
  gid_t gid;

  if (!find_ids (fetch, &uid, &gid, error))
    return FALSE;
  command.give_fd = hide_url (fetch->url, error);
  if (command.give_fd < 0)
    return FALSE;
  g_ptr_array_add (argv, helper_path ());
  g_ptr_array_add (argv, g_strdup_printf ("%u", uid));
  g_ptr_array_add (argv, g_strdup_printf ("%u", gid));
  g_ptr_array_add (argv, g_strdup_printf ("%" G_GUINT64_FORMAT, fetch->max_bytes));
  g_ptr_array_add (argv, g_strdup_printf ("%" G_GUINT64_FORMAT, seconds));
  g_ptr_array_add (argv, g_strdup (fetch->file));
  g_ptr_array_add (argv, g_strdup ("-"));
  for (guint i = 0; fetch->ranges != NULL && fetch->ranges[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (fetch->ranges[i]));
  g_ptr_array_add (argv, NULL);
  command.argv = (const char *const *) argv->pdata;
  is_run = img_command_run (&command, error);
  command.argv = NULL;
  close (command.give_fd);
  return is_run && (command.status == 0 || sort (&command, error));
}
