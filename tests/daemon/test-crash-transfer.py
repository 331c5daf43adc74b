#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmmd ends at each step of an import from the drop folder, of an export, and of the image's deletion: asked again, each comes
true once, and neither a layer, a row nor a part of a file is left over.

    test-crash-transfer.py VMMD fake
"""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import ApiError, wait_until  # noqa: E402
from walk import SETTLE_S, Operation, World, walk  # noqa: E402

VMMD, DRIVER = sys.argv[1:3]
IMAGE_STATES = "Creating,Available,UnAvailable,CreateFailed"


class Import(Operation):
    """The answer holds the ids, so a lost one is asked for again with the same ClientToken."""
    tokens = 0

    def prepare(self, world):
        Import.tokens += 1
        self.token = f"token-{Import.tokens}"

    def ask(self, world):
        reply = world.daemon.call("ImportImage", File="a.raw", ImageFormat="raw", ImageName=self.token, ClientToken=self.token)
        world.extra, world.task = reply["ImageId"], reply["TaskId"]

    def ask_again_if_lost(self, world):
        self.ask(world)

    def wait(self, world):
        def is_finished():
            status = world.daemon.call("DescribeTaskAttribute", TaskId=world.task)["TaskStatus"]
            assert status in ("Pending", "Processing", "Finished"), status
            return status == "Finished"

        wait_until(f"task {world.task} to be finished", SETTLE_S, is_finished)


class Export(Import):
    def ask(self, world):
        world.task = world.daemon.call("ExportImage", ImageId=world.extra, ClientToken=self.token)["TaskId"]


class DeleteImage(Operation):
    def prepare(self, world):
        pass

    def ask(self, world):
        world.daemon.call(self.action, ImageId=world.extra)

    def ask_again_if_lost(self, world):
        try:
            self.ask(world)
        except ApiError as error:
            assert error.code == "InvalidImageId.NotFound", error

    def wait(self, world):
        wait_until("the image to be gone", SETTLE_S, lambda: not world.daemon.call(
            "DescribeImages", ImageId=world.extra, Status=IMAGE_STATES)["Images"]["Image"])


def a_crash_at_any_step_of_import_export_and_deletion_leaves_nothing_behind():
    world = the_world
    operations = [Import("ImportImage", None, None), Export("ExportImage", None, None),
                  DeleteImage("DeleteImage", None, None)]

    def check(operation):
        if operation is operations[1]:
            [name] = os.listdir(OUT)
            assert name == f"{world.extra}_{world.task}.qcow2", name
            os.unlink(os.path.join(OUT, name))
        if operation is operations[2]:
            world.expect_as(world.before, lambda: fingerprint.take(world.daemon))
        assert not os.listdir(OUT)

    last = walk(world, operations, check, 8)
    print(f"# {world.deaths} deaths, at steps up to {last}")
    assert world.deaths > 10


with tempfile.TemporaryDirectory() as folder:
    DROP, OUT = os.path.join(folder, "drop"), os.path.join(folder, "out")
    os.mkdir(DROP)
    os.mkdir(OUT)
    with open(os.path.join(DROP, "a.raw"), "wb") as image:
        image.truncate(1 << 20)
    the_world = World(VMMD, DRIVER, {"storage": {"drop-folder": DROP, "export-folder": OUT}})
    with the_world.daemon:
        tap.run([a_crash_at_any_step_of_import_export_and_deletion_leaves_nothing_behind])
