#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that a real guest is born with, one of them with a file system it has but to mount; then
another system disk under it. One guest lives through it all, in the order of the tests.

    test-rundisk.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

GIB = 1 << 30
# Mounts the file system of its first data disk and keeps count of its boots there.
COUNT = """#!/bin/sh
for module in /modules/later/*.ko; do insmod "$module"; done
mkdir -p /mnt
mount -t ext4 /dev/vdb1 /mnt || exit
echo boot >> /mnt/boots
sync
echo "VMMD-COUNT vda=$(cat /sys/block/vda/serial) vdb=$(cat /sys/block/vdb/serial) \
vdc=$(cat /sys/block/vdc/serial) size=$(cat /sys/block/vdc/size) boots=$(wc -l < /mnt/boots) \
room=$(df -k /mnt | tail -1 | awk '{ print $4 }')"
umount /mnt
# How long it takes to read 8 MiB of the other one, of which nothing was ever written, in 1/100 s.
while :; do
  echo 3 > /proc/sys/vm/drop_caches
  read -r before rest < /proc/uptime
  dd if=/dev/vdc of=/dev/null bs=1M count=8 2>/dev/null
  read -r after rest < /proc/uptime
  echo "VMMD-READ $(echo "$after $before" | awk '{ printf "%d", ($1 - $2) * 100 }')"
  sleep 1
done &
"""
BOUNDS = {"cloud_essd.PL0": "10000 0 10000 2 0 2", "cloud_auto": "4 0 4 1000 0 1000"}


def disks(**filters):
    return vmmd.call("DescribeDisks", **filters)["Disks"]["Disk"]


def on(device):
    return next(disk for disk in disks(InstanceId=guest) if disk["Device"] == device)


def counted(times):
    """What the guest said of its disks, once it did so often."""
    wait_until(f"the guest to have counted {times} times", 240,
               lambda: vmmd.console(guest).count("VMMD-COUNT ") >= times)
    return dict(re.findall(r"(\w+)=(\S*)", re.findall(r"VMMD-COUNT (.*)", vmmd.console(guest))[-1]))


def layers():
    return sorted(name for name in os.listdir(os.path.join(vmmd.state_dir, "pool")) if name.endswith(".qcow2"))


def refused(code, action, **params):
    try:
        vmmd.call(action, **params)
    except ApiError as error:
        assert error.code == code, error
    else:
        raise AssertionError(f"{action} was not refused")


def the_guest_has_them_from_its_first_boot():
    said = counted(1)
    assert said["vda"] == on("/dev/xvda")["DiskId"][2:], said
    assert said["vdb"] == on("/dev/xvdb")["DiskId"][2:], said
    assert said["vdc"] == on("/dev/xvdd")["DiskId"][2:], said
    assert int(said["size"]) == 6 * GIB // 512, said
    assert said["boots"] == "1", said
    # Of 5 GiB, less what ext4 keeps for itself and for root.
    assert 4.3 * GIB < int(said["room"]) * 1024 < 5 * GIB, said
    assert all(disk["Status"] == "In_use" for disk in disks(InstanceId=guest))
    assert len(layers()) == 4, layers()


def next_read():
    """Seconds of the next reading that begins after now."""
    def times():
        return re.findall(r"VMMD-READ (\d+)", vmmd.console(guest))

    seen = len(times())
    wait_until("the guest to have read", 120, lambda: len(times()) >= seen + 2)
    return int(times()[seen + 1]) / 100


def a_disk_does_no_more_a_second_than_its_category_may():
    disk = on("/dev/xvdd")
    assert (disk["IOPS"], disk["Throughput"]) == (10000, 2), disk
    by_bytes = next_read()
    vmmd.call("ModifyDiskSpec", DiskId=disk["DiskId"], DiskCategory="cloud")
    unbounded = next_read()
    vmmd.call("ModifyDiskSpec", DiskId=disk["DiskId"], DiskCategory="cloud_auto")
    by_operations = next_read()
    print(f"# 8 MiB in {by_bytes} s at 2 MiB/s, {unbounded} s unbounded, {by_operations} s at 4 IOPS", flush=True)
    assert 3 < by_bytes < 12, by_bytes
    assert unbounded < by_bytes / 2, unbounded
    assert by_operations > 1.5 and by_operations > 2 * unbounded, by_operations


def a_running_instance_keeps_its_system_disk():
    refused("IncorrectInstanceStatus", "ReplaceSystemDisk", InstanceId=guest, ImageId=image)


def another_system_disk_comes_though_the_daemon_is_killed():
    old = on("/dev/xvda")["DiskId"]
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped")
    before = layers()
    new = vmmd.call("ReplaceSystemDisk", InstanceId=guest, ImageId=image, SystemDisk_Size=20)["DiskId"]
    vmmd.kill()
    vmmd.start()
    vmmd.call("StartInstance", InstanceId=guest)  # at once: the disk comes first
    said = counted(2)
    assert new != old and said["vda"] == new[2:], said
    assert said["boots"] == "2", said  # the data disk is what it was
    vmmd.wait_status(guest, "Running")
    disk = on("/dev/xvda")
    assert disk["DiskId"] == new and disk["Status"] == "In_use" and disk["Size"] == 20, disk
    assert disks(DiskIds=f'["{old}"]') == []
    wait_until("the old disk's layer to be gone", 60, lambda: len(layers()) == len(before))
    assert layers() != before


def deletion_keeps_the_disk_that_was_to_be_kept():
    kept = on("/dev/xvdd")["DiskId"]
    vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    vmmd.wait_status(guest, None)
    rows = disks()
    assert [(row["DiskId"], row["Status"]) for row in rows] == [(kept, "Available")], rows
    vmmd.call("DeleteDisk", DiskId=kept)
    wait_until("all layers but the image's to be gone", 60, lambda: len(layers()) == 1)


with Daemon(sys.argv[1], options={"disk-bounds": BOUNDS}) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    guest = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano",
                      DataDisk_1_Size=5, DataDisk_1_FileSystem="ext4",
                      DataDisk_2_Size=6, DataDisk_2_Category="cloud_essd", DataDisk_2_PerformanceLevel="PL0",
                      DataDisk_2_Device="/dev/xvdd", DataDisk_2_DeleteWithInstance="false",
                      UserData=base64.b64encode(COUNT.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
    vmmd.kill()
    vmmd.start()
    tap.run([the_guest_has_them_from_its_first_boot, a_disk_does_no_more_a_second_than_its_category_may,
             a_running_instance_keeps_its_system_disk,
             another_system_disk_comes_though_the_daemon_is_killed,
             deletion_keeps_the_disk_that_was_to_be_kept])
