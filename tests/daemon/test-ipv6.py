#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two real guests in a VPC with IPv6: each has the address that was chosen for it from the first try,
they meet where a rule for IPv6 lets them, and addresses come and go under them.

    test-ipv6.py VMMD      (on a private host with VMMD_TINY_IMAGE)
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

# Says over and over which addresses and way out it has, and whether it reaches its peer's SSH server
# by name and by IPv6.
WATCH = """#!/bin/sh
round=0
while :; do
  round=$((round + 1))
  now="round=$round addr=$(ip -6 -o addr show eth0 scope global | awk '{ print $4 }' | sort | tr '\\n' ,)"
  now="$now via=$(ip -6 route show default | awk '{ print $3; exit }')"
  peer=$(nslookup -type=aaaa PEER 2>/dev/null | awk '/^Address: [0-9a-f]+:/ { print $2; exit }')
  now="$now name=$peer"
  ssh=no
  [ -n "$peer" ] && timeout 3 nc "$peer" 22 < /dev/null 2>/dev/null | grep -q SSH && ssh=yes
  now="$now ssh=$ssh"
  echo "VMMD-V6 $now end"
  sleep 1
done
"""
VPC = "2016-04-28"


def run_guest(name, peer):
    watch = WATCH.replace("PEER", peer)
    return vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", VSwitchId=vswitch,
                     SecurityGroupId=group, HostName=name, Ipv6AddressCount=1,
                     UserData=base64.b64encode(watch.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]


def seen(guest):
    """What the guest last said of its IPv6."""
    lines = re.findall(r"VMMD-V6 (.*) end", vmmd.console(guest))
    return dict(word.split("=", 1) for word in lines[-1].split()) if lines else {}


def seen_from_now(guest):
    """What it says after a look that began later than this call."""
    last = int(seen(guest)["round"])
    wait_until("the guest to look again", 30, lambda: int(seen(guest)["round"]) >= last + 2)
    return seen(guest)


def nic_of(guest):
    return vmmd.instance(guest)["NetworkInterfaces"]["NetworkInterface"][0]


def addresses(guest):
    rows = vmmd.call("DescribeNetworkInterfaces", NetworkInterfaceId_1=nic_of(guest)["NetworkInterfaceId"])
    row = rows["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]
    return [entry["Ipv6Address"] for entry in row["Ipv6Sets"]["Ipv6Set"]]


def each_guest_has_the_address_that_the_api_says():
    for guest in guests:
        expected = addresses(guest)
        assert len(expected) == 1, expected
        wait_until("the guest to have it", 90, lambda g=guest, e=expected: seen(g).get("addr") == f"{e[0]}/128,")
        wait_until("the guest to have a way out", 30, lambda g=guest: seen(g).get("via") == "fe80::1")


def they_know_each_other_by_name():
    for guest, peer in (guests, guests[::-1]):
        wait_until("the name", 30, lambda g=guest, p=peer: seen(g).get("name") == addresses(p)[0])


def a_rule_for_ipv4_does_not_let_ipv6_in():
    vmmd.call("AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22",
              SourceCidrIp="0.0.0.0/0")
    wait_until("the rule to be in force", 30, lambda: vmmd.call(
        "DescribeNetworkInterfaces", NetworkInterfaceId_1=nic_of(guests[0])["NetworkInterfaceId"])[
            "NetworkInterfaceSets"]["NetworkInterfaceSet"][0]["RulesInForce"])
    for guest in guests:
        now = seen_from_now(guest)
        assert now["name"] and now["ssh"] == "no", now


def a_rule_for_ipv6_lets_them_meet_and_its_end_parts_them():
    vmmd.call("AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22",
              Ipv6SourceCidrIp="fd00::/8")
    for guest in guests:
        wait_until("SSH to be reached", 60, lambda g=guest: seen(g).get("ssh") == "yes")
    vmmd.call("RevokeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22",
              Ipv6SourceCidrIp="fd00::/8")
    for guest in guests:
        wait_until("SSH to be out of reach", 60, lambda g=guest: seen(g).get("ssh") == "no")


def a_guest_that_boots_again_has_the_same_address():
    before_boot = addresses(guests[0])
    vmmd.call("StopInstance", InstanceId=guests[0])
    vmmd.wait_status(guests[0], "Stopped")
    last = int(seen(guests[0])["round"])
    vmmd.call("StartInstance", InstanceId=guests[0])
    vmmd.wait_status(guests[0], "Running")

    def has_address():
        now = seen(guests[0])
        return int(now["round"]) < last and now["addr"] == f"{before_boot[0]}/128," and now["via"] == "fe80::1"
    wait_until("the address", 120, has_address)


def a_killed_daemon_leaves_it_working():
    vmmd.call("AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22",
              Ipv6SourceCidrIp="fd00::/8")
    wait_until("SSH to be reached", 60, lambda: seen(guests[1]).get("ssh") == "yes")
    vmmd.kill()
    vmmd.start()
    now = seen_from_now(guests[1])
    assert now["ssh"] == "yes" and now["via"] == "fe80::1", now


def all_of_it_goes():
    for guest in guests:
        vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    for guest in guests:
        vmmd.wait_status(guest, None)
    vmmd.call("DeleteSecurityGroup", SecurityGroupId=group)
    vmmd.call("DeleteVSwitch", VSwitchId=vswitch)
    vmmd.call("DeleteVpc", VpcId=vpc, Version=VPC)
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    vmmd.restart()
    before = fingerprint.take(vmmd)
    vpc = vmmd.call("CreateVpc", CidrBlock="10.0.0.0/8", EnableIpv6="true", Version=VPC)["VpcId"]
    vswitch = vmmd.call("CreateVSwitch", VpcId=vpc, ZoneId="cn-local-a", CidrBlock="10.1.0.0/16", Ipv6CidrBlock=1,
                        Version=VPC)["VSwitchId"]
    group = vmmd.call("CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"]
    vmmd.call("ModifySecurityGroupPolicy", SecurityGroupId=group, InnerAccessPolicy="Drop")
    guests = [run_guest("one", "two"), run_guest("two", "one")]
    for each in guests:
        vmmd.wait_ready(each)
    tap.run([each_guest_has_the_address_that_the_api_says, they_know_each_other_by_name,
             a_rule_for_ipv4_does_not_let_ipv6_in, a_rule_for_ipv6_lets_them_meet_and_its_end_parts_them,
             a_guest_that_boots_again_has_the_same_address, a_killed_daemon_leaves_it_working, all_of_it_goes])
