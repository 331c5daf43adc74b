#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Data disks of a real guest: plugged in while it runs, written, grown, taken out, plugged in again,
reset. One guest lives through it all, in the order of the tests.

    test-disk.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

# Says what the disk vdb is like whenever that changes, and marks one that is empty.
WATCH = """#!/bin/sh
while :; do
  now=none
  if [ -b /dev/vdb ]; then
    mark=$(dd if=/dev/vdb bs=16 count=1 2>/dev/null | tr -dc a-z)
    if [ -z "$mark" ]; then
      printf markedbytheguest | dd of=/dev/vdb bs=512 conv=sync,fsync 2>/dev/null
      mark=empty
    fi
    now="$(cat /sys/block/vdb/serial) $(cat /sys/block/vdb/size) $mark"
  fi
  [ "$now" = "$before" ] || echo "VMMD-VDB $now"
  before=$now
  sleep 1
done
"""
GIB = 1 << 30
snapshots = []
SECTORS = GIB // 512
MARK = "markedbytheguest"


def disk():
    return vmmd.call("DescribeDisks", DiskIds=f'["{disk_id}"]')["Disks"]["Disk"][0]


def wait_disk(status, seconds=90):
    wait_until(f"the disk to be {status}", seconds, lambda: disk()["Status"] == status)


def said():
    """All that the guest said of its second disk."""
    return [line.split() for line in re.findall(r"VMMD-VDB (.*)", vmmd.console(guest))]


def wait_said(*words):
    wait_until(f"the guest to say {words}", 120, lambda: said() and said()[-1] == list(words))


def refused(code, action, **params):
    try:
        vmmd.call(action, **params)
    except ApiError as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"{action} was not refused")


def layers():
    return sorted(name for name in os.listdir(os.path.join(vmmd.state_dir, "pool")) if name.endswith(".qcow2"))


def an_empty_disk_is_made_and_found_by_its_serial():
    wait_disk("Available")
    vmmd.call("AttachDisk", DiskId=disk_id, InstanceId=guest)
    wait_disk("In_use")
    assert disk()["Device"] == "/dev/xvdb" and disk()["InstanceId"] == guest, disk()
    wait_said(disk_id[2:], str(5 * SECTORS), MARK)
    assert [disk_id[2:], str(5 * SECTORS), "empty"] in said(), said()


def it_grows_under_the_guest():
    refused("InvalidDiskSize.TooSmall", "ResizeDisk", DiskId=disk_id, NewSize=4)
    vmmd.call("ResizeDisk", DiskId=disk_id, NewSize=6, Type="online")
    wait_until("the disk to be grown", 30, lambda: disk()["Size"] == 6)
    wait_said(disk_id[2:], str(6 * SECTORS), MARK)


def what_is_attached_is_neither_deleted_nor_attached_again():
    refused("IncorrectDiskStatus", "DeleteDisk", DiskId=disk_id)
    refused("IncorrectDiskStatus", "AttachDisk", DiskId=disk_id, InstanceId=guest)
    refused("IncorrectInstanceStatus", "ReInitDisk", DiskId=disk_id)
    system = vmmd.call("DescribeDisks", InstanceId=guest, DiskType="system")["Disks"]["Disk"][0]["DiskId"]
    refused("DiskTypeViolation", "DetachDisk", DiskId=system, InstanceId=guest)


def the_guest_gives_it_up():
    vmmd.call("DetachDisk", DiskId=disk_id, InstanceId=guest)
    wait_disk("Available")
    wait_said("none")
    assert disk()["InstanceId"] == "" and disk()["Device"] == "", disk()
    refused("InvalidDisk.AlreadyDetached", "DetachDisk", DiskId=disk_id, InstanceId=guest)


def a_killed_daemon_finishes_what_was_asked():
    vmmd.call("AttachDisk", DiskId=disk_id, InstanceId=guest)
    vmmd.kill()
    vmmd.start()
    wait_disk("In_use")
    wait_said(disk_id[2:], str(6 * SECTORS), MARK)


def it_is_there_after_a_stop_and_a_start():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    vmmd.call("StartInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Running")
    wait_until("the guest to have seen it twice", 120,
               lambda: said().count([disk_id[2:], str(6 * SECTORS), MARK]) >= 3)


def snapshot(snapshot_id):
    return vmmd.call("DescribeSnapshots", SnapshotIds=f'["{snapshot_id}"]')["Snapshots"]["Snapshot"][0]


def take_snapshot():
    made = vmmd.call("CreateSnapshot", DiskId=disk_id, SnapshotName="before")["SnapshotId"]
    wait_until("the snapshot to be accomplished", 60, lambda: snapshot(made)["Status"] == "accomplished")
    return made


def a_snapshot_of_a_running_guest_takes_an_instant():
    before = len(layers())
    snapshots.append(take_snapshot())
    row = snapshot(snapshots[0])
    assert row["Consistency"] in ("crash", "frozen") and row["Progress"] == "100%", row
    assert row["SourceDiskId"] == disk_id and int(row["SourceDiskSize"]) == 6, row
    assert row["FullSnapshotSizeInBytes"] > 0, row
    assert len(layers()) == before + 1
    refused("IncorrectInstanceStatus", "ResetDisk", DiskId=disk_id, SnapshotId=snapshots[0])


def a_snapshot_whose_daemon_is_killed_is_taken_all_the_same():
    made = vmmd.call("CreateSnapshot", DiskId=disk_id)["SnapshotId"]
    vmmd.kill()
    vmmd.start()
    wait_until("the snapshot to be accomplished", 60, lambda: snapshot(made)["Status"] == "accomplished")
    snapshots.append(made)


def a_reinit_makes_it_empty_again():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    before = layers()
    vmmd.call("ReInitDisk", DiskId=disk_id)
    vmmd.call("StartInstance", InstanceId=guest)  # at once: the reset comes first
    vmmd.wait_status(guest, "Running")
    wait_until("the guest to find it empty", 120,
               lambda: said() and [disk_id[2:], str(6 * SECTORS), "empty"] in said()[-3:])
    wait_disk("In_use")
    assert layers() != before


def a_reset_brings_back_what_the_snapshot_holds():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    seen = len(said())
    vmmd.call("ResetDisk", DiskId=disk_id, SnapshotId=snapshots[0])
    vmmd.call("StartInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Running")
    wait_until("the guest to see its disk", 120, lambda: len(said()) > seen and said()[-1][0] == disk_id[2:])
    assert said()[seen:] == [[disk_id[2:], str(6 * SECTORS), MARK]], said()[seen:]
    wait_disk("In_use")


def a_disk_from_a_snapshot_outlives_it():
    made = vmmd.call("CreateDisk", ZoneId=disk()["ZoneId"], SnapshotId=snapshots[0])["DiskId"]
    wait_until("the disk to be made", 60, lambda: vmmd.call(
        "DescribeDisks", DiskIds=f'["{made}"]')["Disks"]["Disk"][0]["Status"] == "Available")
    assert snapshot(snapshots[0])["Usage"] == "disk"
    refused("SnapshotCreatedDisk", "DeleteSnapshot", SnapshotId=snapshots[0])
    vmmd.call("DeleteSnapshot", SnapshotId=snapshots[0], Force="true")
    vmmd.call("DeleteSnapshot", SnapshotId=snapshots[1])
    assert vmmd.call("DescribeSnapshots")["TotalCount"] == 0
    vmmd.call("DetachDisk", DiskId=disk_id, InstanceId=guest)
    wait_disk("Available")
    seen = len(said())
    vmmd.call("AttachDisk", DiskId=made, InstanceId=guest)
    wait_until("the guest to see the copy", 60, lambda: said()[-1][0] == made[2:])
    assert said()[seen:] in ([["none"], [made[2:], str(6 * SECTORS), MARK]], [[made[2:], str(6 * SECTORS), MARK]])
    wait_until("the copy to be in use", 60, lambda: vmmd.call(
        "DescribeDisks", DiskIds=f'["{made}"]')["Disks"]["Disk"][0]["Status"] == "In_use")
    vmmd.call("DetachDisk", DiskId=made, InstanceId=guest)
    wait_until("the copy to be free", 90, lambda: vmmd.call(
        "DescribeDisks", DiskIds=f'["{made}"]')["Disks"]["Disk"][0]["Status"] == "Available")
    vmmd.call("DeleteDisk", DiskId=made)
    # The image's, the system disk's, and the one that all of the disk's layers were merged into.
    wait_until("the layers to be merged", 60, lambda: len(layers()) == 3)


def a_file_system_is_there_when_it_was_asked_for():
    made = vmmd.call("CreateDisk", ZoneId=disk()["ZoneId"], Size=5, FileSystem="ext4")["DiskId"]
    wait_until("the disk to be made", 60, lambda: vmmd.call(
        "DescribeDisks", DiskIds=f'["{made}"]')["Disks"]["Disk"][0]["Status"] == "Available")
    vmmd.call("DeleteDisk", DiskId=made)
    wait_until("the disk to be gone", 30,
               lambda: vmmd.call("DescribeDisks", DiskIds=f'["{made}"]')["TotalCount"] == 0)
    vmmd.call("DeleteDisk", DiskId=made)  # what is not there is deleted


def it_outlives_its_instance_and_its_deletion_leaves_nothing():
    vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    vmmd.wait_status(guest, None)
    wait_disk("Available")
    vmmd.call("DeleteDisk", DiskId=disk_id)
    wait_until("the disk to be gone", 30,
               lambda: vmmd.call("DescribeDisks", DiskIds=f'["{disk_id}"]')["TotalCount"] == 0)
    wait_until("its layer to be gone", 30, lambda: len(layers()) == 1)  # the image's
    assert subprocess.run(["virsh", "-q", "-c", "qemu:///system", "list", "--all"], capture_output=True,
                          check=True).stdout.strip() == b""


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    guest = vmmd.call("RunInstances", ImageId=vmmd.import_image(), InstanceType="ecs.t1.nano",
                      UserData=base64.b64encode(WATCH.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
    zone = vmmd.instance(guest)["ZoneId"]
    disk_id = vmmd.call("CreateDisk", ZoneId=zone, Size=5, DiskName="data")["DiskId"]
    vmmd.wait_ready(guest)
    tap.run([an_empty_disk_is_made_and_found_by_its_serial, it_grows_under_the_guest,
             what_is_attached_is_neither_deleted_nor_attached_again, the_guest_gives_it_up,
             a_killed_daemon_finishes_what_was_asked, it_is_there_after_a_stop_and_a_start,
             a_snapshot_of_a_running_guest_takes_an_instant, a_snapshot_whose_daemon_is_killed_is_taken_all_the_same,
             a_reinit_makes_it_empty_again, a_reset_brings_back_what_the_snapshot_holds,
             a_disk_from_a_snapshot_outlives_it, a_file_system_is_there_when_it_was_asked_for,
             it_outlives_its_instance_and_its_deletion_leaves_nothing])
