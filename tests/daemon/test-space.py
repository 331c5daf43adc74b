#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A pool that runs full under a guest that writes: the guest is paused, loses nothing and goes on when there is
room; and what it discards is room again.

    test-space.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

MIB = 1 << 20
POOL = 400 * MIB
BLOCKS = 160
# What is left to the guest at first, and is less than it writes.
ROOM = 80 * MIB
# Blocks that bear their number, each on disk before the next; then all are read, and then discarded.
WRITER = f"""#!/bin/sh
block() {{ yes "block-$1" | head -c {MIB}; }}
n=0
while [ $n -lt {BLOCKS} ]; do
  block $n | dd of=/dev/vdb bs={MIB} seek=$n conv=notrunc,fsync iflag=fullblock 2>/dev/null || echo "VMMD-WRONG write=$n"
  n=$((n+1))
  echo "VMMD-WROTE $n"
done
echo 3 > /proc/sys/vm/drop_caches
good=0
n=0
while [ $n -lt {BLOCKS} ]; do
  [ "$(dd if=/dev/vdb bs={MIB} skip=$n count=1 2>/dev/null | md5sum)" = "$(block $n | md5sum)" ] && good=$((good+1))
  n=$((n+1))
done
echo "VMMD-READ $good"
blkdiscard /dev/vdb && echo "VMMD-DISCARDED"
"""


def last(word):
    """The number that the guest said last behind it, or 0."""
    return int((re.findall(rf"VMMD-{word} (\d+)", vmmd.console(guest)) or ["0"])[-1])


def left():
    facts = os.statvfs(pool)
    return facts.f_bavail * facts.f_frsize


def taken():
    """Bytes on the host of the data disk's layer, which is the one that it was made with."""
    with sqlite3.connect(f"file:{vmmd.state_dir}/vmmd.db?mode=ro", uri=True) as db:
        [(layer,)] = db.execute("SELECT layer_id FROM disk WHERE is_system=0").fetchall()
    [name] = [name for name in os.listdir(pool) if layer in name]
    return os.stat(os.path.join(pool, name)).st_blocks * 512


def tells(code):
    return code in [event["ReasonCode"] for event in vmmd.events(guest)]


def a_guest_that_finds_no_room_is_paused():
    wait_until("the guest to find no room", 300, lambda: tells("paused"))
    assert 0 < last("WROTE") < BLOCKS, last("WROTE")
    assert vmmd.status(guest) == "Running"
    assert left() < 64 * MIB, left()


def it_stays_so_though_the_daemon_is_killed():
    before = last("WROTE")
    lines = len(vmmd.log())
    vmmd.kill()
    vmmd.start()
    wait_until("the new daemon to see it", 60,
               lambda: any("is paused, for the pool has" in line for line in vmmd.log()[lines:]))
    assert last("WROTE") == before and not tells("resumed")


def it_goes_on_when_there_is_room_and_lost_nothing():
    os.unlink(filler)
    wait_until("the guest to go on", 60, lambda: tells("resumed"))
    wait_until("the guest to have written all", 120, lambda: last("WROTE") == BLOCKS)
    assert taken() >= BLOCKS * MIB, taken()
    wait_until("the guest to have read all it wrote", 300, lambda: last("READ") > 0)
    assert last("WROTE") == BLOCKS and last("READ") == BLOCKS, (last("WROTE"), last("READ"))
    assert "VMMD-WRONG" not in vmmd.console(guest)


def what_a_guest_discards_is_room_again():
    wait_until("the guest to have discarded", 60, lambda: "VMMD-DISCARDED" in vmmd.console(guest))
    wait_until("the layer to be small", 30, lambda: taken() < BLOCKS * MIB // 10)


with Daemon(sys.argv[1]) as vmmd:
    pool = os.path.join(vmmd.state_dir, "pool")
    vmmd.start()
    vmmd.stop()
    store = os.path.join(vmmd.root, "pool.ext4")
    with open(store, "wb") as file:
        file.truncate(POOL)
    owner = os.stat(pool)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", store], check=True)
    subprocess.run(["mount", "-o", "loop", store, pool], check=True)
    try:
        os.rmdir(os.path.join(pool, "lost+found"))
        os.chown(pool, owner.st_uid, owner.st_gid)
        os.chmod(pool, owner.st_mode & 0o7777)
        vmmd.start()
        image = vmmd.import_image()
        filler = os.path.join(pool, "filler")
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, left() - ROOM)
        guest = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", DataDisk_1_Size=5,
                          UserData=base64.b64encode(WRITER.encode()).decode())["InstanceIdSets"]["InstanceIdSet"][0]
        tap.run([a_guest_that_finds_no_room_is_paused, it_stays_so_though_the_daemon_is_killed,
                 it_goes_on_when_there_is_room_and_lost_nothing, what_a_guest_discards_is_room_again])
    finally:
        vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
        vmmd.wait_status(guest, None)
        vmmd.stop()
        subprocess.run(["umount", pool], check=True)
