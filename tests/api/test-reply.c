/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies in both formats, and the check of replies against their rows. */
#include "config.h"

#include "api-reply-body.h"
#include "api-reply.h"
#include "world.h"

static char *
write_sample (gboolean is_xml)
{
  static const char *const groups[] = { "sg-1", "sg-<2>", NULL };
  g_autoptr (ApiReply) reply = api_reply_new ("DescribeThings", NULL, 0, "R-1", is_xml, FALSE);
  g_autoptr (GError) error = NULL;
  GString *body;

  api_reply_list (reply, "Things", "Thing");
  api_reply_item (reply);
  api_reply_string (reply, "Name", "a \"b\" & c");
  api_reply_strings (reply, "Groups", "Group", groups);
  api_reply_end (reply);
  api_reply_item (reply);
  api_reply_begin (reply, "Inner");
  api_reply_bool (reply, "Flag", TRUE);
  api_reply_end (reply);
  api_reply_strings (reply, "Groups", "Group", NULL);
  api_reply_end (reply);
  api_reply_end (reply);
  api_reply_list (reply, "Ports", "Port");
  api_reply_item_int (reply, 22);
  api_reply_item_int (reply, -1);
  api_reply_end (reply);
  api_reply_int (reply, "TotalCount", G_GINT64_CONSTANT (9007199254740991));
  api_reply_string (reply, "Empty", NULL);
  api_reply_minute (reply, "Minute", WORLD_TIME);
  api_reply_second (reply, "Second", WORLD_TIME);
  api_reply_second (reply, "Never", 0);
  body = api_reply_finish (reply, &error);
  assert_null (error);
  return g_string_free (body, FALSE);
}

static void
json_has_lists_inside_objects (void **state)
{
  g_autofree char *body = write_sample (FALSE);

  assert_string_equal (
      body,
      "{\"RequestId\":\"R-1\",\"Things\":{\"Thing\":[{\"Name\":\"a \\\"b\\\" & c\",\"Groups\":"
      "{\"Group\":[\"sg-1\",\"sg-<2>\"]}},{\"Inner\":{\"Flag\":true},\"Groups\":{\"Group\":[]}}"
      "]},\"Ports\":{\"Port\":[22,-1]},\"TotalCount\":9007199254740991,\"Empty\":\"\","
      "\"Minute\":\"2026-01-02T03:04Z\",\"Second\":\"2026-01-02T03:04:05Z\",\"Never\":\"\"}");
}

static void
xml_repeats_the_singular_name (void **state)
{
  g_autofree char *body = write_sample (TRUE);

  assert_string_equal (
      body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeThingsResponse><RequestId>R-1"
            "</RequestId><Things><Thing><Name>a \"b\" &amp; c</Name><Groups><Group>sg-1</Group>"
            "<Group>sg-&lt;2&gt;</Group></Groups></Thing><Thing><Inner><Flag>true</Flag></Inner>"
            "<Groups></Groups></Thing></Things><Ports><Port>22</Port><Port>-1</Port></Ports>"
            "<TotalCount>9007199254740991</TotalCount><Empty></Empty>"
            "<Minute>2026-01-02T03:04Z</Minute><Second>2026-01-02T03:04:05Z</Second><Never></Never>"
            "</DescribeThingsResponse>");
}

static void
errors_have_their_five_members (void **state)
{
  g_autoptr (GString) json = api_reply_error (FALSE, "R", "h:1", "Code.X", "a <message>");
  g_autoptr (GString) xml = api_reply_error (TRUE, "R", "h:1", "Code.X", "a <message>");

  assert_string_equal (json->str,
                       "{\"RequestId\":\"R\",\"HostId\":\"h:1\",\"Code\":\"Code.X\",\"Message\":"
                       "\"a <message>\",\"Recommend\":\"docs/errors.md\"}");
  assert_string_equal (xml->str,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><RequestId>R</RequestId>"
                       "<HostId>h:1</HostId><Code>Code.X</Code><Message>a &lt;message&gt;</Message>"
                       "<Recommend>docs/errors.md</Recommend></Error>");
}

/* WrongThing answers in the way it is told to; its row declares another. */
static void
assert_wrong (World *world, const char *how, const char *complaint)
{
  g_autofree char *params = g_strconcat ("Action=WrongThing&How=", how, NULL);
  guint status;
  g_autofree char *body = NULL;

  world->expects_criticals = TRUE;
  g_string_truncate (world->log, 0);
  body = world_call (world, params, &status);
  assert_int_equal (status, 500);
  assert_contains (world->log->str, complaint);
  assert_lacks (body, complaint);
}

static void
an_undeclared_member_is_found (void **state)
{
  assert_wrong (*state, "undeclared", "Other is not declared");
}

static void
a_member_of_the_wrong_type_is_found (void **state)
{
  assert_wrong (*state, "type", "Number is a text, declared as whole number");
}

static void
a_missing_required_member_is_found (void **state)
{
  assert_wrong (*state, "missing", "Needed is missing");
}

static void
a_missing_required_member_of_an_item_is_found (void **state)
{
  assert_wrong (*state, "item", "Things.Thing[].Id is missing");
}

static void
a_missing_required_list_is_found (void **state)
{
  assert_wrong (*state, "no-list", "Things.Thing[] is missing");
}

static void
a_list_of_another_name_is_found (void **state)
{
  assert_wrong (*state, "list", "Things.Other[] is not declared as a list");
}

static void
a_member_written_twice_is_found (void **state)
{
  assert_wrong (*state, "twice", "Needed was written twice");
}

static void
a_reply_as_declared_passes (void **state)
{
  guint status;
  g_autofree char *body = world_call (*state, "Action=WrongThing&How=right", &status);

  assert_int_equal (status, 200);
  assert_contains (body, "\"Things\":{\"Thing\":[{\"Id\":\"x\"}]}");
}

static void
unchecked_replies_go_out_as_written (void **state)
{
  World *world = *state;
  guint status;
  g_autofree char *body = NULL;

  world->front.dispatch.check_replies = FALSE;
  body = world_call (world, "Action=WrongThing&How=undeclared", &status);
  assert_int_equal (status, 200);
  assert_contains (body, "\"Other\":\"x\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, world_setup, world_teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (json_has_lists_inside_objects),
    cmocka_unit_test (xml_repeats_the_singular_name),
    cmocka_unit_test (errors_have_their_five_members),
    TEST (an_undeclared_member_is_found),
    TEST (a_member_of_the_wrong_type_is_found),
    TEST (a_missing_required_member_is_found),
    TEST (a_missing_required_member_of_an_item_is_found),
    TEST (a_missing_required_list_is_found),
    TEST (a_list_of_another_name_is_found),
    TEST (a_member_written_twice_is_found),
    TEST (a_reply_as_declared_passes),
    TEST (unchecked_replies_go_out_as_written),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
