/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefix lists, and rules with both sides, of both families and by lists, as clients see them. */
#include "config.h"

#include "ecs-world.h"
#include "vmm-id.h"

static const char *
make_list (World *w, const char *family)
{
  assert_call ("OK", w,
               "Action=CreatePrefixList&RegionId=cn-local&PrefixListName=office&AddressFamily=%s"
               "&MaxEntries=3&Description=of mine",
               family);
  return world_get (w, "$.PrefixListId");
}

static const char *
make_group (World *w)
{
  assert_call ("OK", w, "Action=CreateSecurityGroup&SecurityGroupName=web");
  return world_get (w, "$.SecurityGroupId");
}

static void
a_list_is_made_changed_shown_and_deleted (void **state)
{
  World *w = *state;
  const char *list;

  assert_call ("OK", w,
               "Action=CreatePrefixList&PrefixListName=office&AddressFamily=ipv4&MaxEntries=3"
               "&Entry.1.Cidr=10.1.2.3/16&Entry.1.Description=first&Entry.2.Cidr=8.8.8.8");
  list = world_get (w, "$.PrefixListId");
  assert_true (vmm_id_is (VMM_ID_PREFIX_LIST, list));
  assert_call ("OK", w,
               "Action=ModifyPrefixList&PrefixListId=%s&PrefixListName=home&AddEntry.1.Cidr=9.9.9.9"
               "&RemoveEntry.1.Cidr=8.8.8.8/32",
               list);
  assert_call ("OK", w, "Action=DescribePrefixListAttributes&PrefixListId=%s", list);
  assert_string_equal (world_get (w, "$.PrefixListName"), "home");
  assert_string_equal (world_get (w, "$.AddressFamily"), "IPv4");
  assert_string_equal (world_get (w, "$.MaxEntries"), "3");
  assert_int_equal (world_count (w, "$.Entries.Entry[*]"), 2);
  assert_string_equal (world_get (w, "$.Entries.Entry[0].Cidr"), "10.1.0.0/16");
  assert_string_equal (world_get (w, "$.Entries.Entry[0].Description"), "first");
  assert_string_equal (world_get (w, "$.Entries.Entry[1].Cidr"), "9.9.9.9/32");
  assert_call ("OK", w, "Action=DeletePrefixList&PrefixListId=%s", list);
  assert_call ("InvalidPrefixListId.NotFound", w, "Action=DeletePrefixList&PrefixListId=%s", list);
}

static void
lists_are_filtered_and_paged (void **state)
{
  static const struct
  {
    const char *filter;
    guint n;
  } cases[] = {
    { "", 3 },
    { "&AddressFamily=IPv6", 1 },
    { "&PrefixListName=off*", 3 },
    { "&PrefixListName=home", 0 },
    { "&PrefixListId.1=%s&PrefixListId.2=pl-1", 1 },
    { "&ResourceGroupId=rg-1", 0 },
    { "&Tag.1.Key=a", 0 },
    { "&MaxResults=2", 2 },
  };
  World *w = *state;
  const char *first = make_list (w, "IPv4");

  make_list (w, "IPv4");
  make_list (w, "IPv6");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) params = g_string_new ("Action=DescribePrefixLists");

      g_string_append (params, cases[i].filter);
      g_string_replace (params, "%s", first, 0);
      assert_ok (w, params->str);
      if (world_count (w, "$..PrefixList[*]") != cases[i].n)
        fail_msg ("%s: %s", params->str, w->answer);
    }
  assert_call ("OK", w, "Action=DescribePrefixLists&MaxResults=2&NextToken=%s",
               world_get (w, "$.NextToken"));
  assert_string_equal (world_get (w, "$..PrefixListId"), first);
  assert_string_equal (world_get (w, "$.NextToken"), "");
}

static void
groups_that_name_a_list_are_its_associations (void **state)
{
  World *w = *state;
  const char *list = make_list (w, "IPv4"), *one = make_group (w), *two = make_group (w);
  const char *const groups[] = { one, two };

  for (guint i = 0; i < 2; i++)
    assert_call (
        "OK", w,
        "Action=AuthorizeSecurityGroup%s&SecurityGroupId=%s&IpProtocol=all&%sPrefixListId=%s",
        i == 0 ? "" : "Egress", groups[i], i == 0 ? "Source" : "Dest", list);
  assert_call ("OK", w, "Action=DescribePrefixListAssociations&PrefixListId=%s", list);
  assert_int_equal (world_count (w, "$..PrefixListAssociation[*]"), 2);
  assert_string_equal (world_get (w, "$..PrefixListAssociation[0].ResourceType"), "securitygroup");
  assert_call ("OK", w, "Action=DescribePrefixListAssociations&MaxResults=1&PrefixListId=%s", list);
  assert_string_equal (world_get (w, "$..ResourceId"), one);
  assert_call ("OK", w,
               "Action=DescribePrefixListAssociations&MaxResults=1&PrefixListId=%s&NextToken=%s",
               list, world_get (w, "$.NextToken"));
  assert_string_equal (world_get (w, "$..ResourceId"), two);
  assert_string_equal (world_get (w, "$.NextToken"), "");
  assert_call ("OK", w, "Action=DescribePrefixLists");
  assert_string_equal (world_get (w, "$..AssociationCount"), "2");
  assert_call ("NotAllowed.AssociationExist", w, "Action=DeletePrefixList&PrefixListId=%s", list);
  assert_call ("OK", w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s", one);
  assert_string_equal (world_get (w, "$..SourcePrefixListId"), list);
  assert_string_equal (world_get (w, "$..DestPrefixListId"), "");
  assert_string_equal (world_get (w, "$..SourceCidrIp"), "");
  assert_call ("OK", w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s", two);
  assert_string_equal (world_get (w, "$..DestPrefixListId"), list);
  assert_call ("OK", w,
               "Action=RevokeSecurityGroup&SecurityGroupId=%s&IpProtocol=all&SourcePrefixListId=%s",
               one, list);
}

static void
bad_lists_have_the_codes_of_ecs (void **state)
{
#define CREATE "Action=CreatePrefixList&PrefixListName=office&AddressFamily=IPv4&MaxEntries=1"
  static const struct
  {
    const char *params, *code;
  } cases[] = {
    { "Action=CreatePrefixList&AddressFamily=IPv4&MaxEntries=1", "MissingParameter" },
    { "Action=CreatePrefixList&PrefixListName=office&AddressFamily=IPv4", "MissingParameter" },
    { "Action=CreatePrefixList&PrefixListName=office&MaxEntries=1", "MissingParameter" },
    { "Action=CreatePrefixList&PrefixListName=1&AddressFamily=IPv4&MaxEntries=1",
      "InvalidPrefixListName.Malformed" },
    { "Action=CreatePrefixList&PrefixListName=office&AddressFamily=IPX&MaxEntries=1",
      "InvalidParameter" },
    { "Action=CreatePrefixList&PrefixListName=office&AddressFamily=IPv4&MaxEntries=201",
      "InvalidParameter" },
    { CREATE "&Entry.1.Cidr=x", "InvalidParameter.CidrMalformed" },
    { CREATE "&Entry.1.Cidr=fd00::/8", "InvalidParameter.CidrMalformed" },
    { CREATE "&Entry.1.Description=here", "MissingParameter" },
    { CREATE "&Entry.1.Cidr=1.1.1.1&Entry.2.Cidr=1.1.1.1/32", "InvalidParameter.CidrDuplicated" },
    { CREATE "&Entry.1.Cidr=1.1.1.1&Entry.2.Cidr=2.2.2.2", "LimitExceed.MaxEntries" },
    { CREATE "&DryRun=true", "DryRunOperation" },
    { "Action=DescribePrefixListAttributes&PrefixListId=pl-1", "InvalidPrefixListId.NotFound" },
    { "Action=DescribePrefixListAssociations&PrefixListId=pl-00000000000000000000",
      "InvalidPrefixListId.NotFound" },
    { "Action=ModifyPrefixList&PrefixListName=x", "MissingParameter" },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (!g_str_equal (world_call (w, cases[i].params) ?: "OK", cases[i].code))
      fail_msg ("%s: %s", cases[i].params, w->answer);
}

static void
a_rule_shows_both_sides_in_the_member_of_their_family (void **state)
{
  static const struct
  {
    const char *action, *rule;
    const char *source, *source6, *dest, *dest6;
  } cases[] = {
    { "", "IpProtocol=tcp&PortRange=1/2&SourceCidrIp=10.0.0.0/8&DestCidrIp=172.16.0.9",
      "10.0.0.0/8", "", "172.16.0.9/32", "" },
    { "", "IpProtocol=icmpv6&Ipv6SourceCidrIp=FD00::/8&Ipv6DestCidrIp=fd00::9", "", "fd00::/8", "",
      "fd00::9/128" },
    { "Egress", "IpProtocol=all&DestCidrIp=10.0.0.0/8&SourceCidrIp=172.16.0.9", "172.16.0.9/32", "",
      "10.0.0.0/8", "" },
    { "Egress", "IpProtocol=all&Ipv6DestCidrIp=::/0", "", "", "", "::/0" },
    { "", "Permissions.1.IpProtocol=all&Permissions.1.Ipv6SourceCidrIp=::/0", "", "::/0", "", "" },
  };
  World *w = *state;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *group = make_group (w);

      assert_call ("OK", w, "Action=AuthorizeSecurityGroup%s&SecurityGroupId=%s&%s",
                   cases[i].action, group, cases[i].rule);
      assert_call ("OK", w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s", group);
      assert_int_equal (world_count (w, "$..Permission[*]"), 1);
      assert_string_equal (world_get (w, "$..SourceCidrIp"), cases[i].source);
      assert_string_equal (world_get (w, "$..Ipv6SourceCidrIp"), cases[i].source6);
      assert_string_equal (world_get (w, "$..DestCidrIp"), cases[i].dest);
      assert_string_equal (world_get (w, "$..Ipv6DestCidrIp"), cases[i].dest6);
      assert_call ("OK", w, "Action=RevokeSecurityGroup%s&SecurityGroupId=%s&%s", cases[i].action,
                   group, cases[i].rule);
      assert_call ("OK", w, "Action=DescribeSecurityGroupAttribute&SecurityGroupId=%s", group);
      assert_int_equal (world_count (w, "$..Permission[*]"), 0);
    }
}

int
main (void)
{
#define T(name) cmocka_unit_test_setup_teardown (name, world_set_up, world_tear_down)
  const struct CMUnitTest tests[] = {
    T (a_list_is_made_changed_shown_and_deleted),
    T (lists_are_filtered_and_paged),
    T (groups_that_name_a_list_are_its_associations),
    T (bad_lists_have_the_codes_of_ecs),
    T (a_rule_shows_both_sides_in_the_member_of_their_family),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
