/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the fakes. */
#include "config.h"

#include "app-fakes.h"
#include "virt-fake.h"

gboolean
app_open_fakes (const VmmConfig *config, VirtDriver **out_virt, Netctl **out_net,
                ImgStore **out_img, GError **error)
{
  g_autofree char *domains = g_build_filename (config->state_dir, "fake-domains", NULL);
  g_autoptr (VirtDriver) virt = virt_fake_new ();

  if (!virt_fake_keep_in (virt, domains, error))
    return FALSE;
  *out_virt = g_steal_pointer (&virt);
  *out_net = netctl_fake_new ();
  *out_img = img_fake_new ();
  return TRUE;
}
