#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Public addresses of a real guest, seen from a namespace that plays the world outside: elastic ones,
those of a NAT gateway, and one that goes with its instance. One guest lives through it all, in the
order of the tests.

    test-public.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import fingerprint  # noqa: E402
import outside  # noqa: E402
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402
from outside import HOST, OUTSIDE, PORT  # noqa: E402

EIP, NEXT = "192.0.2.100", "192.0.2.101"
VPC = "2016-04-28"

# Calls the outside each second, and says what the metadata calls the guest's public address whenever
# that changes.
WATCH = f"""#!/bin/sh
while :; do
  timeout 4 wget -q -O /dev/null http://{OUTSIDE}:{PORT}/ 2>/dev/null
  now=$(timeout 4 wget -q -O - http://100.100.100.200/latest/meta-data/eipv4 2>/dev/null || echo none)
  [ "$now" = "$before" ] || echo "VMMD-EIP $now"
  before=$now
  sleep 1
done
"""


def last_caller():
    with open(callers, encoding="ascii") as file:
        lines = file.read().split()
    return lines[-1] if lines else None


def seen_as(address):
    wait_until(f"the guest to be seen as {address}", 60, lambda: last_caller() == address)


def reaches(address, port=22):
    """Whether an SSH server answers there, asked from outside."""
    code = (f"import socket; s = socket.create_connection(('{address}', {port}), timeout=2); s.settimeout(3); "
            "assert s.recv(4) == b'SSH-'")
    return subprocess.run([*outside.inside(), sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0


def becomes_reached(address, port=22):
    wait_until(f"{address}:{port} to be reached", 30, lambda: reaches(address, port))


def becomes_unreached(address, port=22):
    wait_until(f"{address}:{port} to be out of reach", 30, lambda: not reaches(address, port))


def status(eip):
    return vmmd.call("DescribeEipAddresses", AllocationId=eip)["EipAddresses"]["EipAddress"][0]["Status"]


def wait_eip(eip, wanted):
    wait_until(f"{eip} to be {wanted}", 30, lambda: status(eip) == wanted)


def is_free(address):
    """Taken at once if it is: an address of that name is allocated and given back."""
    try:
        made = vmmd.call("AllocateEipAddress", IpAddress=address)
    except ApiError as error:
        assert error.code == "IpInUse", error
        return False
    vmmd.call("ReleaseEipAddress", AllocationId=made["AllocationId"])
    return True


def rule(action):
    vmmd.call(action, SecurityGroupId=group, IpProtocol="tcp", PortRange="22/22", SourceCidrIp=f"{OUTSIDE}/32")


def without_an_address_the_guest_goes_out_as_the_host_and_nobody_comes_in():
    seen_as(HOST)
    assert not reaches(EIP)


def an_address_lets_in_what_the_rules_let_in():
    vmmd.call("AssociateEipAddress", AllocationId=eip_id, InstanceId=guest)
    wait_eip(eip_id, "InUse")
    assert not reaches(EIP)
    rule("AuthorizeSecurityGroup")
    becomes_reached(EIP)
    assert not reaches(EIP, 23)
    rule("RevokeSecurityGroup")
    becomes_unreached(EIP)
    rule("AuthorizeSecurityGroup")
    becomes_reached(EIP)


def the_guest_goes_out_under_it_and_is_told_of_it():
    seen_as(EIP)
    row = vmmd.instance(guest)["EipAddress"]
    assert (row["IpAddress"], row["AllocationId"]) == (EIP, eip_id), row
    wait_until("the metadata to name it", 30, lambda: re.findall(r"VMMD-EIP (\S+)", vmmd.console(guest))[-1:] == [EIP])


def a_killed_daemon_leaves_it_working():
    vmmd.kill()
    assert reaches(EIP)
    vmmd.start()
    assert reaches(EIP)
    assert status(eip_id) == "InUse"


def it_goes_on_after_a_stop_and_a_start():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    assert not reaches(EIP)
    vmmd.call("StartInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Running")
    wait_until("the guest to answer again", 120, lambda: reaches(EIP))


def an_address_that_was_taken_back_leads_nowhere():
    vmmd.call("UnassociateEipAddress", AllocationId=eip_id)
    wait_eip(eip_id, "Available")
    assert not reaches(EIP)
    seen_as(HOST)


def a_gateway_lets_a_vswitch_out_under_its_address():
    vmmd.call("AssociateEipAddress", AllocationId=eip_id, InstanceId=gateway["NatGatewayId"], InstanceType="Nat")
    wait_eip(eip_id, "InUse")
    [table] = gateway["SnatTableIds"]["SnatTableId"]
    entry = vmmd.call("CreateSnatEntry", Version=VPC, SnatTableId=table, SourceVSwitchId=vswitch, SnatIp=EIP)
    seen_as(EIP)
    assert not reaches(EIP)
    vmmd.call("DeleteSnatEntry", Version=VPC, SnatTableId=table, SnatEntryId=entry["SnatEntryId"])
    seen_as(HOST)


def a_forward_entry_lets_in_at_its_port_alone():
    [table] = gateway["ForwardTableIds"]["ForwardTableId"]
    [private] = vmmd.instance(guest)["VpcAttributes"]["PrivateIpAddress"]["IpAddress"]
    made = vmmd.call("CreateForwardEntry", ForwardTableId=table, ExternalIp=EIP, ExternalPort="8022", IpProtocol="TCP",
                     InternalIp=private, InternalPort="22")
    becomes_reached(EIP, 8022)
    assert not reaches(EIP, 22)
    rule("RevokeSecurityGroup")
    becomes_unreached(EIP, 8022)
    rule("AuthorizeSecurityGroup")
    becomes_reached(EIP, 8022)
    vmmd.call("ModifyForwardEntry", ForwardTableId=table, ForwardEntryId=made["ForwardEntryId"], ExternalPort="8023")
    becomes_reached(EIP, 8023)
    assert not reaches(EIP, 8022)


def a_gateway_goes_with_its_entries_by_force():
    vmmd.call("DeleteNatGateway", NatGatewayId=gateway["NatGatewayId"], Force="true")
    wait_eip(eip_id, "Available")
    assert not reaches(EIP, 8023)
    vmmd.call("ReleaseEipAddress", AllocationId=eip_id)


def an_address_that_goes_with_its_instance_goes_with_it():
    vmmd.call("ModifyInstanceNetworkSpec", InstanceId=guest, InternetMaxBandwidthOut=20)
    address = vmmd.call("AllocatePublicIpAddress", InstanceId=guest)["IpAddress"]
    assert address == EIP, address
    becomes_reached(address)
    seen_as(address)
    vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    vmmd.wait_status(guest, None)
    becomes_unreached(address)
    wait_until("the address to be free", 30, lambda: is_free(address))


def nothing_is_left_behind():
    vmmd.call("DeleteSecurityGroup", SecurityGroupId=group)
    vmmd.call("DeleteVSwitch", VSwitchId=vswitch)
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


with Daemon(sys.argv[1], options={"network": {"public-pools": f"{EIP}-{NEXT}", "public-interface": "pub0"}}) as vmmd:
    callers = os.path.join(vmmd.root, "callers")
    server = outside.make(callers)
    vmmd.start()
    image = vmmd.import_image()
    vpc = vmmd.call("DescribeVpcs")["Vpcs"]["Vpc"][0]["VpcId"]
    vmmd.restart()
    before = fingerprint.take(vmmd)
    vswitch = vmmd.call("CreateVSwitch", VpcId=vpc, ZoneId="cn-local-a", CidrBlock="172.16.64.0/20")["VSwitchId"]
    group = vmmd.call("CreateSecurityGroup", VpcId=vpc)["SecurityGroupId"]
    gateway = vmmd.call("CreateNatGateway", VpcId=vpc, VSwitchId=vswitch)
    eip_id = vmmd.call("AllocateEipAddress", IpAddress=EIP)["AllocationId"]
    guest = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", VSwitchId=vswitch, SecurityGroupId=group,
                      UserData=base64.b64encode(WATCH.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
    vmmd.wait_ready(guest)
    try:
        tap.run([without_an_address_the_guest_goes_out_as_the_host_and_nobody_comes_in,
                 an_address_lets_in_what_the_rules_let_in, the_guest_goes_out_under_it_and_is_told_of_it,
                 a_killed_daemon_leaves_it_working, it_goes_on_after_a_stop_and_a_start,
                 an_address_that_was_taken_back_leads_nowhere, a_gateway_lets_a_vswitch_out_under_its_address,
                 a_forward_entry_lets_in_at_its_port_alone, a_gateway_goes_with_its_entries_by_force,
                 an_address_that_goes_with_its_instance_goes_with_it, nothing_is_left_behind])
    finally:
        server.kill()
        server.wait()
