#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends vmmd as by kill -9 at each step of each operation on networks, in turn, and starts it again:
what was asked for must come to be on the host, and its opposite must leave nothing behind.

    test-crash-network.py VMMD fake|libvirt

On libvirt, where a death costs seconds, each third step is walked, beginning at a random one of three;
VMMD_STRIDE=1 walks them all.
"""
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import ApiError, Died, wait_until  # noqa: E402
from walk import CALM_RUNS, SETTLE_S, Delete, Operation, Run, World, walk  # noqa: E402

VMMD, DRIVER = sys.argv[1:3]
# How many steps the start of the daemon may have lost or won since they were counted.
START_SLACK = 2
STRIDE = int(os.environ.get("VMMD_STRIDE", "1" if DRIVER == "fake" else "3"))
SETTLED = ("Available", "InUse")
PUBLIC = ["198.51.100.5", "198.51.100.6", "198.51.100.7"]
OPTIONS = {"network": {"public-pools": "198.51.100.0/28"}}
ZONE = "cn-local-a"
VPC_API = "2016-04-28"


def without_names(line):
    """Objects that are made anew each time have new numbers, addresses of hardware and places in lists."""
    line = re.sub(r"\b([il]-)[0-9a-z]{20}\b|\b(et|eu|ecs-v)[0-9a-f]{6,8}\b", r"\1\2*", line)
    line = re.sub(r"\b(in|eg|sgm6?)_[0-9a-f_]+\b|\b(1:)[0-9a-f]+\b", r"\1\2*", line)
    # The second is the first as nft's JSON has it where it is a part of a packet.
    line = re.sub(r"\b00:16:3e(:[0-9a-f]{2}){3}\b|\b955[234]\d{7}\b|\b100\.(6[4-9]|7[0-9])(\.\d+){2}\b", "*", line)
    return " ".join(sorted(re.sub(r"\b(set:s|tag:s)\d+", r"\1", line).split())) if line.startswith("dnsmasq") else line


def host_of(world):
    lines = fingerprint.fakes(world.daemon) if DRIVER == "fake" else fingerprint.network()
    return sorted(without_names(line) for line in lines)


def member_of(reply, path):
    """path: names, and numbers for places in lists, with dots between them."""
    for part in path.split("."):
        reply = reply[int(part)] if part.isdigit() else reply[part]
    return reply


class Change(Operation):
    """params: of the world. keep: {name of ours: member of the answer} to find the object again."""
    tokens = 0

    def __init__(self, action, params, keep=None, gone=(), takes_token=False, is_silent=False):
        """is_silent: no answer tells when it is in force, so that the host has to be asked each time."""
        super().__init__(action, None, None)
        self.make_params, self.keep, self.gone, self.takes_token = params, keep or {}, gone, takes_token
        self.is_silent = is_silent
        self.host = None

    def prepare(self, world):
        self.params = self.make_params(world.made)
        if self.takes_token:
            Change.tokens += 1
            self.params["ClientToken"] = f"change-{Change.tokens}"

    def ask(self, world):
        reply = world.daemon.call(self.action, **self.params)
        for name, member in self.keep.items():
            world.made[name] = member_of(reply, member)

    def ask_again_if_lost(self, world):
        try:
            self.ask(world)
        except ApiError as error:
            assert error.code in self.gone, f"{self.action}: {error}"

    def is_done(self, world):
        if world.daemon.has_died():
            raise Died(f"in {self.action}")
        # Once it is calm it only makes way for the others.
        is_seen = self.host is None or self.calm >= CALM_RUNS and not self.is_silent
        return world.is_settled() and (is_seen or host_of(world) == self.host)

    def wait(self, world):
        try:
            wait_until(f"{self.action} to be in force", SETTLE_S, lambda: self.is_done(world))
        except AssertionError as error:
            lines = fingerprint.difference(self.host or [], host_of(world))
            raise AssertionError("\n".join([str(error), *lines])) from None


class RunHere(Run):
    def ask(self, world):
        reply = world.daemon.call("RunInstances", ImageId=world.image, InstanceType="ecs.t1.nano", ClientToken=self.token,
                                  VSwitchId=world.made["home-vswitch"], SecurityGroupId=world.made["group"])
        [world.instance] = reply["InstanceIdSets"]["InstanceIdSet"]


class NetworkWorld(World):
    def __init__(self):
        super().__init__(VMMD, DRIVER, OPTIONS)
        self.made = {}

    def is_settled(self):
        """Nothing is between two states, and what is asked of interfaces with a port is in force."""
        rows = self.daemon.call("DescribeNetworkInterfaces", PageSize=100)["NetworkInterfaceSets"]["NetworkInterfaceSet"]
        generations = [part for row in rows for part in [row, *row["GroupGenerations"]["GroupGeneration"]]
                       if row["AppliedGeneration"] > 0]
        public = [row for action, members in (
            ("DescribeEipAddresses", ("EipAddresses", "EipAddress")),
            ("DescribeSnatTableEntries", ("SnatTableEntries", "SnatTableEntry")),
            ("DescribeForwardTableEntries", ("ForwardTableEntries", "ForwardTableEntry")))
            for row in self.daemon.call(action, Version=VPC_API)[members[0]][members[1]]]
        return (all(row["Status"] in SETTLED for row in rows + public)
                and all(part["DesiredGeneration"] == part["AppliedGeneration"] for part in generations))

    def first_step_that_serves(self):
        """The first step that is not one of the start."""
        self.daemon.stop()
        step = 1
        while not self.daemon.start("--die-at-step", str(step), may_die=True):
            step += 1
        self.daemon.restart()
        return step


def learn(world, operations):
    """Each in turn without a crash, to see what the host is then: as a fresh start of the daemon makes it."""
    for operation in operations:
        operation.host = None
        world.plain(operation)
        world.daemon.restart()
        world.daemon.call("DescribeVpcs")
        wait_until("the daemon's start to be done", SETTLE_S, world.is_settled)
        operation.host = host_of(world)


def walk_all(world, operations):
    """The last one undoes all the others."""
    world.daemon.stop()
    before = fingerprint.take(world.daemon)
    world.daemon.start()
    learn(world, operations)
    world.deaths = 0

    def check(operation):
        if operation is operations[-1]:
            world.expect_as(before, lambda: fingerprint.take(world.daemon))

    first = max(1, world.first - START_SLACK) + random.randrange(STRIDE)
    last = walk(world, operations, check, first, STRIDE)
    print(f"# {world.deaths} deaths, at each step of {STRIDE} from {first} to {last}")
    assert world.deaths * STRIDE >= len(operations)


RULE = {"IpProtocol": "tcp", "PortRange": "22/22", "SourceCidrIp": "192.0.2.0/24"}
EGRESS = {"IpProtocol": "tcp", "PortRange": "25/25", "DestCidrIp": "198.51.100.0/24", "Policy": "drop"}


def a_crash_at_any_step_of_a_vpcs_life_leaves_nothing_behind():
    vpc, vswitch = "InvalidVpcId.NotFound", "InvalidVSwitchId.NotFound"
    walk_all(the_world, [
        Change("CreateVpc", lambda made: {"CidrBlock": "10.9.0.0/16"}, {"vpc": "VpcId"}, takes_token=True),
        Change("CreateVSwitch", lambda made: {"VpcId": made["vpc"], "ZoneId": ZONE, "CidrBlock": "10.9.1.0/24"},
               {"vswitch": "VSwitchId"}, takes_token=True),
        Change("CreateSecurityGroup", lambda made: {"VpcId": made["vpc"]}, {"other": "SecurityGroupId"}, takes_token=True),
        Change("DeleteSecurityGroup", lambda made: {"SecurityGroupId": made["other"]},
               gone=["InvalidSecurityGroupId.NotFound"]),
        Change("DeleteVSwitch", lambda made: {"VSwitchId": made["vswitch"]}, gone=[vswitch]),
        Change("DeleteVpc", lambda made: {"VpcId": made["vpc"]}, gone=[vpc])])


def a_crash_at_any_step_of_a_groups_changes_is_mended():
    group = lambda made: {"SecurityGroupId": made["group"]}  # noqa: E731
    joined = lambda made: {"SecurityGroupId": made["second"], "InstanceId": the_world.instance}  # noqa: E731
    walk_all(the_world, [
        Change("AuthorizeSecurityGroup", lambda made: {**group(made), **RULE}),
        Change("AuthorizeSecurityGroupEgress", lambda made: {**group(made), **EGRESS}),
        Change("JoinSecurityGroup", joined, gone=["InvalidInstanceId.AlreadyExists"]),
        Change("LeaveSecurityGroup", joined, gone=["InstanceNotInSecurityGroup"]),
        Change("RevokeSecurityGroupEgress", lambda made: {**group(made), **EGRESS}),
        Change("RevokeSecurityGroup", lambda made: {**group(made), **RULE})])


def a_crash_at_any_step_of_a_prefix_lists_life_is_mended():
    ranges = lambda made: {"PrefixListId": made["list"]}  # noqa: E731
    rule = lambda made: {"SecurityGroupId": made["group"], "IpProtocol": "all",  # noqa: E731
                         "SourcePrefixListId": made["list"], "DestCidrIp": "172.16.0.0/12"}
    walk_all(the_world, [
        Change("CreatePrefixList", lambda made: {"PrefixListName": "office", "AddressFamily": "IPv4", "MaxEntries": "3",
                                                 "Entry_1_Cidr": "192.0.2.0/24"}, {"list": "PrefixListId"}, takes_token=True),
        Change("AuthorizeSecurityGroup", rule),
        Change("ModifyPrefixList", lambda made: {**ranges(made), "AddEntry_1_Cidr": "198.51.100.0/24",
                                                 "RemoveEntry_1_Cidr": "192.0.2.0/24"}),
        Change("RevokeSecurityGroup", rule),
        Change("DeletePrefixList", ranges, gone=["InvalidPrefixListId.NotFound"])])


def a_crash_at_any_step_of_a_vswitchs_or_routes_life_is_mended():
    route = lambda made: {"RouteTableId": made["table"], "DestinationCidrBlock": "10.200.0.0/16",  # noqa: E731
                          "NextHopId": the_world.instance}
    walk_all(the_world, [
        Change("CreateVSwitch", lambda made: {"VpcId": made["home"], "ZoneId": ZONE,
                                              "CidrBlock": "172.16.250.0/24"}, {"vswitch": "VSwitchId"}, takes_token=True),
        Change("CreateRouteEntry", lambda made: {**route(made), "NextHopType": "Instance"}, {"route": "RouteEntryId"},
               takes_token=True),
        Change("DeleteRouteEntry", lambda made: {"RouteEntryId": made["route"]}, gone=["InvalidRouteEntry.NotFound"]),
        Change("DeleteVSwitch", lambda made: {"VSwitchId": made["vswitch"]}, gone=["InvalidVSwitchId.NotFound"])])


def a_crash_at_any_step_of_ipv6_coming_and_going_is_mended():
    vpc = lambda on: lambda made: {"VpcId": made["home"], "EnableIPv6": on}  # noqa: E731
    vswitch = lambda on: lambda made: {"VSwitchId": made["home-vswitch"], "EnableIPv6": on}  # noqa: E731
    address = lambda made: {"NetworkInterfaceId": made["own-nic"], "Ipv6Address_1": "fd00:ec5:0:3::9"}  # noqa: E731
    walk_all(the_world, [
        Change("ModifyVpcAttribute", vpc("true")),
        Change("ModifyVSwitchAttribute", lambda made: {**vswitch("true")(made), "Ipv6CidrBlock": "3"}),
        Change("AssignIpv6Addresses", address, takes_token=True),
        Change("UnassignIpv6Addresses", address, gone=["InvalidIp.IpUnassigned"]),
        Change("ModifyVSwitchAttribute", vswitch("false")),
        Change("ModifyVpcAttribute", vpc("false"))])


def a_crash_at_any_step_of_an_interfaces_life_is_mended():
    nic = lambda made: {"NetworkInterfaceId": made["nic"]}  # noqa: E731
    on = lambda made: {**nic(made), "InstanceId": the_world.instance}  # noqa: E731
    walk_all(the_world, [
        Change("CreateNetworkInterface", lambda made: {"VSwitchId": made["home-vswitch"], "PrimaryIpAddress": made["free"][0],
                                                       "SecurityGroupId": made["group"]},
               {"nic": "NetworkInterfaceId"}, takes_token=True),
        Change("AttachNetworkInterface", on, gone=["InvalidOperation.InvalidEniState"]),
        Change("AssignPrivateIpAddresses", lambda made: {**nic(made), "PrivateIpAddress_1": made["free"][1]}, takes_token=True),
        Change("ModifyNetworkInterfaceAttribute", lambda made: {**nic(made), "SecurityGroupId_1": made["second"]}),
        Change("UnassignPrivateIpAddresses", lambda made: {**nic(made), "PrivateIpAddress_1": made["free"][1]},
               gone=["InvalidIp.IpUnassigned"]),
        Change("DetachNetworkInterface", on, gone=["InvalidOperation.InvalidEniState"]),
        Change("DeleteNetworkInterface", nic, gone=["InvalidEniId.NotFound"])])


def an_eip(made, number=0):
    return {"AllocationId": made[f"eip-{number}"]}


def a_crash_at_any_step_of_a_public_addresss_life_is_mended():
    walk_all(the_world, [
        Change("AllocateEipAddress", lambda made: {"IpAddress": PUBLIC[0]}, {"eip-0": "AllocationId"}, takes_token=True),
        Change("AssociateEipAddress", lambda made: {**an_eip(made), "InstanceId": the_world.instance}, takes_token=True),
        Change("ModifyEipAddressAttribute", lambda made: {**an_eip(made), "Bandwidth": 20}),
        Change("UnassociateEipAddress", an_eip, takes_token=True),
        Change("ReleaseEipAddress", an_eip, gone=["InvalidAllocationId.NotFound"])])


def a_crash_at_any_step_of_an_instances_own_public_address_is_mended():
    first = the_world.instance
    own = lambda made: {"InstanceId": the_world.instance}  # noqa: E731
    calm = [RunHere("RunInstances", None, "Running"), Delete("DeleteInstance", "delete", None, Force="true")]
    for operation in calm:
        operation.calm = CALM_RUNS
    address = lambda made: {**own(made), "IpAddress": PUBLIC[2]}  # noqa: E731
    # On a real host it goes as an elastic one does, which has a walk of its own.
    taken_back = [] if DRIVER != "fake" else [
        Change("ReleasePublicIpAddress", lambda made: {**own(made), "PublicIpAddress": PUBLIC[2]},
               gone=["InvalidIpAddress.NotFound"], is_silent=True),
        Change("AllocatePublicIpAddress", address)]
    walk_all(the_world, [
        calm[0],
        Change("ModifyInstanceNetworkSpec", lambda made: {**own(made), "InternetMaxBandwidthOut": 8}, takes_token=True),
        Change("AllocatePublicIpAddress", address), *taken_back, calm[1]])
    the_world.instance = first


def a_crash_at_any_step_of_a_nat_gateways_life_is_mended():
    world = the_world
    reply = world.daemon.call("AllocateEipAddress", IpAddress=PUBLIC[1])
    world.made["eip-1"] = reply["AllocationId"]
    snat = lambda made: {"Version": VPC_API, "SnatTableId": made["snats"]["SnatTableId"][0]}  # noqa: E731
    forward = lambda made: {"ForwardTableId": made["forwards"]["ForwardTableId"][0]}  # noqa: E731
    walk_all(world, [
        Change("CreateNatGateway", lambda made: {"VpcId": made["home"]},
               {"nat": "NatGatewayId", "snats": "SnatTableIds", "forwards": "ForwardTableIds"}, takes_token=True),
        Change("AssociateEipAddress", lambda made: {**an_eip(made, 1), "InstanceId": made["nat"]}, takes_token=True),
        Change("CreateSnatEntry", lambda made: {**snat(made), "SnatIp": PUBLIC[1], "SourceVSwitchId": made["home-vswitch"]},
               {"snat": "SnatEntryId"}, takes_token=True),
        Change("CreateForwardEntry", lambda made: {
            **forward(made), "ExternalIp": PUBLIC[1], "ExternalPort": "80", "InternalIp": made["free"][1],
            "InternalPort": "8080", "IpProtocol": "TCP"}, {"forward": "ForwardEntryId"}, takes_token=True),
        Change("ModifyForwardEntry", lambda made: {**forward(made), "ForwardEntryId": made["forward"], "ExternalPort": "81"},
               takes_token=True),
        Change("DeleteForwardEntry", lambda made: {**forward(made), "ForwardEntryId": made["forward"]}, takes_token=True),
        Change("DeleteSnatEntry", lambda made: {**snat(made), "SnatEntryId": made["snat"]}, takes_token=True),
        Change("UnassociateEipAddress", lambda made: an_eip(made, 1), takes_token=True),
        Change("DeleteNatGateway", lambda made: {"NatGatewayId": made["nat"]}, gone=["InvalidNatGatewayId.NotFound"])])
    world.daemon.call("ReleaseEipAddress", AllocationId=world.made["eip-1"])


def set_up(world):
    """A guest that runs, in a VPC and a group of its own, and a second group."""
    made, call = world.made, world.daemon.call
    made["home"] = call("CreateVpc", CidrBlock="172.16.0.0/16")["VpcId"]
    made["home-vswitch"] = call("CreateVSwitch", VpcId=made["home"], ZoneId=ZONE, CidrBlock="172.16.1.0/24")["VSwitchId"]
    made["group"] = call("CreateSecurityGroup", VpcId=made["home"])["SecurityGroupId"]
    made["second"] = call("CreateSecurityGroup", VpcId=made["home"])["SecurityGroupId"]
    world.plain(RunHere("RunInstances", None, "Running"))
    if DRIVER != "fake":
        world.daemon.wait_ready(world.instance)
    row = world.daemon.instance(world.instance)
    [made["own-nic"]] = [nic["NetworkInterfaceId"] for nic in row["NetworkInterfaces"]["NetworkInterface"]]
    [made["table"]] = [router["RouteTableIds"]["RouteTableId"][0] for router in call("DescribeVRouters")["VRouters"]["VRouter"]
                       if router["VpcId"] == made["home"]]
    made["free"] = ["172.16.1.101", "172.16.1.102"]
    world.first = world.first_step_that_serves()


def all_is_gone_at_the_end():
    world, made = the_world, the_world.made
    world.plain(Delete("DeleteInstance", "delete", None, Force="true"))
    world.daemon.call("DeleteVSwitch", VSwitchId=made["home-vswitch"])
    for group in ("group", "second"):
        world.daemon.call("DeleteSecurityGroup", SecurityGroupId=made[group])
    world.daemon.call("DeleteVpc", VpcId=made["home"])
    world.expect_as(world.before, lambda: fingerprint.take(world.daemon))


the_world = NetworkWorld()
with the_world.daemon:
    set_up(the_world)
    tap.run([a_crash_at_any_step_of_a_vpcs_life_leaves_nothing_behind,
             a_crash_at_any_step_of_a_groups_changes_is_mended,
             a_crash_at_any_step_of_a_prefix_lists_life_is_mended,
             a_crash_at_any_step_of_a_vswitchs_or_routes_life_is_mended,
             a_crash_at_any_step_of_ipv6_coming_and_going_is_mended,
             a_crash_at_any_step_of_an_interfaces_life_is_mended,
             a_crash_at_any_step_of_a_public_addresss_life_is_mended,
             a_crash_at_any_step_of_an_instances_own_public_address_is_mended,
             a_crash_at_any_step_of_a_nat_gateways_life_is_mended,
             all_is_gone_at_the_end])
