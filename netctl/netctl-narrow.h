/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a change may forbid flows that go on, so that these have to be looked through. Pure. May
 * say TRUE where nothing is forbidden, never the other way round. */
#pragma once
#include "netctl-model.h"

/* When @before (NULL for none) becomes @after under the same index. */
gboolean netctl_narrow_group (const NetctlGroup *before, const NetctlGroup *after);
/* Likewise, @model being the VPC's with either of them. */
gboolean netctl_narrow_port (const NetctlModel *model, const NetctlPort *before,
                             const NetctlPort *after);
/* Likewise by addresses on other hosts alone, when @after takes the place of @model's own record.
 */
gboolean netctl_narrow_remotes (const NetctlModel *model, const NetctlVpc *after);
