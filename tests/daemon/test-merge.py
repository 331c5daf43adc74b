#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pulls below a real guest that writes all the time: many snapshots are kept and each holds what the disk
held, whatever dies meanwhile. As many as a day has hours, or $VMMD_SNAPSHOTS.

    test-merge.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import signal
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import fingerprint  # noqa: E402
import libvirtd  # noqa: E402
import tap  # noqa: E402
from blocks import read_still  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

BLOCK = 65536
# So many blocks are written at once, so that a pull takes its time.
FILL = 512
DEEP, PATIENT = 8, 12
SNAPSHOTS = int(os.environ.get("VMMD_SNAPSHOTS", "24"))
# Blocks that bear their number, one after another for ever; after a power cut it goes on where it was.
WRITER = f"""#!/bin/sh
block() {{ yes "block-$1" | head -c {BLOCK}; }}
at=
while :; do
  if [ ! -b /dev/vdb ]; then at=; sleep 1; continue; fi
  if [ -z "$at" ]; then
    at=0
    step=16384
    while [ $step -gt 0 ]; do
      [ "$(dd if=/dev/vdb bs={BLOCK} skip=$((at+step-1)) count=1 2>/dev/null | head -c 6)" = block- ] && at=$((at+step))
      step=$((step/2))
    done
    if [ $at = 0 ]; then
      n=0
      while [ $n -lt {FILL} ]; do block $n; n=$((n+1)); done | dd of=/dev/vdb bs={BLOCK} iflag=fullblock conv=notrunc,fsync 2>/dev/null
      at={FILL}
    fi
    echo "VMMD-AT $at"
  fi
  block $at | dd of=/dev/vdb bs={BLOCK} iflag=fullblock seek=$at conv=notrunc,fsync 2>/dev/null && at=$((at+1))
  [ $((at%8)) = 0 ] && echo "VMMD-AT $at"
done
"""
snapshots = []


def rows(sql, *values):
    with sqlite3.connect(f"file:{os.path.join(vmmd.state_dir, 'vmmd.db')}?mode=ro", uri=True) as database:
        return database.execute(sql, values).fetchall()


def depth():
    return rows("WITH RECURSIVE c (id) AS (SELECT layer_id FROM disk WHERE id=? UNION ALL SELECT l.parent_id"
                " FROM layer l JOIN c ON l.id=c.id WHERE l.parent_id IS NOT NULL) SELECT count(*) FROM c", disk_id)[0][0]


def pulls():
    return rows("SELECT count(*) FROM layer_pull")[0][0]


def at():
    said = re.findall(r"VMMD-AT (\d+)", vmmd.console(guest))
    return int(said[-1]) if said else -1


def wait_writing():
    """The guest goes on writing."""
    before = len(re.findall(r"VMMD-AT", vmmd.console(guest)))
    wait_until("the guest to write on", 400, lambda: len(re.findall(r"VMMD-AT", vmmd.console(guest))) > before + 1)


def snapshot(snapshot_id):
    return vmmd.call("DescribeSnapshots", SnapshotIds=f'["{snapshot_id}"]')["Snapshots"]["Snapshot"][0]


def take_snapshot():
    made = vmmd.call("CreateSnapshot", DiskId=disk_id)["SnapshotId"]
    wait_until("the snapshot to be accomplished", 150, lambda: snapshot(made)["Status"] == "accomplished")
    return made


def blocks_in(path):
    """How many blocks an image holds; all of them must be right, but the last."""
    raw = os.path.join(vmmd.root, "raw")
    subprocess.run(["qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw], check=True)
    count = 0
    with open(raw, "rb") as data:
        while True:
            block = data.read(BLOCK)
            line = b"block-%d\n" % count
            if block != (line * (BLOCK // len(line) + 1))[:BLOCK]:
                break
            count += 1
        # Nothing behind the one that was just being written.
        rest = data.read(64 * BLOCK)
        assert rest.count(0) == len(rest), f"{path}: something is behind block {count}"
    os.unlink(raw)
    return count


def check_snapshots():
    before = 0
    for one in snapshots:
        count = read_still(vmmd, "snapshot", one, blocks_in)
        assert count >= max(before, FILL), f"snapshot {one} holds {count} blocks, the one before {before}"
        before = count
    return before


def many_snapshots_are_kept_and_the_chain_stays_short():
    deepest = 0
    for _ in range(SNAPSHOTS):
        snapshots.append(take_snapshot())
        deepest = max(deepest, depth())
    assert deepest <= PATIENT + 1, deepest
    wait_until("the chain to be short", 120, lambda: depth() <= DEEP and pulls() == 0)
    wait_writing()
    print(f"# at most {deepest} layers, {depth()} in the end")


def each_of_them_holds_what_the_disk_held():
    check_snapshots()


def most_go_and_the_rest_is_unharmed():
    for one in snapshots[2::2]:
        vmmd.call("DeleteSnapshot", SnapshotId=one)
    del snapshots[2::2]
    wait_until("the layers to be merged", 300, lambda: pulls() == 0 and rows(
        "SELECT count(*) FROM layer c JOIN layer l ON l.id=c.parent_id JOIN disk d ON d.layer_id=c.id"
        " WHERE NOT EXISTS (SELECT 1 FROM snapshot WHERE layer_id=l.id)"
        " AND NOT EXISTS (SELECT 1 FROM image_disk WHERE layer_id=l.id)")[0][0] == 0)
    check_snapshots()
    wait_writing()


def begin_pull():
    """A pull that takes its time."""
    one = take_snapshot()
    vmmd.call("DeleteSnapshot", SnapshotId=one)
    wait_until("a pull to begin", 60, lambda: pulls() > 0)


def slowly(is_slow):
    vmmd.kill()
    vmmd.configure({"storage": {"merge-bandwidth": 1 if is_slow else 64}})
    vmmd.start()


def a_killed_daemon_finds_its_pull_again():
    slowly(True)
    # Enough to copy.
    last = snapshots[-1]
    vmmd.call("DeleteSnapshot", SnapshotId=last)
    del snapshots[-1]
    begin_pull()
    vmmd.kill()
    vmmd.start()
    wait_until("the pull to be done", 180, lambda: pulls() == 0)
    wait_writing()


def a_killed_libvirtd_loses_no_pull():
    while len(snapshots) > 1:
        vmmd.call("DeleteSnapshot", SnapshotId=snapshots.pop())
    begin_pull()
    libvirtd.kill()
    libvirtd.start()
    wait_until("the pull to be done", 240, lambda: pulls() == 0)
    wait_writing()
    snapshots.append(take_snapshot())
    check_snapshots()


def a_killed_qemu_leaves_a_disk_that_is_whole():
    for _ in range(3):
        while snapshots:
            vmmd.call("DeleteSnapshot", SnapshotId=snapshots.pop())
        begin_pull()
        said = vmmd.console(guest).count("VMMD-AT")
        for pid in fingerprint.processes("qemu-system-x86_64"):
            os.kill(pid, signal.SIGKILL)
        wait_until("the guest to write again", 400, lambda: vmmd.console(guest).count("VMMD-AT") > said + 2)
        snapshots.append(take_snapshot())
        check_snapshots()


def snapshot_growth_and_detach_do_not_fail_for_a_pull():
    begin_pull()
    snapshots.append(take_snapshot())
    begin_pull()
    vmmd.call("ResizeDisk", DiskId=disk_id, NewSize=6, Type="online")
    wait_until("the disk to be grown", 30, lambda: disk()["Size"] == 6)
    begin_pull()
    vmmd.call("DetachDisk", DiskId=disk_id, InstanceId=guest)
    wait_until("the disk to be free", 90, lambda: disk()["Status"] == "Available")
    vmmd.call("AttachDisk", DiskId=disk_id, InstanceId=guest)
    wait_until("the disk to be in use", 90, lambda: disk()["Status"] == "In_use")
    wait_writing()
    snapshots.append(take_snapshot())
    check_snapshots()


def a_stop_in_the_middle_of_a_pull_leaves_a_disk_that_is_whole():
    slowly(False)
    begin_pull()
    vmmd.call("StopInstance", InstanceId=guest, ForceStop="true")
    vmmd.wait_status(guest, "Stopped")
    while snapshots:
        vmmd.call("DeleteSnapshot", SnapshotId=snapshots.pop())
    vmmd.call("StartInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Running")
    wait_until("the disk to rest on nothing", 120, lambda: depth() == 1 and pulls() == 0)
    wait_writing()
    snapshots.append(take_snapshot())
    assert check_snapshots() > FILL


def disk():
    return vmmd.call("DescribeDisks", DiskIds=f'["{disk_id}"]')["Disks"]["Disk"][0]


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    guest = vmmd.call("RunInstances", ImageId=vmmd.import_image(), InstanceType="ecs.t1.nano",
                      UserData=base64.b64encode(WRITER.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
    disk_id = vmmd.call("CreateDisk", ZoneId=vmmd.instance(guest)["ZoneId"], Size=5)["DiskId"]
    vmmd.wait_ready(guest)
    wait_until("the disk to be made", 60, lambda: disk()["Status"] == "Available")
    vmmd.call("AttachDisk", DiskId=disk_id, InstanceId=guest)
    wait_until("the guest to write", 400, lambda: at() > FILL)
    tap.run([many_snapshots_are_kept_and_the_chain_stays_short, each_of_them_holds_what_the_disk_held,
             most_go_and_the_rest_is_unharmed, a_killed_daemon_finds_its_pull_again, a_killed_libvirtd_loses_no_pull,
             a_killed_qemu_leaves_a_disk_that_is_whole, snapshot_growth_and_detach_do_not_fail_for_a_pull,
             a_stop_in_the_middle_of_a_pull_leaves_a_disk_that_is_whole])
