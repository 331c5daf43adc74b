# SPDX-License-Identifier: GPL-2.0-or-later
"""A vmmd under test: its folders and configuration, its life, its calls, and waits with deadlines."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import uuid

POLL_S = 0.02
START_S = 60
STOP_S = 60


class ApiError(Exception):
    """An answer that is an error; code is the one on the wire."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body.get('Code')}: {body.get('Message')}")
        self.status, self.body, self.code = status, body, body.get("Code")


class Refused(Exception):
    """The connection was turned away before a request was read from it."""


class Died(Exception):
    """The daemon ended during a call or a wait."""


def wait_until(what, seconds, probe):
    """The first true value of probe(); a failure that names what was waited for after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(POLL_S)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _quote(text):
    return urllib.parse.quote(str(text), safe="-_.~")


def signed_query(params, key_id, secret, method="POST"):
    """The query string of a request under signature version 1.0."""
    full = {"Version": "2014-05-26", "Format": "JSON", "AccessKeyId": key_id,
            "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **params}
    query = "&".join(f"{_quote(k)}={_quote(v)}" for k, v in sorted(full.items()))
    digest = hmac.digest(f"{secret}&".encode(), f"{method}&%2F&{_quote(query)}".encode(), hashlib.sha1)
    return f"{query}&Signature={_quote(base64.b64encode(digest).decode())}"


def _answer(connection, method, path, body, headers):
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Died(f"no answer: {error!r}") from error
    finally:
        connection.close()
    if not text:
        raise Refused(response.status)
    reply = json.loads(text)
    if response.status != 200:
        raise ApiError(response.status, reply)
    return reply


class Daemon:
    """One vmmd with its folders, started as often as one likes; `with` stops it and removes them."""

    def __init__(self, program, driver="libvirt", options=None, checks=True):
        self.program = os.path.abspath(program)
        self.driver = driver
        self.root = tempfile.mkdtemp(prefix="vmmd-test.", dir="/var/lib/vmmd" if driver == "libvirt" else None)
        os.chmod(self.root, 0o755)
        self.state_dir = os.path.join(self.root, "state")
        self.run_dir = os.path.join(self.root, "run")
        self.log_path = os.path.join(self.root, "vmmd.log")
        self.config_path = os.path.join(self.root, "vmmd.conf")
        self.account = "default"
        self.process = None
        self.port = None
        self.checks = checks
        self.configure(options or {})

    def configure(self, options):
        """options: {"section": {"key": value}}, on top of what every test wants."""
        sections = {"daemon": {"state-dir": self.state_dir, "run-dir": self.run_dir, "log-level": "debug",
                               "work-threads": 4},
                    "api": {"port": 0, "tls-port": 0},
                    "hypervisor": {"driver": self.driver},
                    "capacity": {"memory-reserve-mib": 0, "vcpu-ratio": 1000, "disk-ratio": 1000,
                                 "disk-reserve-gib": 0}}
        for section, values in options.items():
            sections.setdefault(section, {}).update(values)
        with open(self.config_path, "w", encoding="utf-8") as out:
            for section, values in sections.items():
                out.write(f"[{section}]\n" + "".join(f"{k}={v}\n" for k, v in values.items()))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process is not None:
            self.kill()
        if kind is not None and not (kind is SystemExit and not value.code):
            self.show()
        shutil.rmtree(self.root, ignore_errors=True)

    def show(self):
        """The ends of its log and of the consoles, as TAP comments."""
        lines = self.log()[-60:]
        folder = os.path.join(self.state_dir, "console")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            lines += [f"--- {name}"] + self.console(name.removesuffix(".log")).splitlines()[-20:]
        print("".join(f"# {line}\n" for line in lines), flush=True)

    def log(self):
        """The lines of all its lives, without the debug ones."""
        if not os.path.exists(self.log_path):
            return []
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return [line for line in file.read().splitlines() if " debug: " not in line]

    def start(self, *arguments, may_die=False):
        """Starts and waits until it serves. FALSE when it died first and may_die says that it may."""
        skip = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--config", self.config_path, *(["--check-replies"] if self.checks else []), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **({"G_DEBUG": "fatal-criticals"} if self.checks else {})})

        def serves():
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                file.seek(skip)
                match = re.search(r"serves on \S*:(\d+),", file.read())
            return match or self.process.poll() is not None and "died"

        match = wait_until("vmmd to serve", START_S, serves)
        if match == "died":
            assert may_die and self.process.returncode == -signal.SIGKILL, \
                f"vmmd ended with {self.process.returncode} at start"
            self.process = None
            return False
        self.port = int(match.group(1))
        return True

    def has_died(self):
        return self.process.poll() is not None

    def stop(self):
        """Asks it to end, as systemd does. TRUE when it ended in order, FALSE when by its own kill."""
        if not self.has_died():
            self.process.terminate()
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"vmmd did not stop within {STOP_S} s") from None
        self.process = None
        assert code in (0, -signal.SIGKILL), f"vmmd ended with {code}"
        return code == 0

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    # ---- Calls ----

    def call(self, action, timeout=60, **params):
        """One action as the administrator for self.account. Keys have _ for the dots of the wire
        where that is needed: Tag_1_Key."""
        wire = {"Account": self.account, "Action": action}
        wire.update((key.replace("_", "."), value) for key, value in params.items())
        connection = _UnixConnection(os.path.join(self.run_dir, "admin.sock"), timeout)
        return _answer(connection, "POST", "/", urllib.parse.urlencode(wire),
                       {"Content-Type": "application/x-www-form-urlencoded"})

    def signed_call(self, key, action, timeout=60, **params):
        """The same over TCP with an access key, the answer of CreateAccessKey."""
        wire = {"Action": action, **{k.replace("_", "."): v for k, v in params.items()}}
        query = signed_query(wire, key["AccessKeyId"], key["AccessKeySecret"])
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return _answer(connection, "POST", "/", query, {"Content-Type": "application/x-www-form-urlencoded"})

    def create_key(self):
        return self.call("CreateAccessKey")["AccessKey"]

    # ---- Common steps ----

    def ask_for_image(self, path=None, name="tiny"):
        """path: a qcow2 file; otherwise the tiny guest, of which the fake needs no more than a stand-in."""
        kind = "qcow2"
        if path is None and self.driver == "fake":
            kind, path = "raw", os.path.join(self.root, "disk.raw")
            with open(path, "wb") as file:
                file.truncate(1 << 20)
        path = path or os.environ["VMMD_TINY_IMAGE"]
        return self.call("ImportLocalImage", File=path, ImageFormat=kind, ImageName=name)["ImageId"]

    def wait_image(self, image, seconds=300):
        def available():
            rows = self.call("DescribeImages", ImageId=image, Status="Available,Creating,CreateFailed")
            row = rows["Images"]["Image"][0]
            assert row["Status"] != "CreateFailed", row
            return row["Status"] == "Available"

        wait_until(f"image {image} to be Available", seconds, available)

    def import_image(self, path=None, name="tiny"):
        image = self.ask_for_image(path, name)
        self.wait_image(image)
        return image

    def instances(self):
        return self.call("DescribeInstances", PageSize=100)["Instances"]["Instance"]

    def instance(self, instance_id):
        """Its row in DescribeInstances, or None."""
        rows = self.call("DescribeInstances", InstanceIds=json.dumps([instance_id]))["Instances"]["Instance"]
        return rows[0] if rows else None

    def status(self, instance_id):
        row = self.instance(instance_id)
        return row["Status"] if row else None

    def wait_status(self, instance_id, wanted, seconds=120):
        """wanted None: until it is gone."""
        wait_until(f"{instance_id} to be {wanted}", seconds, lambda: self.status(instance_id) == wanted)

    def events(self, instance_id):
        reply = self.call("DescribeInstanceHistoryEvents", InstanceId=instance_id, PageSize=100)
        return reply["InstanceSystemEventSet"]["InstanceSystemEventType"]

    def console_path(self, instance_id):
        return os.path.join(self.state_dir, "console", f"{instance_id}.log")

    def console(self, instance_id):
        try:
            with open(self.console_path(instance_id), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_ready(self, instance_id, times=1, seconds=240):
        """The fields of the tiny guest's last VMMD-READY line, once there are so many of them."""
        wait_until(f"{times} x VMMD-READY of {instance_id}", seconds,
                   lambda: self.console(instance_id).count("VMMD-READY ") >= times)
        line = re.findall(r"VMMD-READY (.*)", self.console(instance_id))[-1]
        return dict(re.findall(r"(\w+)=(\[[^\]]*\]|\S*)", line))
