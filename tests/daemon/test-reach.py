#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real guests in two VPCs with equal ranges: who reaches whom as rules and members change, and which
flows go on and which end. Five guests live through it all, in the order of the tests.

    test-reach.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

# Serves its instance id at port 7000 and a tick a second at 7001, says over and over who answers
# where, and passes on the ticks of the flows it keeps open.
WATCH = """#!/bin/sh
printf '#!/bin/sh\\ncat /run/instance-id\\n' > /run/who
printf '#!/bin/sh\\nn=0\\nwhile echo "$$ $n"; do n=$((n + 1)); sleep 1; done\\n' > /run/tick
chmod +x /run/who /run/tick
mkfifo /run/hold
exec 3<> /run/hold
nc -ll -p 7000 -e /run/who &
nc -ll -p 7001 -e /run/tick &
ask() { answer=$(timeout 4 nc "$1" 7000 <&3 2>/dev/null); echo "$1=${answer:--}" > "/run/answer.$1"; }
follow()
{
  while :; do
    nc -w 3 "$1" 7001 <&3 2>/dev/null | while read -r line; do echo "VMMD-TICK $1 $line end"; done
    sleep 1
  done
}
for each in FOLLOWED; do follow "$each" & done
round=0
while :; do
  round=$((round + 1)) pids=
  for each in ADDRESSES; do ask "$each" & pids="$pids $!"; done
  wait $pids
  echo VMMD-REACH round=$round $(cat /run/answer.*) end
  sleep 1
done
"""
# name: its VPC, address, group and whom it keeps a flow to
GUESTS = {"a1": ("one", "172.16.1.10", "web", ["172.16.1.30", "172.16.2.10"]),
          "a2": ("one", "172.16.2.10", "web", ["172.16.1.30"]),
          "a3": ("one", "172.16.1.30", "db", []),
          "b1": ("two", "172.16.1.10", "other", []),
          "b2": ("two", "172.16.1.30", "other", [])}
ADDRESSES = sorted({guest[1] for guest in GUESTS.values()})
A_SECOND_VPC_ALONE = {"b1": ["b2"], "b2": ["b1"]}
FROM_WEB = {"IpProtocol": "tcp", "PortRange": "7000/7001"}


def make_networks():
    for name in ("one", "two"):
        made[name] = vmmd.call("CreateVpc", CidrBlock="172.16.0.0/16")["VpcId"]
        for subnet in (1, 2):
            made[name, subnet] = vmmd.call("CreateVSwitch", VpcId=made[name], ZoneId="cn-local-a",
                                           CidrBlock=f"172.16.{subnet}.0/24")["VSwitchId"]
    for vpc, _address, group, _followed in GUESTS.values():
        if group not in made:
            made[group] = vmmd.call("CreateSecurityGroup", VpcId=made[vpc])["SecurityGroupId"]


def run_guest(name):
    vpc, address, group, followed = GUESTS[name]
    watch = WATCH.replace("FOLLOWED", " ".join(followed)).replace("ADDRESSES", " ".join(ADDRESSES))
    reply = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", HostName=name,
                      VSwitchId=made[vpc, int(address.split(".")[2])], PrivateIpAddress=address,
                      SecurityGroupId=made[group], UserData=base64.b64encode(watch.encode()).decode())
    made[name] = reply["InstanceIdSets"]["InstanceIdSet"][0]


def seen(name):
    """Who answered where in the guest's last look, and the number of that."""
    lines = re.findall(r"VMMD-REACH (round=.*) end", vmmd.console(made[name]))
    found = dict(word.split("=", 1) for word in lines[-1].split()) if lines else {"round": "0"}
    return int(found.pop("round")), found


def wait_for_looks():
    """Until each guest had a look that began later than this call."""
    last = {name: seen(name)[0] for name in GUESTS}
    for name in GUESTS:
        wait_until(f"{name} to look again", 60, lambda n=name: seen(n)[0] >= last[n] + 2)


def answers(name, reached):
    """What a guest sees that reaches those, and itself."""
    ids = {GUESTS[other][1]: made[other] for other in [name, *reached]}
    return {address: ids.get(address, "-") for address in ADDRESSES}


def expect(reached):
    """reached: {guest: those it reaches}. Soon, and then again."""
    wanted = {name: answers(name, (A_SECOND_VPC_ALONE | reached).get(name, [])) for name in GUESTS}
    for name in GUESTS:
        try:
            wait_until("", 90, lambda n=name: seen(n)[1] == wanted[n])
        except AssertionError:
            raise AssertionError(f"{name} shall see {wanted[name]}, and sees {seen(name)[1]}") from None
    wait_for_looks()
    now = {name: seen(name)[1] for name in GUESTS}
    assert now == wanted, f"{now} in place of {wanted}"


def tick(name, other):
    """The process that serves the flow, and how far it has come."""
    ticks = re.findall(rf"VMMD-TICK {re.escape(GUESTS[other][1])} (\d+) (\d+) end", vmmd.console(made[name]))
    return (int(ticks[-1][0]), int(ticks[-1][1])) if ticks else None


def assert_goes_on(name, other):
    process, number = wait_until(f"a tick of {other} at {name}", 60, lambda: tick(name, other))
    wait_until(f"more ticks of {other} at {name}", 60, lambda: tick(name, other)[1] >= number + 3)
    assert tick(name, other)[0] == process, "it is another flow"


def assert_has_ended(name, other):
    last = tick(name, other)
    wait_for_looks()
    assert tick(name, other) == last, f"{tick(name, other)} after {last}"


def rule(action, group, **params):
    vmmd.call(action, SecurityGroupId=made[group], **{**FROM_WEB, **params})


def each_guest_is_told_who_it_is():
    for name, (_vpc, address, _group, _followed) in GUESTS.items():
        ready = vmmd.wait_ready(made[name])
        assert (ready["host"], ready["id"], ready["ip"]) == (name, made[name], f"{address}/24"), ready


def members_of_a_group_meet_and_nobody_else():
    expect({"a1": ["a2"], "a2": ["a1"]})


def a_rule_lets_in_the_group_that_it_names():
    rule("AuthorizeSecurityGroup", "db", SourceGroupId=made["web"])
    expect({"a1": ["a2", "a3"], "a2": ["a1", "a3"]})


def a_rule_for_all_opens_no_other_vpc():
    rule("AuthorizeSecurityGroup", "other", SourceCidrIp="0.0.0.0/0")
    expect({"a1": ["a2", "a3"], "a2": ["a1", "a3"]})


def flows_outlive_the_daemon():
    for name, other in (("a1", "a2"), ("a1", "a3"), ("a2", "a3")):
        assert_goes_on(name, other)
    before_it = tick("a1", "a3")[0]
    vmmd.kill()
    vmmd.start()
    assert_goes_on("a1", "a3")
    assert tick("a1", "a3")[0] == before_it


def a_flow_goes_on_while_another_rule_allows_it_and_else_ends():
    before_it = tick("a1", "a3")[0]
    rule("AuthorizeSecurityGroup", "db", SourceCidrIp="172.16.1.10")
    rule("RevokeSecurityGroup", "db", SourceGroupId=made["web"])
    expect({"a1": ["a2", "a3"], "a2": ["a1"]})
    assert_has_ended("a2", "a3")
    assert_goes_on("a1", "a3")
    assert tick("a1", "a3")[0] == before_it
    rule("RevokeSecurityGroup", "db", SourceCidrIp="172.16.1.10")
    expect({"a1": ["a2"], "a2": ["a1"]})
    assert_has_ended("a1", "a3")
    assert_goes_on("a1", "a2")


def a_drop_wins_a_tie_and_loses_to_what_comes_first():
    rule("AuthorizeSecurityGroup", "db", SourceGroupId=made["web"], Priority=5)
    rule("AuthorizeSecurityGroup", "db", SourceCidrIp="172.16.1.0/24", Policy="drop", Priority=5)
    expect({"a1": ["a2"], "a2": ["a1", "a3"]})
    rule("AuthorizeSecurityGroup", "db", SourceCidrIp="172.16.1.10", Priority=4)
    expect({"a1": ["a2", "a3"], "a2": ["a1", "a3"]})


def a_member_more_or_less_counts_at_once():
    vmmd.call("JoinSecurityGroup", SecurityGroupId=made["web"], InstanceId=made["a3"])
    expect({"a1": ["a2", "a3"], "a2": ["a1", "a3"], "a3": ["a1", "a2"]})
    vmmd.call("LeaveSecurityGroup", SecurityGroupId=made["web"], InstanceId=made["a3"])
    expect({"a1": ["a2", "a3"], "a2": ["a1", "a3"]})


def members_kept_apart_do_not_meet_and_their_flows_end():
    vmmd.call("ModifySecurityGroupPolicy", SecurityGroupId=made["web"], InnerAccessPolicy="Drop")
    expect({"a1": ["a3"], "a2": ["a3"]})
    assert_has_ended("a1", "a2")


def an_egress_drop_holds_the_sender_back():
    vmmd.call("AuthorizeSecurityGroupEgress", SecurityGroupId=made["web"], IpProtocol="all", PortRange="-1/-1",
              DestCidrIp="172.16.1.30", Policy="drop")
    expect({})


def all_of_it_goes():
    for name in GUESTS:
        vmmd.call("DeleteInstance", InstanceId=made[name], Force="true")
    for name in GUESTS:
        vmmd.wait_status(made[name], None)
    for group in ("db", "web", "other"):
        vmmd.call("DeleteSecurityGroup", SecurityGroupId=made[group])
    for name in ("one", "two"):
        for subnet in (1, 2):
            vmmd.call("DeleteVSwitch", VSwitchId=made[name, subnet])
        vmmd.call("DeleteVpc", VpcId=made[name])
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


made = {}
with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    vmmd.restart()
    before = fingerprint.take(vmmd)
    make_networks()
    for each in GUESTS:
        run_guest(each)
    tap.run([each_guest_is_told_who_it_is, members_of_a_group_meet_and_nobody_else,
             a_rule_lets_in_the_group_that_it_names, a_rule_for_all_opens_no_other_vpc, flows_outlive_the_daemon,
             a_flow_goes_on_while_another_rule_allows_it_and_else_ends,
             a_drop_wins_a_tie_and_loses_to_what_comes_first, a_member_more_or_less_counts_at_once,
             members_kept_apart_do_not_meet_and_their_flows_end, an_egress_drop_holds_the_sender_back, all_of_it_goes])
