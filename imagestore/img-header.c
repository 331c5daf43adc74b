/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qcow2 header: bytes to facts, and which facts are acceptable. The format is described in
 * docs/interop/qcow2.txt of QEMU. */
#include "config.h"

#include "img-header.h"
#include "img-refusal.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x514649fbu
#define HEADER_V2_BYTES 72u
#define HEADER_V3_BYTES 104u
#define SECTOR 512u
/* QEMU's own bounds on what it loads into memory. */
#define L1_MAX_BYTES (32u << 20)
#define REFCOUNT_MAX_BYTES (8u << 20)
#define L1_OFFSET_MASK G_GUINT64_CONSTANT (0x00fffffffffffe00)
#define L1_RESERVED_MASK G_GUINT64_CONSTANT (0x7f000000000001ff)

enum
{
  FEATURE_DIRTY = 1 << 0,
  FEATURE_CORRUPT = 1 << 1,
  FEATURE_DATA_FILE = 1 << 2,
  FEATURE_COMPRESSION = 1 << 3,
};

enum
{
  EXTENSION_END = 0,
  EXTENSION_BACKING_FORMAT = 0xe2792aca,
  EXTENSION_CRYPTO = 0x0537be77,
  EXTENSION_DATA_FILE = 0x44415441,
};

static guint32
be32 (const guint8 *data, gsize offset)
{
  guint32 value;

  memcpy (&value, data + offset, sizeof value);
  return GUINT32_FROM_BE (value);
}

static guint64
be64 (const guint8 *data, gsize offset)
{
  guint64 value;

  memcpy (&value, data + offset, sizeof value);
  return GUINT64_FROM_BE (value);
}

static guint64
cluster_bytes (const ImgHeader *header)
{
  return G_GUINT64_CONSTANT (1) << header->cluster_bits;
}

/* Whether [a, a+a_bytes) and [b, b+b_bytes) share a byte. None of the ends can overflow: they were
 * checked against the file's size. */
static gboolean
overlaps (guint64 a, guint64 a_bytes, guint64 b, guint64 b_bytes)
{
  return a < b + b_bytes && b < a + a_bytes;
}

/* A table of @bytes at @offset: on a cluster's start, behind the header and inside the file. */
static gboolean
check_place (const ImgHeader *header, const char *what, guint64 offset, guint64 bytes,
             guint64 file_bytes, GError **error)
{
  guint64 cluster = cluster_bytes (header);

  if (offset % cluster != 0)
    return img_refuse (error, IMG_REFUSAL_TABLE, "the %s table is not at the start of a cluster",
                       what);
  if (offset < cluster)
    return img_refuse (error, IMG_REFUSAL_OVERLAP, "the %s table lies on the header", what);
  if (offset > file_bytes || bytes > file_bytes - offset)
    return img_refuse (error, IMG_REFUSAL_TRUNCATED, "the %s table lies beyond the end of the file",
                       what);
  return TRUE;
}

static gboolean
check_tables (const ImgHeader *header, guint64 file_bytes, GError **error)
{
  guint64 cluster = cluster_bytes (header);
  guint64 l1_bytes = (guint64) header->l1_entries * 8;
  /* One entry stands for a table of cluster/8 clusters. */
  guint64 per_entry = cluster * (cluster / 8);
  guint64 needed = header->virtual_bytes / per_entry + (header->virtual_bytes % per_entry != 0);

  if (l1_bytes > L1_MAX_BYTES || needed > L1_MAX_BYTES / 8)
    return img_refuse (error, IMG_REFUSAL_TABLE, "the L1 table is larger than %u bytes",
                       L1_MAX_BYTES);
  if (header->l1_entries < needed)
    return img_refuse (error, IMG_REFUSAL_TABLE,
                       "the L1 table has %u entries and the disk's size needs %" G_GUINT64_FORMAT,
                       header->l1_entries, needed);
  if (header->refcount_bytes == 0 || header->refcount_bytes > REFCOUNT_MAX_BYTES)
    return img_refuse (error, IMG_REFUSAL_TABLE,
                       "the refcount table has %" G_GUINT64_FORMAT " bytes",
                       header->refcount_bytes);
  if (header->l1_entries > 0
      && !check_place (header, "L1", header->l1_offset, l1_bytes, file_bytes, error))
    return FALSE;
  if (!check_place (header, "refcount", header->refcount_offset, header->refcount_bytes, file_bytes,
                    error))
    return FALSE;
  if (overlaps (header->l1_offset, l1_bytes, header->refcount_offset, header->refcount_bytes))
    return img_refuse (error, IMG_REFUSAL_OVERLAP, "the L1 table lies on the refcount table");
  return TRUE;
}

/* Walks the extensions in [at, end). A list without an end mark may stop where nothing more fits.
 */
static gboolean
read_extensions (const guint8 *data, gsize at, gsize end, ImgHeader *out, GError **error)
{
  while (end - at >= 8)
    {
      guint32 type = be32 (data, at);
      gsize length = be32 (data, at + 4);

      at += 8;
      if (type == EXTENSION_END)
        return TRUE;
      if (length > end - at)
        return img_refuse (error, IMG_REFUSAL_EXTENSION,
                           "header extension 0x%08x is longer than the header", type);
      out->has_backing_format |= type == EXTENSION_BACKING_FORMAT;
      out->has_crypto_header |= type == EXTENSION_CRYPTO;
      out->has_data_file |= type == EXTENSION_DATA_FILE;
      /* Padded to eight bytes, except that the last one's padding may be cut off. */
      at = MIN (end, at + length + (8 - length % 8) % 8);
    }
  return TRUE;
}

static gboolean
read_backing (const guint8 *data, gsize area, guint64 offset, guint32 bytes, ImgHeader *out,
              GError **error)
{
  if (offset == 0)
    return TRUE;
  if (bytes == 0 || bytes > IMG_HEADER_NAME_MAX || offset > area || bytes > area - offset)
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE,
                       "the name of a backing file lies outside the header");
  memcpy (out->backing, data + offset, bytes);
  out->backing[bytes] = '\0';
  /* A name that begins with NUL is still a backing file. */
  if (out->backing[0] == '\0')
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE, "the name of the backing file is void");
  return TRUE;
}

/* The fields that only version 3 has; sets *out_header_bytes. */
static gboolean
read_v3 (const guint8 *data, gsize length, ImgHeader *out, gsize *out_header_bytes, GError **error)
{
  gsize header_bytes;

  if (length < HEADER_V3_BYTES)
    return img_refuse (error, IMG_REFUSAL_TRUNCATED, "the file ends inside its header");
  out->incompatible = be64 (data, 72);
  out->refcount_order = be32 (data, 96);
  header_bytes = be32 (data, 100);
  if (header_bytes < HEADER_V3_BYTES || header_bytes % 8 != 0 || header_bytes > cluster_bytes (out)
      || header_bytes > length)
    return img_refuse (error, IMG_REFUSAL_EXTENSION, "the header says it has %zu bytes",
                       header_bytes);
  if (out->refcount_order > 6)
    return img_refuse (error, IMG_REFUSAL_TABLE, "reference counts of 2^%u bits",
                       out->refcount_order);
  if ((out->incompatible & FEATURE_COMPRESSION) != 0
      && (header_bytes <= HEADER_V3_BYTES || data[HEADER_V3_BYTES] > 1))
    return img_refuse (error, IMG_REFUSAL_FEATURE, "a kind of compression that is not known");
  *out_header_bytes = header_bytes;
  return TRUE;
}

gboolean
img_header_parse (const guint8 *data, gsize length, guint64 file_bytes, ImgHeader *out,
                  GError **error)
{
  ImgHeader header = { .refcount_order = 4 };
  gsize header_bytes = HEADER_V2_BYTES;
  gsize area, end;
  guint64 backing_offset;

  if (length < 8 || be32 (data, 0) != MAGIC)
    return img_refuse (error, IMG_REFUSAL_NOT_QCOW2,
                       "the file does not begin as a qcow2 file does");
  header.version = be32 (data, 4);
  if (header.version != 2 && header.version != 3)
    return img_refuse (error, IMG_REFUSAL_VERSION, "version %u of the format", header.version);
  if (length < HEADER_V2_BYTES)
    return img_refuse (error, IMG_REFUSAL_TRUNCATED, "the file ends inside its header");

  backing_offset = be64 (data, 8);
  header.cluster_bits = be32 (data, 20);
  header.virtual_bytes = be64 (data, 24);
  header.crypt_method = be32 (data, 32);
  header.l1_entries = be32 (data, 36);
  header.l1_offset = be64 (data, 40);
  header.refcount_offset = be64 (data, 48);
  header.snapshots = be32 (data, 60);
  if (header.cluster_bits < 9 || header.cluster_bits > 21)
    return img_refuse (error, IMG_REFUSAL_CLUSTER_SIZE, "clusters of 2^%u bytes",
                       header.cluster_bits);
  header.refcount_bytes = (guint64) be32 (data, 56) << header.cluster_bits;
  if (header.version == 3 && !read_v3 (data, length, &header, &header_bytes, error))
    return FALSE;

  area = MIN (length, cluster_bytes (&header));
  if (!read_backing (data, area, backing_offset, be32 (data, 16), &header, error))
    return FALSE;
  /* The name follows the extensions; without one they may fill the cluster. */
  end = backing_offset != 0 ? backing_offset : area;
  if (end < header_bytes)
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE,
                       "the name of a backing file lies on the header");
  if (!read_extensions (data, header_bytes, end, &header, error)
      || !check_tables (&header, file_bytes, error))
    return FALSE;
  *out = header;
  return TRUE;
}

gboolean
img_header_accept (const ImgHeader *header, guint64 max_virtual_bytes, GError **error)
{
  const guint64 known = FEATURE_DIRTY | FEATURE_COMPRESSION;

  if (header->backing[0] != '\0')
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE, "the image rests on another file");
  if (header->has_backing_format)
    return img_refuse (error, IMG_REFUSAL_BACKING_FILE,
                       "the image names the format of a backing file");
  if (header->has_data_file || (header->incompatible & FEATURE_DATA_FILE) != 0)
    return img_refuse (error, IMG_REFUSAL_DATA_FILE, "the image keeps its data in another file");
  if (header->crypt_method != 0 || header->has_crypto_header)
    return img_refuse (error, IMG_REFUSAL_ENCRYPTED, "the image is encrypted");
  if ((header->incompatible & FEATURE_CORRUPT) != 0)
    return img_refuse (error, IMG_REFUSAL_MARKED_CORRUPT, "the image is marked as corrupt");
  if ((header->incompatible & ~known) != 0)
    return img_refuse (error, IMG_REFUSAL_FEATURE,
                       "the image needs features 0x%" G_GINT64_MODIFIER "x",
                       header->incompatible & ~known);
  if (header->snapshots != 0)
    return img_refuse (error, IMG_REFUSAL_SNAPSHOTS, "the image has %u internal snapshots",
                       header->snapshots);
  if (header->virtual_bytes < SECTOR || header->virtual_bytes % SECTOR != 0)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "the disk's size is not a whole number of sectors above zero");
  if (header->virtual_bytes > max_virtual_bytes)
    return img_refuse (error, IMG_REFUSAL_VIRTUAL_SIZE,
                       "the disk has %" G_GUINT64_FORMAT
                       " bytes and the most is %" G_GUINT64_FORMAT,
                       header->virtual_bytes, max_virtual_bytes);
  return TRUE;
}

static int
compare_offsets (const void *a, const void *b)
{
  guint64 x = *(const guint64 *) a;
  guint64 y = *(const guint64 *) b;

  return (x > y) - (x < y);
}

/* One L2 table, a cluster at @offset, against the file and the header's own tables. */
static gboolean
check_l2_place (const ImgHeader *header, guint64 offset, guint64 file_bytes, GError **error)
{
  guint64 cluster = cluster_bytes (header);

  if (offset % cluster != 0)
    return img_refuse (error, IMG_REFUSAL_TABLE, "an L2 table is not at the start of a cluster");
  if (offset >= file_bytes)
    return img_refuse (error, IMG_REFUSAL_TRUNCATED, "an L2 table lies beyond the end of the file");
  if (offset < cluster
      || overlaps (offset, cluster, header->l1_offset, (guint64) header->l1_entries * 8)
      || overlaps (offset, cluster, header->refcount_offset, header->refcount_bytes))
    return img_refuse (error, IMG_REFUSAL_OVERLAP, "an L2 table lies on another table");
  return TRUE;
}

gboolean
img_header_check_l1 (const ImgHeader *header, const guint8 *table, gsize length, guint64 file_bytes,
                     GError **error)
{
  g_autofree guint64 *offsets = NULL;
  gsize count = 0;

  if (length / 8 < header->l1_entries)
    return img_refuse (error, IMG_REFUSAL_TRUNCATED, "the file ends inside its L1 table");
  offsets = g_new (guint64, header->l1_entries);
  for (gsize i = 0; i < header->l1_entries; i++)
    {
      guint64 entry = be64 (table, i * 8);
      guint64 offset = entry & L1_OFFSET_MASK;

      if ((entry & L1_RESERVED_MASK) != 0)
        return img_refuse (error, IMG_REFUSAL_TABLE, "an L1 entry sets bits that have no meaning");
      if (offset == 0)
        continue;
      if (!check_l2_place (header, offset, file_bytes, error))
        return FALSE;
      offsets[count++] = offset;
    }
  /* Without snapshots no table has two users; one that has makes a small file a huge disk. */
  qsort (offsets, count, sizeof *offsets, compare_offsets);
  for (gsize i = 1; i < count; i++)
    if (offsets[i] == offsets[i - 1])
      return img_refuse (error, IMG_REFUSAL_OVERLAP, "two L1 entries share one L2 table");
  return TRUE;
}

gboolean
img_header_is_dirty (const ImgHeader *header)
{
  return (header->incompatible & FEATURE_DIRTY) != 0;
}

const char *
img_header_other_format (const guint8 *data, gsize length)
{
  static const struct
  {
    const char *name;
    const char *mark;
    gsize bytes;
    gsize offset;
  } marks[] = {
    { "qcow2", "QFI\xfb", 4, 0 },
    { "vmdk", "KDMV", 4, 0 },
    { "vmdk", "COWD", 4, 0 },
    { "vmdk descriptor", "# Disk DescriptorFile", 21, 0 },
    { "vhdx", "vhdxfile", 8, 0 },
    { "vhd", "conectix", 8, 0 },
    { "vdi", "\x7f\x10\xda\xbe", 4, 64 },
    { "qed", "QED\0", 4, 0 },
    { "luks", "LUKS\xba\xbe", 6, 0 },
    { "parallels", "WithoutFreeSpace", 16, 0 },
    { "parallels", "WithouFreSpacExt", 16, 0 },
    { "gzip", "\x1f\x8b\x08", 3, 0 },
    { "xz",
      "\xfd"
      "7zXZ",
      6, 0 },
    { "zstd", "\x28\xb5\x2f\xfd", 4, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    if (length >= marks[i].offset + marks[i].bytes
        && memcmp (data + marks[i].offset, marks[i].mark, marks[i].bytes) == 0)
      return marks[i].name;
  return NULL;
}
