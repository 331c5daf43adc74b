#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of a real guest that writes all the while: what was made of them holds what its disks held,
both disks of one instant. One writing guest lives through it all, in the order of the tests.

    test-image.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

# Fills a piece of both disks once, then counts on both for ever, on the system disk first, each
# number on disk before the next.
WRITER = """#!/bin/sh
dd if=/dev/urandom of=/tmp/piece bs=64k count=16 2>/dev/null
dd if=/tmp/piece of=/dev/vda bs=64k seek=12288 conv=fsync 2>/dev/null
dd if=/tmp/piece of=/dev/vdb bs=64k seek=1024 conv=fsync 2>/dev/null
echo "VMMD-WROTE $(sha256sum /tmp/piece | cut -c1-64)"
n=100000
while :; do
  n=$((n + 1))
  echo $n | dd of=/dev/vda bs=512 seek=1900000 conv=sync,fsync 2>/dev/null
  echo $n | dd of=/dev/vdb bs=512 seek=4096 conv=sync,fsync 2>/dev/null
done &
"""
READER = """#!/bin/sh
for place in vda:12288 vdb:1024; do
  sums="$sums $(dd if=/dev/${place%:*} bs=64k skip=${place#*:} count=16 2>/dev/null | sha256sum | cut -c1-64)"
done
vda=$(dd if=/dev/vda bs=512 skip=1900000 count=1 2>/dev/null | tr -dc 0-9)
vdb=$(dd if=/dev/vdb bs=512 skip=4096 count=1 2>/dev/null | tr -dc 0-9)
echo "VMMD-READ$sums $vda $vdb"
"""
made = []


def refused(code, action, **params):
    try:
        vmmd.call(action, **params)
    except ApiError as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"{action} was not refused")


def run(image, script, **params):
    return vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano",
                     UserData=base64.b64encode(script.encode()).decode(), **params)["InstanceIdSets"]["InstanceIdSet"][0]


def drop(instance):
    vmmd.call("DeleteInstance", InstanceId=instance, Force="true")
    vmmd.wait_status(instance, None)


def row_of(image):
    return vmmd.call("DescribeImages", ImageId=image)["Images"]["Image"][0]


def read_back(image):
    """What a new guest of the image finds on its disks: two sums, two numbers."""
    instance = run(image, READER)
    found = wait_until("the new guest to have read its disks", 240,
                       lambda: re.findall(r"VMMD-READ (\S+) (\S+) (\d+) (\d+)", vmmd.console(instance)))[0]
    drop(instance)
    return found[0], found[1], int(found[2]), int(found[3])


def layers():
    return [name for name in os.listdir(os.path.join(vmmd.state_dir, "pool")) if name.endswith(".qcow2")]


def check(image):
    first, second, vda, vdb = read_back(image)
    assert (first, second) == (wrote, wrote), (first, second, wrote)
    # The guest writes a number to its system disk, then to the other: at one instant no other pairs are there.
    assert vda - 1 <= vdb <= vda, (vda, vdb)


def an_image_of_a_running_guest_is_of_one_instant():
    made.append(vmmd.call("CreateImage", InstanceId=guest, ImageName="live")["ImageId"])
    vmmd.wait_image(made[0], 60)
    mappings = row_of(made[0])["DiskDeviceMappings"]["DiskDeviceMapping"]
    assert [(m["Device"], m["Type"]) for m in mappings] == [("/dev/xvda", "system"), ("/dev/xvdb", "data")], mappings
    for mapping in mappings:
        refused("SnapshotCreatedImage", "DeleteSnapshot", SnapshotId=mapping["SnapshotId"], Force="true")
    assert vmmd.status(guest) == "Running"
    check(made[0])


def an_image_whose_daemon_is_killed_is_made_all_the_same():
    made.append(vmmd.call("CreateImage", InstanceId=guest, ImageName="killed")["ImageId"])
    vmmd.kill()
    vmmd.start()
    vmmd.wait_image(made[1], 60)


def an_image_of_a_stopped_guest_holds_its_last_write():
    vmmd.call("StopInstance", InstanceId=guest, ForceStop="true")
    vmmd.wait_status(guest, "Stopped")
    made.append(vmmd.call("CreateImage", InstanceId=guest, ImageName="off")["ImageId"])
    vmmd.wait_image(made[2], 60)
    check(made[2])


def copies_and_images_of_snapshots_hold_the_same():
    system = row_of(made[0])["DiskDeviceMappings"]["DiskDeviceMapping"]
    copy = vmmd.call("CopyImage", ImageId=made[0], DestinationImageName="copy")["ImageId"]
    again = vmmd.call("CreateImage", ImageName="again", DiskDeviceMapping_1_SnapshotId=system[0]["SnapshotId"],
                      DiskDeviceMapping_2_SnapshotId=system[1]["SnapshotId"])["ImageId"]
    vmmd.call("DeleteImage", ImageId=made[0])
    instance = run(copy, READER)
    refused("ImageUsingByInstance", "DeleteImage", ImageId=copy)
    vmmd.call("DeleteImage", ImageId=copy, Force="true")
    found = wait_until("the guest of the deleted image to have read its disks", 240,
                       lambda: re.findall(r"VMMD-READ (\S+) (\S+)", vmmd.console(instance)))
    assert found[0] == (wrote, wrote), found
    drop(instance)
    vmmd.call("DeleteImage", ImageId=again)


def nothing_is_left_when_all_is_deleted():
    drop(guest)
    for image in made[1:]:
        vmmd.call("DeleteImage", ImageId=image)
    wait_until("the images to be gone", 30, lambda: vmmd.call(
        "DescribeImages", ImageOwnerAlias="self", Status="Creating,Available,UnAvailable")["TotalCount"] == 0)
    for row in vmmd.call("DescribeSnapshots", PageSize=100)["Snapshots"]["Snapshot"]:
        vmmd.call("DeleteSnapshot", SnapshotId=row["SnapshotId"])
    wait_until("the layers to be gone", 60, lambda: len(layers()) == 1)


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    guest = run(vmmd.import_image(), WRITER, DataDisk_1_Size=5, SystemDisk_Size=2)
    wrote = wait_until("the guest to have written", 240,
                       lambda: re.findall(r"VMMD-WROTE (\S+)", vmmd.console(guest)))[0]
    tap.run([an_image_of_a_running_guest_is_of_one_instant, an_image_whose_daemon_is_killed_is_made_all_the_same,
             an_image_of_a_stopped_guest_holds_its_last_write, copies_and_images_of_snapshots_hold_the_same,
             nothing_is_left_when_all_is_deleted])
