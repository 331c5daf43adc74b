#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images from the web, from the drop folder and into the export folder, by the whole daemon: hostile images, hostile
servers, cancels and kills.

    test-import.py VMMD    (on a private host with VMMD_TINY_IMAGE)

The servers are in a network namespace of their own with public addresses that are on a veth pair only; nothing leaves the
machine.
"""
import glob
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "lib")]
import tap  # noqa: E402
from daemon import ApiError, Daemon, wait_until  # noqa: E402

PUBLIC, OTHER, PRIVATE, OWN = "51.15.0.2", "51.15.0.3", "10.9.0.2", "51.15.0.1"
CANARY = b"the canary sings in the cellar of the host"
STATES = "Creating,Waiting,Available,UnAvailable,CreateFailed"


# ---- The servers, in the other namespace ----

class Server:
    """Speaks as much HTTP as is needed, and as badly as a path asks for: /HOW/FILE."""

    def __init__(self, address, folder):
        self.folder = folder
        self.seen = set()
        self.listener = socket.create_server((address, 80))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096) or b"\r\n\r\n"
                self.answer(connection, request.split(b" ")[1].decode())
            except OSError:
                return

    def answer(self, connection, path):
        _, how, rest = path.split("/", 2)
        if how == "to":
            connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {urllib.parse.unquote(rest)}\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        file = os.path.join(self.folder, os.path.basename(rest))
        if not os.path.exists(file):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with open(file, "rb") as source:
            body = source.read()
        length = {"more": len(body) + 1000, "less": len(body) // 2}.get(how, len(body))
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode())
        if how == "dies":
            connection.sendall(body[:len(body) // 2])
            # A reset and not an end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "slow" or how == "once" and path not in self.seen:
            self.seen.add(path)
            for at in range(0, len(body), 4096):
                connection.sendall(body[at:at + 4096])
                time.sleep(0.5)
        else:
            connection.sendall(body)


def serve(folder):
    for address in (PUBLIC, OTHER, PRIVATE):
        Server(address, folder)
    print("serving", flush=True)
    sys.stdin.read()


def command(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def make_world(folder):
    """The servers' process; it ends with its standard input."""
    command("ip", "netns", "add", "there")
    command("ip", "link", "add", "here0", "type", "veth", "peer", "name", "there0", "netns", "there")
    for where, device, last in (([], "here0", 1), (["-n", "there"], "there0", 2)):
        command("ip", *where, "addr", "add", f"51.15.0.{last}/24", "dev", device)
        command("ip", *where, "addr", "add", f"10.9.0.{last}/24", "dev", device)
        command("ip", *where, "link", "set", device, "up")
    command("ip", "-n", "there", "addr", "add", f"{OTHER}/24", "dev", "there0")
    command("ip", "-n", "there", "link", "set", "lo", "up")
    process = subprocess.Popen(["ip", "netns", "exec", "there", sys.executable, os.path.abspath(__file__), "--serve", folder],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "serving\n"
    return process


# ---- What is asked of the daemon ----

def fetch(path, kind="qcow2", address=PUBLIC, **params):
    """(image, task) of an import from there."""
    reply = vmmd.call("ImportImage", Url=f"http://{address}{path}", ImageFormat=kind, **params)
    return reply["ImageId"], reply["TaskId"]


def task(task_id):
    return vmmd.call("DescribeTaskAttribute", TaskId=task_id)


def wait_task(task_id, status, seconds=120):
    def has_status():
        now = task(task_id)
        assert now["TaskStatus"] in ("Pending", "Processing", status), json.dumps(now)
        return now["TaskStatus"] == status

    wait_until(f"task {task_id} to be {status}", seconds, has_status)


def error_of(task_id, seconds=120):
    wait_task(task_id, "Failed", seconds)
    return task(task_id)["OperationProgressSet"]["OperationProgress"][0]["ErrorMsg"]


def images():
    return vmmd.call("DescribeImages", Status=STATES, PageSize=100)["Images"]["Image"]


def pool():
    """Every file of the pool and its spool."""
    return {name for name in glob.glob(f"{vmmd.state_dir}/pool/**", recursive=True, include_hidden=True)
            if not os.path.isdir(name)}


def progress_of(task_id):
    return int(task(task_id)["TaskProcess"].rstrip("%"))


def fetched_bytes():
    return sum(os.path.getsize(name) for name in glob.glob(f"{vmmd.state_dir}/pool/.spool/*.fetch"))


def wait_fetching():
    wait_until("some bytes to be there", 60, lambda: fetched_bytes() > 0)


def only_kept_are_there():
    """Deletes what else there is."""
    rows = [row for row in images() if row["ImageId"] not in KEPT]
    for row in rows:
        if row["Status"] != "UnAvailable":
            vmmd.call("DeleteImage", ImageId=row["ImageId"], Force="true")
    return not rows


def leaves_nothing(test):
    """A decorator: pool and images are afterwards as they were before."""
    def run():
        before = pool()
        test()
        wait_until("the images to be gone", 60, only_kept_are_there)
        wait_until("the pool to be as before", 60, lambda: pool() == before)
    run.__name__ = test.__name__
    return run


KEPT = set()


# ---- Tests ----

def an_image_from_the_web_boots():
    image, task_id = fetch("/file/tiny.qcow2", ImageName="web", DiskDeviceMapping_1_DiskImageSize=2)
    wait_task(task_id, "Finished", 300)
    shown = task(task_id)
    assert shown["TaskProcess"] == "100%" and shown["SuccessCount"] == 1 and shown["FinishedTime"], shown
    row, = [row for row in images() if row["ImageId"] == image]
    assert row["Status"] == "Available" and row["Size"] == 2 and row["ImageOwnerAlias"] == "self", row
    guest = vmmd.call("RunInstances", ImageId=image, InstanceType="ecs.t1.nano")["InstanceIdSets"]["InstanceIdSet"][0]
    ready = vmmd.wait_ready(guest)
    assert f":{2 << 21}" in ready["disks"], ready
    vmmd.call("DeleteInstance", InstanceId=guest, Force="true")
    vmmd.wait_status(guest, None)
    KEPT.add(image)


@leaves_nothing
def hostile_images_are_refused_by_name_and_the_canary_stays_unseen():
    names = sorted(os.listdir(CORPUS))
    asked = []
    for number, name in enumerate(names):
        claim, kind = name.split("--")[0], name.rsplit(".", 1)[1]
        # Each sets room aside.
        if len(asked) >= 8:
            wait_until("an import to end", 120, lambda: task(asked[-8][1])["FinishedTime"])
        asked.append((claim, fetch(f"/file/{name}", kind, ImageName=f"corpus-{number}")[1], name))
    for claim, task_id, name in asked:
        if claim == "good":
            wait_task(task_id, "Finished")
        else:
            message = error_of(task_id)
            assert message.startswith(f"{claim}: "), (name, message)
    assert len(asked) > 80
    for file in pool():
        with open(file, "rb") as layer:
            assert CANARY not in layer.read(), file


@leaves_nothing
def only_public_addresses_are_asked_also_behind_redirects():
    for target in (f"{OWN}/file/tiny.qcow2", "127.0.0.1/x", "[::1]/x", f"{PRIVATE}/file/tiny.qcow2", "169.254.169.254/latest",
                   "100.100.100.200/latest", "2130706433/x", "[::ffff:10.9.0.2]/x"):
        address, path = target.split("/", 1)
        direct = error_of(fetch(f"/{path}", address=address)[1])
        behind = error_of(fetch(f"/to/{urllib.parse.quote('http://' + target, safe='')}")[1])
        for message in (direct, behind):
            assert message.startswith("url: ") and "not a public address" in message, (target, message)
    assert error_of(fetch("/to/" + urllib.parse.quote("file:///etc/passwd", safe=""))[1]).startswith("url: ")


@leaves_nothing
def a_redirect_to_a_public_address_is_followed():
    target = urllib.parse.quote(f"http://{OTHER}/file/good--v3.qcow2", safe="")
    wait_task(fetch(f"/to/{target}")[1], "Finished")


@leaves_nothing
def servers_that_fail_fail_the_task():
    for path, name in (("/file/absent.qcow2", "http"), ("/more/tiny.qcow2", "http"), ("/dies/tiny.qcow2", "http"),
                       ("/less/good--v3.qcow2", "truncated")):
        image, task_id = fetch(path)
        message = error_of(task_id)
        assert message.startswith(f"{name}: "), (path, message)
        row, = [row for row in images() if row["ImageId"] == image]
        assert row["Status"] == "CreateFailed", row


@leaves_nothing
def a_slow_import_is_cancelled_in_time():
    before = images()
    image, task_id = fetch("/slow/tiny.qcow2")
    wait_fetching()
    start = time.monotonic()
    vmmd.call("CancelTask", TaskId=task_id)
    wait_task(task_id, "Canceled", 10)
    assert time.monotonic() - start < 5
    assert [row["ImageId"] for row in images()] == [row["ImageId"] for row in before]
    try:
        vmmd.call("CancelTask", TaskId=task_id)
        raise AssertionError("it was cancelled twice")
    except ApiError as error:
        assert error.code == "IncorrectTaskStatus", error
    image, task_id = fetch("/slow/tiny.qcow2")
    wait_fetching()
    try:
        vmmd.call("DeleteImage", ImageId=image)
        raise AssertionError("it is being imported")
    except ApiError as error:
        assert error.code == "ImageIsImporting", error
    vmmd.call("DeleteImage", ImageId=image, Force="true")
    wait_task(task_id, "Canceled", 10)


@leaves_nothing
def a_slow_import_ends_at_its_deadline():
    vmmd.configure({**OPTIONS, "deadlines": {"import-s": 3}})
    vmmd.restart()
    message = error_of(fetch("/slow/tiny.qcow2")[1], 30)
    assert message.startswith("time: "), message
    vmmd.configure(OPTIONS)
    vmmd.restart()


@leaves_nothing
def after_a_kill_the_import_is_begun_anew():
    image, task_id = fetch("/once/tiny.qcow2")
    wait_fetching()
    vmmd.kill()
    vmmd.start()
    wait_task(task_id, "Finished", 120)
    row, = [row for row in images() if row["ImageId"] == image]
    assert row["Status"] == "Available", row
    assert fetched_bytes() == 0


@leaves_nothing
def after_a_kill_an_import_is_cancelled_as_ever():
    task_id = fetch("/slow/tiny.qcow2")[1]
    wait_fetching()
    vmmd.kill()
    vmmd.start()
    vmmd.call("CancelTask", TaskId=task_id)
    wait_task(task_id, "Canceled", 10)


@leaves_nothing
def the_operator_may_allow_a_private_range():
    vmmd.configure({**OPTIONS, "storage": {**OPTIONS["storage"], "import-ranges": "10.9.0.0/24, fd00::/8"}})
    vmmd.restart()
    wait_task(fetch("/file/good--v3.qcow2", address=PRIVATE)[1], "Finished")
    assert error_of(fetch("/x", address="10.8.0.2")[1]).startswith("url: ")
    vmmd.configure(OPTIONS)
    vmmd.restart()


@leaves_nothing
def the_drop_folder_gives_its_own_files_alone():
    os.symlink("/etc", os.path.join(DROP, "linked"))
    os.symlink(CANARY_FILE, os.path.join(DROP, "link.raw"))
    os.link(CANARY_FILE, os.path.join(DROP, "second.raw"))
    os.mkdir(os.path.join(DROP, "bucket"))
    for place in ("a.qcow2", "bucket/b.qcow2"):
        subprocess.run(["cp", os.path.join(CORPUS, "good--v3.qcow2"), os.path.join(DROP, place)], check=True)

    def take(kind="raw", **params):
        return vmmd.call("ImportImage", DiskDeviceMapping_1_Format=kind,
                         **{f"DiskDeviceMapping_1_{key}": value for key, value in params.items()})["TaskId"]

    wait_task(take("qcow2", OSSObject="a.qcow2"), "Finished")
    wait_task(take("qcow2", OSSBucket="bucket", OSSObject="b.qcow2"), "Finished")
    for name in ("link.raw", "second.raw", "bucket"):
        assert error_of(take(OSSObject=name)).startswith("not-a-file: "), name
    for params in ({"OSSBucket": "linked", "OSSObject": "passwd"}, {"OSSObject": "absent"}):
        assert error_of(take(**params)).startswith("not-found: "), params
    os.unlink(os.path.join(DROP, "second.raw"))


def exported():
    return sorted(os.path.relpath(os.path.join(top, name), OUT) for top, _, names in os.walk(OUT) for name in names)


def file_of(task_id):
    items = task(task_id)["OperationProgressSet"]["OperationProgress"][0]["RelatedItemSet"]["RelatedItem"]
    return os.path.join(*[item["Value"] for item in items if item["Name"] in ("OSSBucket", "OSSObject") and item["Value"]])


def export(image, **params):
    return vmmd.call("ExportImage", ImageId=image, **params)["TaskId"]


def an_exported_image_is_the_image():
    image, = KEPT
    os.mkdir(os.path.join(OUT, "bucket"))
    tasks = [export(image, ImageFormat=kind, OSSPrefix="out", OSSBucket="bucket") for kind in ("raw", "qcow2")]
    for task_id, kind in zip(tasks, ("raw", "qcow2")):
        wait_task(task_id, "Finished", 120)
        path = os.path.join(OUT, file_of(task_id))
        assert os.stat(path).st_mode & 0o777 == 0o600
        with open(path, "rb") as file:
            assert file.read(4) == (b"QFI\xfb" if kind == "qcow2" else file_start())
    raw, qcow2 = [os.path.join(OUT, file_of(task_id)) for task_id in tasks]
    [row] = [row for row in images() if row["ImageId"] == image]
    assert os.stat(raw).st_size == virtual_size(qcow2) == row["Size"] << 30, row
    subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", raw, qcow2], check=True)
    # It may be smaller, its end is empty.
    subprocess.run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", raw, os.environ["VMMD_TINY_IMAGE"]], check=True)
    for path in (raw, qcow2):
        os.unlink(path)


def virtual_size(path):
    out = subprocess.run(["qemu-img", "info", "--output=json", "-f", "qcow2", path], check=True, capture_output=True)
    return json.loads(out.stdout)["virtual-size"]


def file_start():
    out = subprocess.run(["qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=512", "count=1",
                          f"if={os.environ['VMMD_TINY_IMAGE']}", f"of={OUT}/.start"], check=True, capture_output=True)
    assert out.returncode == 0
    with open(f"{OUT}/.start", "rb") as file:
        start = file.read(4)
    os.unlink(f"{OUT}/.start")
    return start


def import_noise():
    """An image that takes long to compress."""
    with open(os.path.join(DROP, "noise.raw"), "wb") as out:
        for _ in range(256):
            out.write(os.urandom(1 << 20))
    reply = vmmd.call("ImportImage", File="noise.raw", ImageFormat="raw")
    wait_task(reply["TaskId"], "Finished", 300)
    os.unlink(os.path.join(DROP, "noise.raw"))
    return reply["ImageId"]


@leaves_nothing
def an_export_is_cancelled_killed_and_stopped_without_a_trace():
    image = import_noise()
    task_id = export(image)
    wait_until("the export to write", 60, exported)
    vmmd.call("CancelTask", TaskId=task_id)
    wait_task(task_id, "Canceled", 20)
    assert exported() == []

    task_id = export(image)
    wait_until("the export to write", 60, exported)
    vmmd.kill()
    vmmd.start()
    try:
        vmmd.call("DeleteImage", ImageId=image)
        raise AssertionError("it is being exported")
    except ApiError as error:
        assert error.code == "ImageIsExporting", error
    wait_task(task_id, "Finished", 300)
    assert exported() == [file_of(task_id)]
    os.unlink(os.path.join(OUT, file_of(task_id)))

    task_id = export(image)
    wait_until("the export to write", 60, exported)
    vmmd.call("DeleteImage", ImageId=image, Force="true")
    wait_task(task_id, "Canceled", 20)
    assert exported() == []


if sys.argv[1] == "--serve":
    serve(sys.argv[2])
    sys.exit(0)

vmmd = Daemon(sys.argv[1])
CORPUS = os.path.join(vmmd.root, "corpus")
DROP, OUT = os.path.join(vmmd.root, "drop"), os.path.join(vmmd.root, "out")
CANARY_FILE = os.path.join(vmmd.root, "canary")
OPTIONS = {"storage": {"drop-folder": DROP, "export-folder": OUT}}
with vmmd:
    for made in (DROP, OUT):
        os.mkdir(made)
    with open(CANARY_FILE, "wb") as canary:
        canary.write(CANARY.ljust(4096, b"."))
    make_corpus = os.path.join(os.path.dirname(HERE), "imagestore", "make-corpus.py")
    subprocess.run([sys.executable, make_corpus, CORPUS, CANARY_FILE], check=True)
    for image_name in glob.glob(f"{CORPUS}/*"):
        os.chmod(image_name, 0o644)
    served = os.path.join(vmmd.root, "served")
    subprocess.run(["cp", "-r", "--sparse=always", CORPUS, served], check=True)
    subprocess.run(["cp", os.environ["VMMD_TINY_IMAGE"], os.path.join(served, "tiny.qcow2")], check=True)
    servers = make_world(served)
    vmmd.configure(OPTIONS)
    vmmd.start()
    try:
        tap.run([an_image_from_the_web_boots, hostile_images_are_refused_by_name_and_the_canary_stays_unseen,
                 only_public_addresses_are_asked_also_behind_redirects, a_redirect_to_a_public_address_is_followed,
                 servers_that_fail_fail_the_task, a_slow_import_is_cancelled_in_time, a_slow_import_ends_at_its_deadline,
                 after_a_kill_the_import_is_begun_anew, after_a_kill_an_import_is_cancelled_as_ever,
                 the_operator_may_allow_a_private_range, the_drop_folder_gives_its_own_files_alone,
                 an_exported_image_is_the_image, an_export_is_cancelled_killed_and_stopped_without_a_trace])
    finally:
        servers.stdin.close()
        servers.wait(10)
