# SPDX-License-Identifier: GPL-2.0-or-later
"""Walks operations under a vmmd that ends, as by kill -9, at each of its steps in turn."""
import subprocess

import fingerprint
from daemon import ApiError, Daemon, Died, wait_until

SETTLE_S = 60
# Work goes on in threads, so a step may fall to another operation once; two calm runs are the end.
CALM_RUNS = 2
MAX_STEPS = 120


class Operation:
    """One action on an instance: ask, see whether the answer that was lost had been committed, wait."""

    def __init__(self, action, event, goal, **params):
        self.action, self.event, self.goal, self.params = action, event, goal, params
        self.calm = 0

    def count(self, world):
        events = world.daemon.events(world.instance) if world.instance else []
        return sum(event["ReasonCode"] == self.event for event in events)

    def ask(self, world):
        world.daemon.call(self.action, InstanceId=world.instance, **self.params)

    def ask_again_if_lost(self, world):
        if self.count(world) == self.before:
            self.ask(world)

    def prepare(self, world):
        self.before = self.count(world)

    def wait(self, world):
        world.daemon.wait_status(world.instance, self.goal, SETTLE_S)


class Run(Operation):
    """The answer holds the id, so a lost one is asked for again with the same ClientToken."""
    tokens = 0

    def prepare(self, world):
        Run.tokens += 1
        self.token = f"token-{Run.tokens}"
        world.instance = None

    def ask(self, world):
        reply = world.daemon.call("RunInstances", ImageId=world.image, InstanceType="ecs.t1.nano",
                                  ClientToken=self.token)
        world.instance = reply["InstanceIdSets"]["InstanceIdSet"][0]

    def ask_again_if_lost(self, world):
        self.ask(world)
        ids = [row["InstanceId"] for row in world.daemon.instances()]
        assert ids == [world.instance], f"one instance was asked for, there are {ids}"


class Delete(Operation):
    def ask_again_if_lost(self, world):
        try:
            if world.daemon.status(world.instance) == "Running":
                self.ask(world)
        except ApiError as error:
            assert error.code == "InvalidInstanceId.NotFound", error


class World:
    """A daemon with an image and the network that the first instance makes."""

    def __init__(self, program, driver, options=None):
        self.daemon = Daemon(program, driver, {"deadlines": {"start-s": 60}, **(options or {})})
        self.instance = None
        self.daemon.start()
        self.image = self.daemon.import_image()
        # The first instance makes the account's default network, which stays.
        self.plain(Run("RunInstances", None, "Running"))
        self.plain(Delete("DeleteInstance", "delete", None, Force="true"))
        # What follows a delete is done when the daemon has ended.
        self.daemon.stop()
        self.before = fingerprint.take(self.daemon)
        self.daemon.start()
        self.deaths = 0
        self.first = 1

    def plain(self, operation):
        operation.prepare(self)
        operation.ask(self)
        operation.wait(self)

    def crash(self, operation, step):
        """The operation under a daemon that dies at that step, then under one that does not.
        TRUE when it did die, but not before it served."""
        operation.prepare(self)
        self.daemon.stop()
        if not self.daemon.start("--die-at-step", str(step), may_die=True):
            self.daemon.start()
            self.plain_rest(operation)
            return None
        try:
            operation.ask(self)
            operation.wait(self)
            died = not self.daemon.stop()
        except Died:
            wait_until("the daemon that gave no answer to be dead", 10, self.daemon.has_died)
            self.daemon.stop()
            died = True
        self.daemon.start()
        if died:
            operation.ask_again_if_lost(self)
        operation.wait(self)
        operation.calm = 0 if died else operation.calm + 1
        self.deaths += died
        return died

    def plain_rest(self, operation):
        operation.ask(self)
        operation.wait(self)

    def expect_as(self, before, take):
        """Waits, since what an operation leaves for later comes within seconds."""
        last = []

        def equal():
            try:
                last[:] = fingerprint.difference(before, take())
            except subprocess.CalledProcessError as error:
                last[:] = [str(error)]
            return not last

        try:
            wait_until("the host to be as before", SETTLE_S, equal)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *last])) from None


def first_step(world, operations):
    """Steps 1, 2, … until the daemon lives to serve: those of its start."""
    step = 1
    while True:
        died = [world.crash(operation, step) for operation in operations]
        world.expect_as(world.before, lambda: fingerprint.take(world.daemon))
        if None not in died:
            return step
        step += 1


def walk(world, operations, check, step, stride=1):
    """From that step on, each stride-th one."""
    while any(operation.calm < CALM_RUNS for operation in operations):
        assert step < MAX_STEPS, "the walk has no end"
        for operation in operations:
            if operation.calm < CALM_RUNS:
                world.crash(operation, step)
            else:
                world.plain(operation)
            check(operation)
        step += stride
    return step
