# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that write to their disks all the time, what is known of the contents of their disks and snapshots, and the
waits until what was asked for has happened and was looked at."""
import base64
import gzip
import json
import os
import signal
import subprocess
import time
import uuid

import blocks
import fingerprint
import libvirtd
from daemon import ApiError, Died, wait_until

SETTLE_S = 240
GIB = 1 << 30
QEMU = "qemu-system-x86_64"


class Disk:
    def __init__(self, disk_id, size, content, origin=None):
        """content: what it holds, origin: what ReInitDisk takes it back to; {slot: tag}."""
        self.id, self.size, self.guest = disk_id, size, None
        self.history = blocks.History(content)
        self.origin = dict(origin or {})
        self.goes_with_guest = False

    @property
    def serial(self):
        return self.id.removeprefix("d-")


class Snapshot:
    def __init__(self, snapshot_id, disk, group=None):
        """group: those with the same are of one instant."""
        self.id, self.disk, self.size, self.group = snapshot_id, disk.id, disk.size, group
        self.history, self.least = disk.history, disk.history.acked
        self.content = None  # once it was read
        self.image = None  # that rests on it

    def check(self, found):
        """What settle() answered the first time, with the history that it was asked of; later nothing."""
        what = f"snapshot {self.id} of {self.disk}"
        settled = None
        if self.content is None:
            settled = self.history, self.history.settle(found, self.least, what)
            self.content, self.history = found, None
        else:
            assert found == self.content, \
                f"{what} has changed: {blocks.text_of(self.content)} became {blocks.text_of(found)}"
        return settled


class Image:
    """Of a guest and its data disks."""

    def __init__(self, image_id, taken):
        """taken: {disk id: Snapshot} whose ids are not known yet."""
        self.id, self.taken = image_id, taken
        self.devices = None  # {device: Snapshot}, once it is Available


class Guest:
    def __init__(self, instance_id, console):
        self.id, self.console = instance_id, blocks.Console(console)
        self.is_running = True
        self.open = set()  # serials of the disks that it writes to
        self.answers = 0  # blocks that it has written


class Cloud:
    """A daemon, its guests, disks and snapshots by id, and the calls of one access key."""

    def __init__(self, vmmd, writer, n_guests):
        """writer: the program of tests/guest."""
        self.vmmd, self.guests, self.disks, self.snapshots, self.images = vmmd, {}, {}, {}, {}
        self.system_snapshots = []  # that images were made with
        self.image = vmmd.import_image()
        self.key = vmmd.create_key()
        self.deaths = 0
        self._first_instance()
        self.before = fingerprint.take(vmmd)
        vmmd.start()
        with open(writer, "rb") as file:
            packed = base64.encodebytes(gzip.compress(file.read(), mtime=0)).decode()
        script = f"#!/bin/sh\nbase64 -d << END | gunzip > /tmp/writer\n{packed}END\nchmod +x /tmp/writer\nexec /tmp/writer\n"
        self.user_data = base64.b64encode(script.encode()).decode()
        for _ in range(n_guests):
            self.run_guest(self.image)
        self.settle()

    def _first_instance(self):
        """It makes the account's default network, which stays."""
        vmmd = self.vmmd
        first = vmmd.call("RunInstances", ImageId=self.image, InstanceType="ecs.t1.nano")["InstanceIdSets"]["InstanceIdSet"][0]
        vmmd.wait_status(first, "Running")
        vmmd.call("DeleteInstance", InstanceId=first, Force="true")
        vmmd.wait_status(first, None)
        vmmd.stop()

    # ---- calls ----

    def revive(self):
        if self.vmmd.process is None or self.vmmd.has_died():
            self.deaths += 1
            if self.vmmd.process is not None:
                self.vmmd.kill()
            self.vmmd.start()

    def call(self, action, is_done=None, **params):
        """A signed call. When the daemon dies over it, it is asked again, by the same token; is_done() tells whether
        a refusal then only means that it was done the first time."""
        if not action.startswith("Describe"):
            params["ClientToken"] = uuid.uuid4().hex
        was_lost = False
        while True:
            try:
                return self.vmmd.signed_call(self.key, action, RegionId="cn-local", **params)
            except Died:
                was_lost = True
                wait_until("the daemon to be dead", 10, self.vmmd.has_died)
                self.revive()
            except ApiError:
                if was_lost and is_done and is_done():
                    return None
                raise

    def row_of(self, disk):
        rows = self.call("DescribeDisks", DiskIds=json.dumps([disk]))["Disks"]["Disk"]
        return rows[0] if rows else None

    def snapshot_row(self, snapshot):
        rows = self.call("DescribeSnapshots", SnapshotIds=json.dumps([snapshot]))["Snapshots"]["Snapshot"]
        return rows[0] if rows else None

    def instance_status(self, guest):
        rows = self.call("DescribeInstances", InstanceIds=json.dumps([guest]))["Instances"]["Instance"]
        return rows[0]["Status"] if rows else None

    def run_guest(self, image, **params):
        made = self.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", UserData=self.user_data, **params)
        [guest] = made["InstanceIdSets"]["InstanceIdSet"]
        self.guests[guest] = Guest(guest, self.vmmd.console_path(guest))
        return self.guests[guest]

    # ---- what guests say ----

    def listen(self):
        by_serial = {disk.serial: disk for disk in self.disks.values()}
        for guest in self.guests.values():
            for line in guest.console.lines():
                event = blocks.parse(line)
                if event:
                    self._hear(guest, by_serial, *event)

    def _hear(self, guest, by_serial, word, words):
        if word == "READY":
            guest.open.clear()
            return
        disk = by_serial.get(words[0])
        if disk is None:
            return
        if word == "OPEN":
            found = {slot: tag for slot, tag in enumerate(int(text, 16) for text in words[2:]) if tag != 0}
            assert int(words[1]) * 512 <= disk.size * GIB, f"{disk.id} has {words[1]} sectors in {guest.id}"
            disk.history.settle(found, disk.history.acked, f"disk {disk.id} in {guest.id}")
            disk.history = blocks.History(found)
            guest.open.add(disk.serial)
        elif word == "GONE":
            guest.open.discard(disk.serial)
        elif word in ("W", "Z"):
            disk.history.wrote(word, int(words[1]), int(words[2], 16))
        elif word == "A":
            disk.history.was_answered(int(words[1], 16))
            guest.answers += 1

    # ---- waiting ----

    def look_after(self):
        """Starts what has died."""
        self.revive()
        libvirtd.revive()

    def _is_settled(self):
        self.look_after()
        self.listen()
        for guest in self.guests.values():
            if self.instance_status(guest.id) != ("Running" if guest.is_running else "Stopped"):
                return False
            if not guest.is_running and guest.open:
                self.hush(guest)
        for disk in self.disks.values():
            row = self.row_of(disk.id)
            wanted = ("In_use", disk.size, disk.guest) if disk.guest else ("Available", disk.size, "")
            if (row["Status"], row["Size"], row["InstanceId"]) != wanted:
                return False
            is_open = any(disk.serial in guest.open for guest in self.guests.values())
            if is_open != bool(disk.guest and self.guests[disk.guest].is_running):
                return False
        return True

    def why_not(self):
        """What settle() waits for."""
        rows = [self.row_of(disk) for disk in self.disks]
        return [(row["DiskId"], row["Status"], row["Size"], row["InstanceId"]) for row in rows if row] \
            + [(disk.id, disk.size, disk.guest) for disk in self.disks.values()] \
            + [(guest.id, self.instance_status(guest.id), guest.is_running, guest.open) for guest in self.guests.values()]

    def settle_one(self, disk):
        wait_until(f"{disk.id} to be made", 60, lambda: self.row_of(disk.id)["Status"] == "Available")

    def settle(self):
        """Until all that was asked for has happened, and guests write to what they have."""
        try:
            wait_until("the cloud to come to rest", SETTLE_S, self._is_settled)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.why_not()}") from None
        for image in self.images.values():
            if image.devices is None:
                self._take_image(image)
        new, groups = [s for s in self.snapshots.values() if s.content is None], {}
        for snapshot in new:
            settled = self.check_new(snapshot)
            # Of disks at rest one may have been written by another guest long before.
            if self.snapshot_row(snapshot.id)["Consistency"] != "off":
                groups.setdefault(snapshot.group or snapshot.id, []).append(settled)
        for group, settled in groups.items():
            assert blocks.have_an_instant(settled), f"the snapshots of {group} are not of one instant"

    def image_row(self, image):
        rows = self.call("DescribeImages", ImageId=image, Status="Creating,Available,UnAvailable,CreateFailed")["Images"]["Image"]
        return rows[0] if rows else None

    def _take_image(self, image):
        """Waits until it is Available, and finds the snapshots that it was made with."""
        def mappings():
            self.look_after()
            row = self.image_row(image.id)
            assert row and row["Status"] != "CreateFailed", f"image {image.id} failed: {row}"
            return row["Status"] == "Available" and row["DiskDeviceMappings"]["DiskDeviceMapping"]

        image.devices = {}
        for mapping in wait_until(f"image {image.id} to be Available", SETTLE_S, mappings):
            if mapping["Type"] == "system":
                self.system_snapshots.append(mapping["SnapshotId"])
                continue
            snapshot = image.taken.pop(self.snapshot_row(mapping["SnapshotId"])["SourceDiskId"])
            snapshot.id, snapshot.image, snapshot.group = mapping["SnapshotId"], image.id, image.id
            self.snapshots[snapshot.id] = image.devices[mapping["Device"]] = snapshot
        assert not image.taken, f"image {image.id} lacks {list(image.taken)}"

    def let_write(self, count):
        """Until each guest has written so many blocks more."""
        goals = {g: g.answers + count for g in self.guests.values() if g.is_running and g.open}
        wait_until("guests to write", 60, lambda: self.listen() or all(g.answers >= goals[g] for g in goals))

    def check_new(self, snapshot):
        def done():
            self.look_after()
            row = self.snapshot_row(snapshot.id)
            assert row and row["Status"] != "failed", f"snapshot {snapshot.id} failed: {row}"
            return row["Status"] == "accomplished"

        wait_until(f"snapshot {snapshot.id} to be accomplished", SETTLE_S, done)
        return self.check_snapshot(snapshot)

    def check_snapshot(self, snapshot):
        found = blocks.read_on_host(self.vmmd, "snapshot", snapshot.id)
        # What a guest has said before it wrote may still be on its way here.
        wait_until("the console", 10, lambda: self.listen() or snapshot.history is None
                   or self._has_heard(snapshot.history, found))
        return snapshot.check(found)

    @staticmethod
    def _has_heard(history, found):
        known = {tag for _, tag in history.writes} | set(history.content.values())
        return set(found.values()) <= known

    def check_at_rest(self, disk):
        """Of a disk that no guest has open."""
        found = blocks.read_on_host(self.vmmd, "disk", disk.id)
        self.listen()
        disk.history.settle(found, disk.history.acked, f"disk {disk.id} at rest")
        disk.history = blocks.History(found)

    def is_at_rest(self, disk):
        return not disk.guest or not self.guests[disk.guest].is_running

    # ---- kills ----

    def qemu_of(self, guest):
        found = [pid for pid, command in fingerprint.processes(QEMU).items() if guest in command]
        return found[0] if found else None

    def kill_qemu(self, guest):
        """FALSE when it does not run. What it said before is heard before what it says when it is up again."""
        pid = self.qemu_of(guest.id)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        wait_until("the process to end", 20, lambda: not os.path.exists(f"/proc/{pid}"))
        self.hush(guest)
        return True

    def hush(self, guest):
        """Its QEMU has ended: takes in what it said last, until the log stands still, since it comes by virtlogd."""
        size = -1
        while size != os.path.getsize(guest.console.path):
            size = os.path.getsize(guest.console.path)
            time.sleep(0.2)
        self.listen()
        guest.open.clear()

    def kill_daemon(self):
        if self.vmmd.process is not None and not self.vmmd.has_died():
            os.kill(self.vmmd.process.pid, signal.SIGKILL)

    # ---- the end ----

    def delete_all(self):
        """And the host is as before the first guest."""
        for guest in list(self.guests.values()):
            self.call("DeleteInstance", InstanceId=guest.id, Force="true")
        for guest in list(self.guests):
            wait_until(f"{guest} to be gone", SETTLE_S, lambda g=guest: self.instance_status(g) is None)
        self.guests.clear()
        for disk in list(self.disks):
            wait_until(f"{disk} to be free", 60, lambda d=disk: (self.row_of(d) or {}).get("Status") in ("Available", None))
            self.call("DeleteDisk", DiskId=disk)
        for image in list(self.images):
            self.call("DeleteImage", ImageId=image, Force="true")
        for image in list(self.images):
            wait_until(f"{image} to be gone", 60, lambda i=image: self.image_row(i) is None)
        for snapshot in list(self.snapshots) + self.system_snapshots:
            self.call("DeleteSnapshot", SnapshotId=snapshot, Force="true")
        self.disks.clear()
        self.snapshots.clear()
        self.images.clear()
        last = []

        def is_as_before():
            try:
                last[:] = fingerprint.difference(self.before, fingerprint.take(self.vmmd))
            except subprocess.CalledProcessError as error:
                last[:] = [str(error)]
            return not last

        try:
            wait_until("the host to be as before", 60, is_as_before)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *last])) from None
