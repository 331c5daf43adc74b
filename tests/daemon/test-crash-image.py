#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends vmmd as by kill -9 at each step of making an image of an instance, and of deleting it with its
snapshots: the image must come to be, once, and nothing of it may be left.

    test-crash-image.py VMMD fake
"""
import json
import os
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import ApiError, wait_until  # noqa: E402
from walk import SETTLE_S, Delete, Operation, Run, World, walk  # noqa: E402

VMMD, DRIVER = sys.argv[1:3]
STATES = "Creating,Available,UnAvailable,CreateFailed"


def own_images(world):
    reply = world.daemon.call("DescribeImages", ImageOwnerAlias="self", Status=STATES)
    return [row["ImageId"] for row in reply["Images"]["Image"]]


def snapshots(world):
    return [row["SnapshotId"] for row in world.daemon.call("DescribeSnapshots")["Snapshots"]["Snapshot"]]


def rows(world, table):
    with sqlite3.connect(f"file:{os.path.join(world.daemon.state_dir, 'vmmd.db')}?mode=ro", uri=True) as db:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


class CreateImage(Operation):
    tokens = 0

    def prepare(self, world):
        CreateImage.tokens += 1
        self.token = f"image-{CreateImage.tokens}"

    def ask(self, world):
        world.extra = world.daemon.call("CreateImage", InstanceId=world.instance, ClientToken=self.token)["ImageId"]

    def ask_again_if_lost(self, world):
        self.ask(world)
        assert own_images(world) == [world.extra], own_images(world)

    def wait(self, world):
        world.daemon.wait_image(world.extra, SETTLE_S)


class DropImage(Operation):
    """The image, then the snapshots that were taken for it."""

    def prepare(self, world):
        pass

    def ask(self, world):
        try:
            world.daemon.call("DeleteImage", ImageId=world.extra)
        except ApiError as error:
            assert error.code == "InvalidImageId.NotFound", error
        wait_until("the image to be gone", SETTLE_S, lambda: not own_images(world))
        for snapshot in snapshots(world):
            world.daemon.call("DeleteSnapshot", SnapshotId=snapshot)

    def ask_again_if_lost(self, world):
        self.ask(world)

    def wait(self, world):
        wait_until("image and snapshots to be gone", SETTLE_S, lambda: not own_images(world) and not snapshots(world))


def check_whole(world):
    [row] = world.daemon.call("DescribeImages", ImageId=world.extra)["Images"]["Image"]
    mappings = row["DiskDeviceMappings"]["DiskDeviceMapping"]
    assert [mapping["Device"] for mapping in mappings] == ["/dev/xvda", "/dev/xvdb"], mappings
    assert sorted(mapping["SnapshotId"] for mapping in mappings) == sorted(snapshots(world)), mappings
    for mapping in mappings:
        reply = world.daemon.call("DescribeSnapshots", SnapshotIds=json.dumps([mapping["SnapshotId"]]))
        assert reply["Snapshots"]["Snapshot"][0]["Status"] == "accomplished", reply


def merge_layers(world):
    """A stop lets what nobody names any more be merged: the system image's layer and each disk's own are left."""
    if world.daemon.status(world.instance) == "Running":
        world.plain(Operation("StopInstance", "stop", "Stopped", ForceStop="true"))
        wait_until("the layers to be merged", SETTLE_S, lambda: rows(world, "layer") == 3)
        world.plain(Operation("StartInstance", "start", "Running"))
    wait_until("the layers to be merged", SETTLE_S, lambda: rows(world, "layer") == 3)


def walk_images(world):
    world.deaths = 0
    operations = [CreateImage("CreateImage", None, None), DropImage("DeleteImage", None, None)]

    def check(operation):
        if operation is operations[0]:
            check_whole(world)
        else:
            assert rows(world, "image_disk") == rows(world, "image") == 1
            merge_layers(world)

    last = walk(world, operations, check, 1)
    print(f"# {world.deaths} deaths, at steps 1 to {last}")
    assert world.deaths > 15


def a_crash_at_any_step_of_an_image_of_a_running_instance_is_mended():
    walk_images(the_world)


def a_crash_at_any_step_of_an_image_of_a_stopped_instance_is_mended():
    the_world.plain(Operation("StopInstance", "stop", "Stopped", ForceStop="true"))
    walk_images(the_world)


def nothing_is_left():
    the_world.plain(Delete("DeleteInstance", "delete", None, Force="true"))
    wait_until("the layers to be gone", SETTLE_S, lambda: rows(the_world, "layer") == 1)


class RunTwoDisks(Run):
    def ask(self, world):
        reply = world.daemon.call("RunInstances", ImageId=world.image, InstanceType="ecs.t1.nano",
                                  ClientToken=self.token, DataDisk_1_Size=20)
        world.instance = reply["InstanceIdSets"]["InstanceIdSet"][0]


the_world = World(VMMD, DRIVER)
with the_world.daemon:
    the_world.plain(RunTwoDisks("RunInstances", None, "Running"))
    tap.run([a_crash_at_any_step_of_an_image_of_a_running_instance_is_mended,
             a_crash_at_any_step_of_an_image_of_a_stopped_instance_is_mended, nothing_is_left])
