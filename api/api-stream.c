/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A GIOStream around another one, with a hook behind every read. */
#include "config.h"

#include "api-stream.h"

/* ---- What is read from ---- */

#define API_TYPE_INPUT (api_input_get_type ())
G_DECLARE_FINAL_TYPE (ApiInput, api_input, API, INPUT, GInputStream)

struct _ApiInput
{
  GInputStream parent;
  GInputStream *inner; /* pollable */
  ApiStreamFunc on_read;
  gpointer data;
};

static void init_pollable (GPollableInputStreamInterface *iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (ApiInput, api_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, init_pollable))

static gssize
filter (ApiInput *self, const char *bytes, gssize n, GError **error)
{
  if (n < 0 && error != NULL && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return n;
  if (self->on_read (bytes, (gsize) MAX (n, 0), self->data))
    return n;
  g_clear_error (error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "withheld");
  return -1;
}

static gssize
read_now (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  ApiInput *self = API_INPUT (stream);
  GError *failure = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->inner),
                                                       buffer, count, NULL, &failure);

  n = filter (self, buffer, n, &failure);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return n;
}

static gssize
read_waiting (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
              GError **error)
{
  ApiInput *self = API_INPUT (stream);

  return g_input_stream_read (self->inner, buffer, count, cancellable, error);
}

static gboolean
can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (API_INPUT (stream)->inner));
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (API_INPUT (stream)->inner));
}

static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  GPollableInputStream *inner = G_POLLABLE_INPUT_STREAM (API_INPUT (stream)->inner);
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (inner, NULL);

  return g_pollable_source_new_full (stream, source, cancellable);
}

static gboolean
close_input (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return g_input_stream_close (API_INPUT (stream)->inner, cancellable, error);
}

static void
finalize_input (GObject *object)
{
  g_object_unref (API_INPUT (object)->inner);
  G_OBJECT_CLASS (api_input_parent_class)->finalize (object);
}

static void
api_input_class_init (ApiInputClass *class)
{
  G_INPUT_STREAM_CLASS (class)->read_fn = read_waiting;
  G_INPUT_STREAM_CLASS (class)->close_fn = close_input;
  G_OBJECT_CLASS (class)->finalize = finalize_input;
}

static void
api_input_init (ApiInput *self)
{
}

static void
init_pollable (GPollableInputStreamInterface *iface, gpointer data)
{
  iface->can_poll = can_poll;
  iface->is_readable = is_readable;
  iface->create_source = create_source;
  iface->read_nonblocking = read_now;
}

/* ---- The stream ---- */

#define API_TYPE_STREAM (api_stream_get_type ())
G_DECLARE_FINAL_TYPE (ApiStream, api_stream, API, STREAM, GIOStream)

struct _ApiStream
{
  GIOStream parent;
  GIOStream *inner;
  GInputStream *input;
  gpointer data;
  GDestroyNotify destroy;
};

G_DEFINE_TYPE (ApiStream, api_stream, G_TYPE_IO_STREAM)

static GInputStream *
get_input_stream (GIOStream *stream)
{
  return API_STREAM (stream)->input;
}

static GOutputStream *
get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (API_STREAM (stream)->inner);
}

static gboolean
close_stream (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (API_STREAM (stream)->inner, cancellable, error);
}

static void
finalize_stream (GObject *object)
{
  ApiStream *self = API_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->inner);
  if (self->destroy != NULL)
    self->destroy (self->data);
  G_OBJECT_CLASS (api_stream_parent_class)->finalize (object);
}

static void
api_stream_class_init (ApiStreamClass *class)
{
  G_IO_STREAM_CLASS (class)->get_input_stream = get_input_stream;
  G_IO_STREAM_CLASS (class)->get_output_stream = get_output_stream;
  G_IO_STREAM_CLASS (class)->close_fn = close_stream;
  G_OBJECT_CLASS (class)->finalize = finalize_stream;
}

static void
api_stream_init (ApiStream *self)
{
}

GIOStream *
api_stream_new (GIOStream *inner, ApiStreamFunc on_read, gpointer data, GDestroyNotify destroy)
{
  ApiStream *self = g_object_new (API_TYPE_STREAM, NULL);
  ApiInput *input = g_object_new (API_TYPE_INPUT, NULL);

  input->inner = g_object_ref (g_io_stream_get_input_stream (inner));
  input->on_read = on_read;
  input->data = data;
  self->inner = g_object_ref (inner);
  self->input = G_INPUT_STREAM (input);
  self->data = data;
  self->destroy = destroy;
  return G_IO_STREAM (self);
}
