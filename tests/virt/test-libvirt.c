/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only libvirt on a host can show: files and domains it must leave alone, the QEMU it starts,
 * a libvirtd that hangs. Runs on a private host. */
#include <libvirt/libvirt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "world.h"

static World *world;

static int
free_world (void **state)
{
  g_clear_pointer (&world, world_free);
  return 0;
}

static void
start (const VirtSpec *spec)
{
  g_autoptr (GError) error = NULL;

  if (!world->driver->class->start_paused (world->driver, spec, &error))
    fail_msg ("start failed: %s", error->message);
}

static void
clean (const char *id)
{
  assert_true (world->driver->class->destroy (world->driver, id, NULL));
  assert_true (world->driver->class->undefine (world->driver, id, NULL));
}

/* ---- other people's domains ---- */

static const char foreign_xml[]
    = "<domain type='qemu'><name>i-foreign</name><memory unit='MiB'>32</memory><os>"
      "<type arch='x86_64' machine='pc'>hvm</type></os></domain>";

static void
a_domain_without_our_mark_is_left_alone (void **state)
{
  const VirtDriverClass *class = world->driver->class;
  virConnectPtr conn = virConnectOpen ("qemu:///system");
  virDomainPtr foreign = virDomainDefineXML (conn, foreign_xml);
  g_autoptr (VirtSpec) spec = world_spec (world, "i-foreign", FALSE);
  g_autoptr (GPtrArray) facts = class->list (world->driver, NULL);
  g_autoptr (GError) error = NULL;

  assert_non_null (foreign);
  assert_false (class->start_paused (world->driver, spec, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_int_equal (virDomainCreate (foreign), 0);
  assert_false (class->destroy (world->driver, "i-foreign", NULL));
  assert_false (class->shutdown (world->driver, "i-foreign", NULL));
  assert_false (class->reset (world->driver, "i-foreign", NULL));
  assert_false (class->undefine (world->driver, "i-foreign", NULL));
  assert_null (class->get (world->driver, "i-foreign", NULL));
  assert_int_equal (facts->len, 0);
  assert_int_equal (virDomainIsActive (foreign), 1);
  virDomainDestroy (foreign);
  virDomainUndefine (foreign);
  virDomainFree (foreign);
  virConnectClose (conn);
}

/* ---- our files ---- */

static void
assert_same_owner_and_mode (const char *path, const struct stat *before)
{
  struct stat after;

  assert_int_equal (stat (path, &after), 0);
  assert_int_equal (after.st_uid, before->st_uid);
  assert_int_equal (after.st_gid, before->st_gid);
  assert_int_equal (after.st_mode, before->st_mode);
}

static void
layers_keep_their_owner_and_mode_through_a_guest_s_life (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);
  const VirtDisk *disk = g_ptr_array_index (spec->disks, 0);
  const char *top = g_ptr_array_index (disk->chain, 0);
  const char *base = g_ptr_array_index (disk->chain, 1);
  struct stat top_before, base_before;

  assert_int_equal (stat (top, &top_before), 0);
  assert_int_equal (stat (base, &base_before), 0);
  start (spec);
  assert_same_owner_and_mode (top, &top_before);
  assert_same_owner_and_mode (base, &base_before);
  clean ("i-a");
  assert_same_owner_and_mode (top, &top_before);
  assert_same_owner_and_mode (base, &base_before);
}

static void
the_console_log_outlives_the_guest (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);

  start (spec);
  clean ("i-a");
  assert_true (g_file_test (spec->console_log, G_FILE_TEST_EXISTS));
}

static void
two_guests_share_a_base_layer (void **state)
{
  g_autoptr (VirtSpec) a = world_spec (world, "i-a", FALSE);
  g_autoptr (VirtSpec) b = world_spec (world, "i-b", FALSE);
  VirtDisk *disk = g_ptr_array_index (b->disks, 0);
  const VirtDisk *disk_of_a = g_ptr_array_index (a->disks, 0);

  g_free (disk->chain->pdata[1]);
  disk->chain->pdata[1] = g_strdup (g_ptr_array_index (disk_of_a->chain, 1));
  start (a);
  start (b);
  clean ("i-a");
  assert_true (world->driver->class->resume (world->driver, "i-b", NULL));
  assert_fact (world->driver, "i-b", VIRT_RUNNING, -1);
  clean ("i-b");
}

static void
a_tap_comes_with_the_paused_guest_and_goes_with_it (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);

  spec_add_nic (spec, "ettest0", "00:16:3e:00:00:01", 1450);
  start (spec);
  assert_true (g_file_test ("/sys/class/net/ettest0", G_FILE_TEST_EXISTS));
  clean ("i-a");
  assert_false (g_file_test ("/sys/class/net/ettest0", G_FILE_TEST_EXISTS));
}

static void
a_start_that_qemu_refuses_says_why_and_leaves_the_domain_off (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);
  g_autoptr (GError) error = NULL;

  spec_add_disk (spec, "vdb", "gone", "/var/lib/vmmd/layers/gone.qcow2", NULL);
  assert_false (world->driver->class->start_paused (world->driver, spec, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
  assert_non_null (strstr (error->message, "gone.qcow2"));
  assert_fact (world->driver, "i-a", VIRT_OFF, -1);
  clean ("i-a");
}

/* ---- the QEMU it starts ---- */

/* All devices a guest may have; a new one is a decision, not an accident. */
static const char *const allowed_devices[] = {
  "virtio-serial-pci",
  "virtio-blk-pci",
  "virtio-net-pci",
  "isa-serial",
  "virtserialport",
  "virtio-balloon-pci",
  "VGA",
  "virtio-rng-pci",
};

/* The words of the running QEMU's command line. */
static char **
qemu_words (const char *id)
{
  g_autofree char *pid_path = g_strdup_printf ("/run/libvirt/qemu/%s.pid", id);
  g_autofree char *pid = NULL;
  g_autofree char *path = NULL;
  g_autofree char *line = NULL;
  gsize length = 0;

  assert_true (g_file_get_contents (pid_path, &pid, NULL, NULL));
  path = g_strdup_printf ("/proc/%s/cmdline", g_strstrip (pid));
  assert_true (g_file_get_contents (path, &line, &length, NULL));
  for (gsize i = 0; i + 1 < length; i++)
    if (line[i] == '\0')
      line[i] = '\n';
  return g_strsplit (line, "\n", -1);
}

static gboolean
is_allowed (const char *device)
{
  for (gsize i = 0; i < G_N_ELEMENTS (allowed_devices); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"driver\":\"%s\"", allowed_devices[i]);

      if (g_str_has_prefix (device, json))
        return TRUE;
    }
  return FALSE;
}

static void
qemu_runs_sandboxed_with_no_device_but_the_allowed_ones (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);
  g_auto (GStrv) words = NULL;
  guint sandboxes = 0, devices = 0;

  spec_add_nic (spec, "ettest0", "00:16:3e:00:00:01", 1450);
  start (spec);
  words = qemu_words ("i-a");
  for (char **word = words; *word != NULL; word++)
    {
      if (g_str_equal (*word, "-sandbox"))
        sandboxes
            += g_str_has_prefix (word[1], "on,obsolete=deny,elevateprivileges=deny,spawn=deny");
      if (!g_str_equal (*word, "-device"))
        continue;
      devices++;
      if (!is_allowed (word[1]))
        fail_msg ("unexpected device: %s", word[1]);
    }
  assert_int_equal (sandboxes, 1);
  assert_int_equal (devices, G_N_ELEMENTS (allowed_devices));
  clean ("i-a");
}

static void
qemu_does_not_run_as_root (void **state)
{
  g_autoptr (VirtSpec) spec = world_spec (world, "i-a", FALSE);
  g_autofree char *pid = NULL;
  g_autofree char *path = NULL;
  struct stat info;

  start (spec);
  assert_true (g_file_get_contents ("/run/libvirt/qemu/i-a.pid", &pid, NULL, NULL));
  path = g_strdup_printf ("/proc/%s/cmdline", g_strstrip (pid));
  assert_int_equal (stat (path, &info), 0);
  assert_int_not_equal (info.st_uid, 0);
  clean ("i-a");
}

/* ---- a libvirtd that hangs ---- */

static pid_t
libvirtd_pid (void)
{
  g_autofree char *text = NULL;

  assert_true (g_file_get_contents ("/run/libvirtd.pid", &text, NULL, NULL));
  return (pid_t) g_ascii_strtoll (text, NULL, 10);
}

static void
a_hung_libvirtd_holds_a_call_for_half_a_minute_at_most (void **state)
{
  g_autoptr (GError) error = NULL;
  gint64 start_us = g_get_monotonic_time ();

  assert_int_equal (kill (libvirtd_pid (), SIGSTOP), 0);
  assert_null (world->driver->class->list (world->driver, &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);
  assert_true (g_get_monotonic_time () - start_us < 30 * G_USEC_PER_SEC);
  wait_for_connection (world->listener, world->driver, FALSE);

  start_us = g_get_monotonic_time ();
  g_clear_error (&error);
  assert_null (world->driver->class->list (world->driver, &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);
  assert_true (g_get_monotonic_time () - start_us < G_USEC_PER_SEC);

  assert_int_equal (kill (libvirtd_pid (), SIGCONT), 0);
  wait_for_connection (world->listener, world->driver, TRUE);
}

static void
a_driver_can_be_freed_while_libvirtd_hangs (void **state)
{
  VirtDriver *driver = virt_libvirt_new ("qemu:///system", "tcg", NULL);
  gint64 start_us;

  virt_driver_free (driver);
  assert_int_equal (kill (libvirtd_pid (), SIGSTOP), 0);
  driver = virt_libvirt_new ("qemu:///system", "tcg", NULL);
  start_us = g_get_monotonic_time ();
  virt_driver_free (driver);
  assert_true (g_get_monotonic_time () - start_us < 10 * G_USEC_PER_SEC);
  assert_int_equal (kill (libvirtd_pid (), SIGCONT), 0);
}

static void
without_libvirtd_calls_fail_at_once_and_say_so (void **state)
{
  g_autoptr (VirtDriver) driver
      = virt_libvirt_new ("qemu+unix:///system?socket=/nowhere", "tcg", NULL);
  g_autoptr (GError) error = NULL;

  assert_null (driver->class->list (driver, &error));
  assert_error (error, VMM_ERROR_VIRT_AWAY);
  assert_false (driver->class->is_connected (driver));
}

static void
kvm_is_refused_or_works_but_never_pretends (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VirtDriver) driver = virt_libvirt_new ("qemu:///system", "kvm", &error);
  g_autoptr (VirtDriver) automatic = virt_libvirt_new ("qemu:///system", "auto", NULL);
  const char *why = NULL;
  const char *name = automatic->class->accelerator (automatic, &why);

  assert_int_equal (driver != NULL, g_str_equal (name, "kvm"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_domain_without_our_mark_is_left_alone),
    cmocka_unit_test (layers_keep_their_owner_and_mode_through_a_guest_s_life),
    cmocka_unit_test (the_console_log_outlives_the_guest),
    cmocka_unit_test (two_guests_share_a_base_layer),
    cmocka_unit_test (a_tap_comes_with_the_paused_guest_and_goes_with_it),
    cmocka_unit_test (a_start_that_qemu_refuses_says_why_and_leaves_the_domain_off),
    cmocka_unit_test (qemu_runs_sandboxed_with_no_device_but_the_allowed_ones),
    cmocka_unit_test (qemu_does_not_run_as_root),
    cmocka_unit_test (a_hung_libvirtd_holds_a_call_for_half_a_minute_at_most),
    cmocka_unit_test (a_driver_can_be_freed_while_libvirtd_hangs),
    cmocka_unit_test (without_libvirtd_calls_fail_at_once_and_say_so),
    cmocka_unit_test (kvm_is_refused_or_works_but_never_pretends),
  };

  world = world_new ();
  if (world == NULL)
    {
      print_message ("1..0 # SKIP needs a private host\n");
      return 77;
    }
  return cmocka_run_group_tests (tests, NULL, free_world);
}
