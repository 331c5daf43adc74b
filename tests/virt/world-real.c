/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt on a private host (tests/lib/private-host), with guests under TCG. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

#define POOL "/var/lib/vmmd/layers"
#define BOOT_MS 90000
#define POLL_US 50000

/* Runs a program to its end; the test fails when it does. */
static void
run (const char *const *argv)
{
  int status = -1;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                NULL);
  if (status != 0)
    fail_msg ("'%s' failed", argv[0]);
}

static pid_t
pid_in (const char *path)
{
  g_autofree char *text = NULL;

  assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return (pid_t) g_ascii_strtoll (text, NULL, 10);
}

/* The modes docs/hypervisor.md asks for. */
static void
make_directories (void)
{
  const struct group *kvm = getgrnam ("kvm");

  assert_non_null (kvm);
  assert_int_equal (chmod ("/var/lib/vmmd", 0711), 0);
  g_mkdir_with_parents (POOL, 0750);
  assert_int_equal (chown (POOL, 0, kvm->gr_gid), 0);
  g_mkdir_with_parents ("/var/lib/vmmd/console", 0700);
  g_mkdir_with_parents ("/run/vmmd/vnc", 0711);
  assert_int_equal (chown ("/run/vmmd/vnc", 0, kvm->gr_gid), 0);
  assert_int_equal (chmod ("/run/vmmd/vnc", 0770), 0);
}

World *
world_new (void)
{
  World *world;

  if (g_getenv ("VMMD_PRIVATE_HOST") == NULL)
    return NULL;
  make_directories ();
  world = g_new0 (World, 1);
  world->driver = virt_libvirt_new ("qemu:///system", "tcg", NULL);
  assert_non_null (world->driver);
  world->listener = listener_new (world->driver);
  wait_for_connection (world->listener, world->driver, TRUE);
  return world;
}

void
world_free (World *world)
{
  const VirtDriverClass *class = world->driver->class;
  g_autoptr (GPtrArray) facts = class->list (world->driver, NULL);

  for (guint i = 0; facts != NULL && i < facts->len; i++)
    {
      const VirtFact *fact = g_ptr_array_index (facts, i);

      class->destroy (world->driver, fact->id, NULL);
      class->undefine (world->driver, fact->id, NULL);
    }
  listener_free (world->listener, world->driver);
  virt_driver_free (world->driver);
  g_free (world);
}

/* QEMU's user owns what it writes; what it only reads it reads by its group. */
static void
give_to_qemu (const char *path, mode_t mode)
{
  const struct passwd *qemu = getpwnam ((mode & S_IWUSR) != 0 ? "libvirt-qemu" : "root");
  const struct group *kvm = getgrnam ("kvm");

  assert_non_null (qemu);
  assert_int_equal (chown (path, qemu->pw_uid, kvm->gr_gid), 0);
  assert_int_equal (chmod (path, mode), 0);
}

VirtSpec *
world_spec (World *world, const char *id, gboolean boots)
{
  VirtSpec *spec = spec_new (id);
  const char *tiny = boots ? g_getenv ("VMMD_TINY_IMAGE") : NULL;
  g_autofree char *base = g_strdup_printf (POOL "/%s-base.qcow2", id);
  g_autofree char *top = g_strdup_printf (POOL "/%s-top.qcow2", id);
  const char *copy[] = { "cp", "-f", tiny, base, NULL };
  const char *empty[] = { "qemu-img", "create", "-q", "-f", "qcow2", base, "32M", NULL };
  const char *over[]
      = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, top, NULL };

  if (tiny != NULL)
    spec->memory_mib = 128;
  unlink (base);
  run (tiny != NULL ? copy : empty);
  run (over);
  give_to_qemu (base, 0440);
  give_to_qemu (top, 0600);
  spec_add_disk (spec, "vda", id, top, base, NULL);
  unlink (spec->console_log);
  return spec;
}

char *
world_layer (World *world, const char *name, const char *parent, guint64 bytes)
{
  char *path = g_strdup_printf (POOL "/%s.qcow2", name);
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, bytes);
  const char *empty[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };
  const char *over[] = { "qemu-img", "create", "-q",   "-u", "-f", "qcow2", "-F",
                         "qcow2",    "-b",     parent, path, size, NULL };

  unlink (path);
  run (parent != NULL ? over : empty);
  give_to_qemu (path, 0600);
  return path;
}

char *
world_parent (World *world, const char *path)
{
  const char *argv[] = { "qemu-img", "info", "-U", "-f", "qcow2", path, NULL };
  g_autofree char *text = NULL;
  const char *mark = "backing file: ";
  const char *found;
  int status = -1;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, NULL, &status,
                NULL);
  assert_int_equal (status, 0);
  found = strstr (text, mark);
  if (found == NULL)
    return g_strdup ("");
  found += strlen (mark);
  return g_strndup (found, strcspn (found, "\n"));
}

/* What virsh says; the caller frees it. */
static char *
ask_monitor (const char *id, const char *kind, const char *command)
{
  const char *argv[]
      = { "virsh", "-q", "-c", "qemu:///system", "qemu-monitor-command", id, kind, command, NULL };
  char *text = NULL;
  int status = -1;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, NULL, &status,
                NULL);
  assert_int_equal (status, 0);
  return text;
}

void
world_turn_unseen (World *world, const char *id, const char *serial, const char *path)
{
  g_autofree char *text = ask_monitor (id, "--hmp", "info block");
  g_autofree char *pattern
      = g_strdup_printf ("^(\\S+): [^\n]*\n *Attached to: *\\S*/ua-%s/", serial);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *node = NULL, *command = NULL, *answer = NULL, *plain = NULL;

  plain = g_strdelimit (g_strdup (text), "\r", ' ');
  assert_true (g_regex_match (regex, plain, 0, &match));
  node = g_match_info_fetch (match, 1);
  command = g_strdup_printf (
      "{\"execute\":\"blockdev-snapshot-sync\",\"arguments\":{\"node-name\":\"%s\","
      "\"snapshot-file\":\"%s\",\"snapshot-node-name\":\"unseen\","
      "\"format\":\"qcow2\",\"mode\":\"existing\"}}",
      node, path);
  answer = ask_monitor (id, "--pretty", command);
  if (strstr (answer, "error") != NULL)
    fail_msg ("%s", answer);
}

gboolean
world_plug_unseen (World *world, const char *id, const char *serial, const char *path)
{
  g_autofree char *add = g_strdup_printf (
      "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"qcow2\",\"node-name\":\"unseen\","
      "\"file\":{\"driver\":\"file\",\"filename\":\"%s\"}}}",
      path);
  g_autofree char *plug
      = g_strdup_printf ("{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-blk-pci\","
                         "\"id\":\"ua-%s\",\"drive\":\"unseen\",\"serial\":\"%s\"}}",
                         serial, serial);
  g_autofree char *added = ask_monitor (id, "--pretty", add);
  g_autofree char *plugged = ask_monitor (id, "--pretty", plug);

  if (strstr (added, "error") != NULL || strstr (plugged, "error") != NULL)
    fail_msg ("%s%s", added, plugged);
  return TRUE;
}

/* As libvirt does it: the file by itself, then what is in it, under names that are numbered. */
void
world_open_unseen (World *world, const char *id, const char *path)
{
  g_autofree char *file = g_strdup_printf (
      "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"file\","
      "\"node-name\":\"libvirt-3-storage\",\"filename\":\"%s\",\"discard\":\"unmap\"}}",
      path);
  const char *format = "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"qcow2\","
                       "\"node-name\":\"libvirt-3-format\",\"file\":\"libvirt-3-storage\"}}";
  g_autofree char *opened = ask_monitor (id, "--pretty", file);
  g_autofree char *read = ask_monitor (id, "--pretty", format);

  if (strstr (opened, "error") != NULL || strstr (read, "error") != NULL)
    fail_msg ("%s%s", opened, read);
}

gboolean
world_may_be_behind (World *world)
{
  return TRUE;
}

gboolean
world_nic_unseen (World *world, const char *id, const char *tap, gboolean is_plugged)
{
  g_autofree char *add = g_strdup_printf (
      "{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"user\",\"restrict\":true,"
      "\"id\":\"hostua-%s\"}}",
      tap);
  g_autofree char *plug
      = g_strdup_printf ("{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-net-pci\","
                         "\"id\":\"ua-%s\",\"netdev\":\"hostua-%s\"}}",
                         tap, tap);
  g_autofree char *added = ask_monitor (id, "--pretty", add);
  g_autofree char *plugged = is_plugged ? ask_monitor (id, "--pretty", plug) : g_strdup ("");

  if (strstr (added, "error") != NULL || strstr (plugged, "error") != NULL)
    fail_msg ("%s%s", added, plugged);
  return TRUE;
}

gboolean
world_can_boot (World *world)
{
  return g_getenv ("VMMD_TINY_IMAGE") != NULL;
}

void
world_wait_booted (World *world, const char *id)
{
  g_autofree char *path = g_strdup_printf ("/var/lib/vmmd/console/%s.log", id);
  gint64 end_us = g_get_monotonic_time () + (gint64) BOOT_MS * 1000;

  /* A file that grows tells nobody; hence the polling. */
  for (;;)
    {
      g_autofree char *log = NULL;

      if (g_file_get_contents (path, &log, NULL, NULL) && strstr (log, "VMMD-READY") != NULL)
        return;
      if (g_get_monotonic_time () > end_us)
        fail_msg ("'%s' did not boot; its console says: %s", id, log != NULL ? log : "nothing");
      g_usleep (POLL_US);
    }
}

void
world_wait_used (World *world, const char *id)
{
  world_wait_booted (world, id);
}

void
world_crash (World *world, const char *id)
{
  g_autofree char *path = g_strdup_printf ("/run/libvirt/qemu/%s.pid", id);

  assert_int_equal (kill (pid_in (path), SIGKILL), 0);
}

void
world_take_away (World *world)
{
  assert_int_equal (kill (pid_in ("/run/libvirtd.pid"), SIGKILL), 0);
}

void
world_bring_back (World *world)
{
  const char *start[] = { "libvirtd", "--daemon", "--pid-file", "/run/libvirtd.pid", NULL };

  run (start);
}
