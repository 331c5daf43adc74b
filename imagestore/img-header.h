/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a qcow2 file says about itself, read by us before any tool of QEMU sees it. Pure: bytes in,
 * facts or a refusal out. Any thread. */
#pragma once
#include <glib.h>

/* As much of a file's beginning as the parser wants to see (or the whole file). */
#define IMG_HEADER_BYTES 65536
/* The longest name of a backing file that the format allows. */
#define IMG_HEADER_NAME_MAX 1023

typedef struct
{
  guint version;      /* 2 or 3 */
  guint cluster_bits; /* 9..21 */
  guint refcount_order;
  guint64 virtual_bytes;
  guint64 incompatible; /* feature bits */
  guint crypt_method;
  guint snapshots;
  guint l1_entries;
  guint64 l1_offset;
  guint64 refcount_offset;
  guint64 refcount_bytes;
  gboolean has_data_file;
  gboolean has_crypto_header;
  gboolean has_backing_format;
  char backing[IMG_HEADER_NAME_MAX + 1]; /* not always UTF-8; "" when it rests on nothing */
} ImgHeader;

/* Reads @data, the first @length bytes of a file of @file_bytes, and checks all that must hold for
 * any qcow2 file: sizes, bounds and places. Takes backing files and features as facts. */
gboolean img_header_parse (const guint8 *data, gsize length, guint64 file_bytes, ImgHeader *out,
                           GError **error);
/* Whether we take such a file from a stranger: refuses all that leads to other files, needs what we
 * do not know, or is larger than @max_virtual_bytes. */
gboolean img_header_accept (const ImgHeader *header, guint64 max_virtual_bytes, GError **error);
/* Checks the L1 table itself, the @length bytes at header->l1_offset: every entry inside the file,
 * none on another or on the header's tables. */
gboolean img_header_check_l1 (const ImgHeader *header, const guint8 *table, gsize length,
                              guint64 file_bytes, GError **error);
/* Whether the file was not closed properly, so that its reference counts need repair. */
gboolean img_header_is_dirty (const ImgHeader *header);
/* The name of the format whose mark @data begins with ("qcow2", "vmdk" …), or NULL. Static. Only to
 * refuse a file that was said to be raw, never to choose how to read one. */
const char *img_header_other_format (const guint8 *data, gsize length);
