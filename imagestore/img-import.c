/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Import: our own look at the file, a private copy, and qemu-img under vmmd-img-helper. */
#include "config.h"

#include "img-command.h"
#include "img-file.h"
#include "img-import.h"
#include "img-refusal.h"
#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT "in"
/* What qemu-img may map; it needs less than half of it for the largest tables we take. */
#define MEMORY_BYTES (G_GUINT64_CONSTANT (2) << 30)
/* Slower than any disk that still works. */
#define BYTES_PER_SECOND (G_GUINT64_CONSTANT (8) << 20)
#define LEAST_SECONDS 60
/* No honest image is so much smaller than what it unfolds to; zeros are not counted in either. */
#define UNFOLD_MAX 100
#define UNFOLD_FREE_BYTES (G_GUINT64_CONSTANT (1) << 30)
/* Shares of the copy and the conversion in the progress. */
#define COPY_PERCENT 20

typedef struct
{
  const ImgImport *import;
  uid_t uid;
  gid_t gid;
  int work_fd;
  guint64 file_bytes;
  guint64 virtual_bytes;
  guint64 needed_bytes; /* by the result, as qemu-img measured it */
  gboolean is_dirty;
  guint percent;      /* last told */
  gint64 reported_us; /* when */
} Job;

/* `qemu-img SUBCOMMAND -f FORMAT …` under the helper. */
typedef struct
{
  const char *subcommand;
  const char *const *options; /* NULL-terminated */
  guint64 most_bytes;         /* of any file it writes */
  guint seconds;
} Step;

static gboolean
is_qcow2 (const Job *job)
{
  return strcmp (job->import->format, "qcow2") == 0;
}

/* Whether @bytes more on the host are within the bound and there. */
static gboolean
check_space (const Job *job, guint64 bytes, GError **error)
{
  if (job->import->max_bytes > 0 && bytes > job->import->max_bytes)
    return img_refuse (error, IMG_REFUSAL_LIMIT,
                       "it takes %" G_GUINT64_FORMAT " bytes, and %" G_GUINT64_FORMAT
                       " are set aside for it",
                       bytes, job->import->max_bytes);
  return img_file_check_space (job->import->spool_fd, bytes, error);
}

/* All that we find out without any tool. Done before the copy, to be quick, and again on the copy,
 * since the stranger may have changed the file in between. */
static gboolean
inspect (Job *job, int fd, GError **error)
{
  ImgHeader header;

  if (!img_file_size (fd, &job->file_bytes, NULL, error))
    return FALSE;
  if (!is_qcow2 (job))
    {
      job->virtual_bytes = job->file_bytes;
      return img_file_check_raw (fd, job->import->max_virtual_bytes, error);
    }
  if (!img_file_read_header (fd, &header, error)
      || !img_header_accept (&header, job->import->max_virtual_bytes, error)
      || !img_file_check_l1 (fd, &header, error))
    return FALSE;
  job->virtual_bytes = header.virtual_bytes;
  job->is_dirty = img_header_is_dirty (&header);
  return TRUE;
}

static gboolean
find_user (Job *job, GError **error)
{
  const char *name = job->import->import_user;
  g_autofree char *buffer = g_malloc (16384);
  struct passwd entry, *found = NULL;

  job->uid = geteuid ();
  job->gid = getegid ();
  if (job->uid != 0)
    return TRUE;
  if (name == NULL || getpwnam_r (name, &entry, buffer, 16384, &found) != 0 || found == NULL
      || found->pw_uid == 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO,
                   "\"%s\" is no user without rights that could inspect images",
                   name != NULL ? name : "");
      return FALSE;
    }
  job->uid = found->pw_uid;
  job->gid = found->pw_gid;
  return TRUE;
}

/* <name>/root is where the helper builds what qemu-img sees; <name>/work holds the files. */
static gboolean
make_directories (Job *job, GError **error)
{
  const ImgImport *import = job->import;
  g_autofree char *root = g_strconcat (import->name, "/root", NULL);
  g_autofree char *work = g_strconcat (import->name, "/work", NULL);

  if (!img_file_remove_tree (import->spool_fd, import->name, error))
    return FALSE;
  if (mkdirat (import->spool_fd, import->name, 0700) < 0
      || mkdirat (import->spool_fd, root, 0755) < 0 || mkdirat (import->spool_fd, work, 0700) < 0)
    return img_file_fail (error, "making the spool");
  job->work_fd = img_file_open_below (import->spool_fd, work, O_RDONLY | O_DIRECTORY, error);
  if (job->work_fd < 0)
    return FALSE;
  return fchown (job->work_fd, job->uid, job->gid) == 0
         || img_file_fail (error, "making the spool");
}

/* Tells the caller what is new, and once a second that we still live. */
static void
report (Job *job, guint percent)
{
  gint64 now = g_get_monotonic_time ();

  if (job->import->progress == NULL
      || (percent <= job->percent && now - job->reported_us < G_USEC_PER_SEC))
    return;
  job->percent = MAX (job->percent, percent);
  job->reported_us = now;
  job->import->progress (job->percent, job->import->progress_data);
}

static void
copy_progress (guint percent, gpointer data)
{
  report (data, percent * COPY_PERCENT / 100);
}

/* Of the steps that tell nothing themselves. */
static void
wait_progress (guint percent, gpointer data)
{
  report (data, 0);
}

static void
convert_progress (guint percent, gpointer data)
{
  report (data, COPY_PERCENT + percent * (100 - COPY_PERCENT) / 100);
}

static gboolean
copy_in (Job *job, GError **error)
{
  gboolean is_ok;
  int to = img_file_open_below (job->work_fd, INPUT, O_RDWR | O_CREAT | O_EXCL, error);

  if (to < 0)
    return FALSE;
  is_ok = img_file_copy (job->import->fd, to, copy_progress, job, job->import->cancellable, error)
          && inspect (job, to, error)
          && (fchown (to, job->uid, job->gid) == 0 || img_file_fail (error, "copying the image"));
  close (to);
  return is_ok;
}

/* Nobody else has it open, so no copy is needed. */
static gboolean
move_in (const Job *job, GError **error)
{
  const ImgImport *import = job->import;

  return (renameat (import->spool_fd, import->spooled, job->work_fd, INPUT) == 0
          && fchown (import->fd, job->uid, job->gid) == 0)
         || img_file_fail (error, "taking the image");
}

static gboolean
run_step (const Job *job, const Step *step, ImgCommand *command, GError **error)
{
  const char *helper = g_getenv ("VMMD_IMG_HELPER");
  g_autofree char *directory = g_build_filename (job->import->spool_path, job->import->name, NULL);
  g_autofree char *uid = g_strdup_printf ("%u", job->uid);
  g_autofree char *gid = g_strdup_printf ("%u", job->gid);
  g_autofree char *memory = g_strdup_printf ("%" G_GUINT64_FORMAT, MEMORY_BYTES);
  g_autofree char *bytes = g_strdup_printf ("%" G_GUINT64_FORMAT, step->most_bytes);
  g_autofree char *seconds = g_strdup_printf ("%u", step->seconds);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  gboolean is_run;

  g_ptr_array_add (argv, (gpointer) (helper != NULL ? helper : VMMD_LIBEXECDIR "/vmmd-img-helper"));
  g_ptr_array_add (argv, directory);
  g_ptr_array_add (argv, uid);
  g_ptr_array_add (argv, gid);
  g_ptr_array_add (argv, memory);
  g_ptr_array_add (argv, bytes);
  g_ptr_array_add (argv, seconds);
  g_ptr_array_add (argv, (gpointer) "qemu-img");
  g_ptr_array_add (argv, (gpointer) step->subcommand);
  g_ptr_array_add (argv, (gpointer) "-f");
  g_ptr_array_add (argv, (gpointer) job->import->format);
  for (const char *const *option = step->options; *option != NULL; option++)
    g_ptr_array_add (argv, (gpointer) *option);
  g_ptr_array_add (argv, NULL);
  command->argv = (const char *const *) argv->pdata;
  command->timeout_ms = step->seconds * 1000;
  command->cancellable = job->import->cancellable;
  is_run = img_command_run (command, error);
  /* The vector ends here and the outcome lives on. */
  command->argv = NULL;
  return is_run;
}

/* Why a step failed: the helper's and qemu-img's words, sorted into our errors. */
static gboolean
fail_step (const Step *step, const ImgCommand *command, GError **error)
{
  g_autofree char *complaint = img_command_complaint (command);

  if (strstr (complaint, "No space left") != NULL)
    g_set_error (error, IMG_ERROR, IMG_ERROR_SPACE, "%s: %s", step->subcommand, complaint);
  else if (g_str_has_prefix (complaint, "vmmd-img-helper: limit"))
    img_refuse (error, IMG_REFUSAL_LIMIT, "%s: %s", step->subcommand, complaint);
  else if (g_str_has_prefix (complaint, "vmmd-img-helper: "))
    g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "%s", complaint);
  else if (strstr (complaint, "File too large") != NULL
           || strstr (complaint, "Cannot allocate memory") != NULL || command->status > 128)
    img_refuse (error, IMG_REFUSAL_LIMIT, "%s: %s", step->subcommand, complaint);
  else
    img_refuse (error, IMG_REFUSAL_DAMAGED, "%s: %s", step->subcommand, complaint);
  return FALSE;
}

static guint
seconds_for (const Job *job, guint64 bytes)
{
  if (job->import->timeout_s != 0)
    return job->import->timeout_s;
  return LEAST_SECONDS + MIN (bytes / BYTES_PER_SECOND, 7 * 24 * 3600);
}

/* Runs a step that prints JSON; the caller unrefs the object. */
static JsonObject *
query (Job *job, const Step *step, GError **error)
{
  g_auto (ImgCommand) command = { .progress = wait_progress, .progress_data = job };
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root;

  if (!run_step (job, step, &command, error))
    return NULL;
  if (command.status != 0)
    {
      fail_step (step, &command, error);
      return NULL;
    }
  if (!json_parser_load_from_data (parser, command.output->str, command.output->len, NULL)
      || (root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "qemu-img %s printed no JSON", step->subcommand);
      return NULL;
    }
  return json_node_dup_object (root);
}

static gint64
member_int (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : -1;
}

static gboolean
member_is (JsonObject *object, const char *name, const char *value)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
         && g_strcmp0 (json_node_get_string (node), value) == 0;
}

/* A second opinion: does QEMU see in the file what we saw? Anything else is somebody's trick on one
 * of the two parsers. */
static gboolean
compare_with_qemu (Job *job, GError **error)
{
  static const char *const options[] = { "--output=json", INPUT, NULL };
  const Step step = { "info", options, 0, seconds_for (job, 0) };
  g_autoptr (JsonObject) info = query (job, &step, error);

  if (info == NULL)
    return FALSE;
  if (json_object_has_member (info, "backing-filename")
      || json_object_has_member (info, "full-backing-filename"))
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE, "QEMU sees a backing file");
  if (json_object_has_member (info, "encrypted"))
    return img_refuse (error, IMG_REFUSAL_ENCRYPTED, "QEMU sees encryption");
  if (json_object_has_member (info, "snapshots"))
    return img_refuse (error, IMG_REFUSAL_SNAPSHOTS, "QEMU sees internal snapshots");
  if (json_object_has_member (info, "format-specific"))
    {
      JsonNode *specific = json_object_get_member (info, "format-specific");
      g_autofree char *text = json_to_string (specific, FALSE);

      if (strstr (text, "\"data-file") != NULL || strstr (text, "\"extents\"") != NULL)
        return img_refuse (error, IMG_REFUSAL_DATA_FILE, "QEMU sees data in another file");
    }
  if (!member_is (info, "format", job->import->format)
      || (guint64) member_int (info, "virtual-size") != job->virtual_bytes)
    return img_refuse (error, IMG_REFUSAL_DAMAGED, "QEMU reads the header in another way");
  return TRUE;
}

/* Reference counts, and where each cluster lies. An unclean end is repaired on our copy. */
static gboolean
check (Job *job, GError **error)
{
  static const char *const look[] = { "-q", INPUT, NULL };
  static const char *const repair[] = { "-q", "-r", "all", INPUT, NULL };
  const Step step = { "check", job->is_dirty ? repair : look, job->file_bytes + (64u << 20),
                      seconds_for (job, job->file_bytes) };
  g_auto (ImgCommand) command = { .progress = wait_progress, .progress_data = job };

  if (!run_step (job, &step, &command, error))
    return FALSE;
  /* 3: clusters that nobody uses. They do no harm and are not copied. */
  return command.status == 0 || command.status == 3 || fail_step (&step, &command, error);
}

static gboolean
measure (Job *job, GError **error)
{
  static const char *const options[] = { "--output=json", "-O", "qcow2", INPUT, NULL };
  const Step step = { "measure", options, 0, seconds_for (job, job->file_bytes) };
  g_autoptr (JsonObject) result = query (job, &step, error);
  gint64 required;

  if (result == NULL)
    return FALSE;
  required = member_int (result, "required");
  if (required < 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_IO, "qemu-img measure gave no size");
      return FALSE;
    }
  job->needed_bytes = required;
  if (job->needed_bytes > UNFOLD_FREE_BYTES && job->needed_bytes / UNFOLD_MAX > job->file_bytes)
    return img_refuse (error, IMG_REFUSAL_LIMIT,
                       "%" G_GUINT64_FORMAT " bytes would become %" G_GUINT64_FORMAT,
                       job->file_bytes, job->needed_bytes);
  return check_space (job, required, error);
}

static gboolean
convert (Job *job, GError **error)
{
  static const char *const options[]
      = { "-p", "-O", "qcow2", "-S", "64k", "-t", "writeback", INPUT, IMG_IMPORT_RESULT, NULL };
  const Step step = { "convert", options, job->needed_bytes + (16u << 20),
                      seconds_for (job, job->file_bytes + job->needed_bytes) };
  g_auto (ImgCommand) command = { .progress = convert_progress, .progress_data = job };

  if (!run_step (job, &step, &command, error))
    return FALSE;
  return command.status == 0 || fail_step (&step, &command, error);
}

/* The result was written by a program that read hostile bytes: look at it as at any foreign file.
 */
static int
open_result (const Job *job, GError **error)
{
  int fd = img_file_open_below (job->work_fd, IMG_IMPORT_RESULT, O_RDONLY | O_NONBLOCK, error);
  ImgHeader header;
  struct stat st;

  if (fd < 0)
    return -1;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_nlink == 1
      && img_file_read_header (fd, &header, NULL)
      && img_header_accept (&header, job->import->max_virtual_bytes, NULL)
      && header.virtual_bytes == job->virtual_bytes)
    return fd;
  img_refuse (error, IMG_REFUSAL_DAMAGED, "the conversion made something else than an image");
  close (fd);
  return -1;
}

int
img_import_run (const ImgImport *import, GError **error)
{
  Job job = { .import = import, .work_fd = -1 };
  int result = -1;
  guint64 used;

  if (strcmp (import->format, "raw") != 0 && strcmp (import->format, "qcow2") != 0)
    {
      g_set_error (error, IMG_ERROR, IMG_ERROR_FORMAT, "format \"%s\" is not raw or qcow2",
                   import->format);
      return -1;
    }
  if (find_user (&job, error) && inspect (&job, import->fd, error)
      && img_file_size (import->fd, NULL, &used, error) && check_space (&job, used, error)
      && make_directories (&job, error)
      && (import->spooled != NULL ? move_in (&job, error) : copy_in (&job, error))
      && compare_with_qemu (&job, error) && (!is_qcow2 (&job) || check (&job, error))
      && measure (&job, error) && convert (&job, error))
    result = open_result (&job, error);
  if (job.work_fd >= 0)
    close (job.work_fd);
  return result;
}

void
img_import_clean (const ImgImport *import)
{
  g_autoptr (GError) error = NULL;

  /* What stays is swept when the store is opened next. */
  if (!img_file_remove_tree (import->spool_fd, import->name, &error))
    g_warning ("an import's files stay until the next start: %s", error->message);
}
