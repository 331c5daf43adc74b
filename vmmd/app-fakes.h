/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drivers that only remember, for tests of the whole control plane: [hypervisor] driver=fake.
 */
#pragma once
#include "img.h"
#include "netctl.h"
#include "virt.h"
#include "vmm-config.h"

/* All three, or none and @error set. Domains are remembered in state_dir too, so that they outlive
 * the daemon as real ones do. */
gboolean app_open_fakes (const VmmConfig *config, VirtDriver **out_virt, Netctl **out_net,
                         ImgStore **out_img, GError **error);
