/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping for JSON, XML, URLs and messages. */
#include "config.h"

#include "api-text.h"
#include "world.h"

static void
check (void (*append) (GString *, const char *), const char *text, const char *expected)
{
  g_autoptr (GString) out = g_string_new (NULL);

  append (out, text);
  assert_string_equal (out->str, expected);
}

static void
json_escapes_what_json_must (void **state)
{
  check (api_text_append_json, "a\"b\\c\n\t\x01\x7f/é<", "\"a\\\"b\\\\c\\n\\t\\u0001\\u007F/é<\"");
  check (api_text_append_json, "", "\"\"");
}

static void
json_replaces_what_is_no_utf8 (void **state)
{
  check (api_text_append_json, "a\xff\"b", "\"a\xef\xbf\xbd\\\"b\"");
}

static void
xml_escapes_what_xml_must (void **state)
{
  check (api_text_append_xml, "<a b=\"c\">&\r\n\té", "&lt;a b=\"c\"&gt;&amp;&#13;\n\té");
}

static void
xml_replaces_what_it_cannot_carry (void **state)
{
  check (api_text_append_xml,
         "a\x01"
         "b\xff\xef\xbf\xbf",
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd\xef\xbf\xbd");
}

static void
percent_leaves_only_the_unreserved (void **state)
{
  check (api_text_append_percent, "aZ09-_.~ *+/é[", "aZ09-_.~%20%2A%2B%2F%C3%A9%5B");
}

static void
a_quote_is_cut_at_a_character (void **state)
{
  g_autofree char *cut = api_text_quote ("abcé", 4);
  g_autofree char *whole = api_text_quote ("abcé", 5);
  g_autofree char *control = api_text_quote ("a\nb\x1b", 10);

  assert_string_equal (cut, "abc…");
  assert_string_equal (whole, "abcé");
  assert_string_equal (control, "a?b?");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (json_escapes_what_json_must),
    cmocka_unit_test (json_replaces_what_is_no_utf8),
    cmocka_unit_test (xml_escapes_what_xml_must),
    cmocka_unit_test (xml_replaces_what_it_cannot_carry),
    cmocka_unit_test (percent_leaves_only_the_unreserved),
    cmocka_unit_test (a_quote_is_cut_at_a_character),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
