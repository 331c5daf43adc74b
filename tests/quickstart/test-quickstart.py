#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/quickstart from a fresh copy of the tree to a running guest and back, on a private host.

/usr/local and /var/log are overlays here, so that what an installation leaves can be counted.
"""
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402

TIMEOUT_S = 900
OVERLAY = "/run/overlay"
COPY = os.path.join(OVERLAY, "tree")
ENV_FILE = "/var/lib/vmmd/quickstart.env"
VARIABLES = ["ECS_ENDPOINT", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
             "ALIBABA_CLOUD_REGION_ID", "VMMD_ZONE_ID", "VMMD_IMAGE_ID", "VMMD_INSTANCE_TYPE",
             "VMMD_VSWITCH_ID", "VMMD_SECURITY_GROUP_ID", "VMMD_INSTANCE_ID"]


def make_overlay(path):
    parts = [os.path.join(OVERLAY, path.strip("/").replace("/", "-"), name) for name in ("up", "work")]
    for part in parts:
        os.makedirs(part)
    options = f"lowerdir={path},upperdir={parts[0]},workdir={parts[1]}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, path], check=True)


def prepare():
    """Exits as a skip where this is no private host."""
    if os.environ.get("VMMD_PRIVATE_HOST") != "1":
        print("1..0 # SKIP runs only under tests/lib/private-host")
        sys.exit(0)
    os.makedirs(OVERLAY)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", OVERLAY], check=True)
    for path in ("/usr/local", "/var/log"):
        make_overlay(path)
    shutil.copytree(ROOT, COPY, symlinks=True,
                    ignore=shutil.ignore_patterns("build*", ".git", "node_modules", "__pycache__"))


def quickstart(*words):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ALIBABA", "ECS_", "VMMD_ADMIN"))}
    result = subprocess.run([os.path.join(COPY, "tools/quickstart"), *words], env=clean, text=True, timeout=TIMEOUT_S,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert result.returncode == 0, result.stdout
    return result.stdout


def variables():
    with open(ENV_FILE, encoding="utf-8") as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f)


def daemon_pid():
    with open("/run/vmmd/vmmd.pid", encoding="utf-8") as f:
        return int(f.read())


def guests():
    """Pids of QEMU on this host, which shares its processes with nobody."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                if f.read().startswith("qemu-system"):
                    found.append(int(pid))
        except FileNotFoundError:
            pass
    return found


def vmmctl(*words):
    return subprocess.run(["/usr/local/bin/vmmctl", *words], env={**os.environ, **variables()}, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout


def the_first_run_ends_with_a_ready_instance():
    said = quickstart()
    assert "Try next:" in said and len(re.findall(r"^  sudo vmmctl ", said, re.M)) == 3, said
    assert list(variables()) == VARIABLES and all(variables().values()), list(variables().items())[3:]
    assert stat.S_IMODE(os.stat(ENV_FILE).st_mode) == 0o600
    assert len(guests()) == 1


def its_variables_let_a_signed_client_in():
    instance = variables()["VMMD_INSTANCE_ID"]
    assert instance in vmmctl("instance", "list")
    assert "VMMD-READY" in vmmctl("instance", "console", instance)


def a_second_run_changes_nothing():
    before = variables(), daemon_pid(), guests()
    quickstart()
    assert (variables(), daemon_pid(), guests()) == before


def a_daemon_that_was_killed_is_started_again_and_the_guest_runs_on():
    before = guests()
    os.kill(daemon_pid(), signal.SIGKILL)
    quickstart()
    assert guests() == before
    assert "Running" in vmmctl("instance", "list")


def an_instance_that_was_stopped_is_started_again():
    vmmctl("instance", "stop", variables()["VMMD_INSTANCE_ID"], "--force", "--wait")
    assert guests() == []
    quickstart()
    assert len(guests()) == 1


def remove_takes_everything_away():
    vmmctl("instance", "run", "--image", variables()["VMMD_IMAGE_ID"], "--type", "ecs.t1.nano", "--name", "more")
    said = quickstart("--remove")
    assert "all is gone" in said, said
    assert guests() == []
    assert not os.path.exists("/run/vmmd") and os.listdir("/var/lib/vmmd") == []
    left = [name for _, _, names in os.walk(os.path.join(OVERLAY, "usr-local/up")) for name in names]
    assert left == [], left
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    assert "ecs" not in tables, tables
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert names == "", names
    assert not os.path.exists(os.path.join(COPY, "build-quickstart"))


def remove_again_is_harmless():
    assert "all is gone" in quickstart("--remove")


if __name__ == "__main__":
    prepare()
    tap.run([the_first_run_ends_with_a_ready_instance, its_variables_let_a_signed_client_in,
             a_second_run_changes_nothing, a_daemon_that_was_killed_is_started_again_and_the_guest_runs_on,
             an_instance_that_was_stopped_is_started_again, remove_takes_everything_away,
             remove_again_is_harmless])
