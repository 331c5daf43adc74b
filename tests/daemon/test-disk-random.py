#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random operations on disks and snapshots under guests that write all the time; each snapshot and each disk, whenever
it can be looked at, must hold what was written up to its moment, no more and no less.

    test-disk-random.py VMMD WRITER [calm|kills]      (on a private host with VMMD_TINY_IMAGE)

With `kills` the daemon, QEMUs and libvirtd are killed at random moments. VMMD_SEED and VMMD_OPS choose another run;
one that fails prints its seed and all operations.
"""
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import libvirtd  # noqa: E402
import tap  # noqa: E402
from cloud import Cloud, Disk, Image, Snapshot  # noqa: E402
from daemon import ApiError, Daemon  # noqa: E402

SEED = int(os.environ.get("VMMD_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 31)
OPS = int(os.environ.get("VMMD_OPS", 30))
KILLS = sys.argv[3:4] == ["kills"]
GUESTS, DISKS, SNAPSHOTS, IMAGES, LEAST_GIB, MOST_GIB = 2, 6, 14, 2, 5, 9
DEVICES = 4  # of one guest
# What an operation may be told while another is under way, or while something that was killed comes back.
BUSY = {"IncorrectDiskStatus", "IncorrectDiskStatus.CreatingSnapshot", "IncorrectInstanceStatus", "InvalidSnapshotId.NotReady",
        "InvalidDisk.AlreadyDetached", "OperationConflict"}
FULL = {"QuotaExceed.Snapshot"}
dice = random.Random(SEED)
done = []


def say(text):
    done.append(text)
    if os.environ.get("VMMD_VERBOSE"):
        print(f"# {time.strftime('%H:%M:%S')} {text}", flush=True)


# ---- operations: (weight, whether it can be done now, what to do); they call and note, and wait for nothing ----

def pick(things):
    things = list(things)
    return dice.choice(things) if things else None


def data_disks(guest):
    return [disk for disk in cloud.disks.values() if disk.guest == guest.id]


def snapshots_of(disk):
    return [snapshot for snapshot in cloud.snapshots.values() if snapshot.disk == disk.id]


def take_snapshot(disk=None):
    disk = disk or pick(cloud.disks.values())
    if disk is None or len(cloud.snapshots) >= SNAPSHOTS:
        return None
    cloud.listen()
    snapshot = Snapshot("", disk)  # knows the writes up to now
    snapshot.id = cloud.call("CreateSnapshot", DiskId=disk.id)["SnapshotId"]
    cloud.snapshots[snapshot.id] = snapshot
    return f"snapshot {snapshot.id} of {disk.id}"


def take_snapshots_together():
    guest = pick(cloud.guests.values())
    texts = [take_snapshot(disk) for disk in data_disks(guest)]
    return "together: " + ", ".join(text for text in texts if text) if any(texts) else None


def take_group():
    guest = pick(cloud.guests.values())
    disks = dice.sample(data_disks(guest), dice.randint(0, len(data_disks(guest))))
    if not disks or len(cloud.snapshots) + len(disks) > SNAPSHOTS:
        return None
    cloud.listen()
    taken = {disk.id: Snapshot("", disk) for disk in disks}
    names = {f"DiskId_{number}": disk.id for number, disk in enumerate(disks, 1)}
    group = cloud.call("CreateSnapshotGroup", InstanceId=guest.id, **names)["SnapshotGroupId"]
    [row] = cloud.call("DescribeSnapshotGroups", SnapshotGroupId_1=group)["SnapshotGroups"]["SnapshotGroup"]
    rows = row["Snapshots"]["Snapshot"]
    assert sorted(row["SourceDiskId"] for row in rows) == sorted(taken), rows
    for row in rows:
        snapshot = taken[row["SourceDiskId"]]
        snapshot.id, snapshot.group = row["SnapshotId"], group
        cloud.snapshots[snapshot.id] = snapshot
    return f"group {group} of {sorted(taken)}"


def delete_snapshot():
    snapshot = pick(s for s in cloud.snapshots.values() if s.content is not None and s.image is None)
    if snapshot is None:
        return None
    cloud.call("DeleteSnapshot", lambda: cloud.snapshot_row(snapshot.id) is None, SnapshotId=snapshot.id, Force="true")
    del cloud.snapshots[snapshot.id]
    return f"delete snapshot {snapshot.id} of {snapshot.disk}"


def is_turning(disk):
    """Refused a second time since it is on its way."""
    return cloud.row_of(disk.id)["Status"] == "ReIniting"


def reset():
    disk = pick(d for d in cloud.disks.values() if cloud.is_at_rest(d) and snapshots_of(d))
    snapshot = pick(s for s in snapshots_of(disk) if s.content is not None) if disk else None
    if snapshot is None:
        return None
    cloud.call("ResetDisk", lambda: is_turning(disk), DiskId=disk.id, SnapshotId=snapshot.id)
    disk.history = type(disk.history)(snapshot.content)
    return f"reset {disk.id} to {snapshot.id}"


def reinit():
    disk = pick(d for d in cloud.disks.values() if d.guest and cloud.is_at_rest(d))
    if disk is None:
        return None
    cloud.call("ReInitDisk", lambda: is_turning(disk), DiskId=disk.id)
    disk.history = type(disk.history)(disk.origin)
    return f"reinit {disk.id}"


def create():
    if len(cloud.disks) >= DISKS:
        return None
    snapshot = pick([None] + [s for s in cloud.snapshots.values() if s.content is not None] * 2)
    least = snapshot.size if snapshot else LEAST_GIB
    size = dice.randint(least, max(least, MOST_GIB - 2))
    source = {"SnapshotId": snapshot.id} if snapshot else {}
    if not snapshot or size > least:
        source["Size"] = size
    made = cloud.call("CreateDisk", ZoneId="cn-local-a", **source)["DiskId"]
    content = snapshot.content if snapshot else {}
    cloud.disks[made] = Disk(made, size, content, content)
    return f"create {made} of {size} GiB from {snapshot.id if snapshot else 'nothing'}"


def delete():
    disk = pick(d for d in cloud.disks.values() if not d.guest)
    if disk is None or len(cloud.disks) < 3:
        return None
    cloud.call("DeleteDisk", DiskId=disk.id)
    del cloud.disks[disk.id]
    return f"delete {disk.id}"


def attach():
    disk = pick(d for d in cloud.disks.values() if not d.guest)
    guest = pick(g for g in cloud.guests.values() if len(data_disks(g)) < DEVICES)
    if disk is None or guest is None:
        return None
    cloud.call("AttachDisk", lambda: cloud.row_of(disk.id)["InstanceId"] == guest.id, DiskId=disk.id, InstanceId=guest.id)
    disk.guest = guest.id
    return f"attach {disk.id} to {guest.id}"


def detach():
    disk = pick(d for d in cloud.disks.values() if d.guest)
    if disk is None:
        return None
    cloud.call("DetachDisk", lambda: cloud.row_of(disk.id)["Status"] in ("Detaching", "Available"), DiskId=disk.id, InstanceId=disk.guest)
    disk.guest = None
    return f"detach {disk.id}"


def resize():
    disk = pick(d for d in cloud.disks.values() if d.size < MOST_GIB)
    if disk is None:
        return None
    cloud.call("ResizeDisk", DiskId=disk.id, NewSize=disk.size + 1, Type=dice.choice(["online", "offline"]))
    disk.size += 1
    return f"resize {disk.id} to {disk.size} GiB"


def stop():
    guest = pick(g for g in cloud.guests.values() if g.is_running)
    if guest is None:
        return None
    force = dice.choice(["true", "false"])
    cloud.call("StopInstance", lambda: cloud.instance_status(guest.id) in ("Stopping", "Stopped"), InstanceId=guest.id, ForceStop=force)
    guest.is_running = False
    return f"stop {guest.id} force={force}"


def start():
    guest = pick(g for g in cloud.guests.values() if not g.is_running)
    if guest is None:
        return None
    cloud.call("StartInstance", lambda: cloud.instance_status(guest.id) in ("Starting", "Running"), InstanceId=guest.id)
    guest.is_running = True
    return f"start {guest.id}"


def replace_system_disk():
    guest = pick(g for g in cloud.guests.values() if not g.is_running)
    if guest is None:
        return None
    cloud.call("ReplaceSystemDisk", InstanceId=guest.id, ImageId=cloud.image)
    return f"replace the system disk of {guest.id}"


def create_image():
    guest = pick(cloud.guests.values())
    disks = data_disks(guest)
    if len(cloud.images) >= IMAGES or len(cloud.snapshots) + len(disks) > SNAPSHOTS:
        return None
    cloud.listen()
    taken = {disk.id: Snapshot("", disk) for disk in disks}
    made = cloud.call("CreateImage", InstanceId=guest.id)["ImageId"]
    cloud.images[made] = Image(made, taken)
    return f"image {made} of {guest.id} with {sorted(taken)}"


def delete_image():
    image = pick(i for i in cloud.images.values() if i.devices is not None)
    if image is None:
        return None
    cloud.call("DeleteImage", ImageId=image.id, Force="true")
    for snapshot in image.devices.values():
        snapshot.image = None
    del cloud.images[image.id]
    return f"delete image {image.id}"


def run_from_image():
    image = pick(i for i in cloud.images.values() if i.devices is not None)
    if image is None or len(cloud.guests) > GUESTS:
        return None
    guest = cloud.run_guest(image.id)
    rows = cloud.call("DescribeDisks", InstanceId=guest.id, DiskType="data")["Disks"]["Disk"]
    assert sorted(row["Device"] for row in rows) == sorted(image.devices), rows
    for row in rows:
        content = image.devices[row["Device"]].content
        disk = cloud.disks[row["DiskId"]] = Disk(row["DiskId"], row["Size"], content, content)
        disk.guest, disk.goes_with_guest = guest.id, row["DeleteWithInstance"]
    return f"run {guest.id} from {image.id}"


def delete_guest():
    guest = pick(g for g in cloud.guests.values() if not g.is_running)
    if guest is None or len(cloud.guests) <= GUESTS:
        return None
    cloud.call("DeleteInstance", InstanceId=guest.id, Force="true")
    del cloud.guests[guest.id]
    for disk in [d for d in cloud.disks.values() if d.guest == guest.id]:
        disk.guest = None
        if disk.goes_with_guest:
            del cloud.disks[disk.id]
    return f"delete {guest.id}"


OPERATIONS = [(take_snapshot, 8), (take_snapshots_together, 2), (take_group, 5), (delete_snapshot, 9), (reset, 6), (reinit, 2), (create, 5),
              (delete, 3), (attach, 6), (detach, 4), (resize, 3), (stop, 1), (start, 8), (replace_system_disk, 1),
              (create_image, 2), (run_from_image, 2), (delete_image, 1), (delete_guest, 2)]


# ---- rounds ----

def operate(is_alone):
    """One random operation. TRUE when it was accepted; refusals are allowed to those that have company."""
    operation = dice.choices([o for o, _ in OPERATIONS], [w for _, w in OPERATIONS])[0]
    try:
        text = operation()
    except ApiError as error:
        say(f"  {operation.__name__}: {error}")
        if error.code not in FULL and (is_alone or error.code not in BUSY):
            raise
        return False
    if text:
        say(text)
    return text is not None


def kill_something():
    """At a moment of its own; what it did is told to whoever waits for it."""
    kind = dice.choice(["vmmd", "qemu", "libvirtd"])
    guest = pick(g for g in cloud.guests.values() if g.is_running)
    delay = dice.random() * dice.choice([0.05, 0.5, 2])

    def act():
        if kind == "vmmd":
            cloud.kill_daemon()
        elif kind == "libvirtd":
            libvirtd.kill()
        else:
            victims.append(guest)

    victims = []
    if kind == "qemu" and guest is None:
        kind = "vmmd"
    timer = threading.Timer(delay, act)
    timer.start()
    return kind, delay, timer, victims


def finish_kill(kind, delay, timer, victims):
    timer.join()
    for guest in victims:
        say(f"  {guest.id} {'killed' if cloud.kill_qemu(guest) else 'did not run'}")
    say(f"  killed {kind} after {delay:.2f} s")


def one_round():
    company = dice.choice([1, 1, 2, 3])
    kill = kill_something() if KILLS and dice.random() < 0.5 else None
    accepted = 0
    for _ in range(100):
        accepted += operate(accepted == 0 and kill is None)
        if accepted == company:
            break
    if kill:
        finish_kill(*kill)
    cloud.settle()
    for disk in cloud.disks.values():
        if cloud.is_at_rest(disk) and dice.random() < 0.4:
            cloud.check_at_rest(disk)
    snapshot = pick(cloud.snapshots.values())
    if snapshot and dice.random() < 0.5:
        cloud.check_snapshot(snapshot)
    cloud.let_write(dice.randrange(12))
    return accepted


def begin():
    for guest in cloud.guests.values():
        for _ in range(2):
            size = dice.randint(LEAST_GIB, LEAST_GIB + 1)
            made = cloud.call("CreateDisk", ZoneId="cn-local-a", Size=size)["DiskId"]
            cloud.disks[made] = Disk(made, size, {})
    for guest in cloud.guests.values():
        for disk in [d for d in cloud.disks.values() if not d.guest][:2]:
            cloud.settle_one(disk)
            cloud.call("AttachDisk", lambda: cloud.row_of(disk.id)["InstanceId"] == guest.id, DiskId=disk.id, InstanceId=guest.id)
            disk.guest = guest.id
    cloud.settle()


def every_snapshot_and_disk_holds_what_was_written_up_to_its_moment():
    begin()
    count = 0
    while count < OPS:
        count += one_round()
    for snapshot in cloud.snapshots.values():
        cloud.check_snapshot(snapshot)
    print(f"# {count} operations, {cloud.deaths} deaths of the daemon", flush=True)


def nothing_is_left_when_all_is_deleted():
    cloud.delete_all()
    assert cloud.vmmd.stop()  # in order, without a leak


def told(test):
    def run():
        try:
            test()
        except Exception:
            print("".join(f"# {line}\n" for line in done[-60:]), flush=True)
            raise
    run.__name__ = test.__name__
    return run


print(f"# VMMD_SEED={SEED} VMMD_OPS={OPS}", flush=True)
# A guest is killed more often than QEMU dies by itself.
with Daemon(sys.argv[1], options={"hypervisor": {"crash-restarts": 100}}) as vmmd:
    vmmd.start()
    cloud = Cloud(vmmd, sys.argv[2], GUESTS)
    tap.run([told(every_snapshot_and_disk_holds_what_was_written_up_to_its_moment),
             told(nothing_is_left_when_all_is_deleted)])
