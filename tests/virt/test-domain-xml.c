/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain XML against golden files, and against hostile strings. VMMD_REGENERATE=1 rewrites. */
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "virt-domain-xml.h"
#include "virt-test.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

static const VirtDomainXmlOptions tcg = { .is_kvm = FALSE };
static const VirtDomainXmlOptions kvm = { .is_kvm = TRUE };

static VirtSpec *
full_spec (void)
{
  VirtSpec *spec = spec_new ("i-0123456789abcdefghij");

  g_free (spec->uuid);
  spec->uuid = g_strdup ("3e0f1c7a-7d2b-4d53-9d0a-5a3c1f2e4b60");
  spec->vcpus = 4;
  spec->memory_mib = 8192;
  spec_add_disk (spec, "vda", "0123456789abcdefghij", "/pool/l-active.qcow2",
                 "/pool/l-middle.qcow2", "/pool/l-base.qcow2", NULL);
  spec_add_disk (spec, "vdb", "zyxwvutsrqponmlkjihg", "/pool/l-data.qcow2", NULL);
  spec_add_nic (spec, "et0123456789", "00:16:3e:01:02:03", 1450);
  return spec;
}

static VirtSpec *
small_spec (void)
{
  VirtSpec *spec = spec_new ("i-small");

  g_free (spec->uuid);
  spec->uuid = g_strdup ("3e0f1c7a-7d2b-4d53-9d0a-5a3c1f2e4b61");
  g_clear_pointer (&spec->title, g_free);
  return spec;
}

static gboolean
refuses_direct_io (const char *path)
{
  return FALSE;
}

static void
assert_golden (const char *name, const VirtSpec *spec, const VirtDomainXmlOptions *options)
{
  g_autofree char *path = g_build_filename (VMMD_GOLDEN_DIR, name, NULL);
  g_autofree char *xml = virt_domain_xml (spec, options, NULL);
  g_autofree char *golden = NULL;

  assert_non_null (xml);
  if (g_getenv ("VMMD_REGENERATE") != NULL)
    assert_true (g_file_set_contents (path, xml, -1, NULL));
  assert_true (g_file_get_contents (path, &golden, NULL, NULL));
  assert_string_equal (xml, golden);
}

static void
a_full_spec_under_kvm_is_as_in_the_golden_file (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  assert_golden ("full-kvm.xml", spec, &kvm);
}

static void
a_small_spec_under_tcg_is_as_in_the_golden_file (void **state)
{
  g_autoptr (VirtSpec) spec = small_spec ();

  assert_golden ("small-tcg.xml", spec, &tcg);
}

static void
without_direct_io_the_page_cache_is_used (void **state)
{
  const VirtDomainXmlOptions options = { .takes_direct_io = refuses_direct_io };
  g_autoptr (VirtSpec) spec = small_spec ();

  spec_add_disk (spec, "vda", "0", "/tmpfs/l-0.qcow2", NULL);
  assert_golden ("buffered-tcg.xml", spec, &options);
}

static void
a_copy_of_a_spec_gives_the_same_xml (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();
  g_autoptr (VirtSpec) copy = virt_spec_copy (spec);
  g_autofree char *a = virt_domain_xml (spec, &kvm, NULL);
  g_autofree char *b = virt_domain_xml (copy, &kvm, NULL);

  assert_non_null (a);
  assert_string_equal (a, b);
}

/* ---- properties ---- */

static gboolean same_tree (const xmlNode *a, const xmlNode *b);

static gboolean
same_attributes (const xmlNode *a, const xmlNode *b)
{
  const xmlAttr *x = a->properties, *y = b->properties;

  for (; x != NULL && y != NULL; x = x->next, y = y->next)
    if (!xmlStrEqual (x->name, y->name) || !same_tree (x->children, y->children))
      return FALSE;
  return x == NULL && y == NULL;
}

/* Whether two lists of siblings are the same but for the text of a title. */
static gboolean
same_tree (const xmlNode *a, const xmlNode *b)
{
  for (; a != NULL && b != NULL; a = a->next, b = b->next)
    {
      if (a->type != b->type || !xmlStrEqual (a->name, b->name))
        return FALSE;
      if (a->type == XML_TEXT_NODE)
        {
          if (!xmlStrEqual (a->parent->name, BAD_CAST "title")
              && !xmlStrEqual (a->content, b->content))
            return FALSE;
          continue;
        }
      if (!same_attributes (a, b) || !same_tree (a->children, b->children))
        return FALSE;
    }
  return a == NULL && b == NULL;
}

static xmlDoc *
parse (const char *xml)
{
  xmlDoc *doc = xmlReadMemory (xml, (int) strlen (xml), NULL, NULL,
                               XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

  assert_non_null (doc);
  assert_null (xmlGetIntSubset (doc));
  return doc;
}

static xmlDoc *
doc_with_title (VirtSpec *spec, const char *title)
{
  g_autofree char *xml = NULL;

  g_free (spec->title);
  spec->title = g_strdup (title);
  xml = virt_domain_xml (spec, &tcg, NULL);
  assert_non_null (xml);
  return parse (xml);
}

static void
assert_title_stays_in_place (VirtSpec *spec, xmlDoc *plain, const char *title)
{
  g_autoptr (xmlDoc) doc = doc_with_title (spec, title);

  if (!same_tree (xmlDocGetRootElement (doc), xmlDocGetRootElement (plain)))
    fail_msg ("title '%s' changed the tree", title);
}

static void
no_hostile_title_changes_the_tree (void **state)
{
  static const char *const hostile[] = {
    "</title><devices/>",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- ",
    "&lt;",
    "&amp;&#0;&#x10FFFF;",
    "&xxe;",
    "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
    "\x01\x02\x1f\x7f",
    "\xff\xfe",
    "\xed\xa0\x80",
    "\xef\xbf\xbf",
    "\xf4\x90\x80\x80",
    "line\nline\r\n\t",
    "'\"",
    "<?xml?>",
    " ",
    "\xe2\x80\xae\xe2\x80\xa8",
    "%s%n",
    "\xc0\x80",
  };
  g_autoptr (VirtSpec) spec = full_spec ();
  g_autoptr (xmlDoc) plain = doc_with_title (spec, "plain");

  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    assert_title_stays_in_place (spec, plain, hostile[i]);
}

static void
no_random_title_changes_the_tree (void **state)
{
  static const char alphabet[] = "<>&;'\"!-[]?/=#x\x01\n\r\t\x7f \x80\xbf\xc3\xe2\xed\xef\xf4 az";
  g_autoptr (GRand) rand = g_rand_new_with_seed (20);
  g_autoptr (VirtSpec) spec = full_spec ();
  g_autoptr (xmlDoc) plain = doc_with_title (spec, "plain");

  for (guint round = 0; round < 2000; round++)
    {
      char title[24] = { 'a' };
      gsize length = (gsize) g_rand_int_range (rand, 1, sizeof title - 1);

      for (gsize i = 0; i < length; i++)
        title[i] = alphabet[g_rand_int_range (rand, 0, sizeof alphabet - 1)];
      assert_title_stays_in_place (spec, plain, title);
    }
}

static void
an_ordinary_title_arrives_whole (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();
  g_autoptr (xmlDoc) doc = doc_with_title (spec, "web <1> & \"zwei\" \xe4\xb8\x89");
  xmlNode *node = xmlFirstElementChild (xmlDocGetRootElement (doc));
  xmlChar *text;

  while (!xmlStrEqual (node->name, BAD_CAST "title"))
    node = xmlNextElementSibling (node);
  text = xmlNodeGetContent (node);
  assert_string_equal ((const char *) text, "web <1> & \"zwei\" \xe4\xb8\x89");
  xmlFree (text);
}

static void
assert_refused (const VirtSpec *spec)
{
  g_autoptr (GError) error = NULL;

  assert_null (virt_domain_xml (spec, &tcg, &error));
  assert_error (error, VMM_ERROR_VIRT_FAILED);
}

static void
control_characters_in_other_strings_are_refused (void **state)
{
  static const gsize fields[]
      = { G_STRUCT_OFFSET (VirtSpec, id), G_STRUCT_OFFSET (VirtSpec, uuid),
          G_STRUCT_OFFSET (VirtSpec, console_log), G_STRUCT_OFFSET (VirtSpec, vnc_socket) };
  static const char *const bad[] = { "", "a\nb", "a\x01", "\xff", "\xef\xbf\xbe", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (bad); j++)
      {
        g_autoptr (VirtSpec) spec = full_spec ();
        char **field = G_STRUCT_MEMBER_P (spec, fields[i]);

        g_free (*field);
        *field = g_strdup (bad[j]);
        assert_refused (spec);
      }
}

static void
a_serial_longer_than_the_guest_sees_is_refused (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  spec_add_disk (spec, "vdc", "123456789012345678901", "/pool/l-x.qcow2", NULL);
  assert_refused (spec);
}

static void
a_disk_without_layers_is_refused (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  spec_add_disk (spec, "vdc", "x", NULL, NULL);
  assert_refused (spec);
}

static void
a_relative_layer_is_refused (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  spec_add_disk (spec, "vdc", "x", "pool/l-x.qcow2", NULL);
  assert_refused (spec);
}

static void
a_nic_without_an_address_is_refused (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  spec_add_nic (spec, "et1", NULL, 0);
  assert_refused (spec);
}

static void
a_machine_without_cpus_or_memory_is_refused (void **state)
{
  g_autoptr (VirtSpec) spec = full_spec ();

  spec->vcpus = 0;
  assert_refused (spec);
  spec->vcpus = 1;
  spec->memory_mib = 0;
  assert_refused (spec);
}

static void
our_mark_gives_the_id_back (void **state)
{
  g_autofree char *id = virt_domain_xml_metadata_id (
      "<vmmd:instance xmlns:vmmd='" VIRT_DOMAIN_XML_NAMESPACE "' id='i-1'/>");

  assert_string_equal (id, "i-1");
  assert_null (virt_domain_xml_metadata_id ("<other id='i-1'/>"));
  assert_null (virt_domain_xml_metadata_id ("<instance/>"));
  assert_null (virt_domain_xml_metadata_id ("<"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_full_spec_under_kvm_is_as_in_the_golden_file),
    cmocka_unit_test (a_small_spec_under_tcg_is_as_in_the_golden_file),
    cmocka_unit_test (without_direct_io_the_page_cache_is_used),
    cmocka_unit_test (a_copy_of_a_spec_gives_the_same_xml),
    cmocka_unit_test (no_hostile_title_changes_the_tree),
    cmocka_unit_test (no_random_title_changes_the_tree),
    cmocka_unit_test (an_ordinary_title_arrives_whole),
    cmocka_unit_test (control_characters_in_other_strings_are_refused),
    cmocka_unit_test (a_serial_longer_than_the_guest_sees_is_refused),
    cmocka_unit_test (a_disk_without_layers_is_refused),
    cmocka_unit_test (a_relative_layer_is_refused),
    cmocka_unit_test (a_nic_without_an_address_is_refused),
    cmocka_unit_test (a_machine_without_cpus_or_memory_is_refused),
    cmocka_unit_test (our_mark_gives_the_id_back),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
