#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tiny image in a plain QEMU: test-tiny.py MKIMAGE. What it says on its console and what it obeys.

The guest reaches one address, the metadata service, through QEMU's own network; nothing leaves it.
"""
import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

USER_DATA = "#!/bin/sh\necho user data speaks\nexit 3\n"
LEAVES = {
    "/latest/meta-data/instance-id": "i-0123456789abcdefghij",
    "/latest/meta-data/hostname": "web-01",
    "/latest/meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA test",
    "/latest/user-data": USER_DATA,
}
# Between the guest's connection (our stdin and stdout) and the service on this host.
PIPE = """
import os, select, socket, sys
s = socket.create_connection(("127.0.0.1", PORT))
while True:
    for ready in select.select([0, s], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else s.recv(65536)
        if not data:
            sys.exit()
        s.sendall(data) if ready == 0 else os.write(1, data)
"""


class Metadata(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = LEAVES.get(self.path)
        self.send_response(200 if body else 404)
        body = (body or "").encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Guest:
    def __init__(self, folder, image, *options):
        self.log = os.path.join(folder, f"console-{time.monotonic_ns()}")
        self.qmp_path = self.log + ".qmp"
        self.agent_path = self.log + ".agent"
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-cpu", "max", "-m", "128", "-display", "none", "-snapshot",
             "-drive", f"file={image},format=qcow2,if=none,id=root",
             "-device", "virtio-blk-pci,drive=root,serial=0123456789abcdefghij",
             "-serial", f"file:{self.log}", "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
             "-device", "virtio-serial-pci",
             "-chardev", f"socket,id=agent,path={self.agent_path},server=on,wait=off",
             "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0", *options])

    def wait_for(self, pattern, seconds=90, times=1):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.path.exists(self.log):
                with open(self.log, errors="replace") as log:
                    found = re.findall(pattern, log.read(), re.M)
                if len(found) >= times:
                    return found[-1]
            assert self.process.poll() is None, "the guest ended"
            time.sleep(0.05)
        with open(self.log, errors="replace") as log:
            raise AssertionError(f"no {pattern!r} in {log.read()!r}")

    @staticmethod
    def connect(sock, path):
        deadline = time.monotonic() + 30
        while True:
            try:
                return sock.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def talk(self, path, *commands):
        answers = []
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            self.connect(sock, path)
            stream = sock.makefile("rw")
            for command in commands:
                stream.write(json.dumps(command) + "\n")
                stream.flush()
                while True:
                    line = json.loads(stream.readline())
                    if "return" in line or "error" in line:
                        answers.append(line)
                        break
        return answers

    def qmp(self, *commands):
        for answer in self.talk(self.qmp_path, {"execute": "qmp_capabilities"}, *commands):
            assert "return" in answer, answer

    def end(self):
        self.process.kill()
        self.process.wait()


def network(folder):
    """A network whose only neighbour is the metadata service."""
    return ("user,id=net,restrict=on,net=100.100.100.0/24,host=100.100.100.2,"
            f"guestfwd=tcp:100.100.100.200:80-cmd:{sys.executable} {os.path.join(folder, 'pipe.py')}")


def ready_line(folder, image, guest):
    line = guest.wait_for(r"^VMMD-READY .*$").strip()
    digest = hashlib.sha256(USER_DATA.encode()).hexdigest()
    expected = (r"VMMD-READY host=web-01 id=i-0123456789abcdefghij ip=100\.100\.100\.15/24 "
                r"disks=\[vda:0123456789abcdefghij:\d+\] userdata=" + digest + r" up=\d+\.\d+ cpus=1 mem=\d+")
    assert re.fullmatch(expected, line), line
    print(f"# ready {time.monotonic() - guest.started:.1f} s after QEMU's start")


def user_data_runs(folder, image, guest):
    guest.wait_for(r"^user data speaks")
    guest.wait_for(r"^VMMD-USERDATA exit=3")


def agent_answers(folder, image, guest):
    password = "aHVudGVyMg=="
    for answer in guest.talk(guest.agent_path, {"execute": "guest-ping"},
                             {"execute": "guest-set-user-password",
                              "arguments": {"username": "root", "password": password, "crypted": False}}):
        assert "return" in answer, answer


def disks_come_and_go(folder, image, guest):
    guest.qmp({"execute": "blockdev-add",
               "arguments": {"driver": "null-co", "size": 1 << 30, "node-name": "data"}},
              {"execute": "device_add", "arguments": {"driver": "virtio-blk-pci", "drive": "data",
                                                      "id": "data0", "serial": "data1"}})
    guest.wait_for(r"^VMMD-DISKS .*vdb:data1:2097152\]")
    guest.qmp({"execute": "device_del", "arguments": {"id": "data0"}})
    guest.wait_for(r"^VMMD-DISKS up=\S+ disks=\[vda:[^ ]*\]")


def reset_starts_again(folder, image, guest):
    guest.qmp({"execute": "system_reset"})
    guest.wait_for(r"^VMMD-READY host=web-01 .*$", times=2)


def button_powers_off(folder, image, guest):
    guest.qmp({"execute": "system_powerdown"})
    guest.process.wait(30)


def ready_without_network(folder, image, _):
    guest = Guest(folder, image, "-nic", "none")
    try:
        line = guest.wait_for(r"^VMMD-READY .*$")
        assert re.match(r"VMMD-READY host= id= ip= disks=\[vda:\S+\] userdata= up=", line), line
    finally:
        guest.end()


def ready_later_when_metadata_is_late(folder, image, _):
    """Nothing answers on this network, not even DHCP, until its link is up."""
    guest = Guest(folder, image, "-netdev", network(folder), "-device",
                  "virtio-net-pci,netdev=net,id=nic")
    guest.qmp({"execute": "set_link", "arguments": {"name": "nic", "up": False}})
    try:
        line = guest.wait_for(r"^VMMD-READY .*$")
        assert "id= ip= " in line, line
        guest.qmp({"execute": "set_link", "arguments": {"name": "nic", "up": True}})
        line = guest.wait_for(r"^VMMD-READY .*$", times=2)
        assert "id=i-0123456789abcdefghij ip=100.100.100.15/24" in line, line
        guest.wait_for(r"^VMMD-USERDATA exit=3")
    finally:
        guest.end()


def two_networks_two_processors_q35(folder, image, _):
    guest = Guest(folder, image, "-machine", "q35", "-smp", "2",
                  "-netdev", "user,id=a,restrict=on", "-device", "virtio-net-pci,netdev=a",
                  "-netdev", "user,id=b,restrict=on,net=10.9.0.0/24", "-device", "virtio-net-pci,netdev=b")
    try:
        line = guest.wait_for(r"^VMMD-READY .*$")
        assert "ip=10.0.2.15/24" in line and "cpus=2" in line, line
        run = {"execute": "guest-exec", "arguments": {
            "path": "/bin/sh", "arg": ["-c", "ip -4 -o addr; ip route"],
            "capture-output": True}}
        pid = guest.talk(guest.agent_path, run)[0]["return"]["pid"]
        deadline = time.monotonic() + 30
        status = {}
        while not status.get("exited") and time.monotonic() < deadline:
            time.sleep(0.1)
            ask = {"execute": "guest-exec-status", "arguments": {"pid": pid}}
            status = guest.talk(guest.agent_path, ask)[0]["return"]
        text = base64.b64decode(status["out-data"]).decode()
        assert "10.0.2.15/24" in text and "10.9.0.15/24" in text, text
        assert "10.9.0.0/24 dev eth1" in text, text
    finally:
        guest.end()


def rebuilt_from_cache(folder, image, _):
    start = time.monotonic()
    subprocess.run([sys.argv[1], "tiny", image + ".2", "--cache", os.path.join(folder, "cache")], check=True)
    assert time.monotonic() - start < 5
    with open(image, "rb") as one, open(image + ".2", "rb") as two:
        assert one.read() == two.read()


CLAIMS = [ready_line, user_data_runs, agent_answers, disks_come_and_go, reset_starts_again, button_powers_off,
          ready_without_network, ready_later_when_metadata_is_late, two_networks_two_processors_q35,
          rebuilt_from_cache]


def main():
    for program in ("qemu-system-x86_64", "qemu-img"):
        if not shutil.which(program):
            print(f"1..0 # SKIP no {program}")
            return 77
    folder = tempfile.mkdtemp(prefix="vmmd-tiny-")
    guest = None
    failed = 0
    try:
        image = os.path.join(folder, "tiny.qcow2")
        built = subprocess.run([sys.argv[1], "tiny", image, "--cache", os.path.join(folder, "cache")])
        if built.returncode != 0:
            print("1..0 # SKIP the image cannot be built here")
            return 77
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open(os.path.join(folder, "pipe.py"), "w") as out:
            out.write(PIPE.replace("PORT", str(server.server_port)))
        guest = Guest(folder, image, "-netdev", network(folder), "-device", "virtio-net-pci,netdev=net")
        print(f"1..{len(CLAIMS)}")
        for number, claim in enumerate(CLAIMS, 1):
            try:
                claim(folder, image, guest)
                print(f"ok {number} - {claim.__name__}", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError) as problem:
                failed += 1
                print(f"not ok {number} - {claim.__name__}\n# {problem}", flush=True)
    finally:
        if guest:
            guest.end()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
