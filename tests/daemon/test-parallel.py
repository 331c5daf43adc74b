#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many at once, more than there is room for: as many as fit are made, none twice, nothing is left.

    test-parallel.py VMMD fake|libvirt ASKED ROOM
"""
import collections
import concurrent.futures
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

VMMD, DRIVER = sys.argv[1:3]
ASKED, ROOM = int(sys.argv[3]), int(sys.argv[4])
# The half keeps rounding away from the whole number.
RATIO = (ROOM + 0.5) / os.cpu_count()
BACK_S = 120


def run_one(number):
    """The id, or the code of the refusal."""
    try:
        reply = vmmd.signed_call(key, "RunInstances", ImageId=image, InstanceType="ecs.t1.nano",
                                 InstanceName=f"guest-{number}", ClientToken=f"token-{number}")
    except ApiError as error:
        return error.code
    return reply["InstanceIdSets"]["InstanceIdSet"][0]


def delete_one(instance):
    vmmd.signed_call(key, "DeleteInstance", InstanceId=instance, Force="true")


def in_parallel(function, values):
    with concurrent.futures.ThreadPoolExecutor(len(values)) as pool:
        return list(pool.map(function, values))


def as_many_as_fit_are_made_and_the_others_are_refused():
    answers = in_parallel(run_one, range(ASKED))
    refused = collections.Counter(answer for answer in answers if not answer.startswith("i-"))
    assert refused == {"OperationDenied.NoStock": ASKED - ROOM}, refused
    assert len(set(answers)) == ROOM + 1, answers


def all_of_them_come_up_with_addresses_of_their_own():
    wait_until("all to be Running", 300, lambda: {row["Status"] for row in vmmd.instances()} == {"Running"})
    rows = vmmd.instances()
    addresses = {row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0] for row in rows}
    assert len(rows) == len(addresses) == ROOM, (len(rows), len(addresses))
    capacity = vmmd.call("DescribeServiceStatus")["Capacity"]
    assert capacity["VcpusUsed"] == capacity["VcpusTotal"] == ROOM, capacity
    if DRIVER == "libvirt":
        assert {state for _name, state in fingerprint.domains()} == {"running"}
        assert len(fingerprint.domains()) == ROOM


def an_answer_is_repeated_for_its_token_though_there_is_no_room():
    rows = vmmd.instances()
    number = rows[0]["InstanceName"].removeprefix("guest-")
    assert run_one(number) == rows[0]["InstanceId"]


def a_gap_is_filled_once():
    row = vmmd.instances()[0]
    delete_one(row["InstanceId"])
    vmmd.wait_status(row["InstanceId"], None)
    answers = in_parallel(run_one, [f"again-{number}" for number in range(4)])
    assert sum(answer.startswith("i-") for answer in answers) == 1, answers
    wait_until("the new one to be Running", BACK_S, lambda: {r["Status"] for r in vmmd.instances()} == {"Running"})


def deleting_all_leaves_nothing_behind():
    in_parallel(delete_one, [row["InstanceId"] for row in vmmd.instances()])
    wait_until("all to be gone", BACK_S, lambda: not vmmd.instances())
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


with Daemon(VMMD, DRIVER, {"capacity": {"vcpu-ratio": RATIO}}) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    key = vmmd.create_key()
    first = run_one("first")
    vmmd.wait_status(first, "Running")
    delete_one(first)
    wait_until("the first to be gone", BACK_S, lambda: not vmmd.instances())
    vmmd.restart()
    before = fingerprint.take(vmmd)
    tap.run([as_many_as_fit_are_made_and_the_others_are_refused, all_of_them_come_up_with_addresses_of_their_own,
             an_answer_is_repeated_for_its_token_though_there_is_no_room, a_gap_is_filled_once,
             deleting_all_leaves_nothing_behind])
