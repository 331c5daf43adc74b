#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian cloud image: cloud-init finds its metadata and comes to its end without an error.

    test-debian.py VMMD      (on a private host with VMMD_DEBIAN_IMAGE)
"""
import base64
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

BOOT_S = 900
DISK_GIB = 6
# The status is only final when the command of this stage has ended, so another process waits for it.
USER_DATA = """#cloud-config
runcmd:
  - |
    systemd-run --no-block sh -c '
      cloud-init status --wait --long > /run/status
      { echo "VMMD-HOST $(hostname)"
        echo "VMMD-ADDRESS $(ip -4 -o address show scope global | tr -s " " | cut -d" " -f4)"
        echo "VMMD-ID $(cloud-init query instance_id)"
        echo "VMMD-DATASOURCE $(cloud-id)"
        echo "VMMD-ROOT $(df --output=size -B1 / | tail -n 1)"
        sed "s/^/VMMD-STATUS /" /run/status
        echo "VMMD-END"
      } > /dev/ttyS0'
"""


def said(name):
    """What the guest said under that name, a list of lines."""
    return [line.strip() for line in re.findall(rf"^VMMD-{name} (.*)$", console(), re.M)]


def console():
    return vmmd.console(guest).replace("\r", "")


def it_boots_and_runs_its_user_data_to_the_end():
    wait_until("the marker of the user data", BOOT_S, lambda: "VMMD-END\n" in console())


def cloud_init_ends_without_an_error():
    status = said("STATUS")
    assert "status: done" in status, status
    assert not [line for line in status if "error" in line.lower() and line not in ("errors: []", "recoverable_errors: {}")], \
        status


def the_guest_is_what_the_api_says():
    row = vmmd.instance(guest)
    assert said("HOST") == ["debian-test"]
    assert said("ID") == [guest]
    assert said("DATASOURCE") == ["aliyun"]
    assert said("ADDRESS")[0].split("/")[0] == row["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]


def its_root_fills_the_disk_that_was_asked_for():
    assert int(said("ROOT")[0]) > (DISK_GIB - 1) << 30


def it_powers_off_when_asked_to_stop():
    vmmd.call("StopInstance", InstanceId=guest)
    vmmd.wait_status(guest, "Stopped", 200)
    assert vmmd.events(guest)[0]["Reason"] == "", "its power had to be cut"


with Daemon(sys.argv[1], options={"deadlines": {"stop-s": 180}}) as vmmd:
    vmmd.start()
    image = vmmd.import_image(os.environ["VMMD_DEBIAN_IMAGE"], name="debian")
    reply = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.small", HostName="debian-test",
                      SystemDisk_Size=DISK_GIB, UserData=base64.b64encode(USER_DATA.encode()).decode())
    guest = reply["InstanceIdSets"]["InstanceIdSet"][0]
    vmmd.wait_status(guest, "Running")
    tap.run([it_boots_and_runs_its_user_data_to_the_end, cloud_init_ends_without_an_error,
             the_guest_is_what_the_api_says, its_root_fills_the_disk_that_was_asked_for,
             it_powers_off_when_asked_to_stop])
