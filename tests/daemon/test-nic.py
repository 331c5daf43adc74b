#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second network interface of a real guest: plugged in while it runs, seen, addressed, reached,
taken out again. One guest lives through it all, in the order of the tests.

    test-nic.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

# Says what the second interface is like whenever that changes, and takes the secondary addresses
# that the metadata names, as cloud-init would.
WATCH = """#!/bin/sh
base=http://100.100.100.200/latest/meta-data/network/interfaces/macs
while :; do
  now=none
  if [ -e /sys/class/net/eth1 ]; then
    mac=$(cat /sys/class/net/eth1/address)
    timeout 4 wget -q -O /run/ips "$base/$mac/private-ipv4s" 2>/dev/null || : > /run/ips
    if [ -n "$(ip -4 -o addr show eth1)" ]; then
      for ip in $(tr -d '[]"' < /run/ips | tr , ' '); do
        ip -4 -o addr show eth1 | grep -q " $ip/" || ip addr add "$ip/32" dev eth1
      done
    fi
    now="$mac $(ip -4 -o addr show eth1 | awk '{ print $4 }' | tr '\\n' ' ')"
  fi
  [ "$now" = "$before" ] || echo "VMMD-ETH1 $now"
  before=$now
  sleep 1
done
"""
NAMESPACE = "ecs-v000001"


def nic():
    return vmmd.call("DescribeNetworkInterfaces", NetworkInterfaceId_1=nic_id)["NetworkInterfaceSets"][
        "NetworkInterfaceSet"][0]


def wait_nic(status):
    wait_until(f"the interface to be {status}", 90, lambda: nic()["Status"] == status)


def seen():
    """What the guest last said of its second interface."""
    lines = re.findall(r"VMMD-ETH1 (.*)", vmmd.console(guest))
    return lines[-1].split() if lines else []


def reaches(address):
    """Whether the guest's SSH server can be connected to there, from the VPC's namespace."""
    code = f"import socket; socket.create_connection(('{address}', 22), timeout=3)"
    return subprocess.run(["ip", "netns", "exec", NAMESPACE, sys.executable, "-c", code],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def taps():
    text = fingerprint.output("ip", "-n", NAMESPACE, "-o", "link")
    return sorted(set(re.findall(r"et0[0-9a-f]{7}", text)))


def the_guest_sees_what_is_plugged_in_and_gets_its_address():
    assert seen() in ([], ["none"]), seen()
    vmmd.call("AttachNetworkInterface", NetworkInterfaceId=nic_id, InstanceId=guest)
    wait_nic("InUse")
    row = nic()
    wait_until("the guest to have the address", 60, lambda: f"{row['PrivateIpAddress']}/20" in seen())
    assert seen()[0] == row["MacAddress"], seen()
    assert len(taps()) == 2, taps()
    assert row["RulesInForce"] is True, row


def it_is_reached_where_its_group_allows_and_only_there():
    address = nic()["PrivateIpAddress"]
    assert not reaches(address)
    vmmd.call("AuthorizeSecurityGroup", SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22",
              SourceCidrIp="0.0.0.0/0")
    wait_until("SSH to be reached", 20, lambda: reaches(address))
    wait_until("the rules to be in force", 20, lambda: nic()["RulesInForce"])
    assert not reaches(vmmd.instance(guest)["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0])


def a_secondary_address_works_as_soon_as_the_guest_takes_it():
    reply = vmmd.call("AssignPrivateIpAddresses", NetworkInterfaceId=nic_id, SecondaryPrivateIpAddressCount=1)
    second = reply["AssignedPrivateIpAddressesSet"]["PrivateIpSet"]["PrivateIpAddress"][0]
    wait_until("the guest to have taken it", 60, lambda: f"{second}/32" in seen())
    wait_until("SSH to be reached", 20, lambda: reaches(second))
    vmmd.call("UnassignPrivateIpAddresses", NetworkInterfaceId=nic_id, PrivateIpAddress_1=second)
    wait_until("SSH to be out of reach", 20, lambda: not reaches(second))
    assert reaches(nic()["PrivateIpAddress"])


def a_killed_daemon_leaves_it_working():
    vmmd.kill()
    assert reaches(nic_address)
    vmmd.start()
    assert reaches(nic_address)
    assert nic()["Status"] == "InUse"


def the_guest_gives_it_up_and_its_port_goes():
    vmmd.call("DetachNetworkInterface", NetworkInterfaceId=nic_id, InstanceId=guest)
    wait_nic("Available")
    wait_until("the guest to see it gone", 30, lambda: seen() == ["none"])
    assert len(taps()) == 1, taps()
    assert not reaches(nic_address)


def it_is_there_after_a_stop_and_a_start():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    vmmd.call("AttachNetworkInterface", NetworkInterfaceId=nic_id, InstanceId=guest)
    assert nic()["Status"] == "InUse"
    vmmd.call("StartInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Running")
    wait_until("the guest to have it again", 120, lambda: f"{nic_address}/20" in seen())
    wait_until("SSH to be reached", 20, lambda: reaches(nic_address))
    assert len(taps()) == 2, taps()


def the_primary_one_stays():
    rows = vmmd.instance(guest)["NetworkInterfaces"]["NetworkInterface"]
    assert [row["Type"] for row in rows] == ["Primary", "Secondary"], rows
    try:
        vmmd.call("DetachNetworkInterface", NetworkInterfaceId=rows[0]["NetworkInterfaceId"], InstanceId=guest)
    except ApiError as error:
        assert error.code == "InvalidOperation.DetachPrimaryEniNotAllowed", error
    else:
        raise AssertionError("the primary interface was detached")


def it_outlives_its_instance_and_its_deletion_leaves_nothing():
    vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    vmmd.wait_status(guest, None)
    assert nic()["Status"] == "Available", nic()
    vmmd.call("DeleteNetworkInterface", NetworkInterfaceId=nic_id)
    wait_until("the interface to be gone", 30, lambda: not vmmd.call(
        "DescribeNetworkInterfaces", NetworkInterfaceId_1=nic_id)["TotalCount"])
    vmmd.call("DeleteSecurityGroup", SecurityGroupId=group)
    vmmd.call("DeleteVSwitch", VSwitchId=vswitch)
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    vpc = vmmd.call("DescribeVpcs")["Vpcs"]["Vpc"][0]["VpcId"]
    vmmd.restart()
    before = fingerprint.take(vmmd)
    vswitch = vmmd.call("CreateVSwitch", VpcId=vpc, ZoneId="cn-local-a", CidrBlock="172.16.64.0/20")["VSwitchId"]
    group = vmmd.call("CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"]
    made = vmmd.call("CreateNetworkInterface", VSwitchId=vswitch, SecurityGroupId=group, NetworkInterfaceName="data")
    nic_id, nic_address = made["NetworkInterfaceId"], made["PrivateIpAddress"]
    guest = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano",
                      UserData=base64.b64encode(WATCH.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
    vmmd.wait_ready(guest)
    tap.run([the_guest_sees_what_is_plugged_in_and_gets_its_address,
             it_is_reached_where_its_group_allows_and_only_there,
             a_secondary_address_works_as_soon_as_the_guest_takes_it, a_killed_daemon_leaves_it_working,
             the_guest_gives_it_up_and_its_port_goes, it_is_there_after_a_stop_and_a_start, the_primary_one_stays,
             it_outlives_its_instance_and_its_deletion_leaves_nothing])
