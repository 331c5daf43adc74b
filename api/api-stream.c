/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream around a connection, and its input that has one byte more. */
#include "config.h"

#include "api-stream.h"

/* No request begins with it. */
#define LAST_BYTE '\x01'

/* ---- The input ---- */

#define API_TYPE_INPUT (api_input_get_type ())
G_DECLARE_FINAL_TYPE (ApiInput, api_input, API, INPUT, GFilterInputStream)

struct _ApiInput
{
  GFilterInputStream parent;
  gboolean has_ended;
};

static GPollableInputStream *
base_of (gpointer input)
{
  return G_POLLABLE_INPUT_STREAM (g_filter_input_stream_get_base_stream (input));
}

/* The end, seen for the first time, becomes a byte. */
static gssize
with_last_byte (ApiInput *input, void *buffer, gssize n)
{
  if (n != 0 || input->has_ended)
    return n;
  input->has_ended = TRUE;
  *(char *) buffer = LAST_BYTE;
  return 1;
}

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
            GError **error)
{
  gssize n
      = g_input_stream_read (G_INPUT_STREAM (base_of (stream)), buffer, count, cancellable, error);

  return count == 0 ? n : with_last_byte (API_INPUT (stream), buffer, n);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  gssize n
      = g_pollable_input_stream_read_nonblocking (base_of (stream), buffer, count, NULL, error);

  return count == 0 ? n : with_last_byte (API_INPUT (stream), buffer, n);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (base_of (stream));
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) base = g_pollable_input_stream_create_source (base_of (stream), NULL);

  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

G_DEFINE_TYPE_WITH_CODE (ApiInput, api_input, G_TYPE_FILTER_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static void
api_input_class_init (ApiInputClass *class)
{
  G_INPUT_STREAM_CLASS (class)->read_fn = input_read;
}

static void
api_input_init (ApiInput *input)
{
}

/* ---- The stream ---- */

struct _ApiStream
{
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
};

G_DEFINE_TYPE (ApiStream, api_stream, G_TYPE_IO_STREAM)

static GInputStream *
stream_get_input (GIOStream *stream)
{
  return API_STREAM (stream)->input;
}

static GOutputStream *
stream_get_output (GIOStream *stream)
{
  return g_io_stream_get_output_stream (API_STREAM (stream)->base);
}

static gboolean
stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (API_STREAM (stream)->base, cancellable, error);
}

static void
stream_finalize (GObject *object)
{
  ApiStream *stream = API_STREAM (object);

  g_clear_object (&stream->input);
  g_clear_object (&stream->base);
  G_OBJECT_CLASS (api_stream_parent_class)->finalize (object);
}

static void
api_stream_class_init (ApiStreamClass *class)
{
  G_OBJECT_CLASS (class)->finalize = stream_finalize;
  G_IO_STREAM_CLASS (class)->get_input_stream = stream_get_input;
  G_IO_STREAM_CLASS (class)->get_output_stream = stream_get_output;
  G_IO_STREAM_CLASS (class)->close_fn = stream_close;
}

static void
api_stream_init (ApiStream *stream)
{
}

GIOStream *
api_stream_new (GIOStream *base)
{
  ApiStream *stream = g_object_new (API_TYPE_STREAM, NULL);

  stream->base = g_object_ref (base);
  stream->input = g_object_new (API_TYPE_INPUT, "base-stream", g_io_stream_get_input_stream (base),
                                "close-base-stream", FALSE, NULL);
  return G_IO_STREAM (stream);
}
