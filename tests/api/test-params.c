/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From parameters to arguments, over the wire names of EchoThing. */
#include "config.h"

#include "api-params.h"
#include "world.h"
#include <string.h>

#define ID "InstanceId=i-0123456789abcdefghij"

static void
assert_reply (World *world, const char *params, const char *part)
{
  g_autofree char *query = g_strconcat ("Action=EchoThing&" ID "&", params, NULL);
  guint status;
  g_autofree char *body = world_call (world, query, &status);

  assert_contains (body, part);
  assert_int_equal (status, 200);
}

static void
assert_refused (World *world, const char *params, const char *code, const char *part)
{
  g_autofree char *query = g_strconcat ("Action=EchoThing&" ID "&", params, NULL);
  guint status;
  g_autofree char *body = world_call (world, query, &status);
  g_autofree char *member = g_strdup_printf ("\"Code\":\"%s\"", code);

  assert_contains (body, member);
  assert_contains (body, part);
  assert_true (status >= 400);
}

static void
a_missing_required_parameter_is_named (void **state)
{
  guint status;
  g_autofree char *absent = world_call (*state, "Action=EchoThing", &status);
  g_autofree char *empty = world_call (*state, "Action=EchoThing&InstanceId=", NULL);

  assert_int_equal (status, 400);
  assert_contains (absent, "\"Code\":\"MissingParameter\"");
  assert_contains (absent, "InstanceId");
  assert_contains (empty, "\"Code\":\"MissingParameter\"");
}

static void
absent_parameters_take_their_fallback (void **state)
{
  assert_reply (*state, "",
                "\"Name\":\"none\",\"Colour\":\"\",\"Note\":\"absent\",\"Size\":-1,"
                "\"Tri\":-1,\"Force\":false,\"Ids\":{\"Id\":[]},"
                "\"Words\":{\"Word\":[]},\"Items\":{\"Item\":[]}");
  assert_reply (*state, "", "\"TotalCount\":7,\"PageNumber\":1,\"PageSize\":10}");
}

static void
names_match_in_any_case_and_unknown_ones_are_ignored (void **state)
{
  assert_reply (*state, "size=30&system.name=x&Unknown=1&Tag.1.Key=k", "\"Name\":\"x\"");
  assert_reply (*state, "size=30", "\"Size\":30");
}

static void
an_empty_value_is_absent_unless_it_may_be_empty (void **state)
{
  assert_reply (*state, "System.Name=&Size=", "\"Name\":\"none\"");
  assert_reply (*state, "Note=", "\"Note\":\"\"");
}

static void
numbers_are_bounded_and_whole (void **state)
{
  assert_reply (*state, "Size=20", "\"Size\":20");
  assert_reply (*state, "Size=500", "\"Size\":500");
  assert_refused (*state, "Size=19", "InvalidParameter", "Size is '19', must be a whole number");
  assert_refused (*state, "Size=501", "InvalidParameter", "from 20 to 500");
  assert_refused (*state, "Size=2e1", "InvalidParameter", "Size");
  assert_refused (*state, "Size=%2030", "InvalidParameter", "Size");
  assert_refused (*state, "Size=99999999999999999999", "InvalidParameter", "Size");
}

static void
booleans_come_in_any_case (void **state)
{
  assert_reply (*state, "Force=TRUE", "\"Force\":true");
  assert_reply (*state, "Protected=False", "\"Tri\":0");
  assert_reply (*state, "Protected=true", "\"Tri\":1");
  assert_refused (*state, "Force=yes", "InvalidParameter", "must be true or false");
}

static void
choices_are_stored_as_declared (void **state)
{
  assert_reply (*state, "Colour=rED", "\"Colour\":\"Red\"");
  assert_refused (*state, "Colour=Blue", "InvalidParameter", "must be one of Red, Green");
}

static void
texts_are_bounded_and_formed (void **state)
{
  assert_reply (*state, "System.Name=12345678", "\"Name\":\"12345678\"");
  assert_refused (*state, "System.Name=123456789", "InvalidParameter", "at most 8 bytes");
  assert_refused (*state, "Note=a%0Ab", "InvalidParameter", "valid text without control");
}

static void
a_row_may_name_its_own_error (void **state)
{
  guint status;
  g_autofree char *body = world_call (*state, "Action=EchoThing&InstanceId=i-1", &status);

  assert_contains (body, "\"Code\":\"InvalidInstanceId.NotFound\"");
  assert_int_equal (status, 404);
}

static void
a_bad_secret_is_not_repeated (void **state)
{
  World *world = *state;
  g_autofree char *body
      = world_call (world, "Action=EchoThing&" ID "&Password=TopSecretPassword", NULL);

  assert_contains (body, "\"Code\":\"InvalidPassword.Malformed\"");
  assert_lacks (body, "TopSecret");
  assert_lacks (world->log->str, "TopSecret");
}

static void
numbered_texts_come_in_order_and_gaps_are_ignored (void **state)
{
  assert_reply (*state, "Word.10=c&Word.2=b&Word.1=a",
                "\"Words\":{\"Word\":[{\"Text\":\"a\"},{\"Text\":\"b\"},{\"Text\":\"c\"}]}");
  assert_reply (*state, "Word.0=z&Word.01=y&Word.x=w&Word.3=&Word.99999=v&Word.5=a",
                "\"Words\":{\"Word\":[{\"Text\":\"a\"}]}");
  assert_refused (*state, "Word.1=a&Word.2=a&Word.3=a&Word.4=a", "InvalidParameter", "at most 3");
  assert_refused (*state, "Word.7=123456789", "InvalidParameter", "Word.7 is '123456789'");
}

static void
json_lists_and_comma_lists_are_read (void **state)
{
  assert_reply (*state, "Ids=[\"a\", \"b\\u00e9\\n\"]", "\"Ids\":{\"Id\":[\"a\",\"bé\\n\"]}");
  assert_reply (*state, "Ids=a,%20b%20,,c", "\"Ids\":{\"Id\":[\"a\",\"b\",\"c\"]}");
  assert_reply (*state, "Ids=[]", "\"Ids\":{\"Id\":[]}");
  assert_reply (*state, "Ids=a", "\"Ids\":{\"Id\":[\"a\"]}");
}

static void
malformed_json_lists_are_refused (void **state)
{
  static const char *const bad[] = { "[",           "[\"a\"",        "[\"a\",]",
                                     "[a]",         "[1]",           "[[\"a\"]]",
                                     "[\"a\"]x",    "[\"a\" \"b\"]", "[\"\\x\"]",
                                     "[\"\\u00\"]", "[\"\\u0000\"]", "[\"\\ud800\"]",
                                     "[\"a",        "[\"a\\",        "[\"a\",\"b\",\"c\",\"d\"]",
                                     "a,b,c,d" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *params = g_strconcat ("Ids=", bad[i], NULL);

      assert_refused (*state, params, "InvalidParameter", "must be a JSON array of at most 3");
    }
  assert_refused (*state, "Ids=[\"123456789\"]", "InvalidParameter", "at most 8 bytes");
}

static void
lists_of_structs_are_read_with_lists_inside (void **state)
{
  assert_reply (*state,
                "Item.3.key=k3&Item.1.Key=k1&Item.1.Value=v&Item.1.Name.2=y&Item.1.Name.1=x",
                "\"Items\":{\"Item\":[{\"Key\":\"k1\",\"Value\":\"v\",\"Names\":{\"Name\":[\"x\","
                "\"y\"]}},{\"Key\":\"k3\",\"Value\":\"\",\"Names\":{\"Name\":[]}}]}");
  assert_refused (*state, "Item.2.Value=v", "MissingParameter", "Item.2.Key is required");
  assert_refused (*state, "Item.1.Key=a&Item.2.Key=b&Item.3.Key=c", "InvalidParameter",
                  "Item has 3");
}

static void
the_newer_paging_is_recognised (void **state)
{
  assert_reply (*state, "MaxResults=20", "\"PageSize\":10,\"NextToken\":\"\"");
  assert_refused (*state, "PageSize=51", "InvalidParameter", "PageSize");
  assert_refused (*state, "PageNumber=0", "InvalidParameter", "PageNumber");
}

static void
a_token_alone_goes_on_by_the_default_page (void **state)
{
  ApiPage old_style = { 2, 30, 0, NULL }, new_style = { 1, 10, 0, (char *) "t" };
  VmmPage page = api_page_get (&old_style);

  assert_int_equal (page.number, 2);
  assert_int_equal (page.size, 30);
  assert_int_equal (page.max_results, 0);
  page = api_page_get (&new_style);
  assert_int_equal (page.max_results, 10);
  assert_string_equal (page.next_token, "t");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, world_setup, world_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    TEST (a_missing_required_parameter_is_named),
    TEST (absent_parameters_take_their_fallback),
    TEST (names_match_in_any_case_and_unknown_ones_are_ignored),
    TEST (an_empty_value_is_absent_unless_it_may_be_empty),
    TEST (numbers_are_bounded_and_whole),
    TEST (booleans_come_in_any_case),
    TEST (choices_are_stored_as_declared),
    TEST (texts_are_bounded_and_formed),
    TEST (a_row_may_name_its_own_error),
    TEST (a_bad_secret_is_not_repeated),
    TEST (numbered_texts_come_in_order_and_gaps_are_ignored),
    TEST (json_lists_and_comma_lists_are_read),
    TEST (malformed_json_lists_are_refused),
    TEST (lists_of_structs_are_read_with_lists_inside),
    TEST (the_newer_paging_is_recognised),
    cmocka_unit_test (a_token_alone_goes_on_by_the_default_page),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
