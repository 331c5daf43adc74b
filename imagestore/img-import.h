/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stranger's image becomes a qcow2 file of ours: inspected, copied, converted in confinement. */
#pragma once
#include "img.h"

typedef struct
{
  int spool_fd;            /* the directory that holds one directory for each import under way */
  const char *spool_path;  /* the same, absolute */
  const char *import_user; /* who runs qemu-img; NULL: who we are (not as root) */
  guint64 max_virtual_bytes;
  guint timeout_s;     /* for the conversion; 0: by the image's size */
  guint64 max_bytes;   /* that file and result may each take on the host; 0: no bound */
  const char *name;    /* of the directory; not in use by another import */
  int fd;              /* the file, open for reading; borrowed */
  const char *spooled; /* its name in the spool, where nobody else has it open; NULL: elsewhere */
  const char *format;
  ImgProgressFunc progress;
  gpointer progress_data;
  GCancellable *cancellable;
} ImgImport;

/* Takes a file that is in the spool away from there, else a copy. Makes the file "<name>/work/"
 * IMG_IMPORT_RESULT in the spool and returns it opened (the caller closes it); -1 with the error
 * otherwise. Blocks for the time of the conversion. Call img_import_clean() afterwards in either
 * case. Any thread. */
int img_import_run (const ImgImport *import, GError **error);
/* Removes the import's directory. */
void img_import_clean (const ImgImport *import);

#define IMG_IMPORT_RESULT "out.qcow2"
