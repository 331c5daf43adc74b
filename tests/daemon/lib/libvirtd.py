# SPDX-License-Identifier: GPL-2.0-or-later
"""The libvirtd of a private host: killed, and started again as systemd does it."""
import os
import signal
import subprocess

from daemon import wait_until

PID_FILE = "/run/libvirtd.pid"


def _pid():
    with open(PID_FILE, encoding="ascii") as file:
        return int(file.read())


def kill():
    """-9; it is gone when this returns."""
    pid = _pid()
    os.kill(pid, signal.SIGKILL)
    wait_until("libvirtd to end", 20, lambda: not os.path.exists(f"/proc/{pid}"))


def start():
    """It takes connections when this returns."""
    subprocess.run(["libvirtd", "--daemon", "--pid-file", PID_FILE], check=True)


def revive():
    """Starts it unless it lives: it may also die by itself while it comes up."""
    try:
        with open(f"/proc/{_pid()}/comm", encoding="ascii") as file:
            is_alive = file.read().strip() == "libvirtd"
    except FileNotFoundError:
        is_alive = False
    if not is_alive:
        start()
