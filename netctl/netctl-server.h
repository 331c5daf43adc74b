/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper programs that serve one VPC each from inside its namespace, outlive this process and are
 * found again by the argument that names their file. */
#pragma once
#include "netctl-plan.h"

/* One kind of server. */
typedef struct
{
  const char *program;    /* its base name */
  const char *mark;       /* what the argument before the file's path is, "--dhcp-hostsfile=" */
  const char *suffix;     /* of that file, which says what the server serves */
  const char *pid_suffix; /* of the file in which it keeps its process id */
} NetctlServerKind;

/* DIR/ecs-v000001.SUFFIX: a file of one VPC's server. The caller frees it. */
char *netctl_server_file (const char *dir, guint32 vpc_index, const char *suffix);
/* The VPC that a file of such a name belongs to. */
gboolean netctl_server_file_parse (const char *path, guint32 *out_index);

/* The VPC's server follows its file: one with exactly the arguments @wanted runs in the namespace
 * behind @fd. It is started anew, after any other has been ended, with @fresh or if there is none;
 * else it is told to read its file again if @is_changed. */
gboolean netctl_server_ensure (const NetctlServerKind *kind, const char *dir, guint32 vpc_index,
                               const char *const *wanted, int fd, gboolean fresh,
                               gboolean is_changed, GError **error);
/* Ends all of the VPC's servers of this kind. Absent is success. */
gboolean netctl_server_end (const NetctlServerKind *kind, const char *dir, guint32 vpc_index,
                            GError **error);
/* Adds to @out the index of each VPC that has a server of this kind with a file in @dir. */
void netctl_server_collect (const NetctlServerKind *kind, const char *dir, GHashTable *out);
