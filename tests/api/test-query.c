/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding of parameters: what clients really send, and what must be refused. */
#include "config.h"

#include "api-query.h"
#include "world.h"
#include <string.h>

static ApiQuery *
decode (const char *text, GError **error)
{
  g_autoptr (ApiQuery) query = api_query_new ();

  if (!api_query_add (query, text, strlen (text), FALSE, error) || !api_query_seal (query, error))
    return NULL;
  return g_steal_pointer (&query);
}

static void
assert_value (const char *text, const char *name, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ApiQuery) query = decode (text, &error);

  assert_null (error);
  assert_string_equal (api_query_get (query, name), expected);
}

static void
assert_refused (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ApiQuery) query = api_query_new ();

  assert_false (api_query_add (query, text, length, FALSE, &error)
                && api_query_seal (query, &error));
  world_assert_error (error, VMM_ERROR_INVALID_PARAMETER);
}

static void
escapes_and_plus_are_decoded (void **state)
{
  assert_value ("A=x%20y+z%2B%c3%A9", "A", "x y z+é");
  assert_value ("Tag.1.Key=a%3Db", "Tag.1.Key", "a=b");
  assert_value ("a%2Eb=1", "a.b", "1");
}

static void
raw_brackets_quotes_and_stars_pass (void **state)
{
  assert_value ("Ids=[\"i-1\",\"i-2\"]&B=*", "Ids", "[\"i-1\",\"i-2\"]");
  assert_value ("A=b=c==", "A", "b=c==");
}

static void
names_without_value_are_kept (void **state)
{
  assert_value ("A&B=1&SignatureType=", "A", "");
  assert_value ("A&B=1&SignatureType=", "SignatureType", "");
  assert_value ("a&b&c&d", "d", "");
  assert_value ("&&A=1&&", "A", "1");
}

static void
names_are_found_in_any_case (void **state)
{
  assert_value ("timeStamp=1&x=2", "Timestamp", "1");
  assert_value ("regionId=r", "RegionId", "r");
}

static void
malformed_text_is_refused (void **state)
{
  static const char *const bad[] = { "A=%",    "A=%4",  "A=%zz", "A=%0", "%=1",  "A=%00",
                                     "A%00=1", "A=%ff", "A=%c3", "=1",   "A=1&=" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (bad[i], strlen (bad[i]));
  assert_refused ("A=b\0c", 5);
}

static void
a_name_given_twice_is_refused (void **state)
{
  assert_refused ("A=1&B=2&A=1", 11);
  assert_refused ("A=1&B=2&a=3", 11);
  assert_refused ("A=1&%41=1", 9);
}

static void
the_number_of_parameters_is_bounded (void **state)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < API_QUERY_MAX_PARAMS; i++)
    g_string_append_printf (text, "%sP%d=x", i > 0 ? "&" : "", i);
  assert_value (text->str, "P999", "x");
  g_string_append (text, "&Last=x");
  assert_refused (text->str, text->len);
}

static void
a_prefix_finds_its_names_together (void **state)
{
  g_autoptr (ApiQuery) query = decode ("Tag.2.Key=b&Tags=x&tag.1.Key=a&Ta=1&Tag=2&Zz=1", NULL);
  gsize first, n, all;
  const ApiQueryItem *items = api_query_items (query, &all);

  n = api_query_find_prefix (query, "Tag.", &first);
  assert_int_equal (n, 2);
  assert_string_equal (items[first].value, "a");
  assert_int_equal (api_query_find_prefix (query, "None.", &first), 0);
  assert_int_equal (all, 6);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (escapes_and_plus_are_decoded),
    cmocka_unit_test (raw_brackets_quotes_and_stars_pass),
    cmocka_unit_test (names_without_value_are_kept),
    cmocka_unit_test (names_are_found_in_any_case),
    cmocka_unit_test (malformed_text_is_refused),
    cmocka_unit_test (a_name_given_twice_is_refused),
    cmocka_unit_test (the_number_of_parameters_is_bounded),
    cmocka_unit_test (a_prefix_finds_its_names_together),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
