/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VPC's name server is told: the names of its guests and who knows the others. Pure. */
#pragma once
#include "netctl-model.h"

/* The guest's name as others may call it: the first label of @host_name, or NULL if that is no
 * name. The caller frees it. */
char *netctl_names_label (const char *host_name);
/* The file of known names: "address label" a line, for the first address of each family of each
 * port that is not secondary. The caller frees it. */
char *netctl_names_hosts (const NetctlModel *model);
/* Adds the arguments that come after the program and its files. @upstream (char*) are asked for
 * what the VPC does not know itself, if it has a way out. */
void netctl_names_add_arguments (GPtrArray *arguments, const NetctlVpc *vpc,
                                 const GPtrArray *upstream);
