#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes on when parts die: vmmd, libvirtd, QEMU and the guest itself. One guest lives through it
all, in the order of the tests.

    test-recovery.py VMMD      (on a private host with VMMD_TINY_IMAGE)
"""
import base64
import os
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import fingerprint  # noqa: E402
import libvirtd  # noqa: E402
import tap  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

# A line a second on the console, from inside the guest.
CLOCK = "#!/bin/sh\nwhile :; do read -r up rest < /proc/uptime; echo \"VMMD-UP $up\"; sleep 1; done\n"


def qemu():
    """The one QEMU of this host."""
    pids = list(fingerprint.processes("qemu-system-x86_64"))
    assert len(pids) == 1, pids
    return pids[0]


def uptimes():
    return [float(text) for text in re.findall(r"VMMD-UP ([\d.]+)", vmmd.console(guest))]


def wait_for_clock():
    """The guest's uptime after it has said it once more."""
    count = len(uptimes())
    wait_until("the guest's clock", 60, lambda: len(uptimes()) > count)
    return uptimes()[-1]


def is_connected():
    return vmmd.call("DescribeServiceStatus")["Hypervisor"]["Connected"]


def reasons():
    return [event["ReasonCode"] for event in vmmd.events(guest)]


def the_guest_comes_up_with_its_name_address_and_user_data():
    ready = vmmd.wait_ready(guest)
    row = vmmd.instance(guest)
    assert ready["host"] == row["HostName"], ready
    assert ready["ip"].split("/")[0] == row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0], ready
    assert ready["id"] == guest, ready
    assert wait_for_clock() > 0


def a_restarted_daemon_takes_up_the_running_guest():
    pid, up = qemu(), wait_for_clock()
    vmmd.restart()
    assert vmmd.status(guest) == "Running"
    assert qemu() == pid
    assert wait_for_clock() > up


def a_killed_daemon_leaves_the_guest_running():
    pid, up = qemu(), wait_for_clock()
    vmmd.kill()
    wait_until("the guest to go on without vmmd", 60, lambda: uptimes()[-1] > up)
    vmmd.start()
    assert vmmd.status(guest) == "Running"
    assert qemu() == pid


def a_killed_libvirtd_is_reported_and_the_guest_lives_on():
    pid = qemu()
    assert is_connected()
    libvirtd.kill()
    wait_until("vmmd to notice", 60, lambda: not is_connected())
    assert vmmd.status(guest) == "Running"
    wait_for_clock()
    assert qemu() == pid


def what_is_asked_for_meanwhile_happens_when_libvirtd_is_back():
    other = run()
    libvirtd.start()
    wait_until("vmmd to find libvirtd", 90, is_connected)
    vmmd.wait_status(other, "Running", 120)
    assert vmmd.status(guest) == "Running"
    vmmd.call("DeleteInstance", InstanceId=other, Force="true")
    vmmd.wait_status(other, None)
    wait_for_clock()


def a_killed_qemu_is_started_again_and_recorded():
    pid = qemu()
    boots = vmmd.console(guest).count("VMMD-READY ")
    os.kill(pid, signal.SIGKILL)
    wait_until("the event", 60, lambda: "crashed" in reasons())
    vmmd.wait_status(guest, "Running")
    assert qemu() != pid
    vmmd.wait_ready(guest, boots + 1)
    assert reasons().count("crashed") == 1


def a_guest_that_powers_itself_off_is_stopped():
    subprocess.run([*fingerprint.VIRSH, "shutdown", guest, "--mode", "acpi"], check=True, stdout=subprocess.DEVNULL)
    vmmd.wait_status(guest, "Stopped")
    assert not fingerprint.processes("qemu-system-x86_64")
    assert vmmd.events(guest)[0]["Reason"] == "the guest powered itself off"


def its_deletion_leaves_nothing_behind():
    vmmd.call("DeleteInstance", InstanceId=guest)
    vmmd.wait_status(guest, None)
    vmmd.restart()
    difference = fingerprint.difference(before, fingerprint.take(vmmd))
    assert not difference, "\n".join(difference)


def run(**params):
    reply = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano", **params)
    return reply["InstanceIdSets"]["InstanceIdSet"][0]


with Daemon(sys.argv[1]) as vmmd:
    vmmd.start()
    image = vmmd.import_image()
    first = run()
    vmmd.wait_status(first, "Running")
    vmmd.call("DeleteInstance", InstanceId=first, Force="true")
    vmmd.wait_status(first, None)
    vmmd.restart()
    before = fingerprint.take(vmmd)
    guest = run(UserData=base64.b64encode(CLOCK.encode()).decode(), HostName="clock")
    vmmd.wait_status(guest, "Running")
    tap.run([the_guest_comes_up_with_its_name_address_and_user_data, a_restarted_daemon_takes_up_the_running_guest,
             a_killed_daemon_leaves_the_guest_running, a_killed_libvirtd_is_reported_and_the_guest_lives_on,
             what_is_asked_for_meanwhile_happens_when_libvirtd_is_back,
             a_killed_qemu_is_started_again_and_recorded, a_guest_that_powers_itself_off_is_stopped,
             its_deletion_leaves_nothing_behind])
