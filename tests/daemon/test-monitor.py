#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Monitor data of a real guest that computes and writes all the while, and calls the outside under an
elastic address, beside one that does nothing.

    test-monitor.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import datetime
import os
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import outside  # noqa: E402
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402
from outside import OUTSIDE, PORT  # noqa: E402

EIP = "192.0.2.100"
KIB = 1024
# What the guest fetches each time.
PAGE = 64 * KIB
MINUTE = datetime.timedelta(minutes=1)

BUSY = f"""#!/bin/sh
while :; do :; done &
while :; do dd if=/dev/zero of=/dev/vdb bs=64k count=64 conv=fsync 2>/dev/null; sleep 1; done &
while :; do timeout 4 wget -q -O /dev/null http://{OUTSIDE}:{PORT}/; sleep 1; done
"""


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def samples(what, **params):
    """The samples of the last half hour."""
    now = datetime.datetime.now(datetime.timezone.utc)
    times = {"StartTime": stamp(now - 30 * MINUTE), "EndTime": stamp(now + MINUTE)}
    reply = vmmd.call(f"Describe{what}MonitorData", **{**times, **params})
    [rows] = (reply["EipMonitorDatas"] if what == "Eip" else reply["MonitorData"]).values()
    assert all(isinstance(v, int) for row in rows for k, v in row.items() if k not in ("TimeStamp", "InstanceId", "DiskId")), rows
    return rows


def disks_of(instance):
    return [disk["DiskId"] for disk in vmmd.call("DescribeDisks", InstanceId=instance)["Disks"]["Disk"]]


def start_guest(script):
    return vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", **script)["InstanceIdSets"]["InstanceIdSet"][0]


def a_new_instance_has_no_samples():
    assert samples("Instance", InstanceId=busy) == []
    assert all(samples("Disk", DiskId=disk) == [] for disk in disks_of(busy))
    assert samples("Eip", AllocationId=eip) == []


def at_work(row):
    return row["BPSWrite"] > 64 * KIB and row["InternetRX"] > 0


def a_busy_guest_shows_what_it_does():
    """Two looks, at the begins of two minutes, must find it at work."""
    row = wait_until("a minute of it at work", 250, lambda: next(filter(at_work, samples("Instance", InstanceId=busy)), None))
    assert 5 <= row["CPU"] <= 100, row
    assert row["IOPSWrite"] > 0, row
    assert row["InternetRX"] > PAGE * 8 // 1000 and row["InternetTX"] > 0 and row["InternetBandwidth"] > 0, row
    assert row["InternetRX"] > 10 * row["IntranetRX"], row
    written["at"], written["row"] = row["TimeStamp"], row


def its_disks_show_the_same_writes():
    rows = [r for disk in disks_of(busy) for r in samples("Disk", DiskId=disk) if r["TimeStamp"] == written["at"]]
    assert len(rows) == 2, rows
    for name in ("IOPSRead", "IOPSWrite", "BPSRead", "BPSWrite"):
        assert abs(sum(row[name] for row in rows) - written["row"][name]) <= 2, (name, rows, written)
    for row in rows:
        assert abs(row["BPSTotal"] - row["BPSRead"] - row["BPSWrite"]) <= 1, row
    assert max(row["LatencyWrite"] for row in rows) > 0, rows


def its_address_shows_what_passed_under_it():
    [row] = [r for r in samples("Eip", AllocationId=eip, Version="2016-04-28") if r["TimeStamp"] == written["at"]]
    assert row["EipRX"] > PAGE and row["EipTX"] > 0 and row["EipPackets"] > 0, row
    assert row["EipFlow"] == row["EipRX"] + row["EipTX"] and row["EipBandwidth"] > 0, row
    assert row["EipRX"] * 8 // 1000 - 1 <= written["row"]["InternetRX"] <= row["EipRX"] * 8 // 1000 + 1, (row, written)


def an_idle_guest_shows_that_it_is_idle():
    [row] = [r for r in samples("Instance", InstanceId=idle) if r["TimeStamp"] == written["at"]]
    assert row["CPU"] < written["row"]["CPU"] and row["BPSWrite"] == 0, row
    assert row["InternetRX"] == row["InternetTX"] == 0, row


def ten_minutes_and_an_hour_are_sums_of_the_minutes():
    now = datetime.datetime.now(datetime.timezone.utc)
    for period in (600, 3600):
        rows = samples("Instance", InstanceId=busy, Period=period, StartTime=stamp(now - 120 * MINUTE))
        assert 1 <= len(rows) <= 2 and rows[-1]["IOPSWrite"] > 0, rows


def a_killed_daemon_makes_no_false_samples():
    """The guests run on; what is sampled after the start is what was used after it."""
    vmmd.kill()
    vmmd.start()
    last = samples("Instance", InstanceId=busy)[-1]["TimeStamp"]
    row = wait_until("a new sample", 190, lambda: next(
        (r for r in reversed(samples("Instance", InstanceId=busy)) if r["TimeStamp"] > last), None))
    assert 5 <= row["CPU"] <= 100, row
    assert row["BPSWrite"] < 10 * written["row"]["BPSWrite"], (row, written)
    stamps = [r["TimeStamp"] for r in samples("Instance", InstanceId=busy)]
    assert stamps == sorted(set(stamps)), stamps


def meters(of):
    with sqlite3.connect(f"file:{os.path.join(vmmd.state_dir, 'vmmd.db')}?mode=ro", uri=True) as database:
        return database.execute("SELECT no FROM meter WHERE id=?", (of,)).fetchall()


def a_deleted_instance_takes_its_samples_along():
    assert meters(busy)
    vmmd.call("DeleteInstance", InstanceId=busy, Force="true")
    vmmd.wait_status(busy, None)
    try:
        samples("Instance", InstanceId=busy)
        raise AssertionError("it still has monitor data")
    except ApiError as error:
        assert error.code == "InvalidInstanceId.NotFound", error
    wait_until("the next minute to take them away", 150, lambda: not meters(busy))


written = {}
with Daemon(sys.argv[1], options={"network": {"public-pools": f"{EIP}-{EIP}", "public-interface": "pub0"}}) as vmmd:
    server = outside.make(os.path.join(vmmd.root, "callers"), PAGE)
    vmmd.start()
    image = vmmd.import_image()
    idle = start_guest({})
    busy = start_guest({"UserData": base64.b64encode(BUSY.encode()).decode(), "DataDisk.1.Size": 20})
    eip = vmmd.call("AllocateEipAddress")["AllocationId"]
    vmmd.wait_status(busy, "Running")
    vmmd.call("AssociateEipAddress", AllocationId=eip, InstanceId=busy)
    try:
        tap.run([a_new_instance_has_no_samples, a_busy_guest_shows_what_it_does, its_disks_show_the_same_writes,
                 its_address_shows_what_passed_under_it, an_idle_guest_shows_that_it_is_idle,
                 ten_minutes_and_an_hour_are_sums_of_the_minutes, a_killed_daemon_makes_no_false_samples,
                 a_deleted_instance_takes_its_samples_along])
    finally:
        server.kill()
        server.wait()
