#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends vmmd as by kill -9 at each step of each operation, in turn, and starts it again: all must come
to its end by itself, and a delete must leave nothing behind.

    test-crash.py VMMD fake|libvirt
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
import fingerprint  # noqa: E402
from daemon import ApiError, wait_until  # noqa: E402
from walk import SETTLE_S, Delete, Operation, Run, World, first_step, walk  # noqa: E402

VMMD, DRIVER = sys.argv[1:3]
IMAGE_STATES = "Creating,Available,UnAvailable,CreateFailed"


class Import(Operation):
    """An image's name is its token: a second import under it is refused."""

    def prepare(self, world):
        world.extra = None

    def find(self, world):
        reply = world.daemon.call("DescribeImages", ImageName="extra", Status=IMAGE_STATES)
        return [row["ImageId"] for row in reply["Images"]["Image"]]

    def ask(self, world):
        world.extra = world.daemon.ask_for_image(name="extra")

    def ask_again_if_lost(self, world):
        found = self.find(world)
        assert len(found) < 2, found
        if found:
            [world.extra] = found
        else:
            self.ask(world)

    def wait(self, world):
        world.daemon.wait_image(world.extra, SETTLE_S)


class DeleteImage(Operation):
    def prepare(self, world):
        pass

    def ask(self, world):
        world.daemon.call(self.action, ImageId=world.extra)

    def ask_again_if_lost(self, world):
        try:
            self.ask(world)
        except ApiError as error:
            assert error.code in ("InvalidImageId.NotFound", "ImageNotAvailable"), error

    def wait(self, world):
        wait_until("the image to be gone", SETTLE_S, lambda: not world.daemon.call(
            "DescribeImages", ImageId=world.extra, Status=IMAGE_STATES)["Images"]["Image"])


def host_of(world):
    if DRIVER == "fake":
        return fingerprint.fakes(world.daemon)
    return [f"domain {name} {state}" for name, state in fingerprint.domains()] + fingerprint.network()


def a_crash_at_any_step_of_run_and_delete_leaves_nothing_behind():
    world = the_world
    operations = [Run("RunInstances", None, "Running"),
                  Delete("DeleteInstance", "delete", None, Force="true")]
    world.first = first_step(world, operations)

    def check(operation):
        if operation is operations[1]:
            world.expect_as(world.before, lambda: fingerprint.take(world.daemon))

    last = walk(world, operations, check, world.first + 1)
    print(f"# {world.deaths} deaths, at steps {world.first} to {last}")
    assert world.deaths > 20


def a_crash_at_any_step_of_stop_start_and_reboot_is_mended():
    world = the_world
    world.deaths = 0
    world.plain(Run("RunInstances", None, "Running"))
    operations = [Operation("StopInstance", "stop", "Stopped", ForceStop="true"),
                  Operation("StartInstance", "start", "Running"),
                  Operation("RebootInstance", "reboot", "Running", ForceStop="true")]
    hosts = {"Running": host_of(world)}
    world.plain(operations[0])
    hosts["Stopped"] = host_of(world)
    world.plain(operations[1])

    def check(operation):
        world.expect_as(hosts[operation.goal], lambda: host_of(world))

    last = walk(world, operations, check, world.first)
    print(f"# {world.deaths} deaths, at steps {world.first} to {last}")
    assert world.deaths > 15
    world.plain(Delete("DeleteInstance", "delete", None, Force="true"))
    world.expect_as(world.before, lambda: fingerprint.take(world.daemon))


def a_crash_at_any_step_of_an_import_and_its_deletion_leaves_nothing_behind():
    world = the_world
    world.deaths = 0
    operations = [Import("ImportLocalImage", None, None), DeleteImage("DeleteImage", None, None)]

    def check(operation):
        if operation is operations[1]:
            world.expect_as(world.before, lambda: fingerprint.take(world.daemon))

    last = walk(world, operations, check, world.first)
    print(f"# {world.deaths} deaths, at steps {world.first} to {last}")
    assert world.deaths > 8


the_world = World(VMMD, DRIVER)
with the_world.daemon:
    tap.run([a_crash_at_any_step_of_run_and_delete_leaves_nothing_behind,
             a_crash_at_any_step_of_stop_start_and_reboot_is_mended,
             a_crash_at_any_step_of_an_import_and_its_deletion_leaves_nothing_behind])
