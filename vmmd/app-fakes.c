/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the fakes. */
#include "config.h"

#include "app-fakes.h"
#include "img-fake.h"
#include "virt-fake.h"

gboolean
app_open_fakes (const VmmConfig *config, VirtDriver **out_virt, Netctl **out_net,
                ImgStore **out_img, GError **error)
{
  g_autofree char *domains = g_build_filename (config->state_dir, "fake-domains", NULL);
  g_autofree char *layers = g_build_filename (config->state_dir, "fake-layers", NULL);
  g_autoptr (VirtDriver) virt = virt_fake_new ();
  g_autoptr (ImgStore) img = img_fake_new ();

  if (!virt_fake_keep_in (virt, domains, error) || !img_fake_keep_in (img, layers, error))
    return FALSE;
  img_fake_set_folders (img, config->drop_folder, config->export_folder);
  *out_virt = g_steal_pointer (&virt);
  *out_net = netctl_fake_new ();
  *out_img = g_steal_pointer (&img);
  return TRUE;
}
