/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reasons for which a foreign image is not taken, by name. */
#pragma once
#include <glib.h>

typedef enum
{
  IMG_REFUSAL_NOT_A_FILE,   /* a link, a directory, a pipe, a device */
  IMG_REFUSAL_UNREADABLE,   /* we may not read it */
  IMG_REFUSAL_NOT_QCOW2,    /* no qcow2 header where one was promised */
  IMG_REFUSAL_OTHER_FORMAT, /* said to be raw and begins like something else */
  IMG_REFUSAL_TRUNCATED,    /* shorter than it says */
  IMG_REFUSAL_VERSION,
  IMG_REFUSAL_BACKING_FILE, /* would read another file */
  IMG_REFUSAL_DATA_FILE,    /* would read another file */
  IMG_REFUSAL_ENCRYPTED,
  IMG_REFUSAL_FEATURE, /* needs a feature that we do not know or do not take */
  IMG_REFUSAL_MARKED_CORRUPT,
  IMG_REFUSAL_SNAPSHOTS,
  IMG_REFUSAL_CLUSTER_SIZE,
  IMG_REFUSAL_VIRTUAL_SIZE, /* nothing, not whole sectors, or above the limit */
  IMG_REFUSAL_TABLE,        /* a table's size or place cannot be right */
  IMG_REFUSAL_OVERLAP,      /* tables that lie upon each other */
  IMG_REFUSAL_EXTENSION,    /* the list of header extensions is broken */
  IMG_REFUSAL_DAMAGED,      /* qemu-img found errors */
  IMG_REFUSAL_LIMIT,        /* took more time, memory or space than an honest image needs */
  IMG_REFUSAL_LAYER_ID,     /* not the form of an id */
  IMG_REFUSAL_SEALED,       /* a sealed layer is never written */
  IMG_REFUSAL_LAYER_TREE,   /* not below the layer */
  IMG_REFUSAL_FILE_SYSTEM,  /* not one we make */
  IMG_REFUSAL_URL,          /* a scheme or an address that is not fetched from */
  IMG_REFUSAL_HTTP,         /* the server did not give it */
  IMG_REFUSAL_LAST
} ImgRefusal;

/* The name that begins the message, such as "backing-file". Static. */
const char *img_refusal_name (ImgRefusal refusal);
/* Sets IMG_ERROR_REFUSED with "name: " and the text; returns FALSE for the caller to return. */
gboolean img_refuse (GError **error, ImgRefusal refusal, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
