/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids: prefix table, random text, form check. */
#include "config.h"

#include "vmm-id.h"
#include <string.h>
#include <sys/random.h>

static const char *const prefixes[] = {
  [VMM_ID_INSTANCE] = "i-",
  [VMM_ID_DISK] = "d-",
  [VMM_ID_IMAGE] = "m-",
  [VMM_ID_LAYER] = "l-",
  [VMM_ID_SNAPSHOT] = "s-",
  [VMM_ID_VPC] = "vpc-",
  [VMM_ID_VSWITCH] = "vsw-",
  [VMM_ID_GROUP] = "sg-",
  [VMM_ID_RULE] = "sgr-",
  [VMM_ID_NIC] = "eni-",
  [VMM_ID_EVENT] = "e-",
  [VMM_ID_HOST] = "h-",
  [VMM_ID_ROUTER] = "vrt-",
  [VMM_ID_ROUTE_TABLE] = "vtb-",
  [VMM_ID_ROUTE] = "rte-",
  [VMM_ID_PREFIX_LIST] = "pl-",
  [VMM_ID_SNAPSHOT_GROUP] = "ssg-",
  [VMM_ID_POLICY] = "sp-",
  [VMM_ID_TASK] = "t-",
  [VMM_ID_EIP] = "eip-",
  [VMM_ID_NAT_GATEWAY] = "ngw-",
  [VMM_ID_SNAT_TABLE] = "stb-",
  [VMM_ID_SNAT] = "snat-",
  [VMM_ID_FORWARD_TABLE] = "ftb-",
  [VMM_ID_FORWARD] = "fwd-",
};
G_STATIC_ASSERT (G_N_ELEMENTS (prefixes) == VMM_ID_LAST);

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

char *
vmm_id_new (VmmIdKind kind)
{
  char text[VMM_ID_RANDOM_LENGTH + 1];
  guint filled = 0;

  while (filled < VMM_ID_RANDOM_LENGTH)
    {
      guint8 bytes[32];
      ssize_t n = getrandom (bytes, sizeof bytes, 0);

      /* 252 is the largest multiple of 36 below 256: the rest would favour the first letters. */
      for (ssize_t i = 0; i < n && filled < VMM_ID_RANDOM_LENGTH; i++)
        if (bytes[i] < 252)
          text[filled++] = alphabet[bytes[i] % 36];
    }
  text[filled] = '\0';
  return g_strconcat (prefixes[kind], text, NULL);
}

gboolean
vmm_id_is (VmmIdKind kind, const char *id)
{
  const char *rest;

  if (id == NULL || !g_str_has_prefix (id, prefixes[kind]))
    return FALSE;
  rest = id + strlen (prefixes[kind]);
  return strlen (rest) == VMM_ID_RANDOM_LENGTH && strspn (rest, alphabet) == VMM_ID_RANDOM_LENGTH;
}

VmmIdKind
vmm_id_kind (const char *id)
{
  for (guint kind = 0; kind < VMM_ID_LAST; kind++)
    if (vmm_id_is (kind, id))
      return kind;
  return VMM_ID_LAST;
}

const char *
vmm_id_prefix (VmmIdKind kind)
{
  return prefixes[kind];
}

char *
vmm_id_request (void)
{
  g_autofree char *uuid = g_uuid_string_random ();

  return g_ascii_strup (uuid, -1);
}
