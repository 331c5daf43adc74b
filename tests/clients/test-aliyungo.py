#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests that aliyungo, a client in Go with exact types, brings along, unchanged and as Debian packages them, against the
daemon with fakes. Skips where the package or Go is missing.

    test-aliyungo.py VMMD FOLDER     (FOLDER keeps what Go has built)
"""
import os
import re
import shutil
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lib"), os.path.join(TESTS, "daemon/lib")]
import tap  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

VMMD, FOLDER = map(os.path.abspath, sys.argv[1:3])
GOPATH = "/usr/share/gocode"
PACKAGE = GOPATH + "/src/github.com/denverdino/aliyungo/ecs"
# Those that need nothing but an instance, a snapshot and a VPC; the others name things that are not here.
WANTED = ["TestECSDescribe", "TestDisks", "TestSnapshot", "TestSnapshotCreationAndDeletion", "TestImageCreationAndDeletion",
          "TestMonitoring", "TestAddTags", "TestDescribeResourceByTags", "TestDescribeTags", "TestRemoveTags"]
GO = {**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOCACHE": os.path.join(FOLDER, "cache")}


def build():
    os.makedirs(FOLDER, exist_ok=True)
    program = os.path.join(FOLDER, "aliyungo.test")
    subprocess.run(["go", "test", "-c", "-o", program, "."], cwd=PACKAGE, env=GO, check=True, timeout=300)
    return program


def surroundings(vmmd):
    """What its tests want to find, and the environment that tells them of it."""
    file = os.path.join(vmmd.root, "disk.raw")
    with open(file, "wb") as image:
        image.truncate(1 << 20)
    image = vmmd.call("ImportLocalImage", File=file, ImageFormat="raw", ImageName="disk")["ImageId"]
    vmmd.wait_image(image)
    reply = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano")
    [instance] = reply["InstanceIdSets"]["InstanceIdSet"]
    vmmd.wait_status(instance, "Running")
    [disk] = vmmd.call("DescribeDisks", InstanceId=instance)["Disks"]["Disk"]
    vmmd.call("CreateSnapshot", DiskId=disk["DiskId"])
    wait_until("the snapshot", 60, lambda: vmmd.call("DescribeSnapshots", Status="accomplished")["TotalCount"] == 1)
    key = vmmd.create_key()
    door = f"http://127.0.0.1:{vmmd.port}"
    return {"CUSTOMIZED_ENDPOINT": "1", "ECS_ENDPOINT": door, "VPC_ENDPOINT": door, "RegionId": "cn-local",
            "AccessKeyId": key["AccessKeyId"], "AccessKeySecret": key["AccessKeySecret"], "InstanceId": instance}


def the_tests_of_aliyungo_pass_unchanged():
    program = build()
    with Daemon(VMMD, "fake") as vmmd:
        vmmd.start()
        words = [program, "-test.v", "-test.run", "^(" + "|".join(WANTED) + ")$"]
        done = subprocess.run(words, cwd=PACKAGE, env={**GO, **surroundings(vmmd)}, text=True, capture_output=True, timeout=200,
                              check=False)
    print("\n".join("# " + line[:200] for line in (done.stdout + done.stderr).splitlines()))
    assert done.returncode == 0, done.returncode
    assert sorted(re.findall(r"^--- PASS: (\w+)", done.stdout, re.M)) == sorted(WANTED)


if __name__ == "__main__":
    if shutil.which("go") is None or not os.path.isdir(PACKAGE):
        print("1..0 # SKIP there is no Go, or no golang-github-denverdino-aliyungo-dev")
        sys.exit(77)
    tap.run([the_tests_of_aliyungo_pass_unchanged])
