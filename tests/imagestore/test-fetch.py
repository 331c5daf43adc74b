#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmmd-img-fetch asks and what it never asks: test-fetch.py HELPER. Needs root.

Two network namespaces of its own: "here" fetches, "there" is the rest of the world, with public addresses that
are on a veth pair only. Nothing leaves the machine.
"""
import http.server
import os
import socketserver
import subprocess
import sys
import tempfile
import threading

import tap

HELPER = sys.argv[1]
PUBLIC, OTHER, PRIVATE, OWN = "51.15.0.2", "51.15.0.3", "10.9.0.2", "51.15.0.1"
OWN_6TO4 = "2002:3333:102::1"
BODY = b"an image" * 1000
NOBODY = "65534"
DIR = tempfile.mkdtemp()
HITS = []


def command(*argv):
    subprocess.run(argv, check=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        HITS.append((self.server.server_address[0], self.path))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path == "/file":
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve(address):
    server = Server((address, 80), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def make_world():
    """This process becomes the world; "here" is reached by `ip netns exec`."""
    command("mount", "--make-rprivate", "/")
    os.makedirs("/run/netns", exist_ok=True)
    command("mount", "-t", "tmpfs", "none", "/run/netns")
    command("ip", "netns", "add", "here")
    command("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", "here")
    for address in (PUBLIC, OTHER, PRIVATE):
        command("ip", "addr", "add", f"{address}/24", "dev", "veth0")
    for device in ("lo", "veth0"):
        command("ip", "link", "set", device, "up")
    here = ["ip", "-n", "here"]
    command(*here, "addr", "add", f"{OWN}/24", "dev", "veth1")
    command(*here, "addr", "add", "10.9.0.1/24", "dev", "veth1")
    command(*here, "addr", "add", f"{OWN_6TO4}/48", "dev", "lo")
    for device in ("lo", "veth1"):
        command(*here, "link", "set", device, "up")
    # Names are looked up in a file that stands in for a name server of the stranger's.
    hosts = os.path.join(DIR, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write(f"127.0.0.1 localhost\n{PRIVATE} inside.example\n{PUBLIC} good.example\n")
    command("mount", "--bind", hosts, "/etc/hosts")
    for address in (PUBLIC, OTHER, PRIVATE):
        serve(address)


def fetch(url, *ranges, most=1 << 20):
    """(exit code, stderr, bytes fetched or None)"""
    HITS.clear()
    path = os.path.join(DIR, "fetched")
    if os.path.exists(path):
        os.unlink(path)
    done = subprocess.run(["ip", "netns", "exec", "here", HELPER, NOBODY, NOBODY, str(most), "30", path, url, *ranges],
                          capture_output=True, text=True, timeout=60, check=False)
    with open(path, "rb") as file:
        return done.returncode, done.stderr, file.read()


def refused(url, name, *ranges, **options):
    status, errors, _ = fetch(url, *ranges, **options)
    assert status == 1 and errors.startswith(f"vmmd-img-fetch: {name}: "), (url, status, errors)
    return errors


def a_public_file_is_fetched_whole():
    status, errors, body = fetch(f"http://{PUBLIC}/file")
    assert status == 0 and body == BODY, errors


def names_and_redirects_to_public_addresses_are_followed():
    status, errors, body = fetch(f"http://good.example/to/http://{OTHER}/file")
    assert status == 0 and body == BODY, errors
    assert (OTHER, "/file") in HITS


def loopback_private_link_local_and_own_addresses_are_not_asked():
    for url in ("http://127.0.0.1/file", "http://localhost/file", "http://[::1]/file", "http://0.0.0.0/file",
                f"http://{PRIVATE}/file", f"http://{OWN}/file", "http://169.254.169.254/latest/meta-data",
                "http://100.100.100.200/latest", "http://[fe80::1]/x", "http://[fd00::1]/x",
                f"http://[::ffff:{PRIVATE}]/file", "http://[64:ff9b::10.9.0.2]/file", "http://224.0.0.1/",
                "http://2130706433/file", "http://0x7f.1/file", "http://inside.example/file"):
        errors = refused(url, "url")
        assert "not a public address" in errors, errors
        assert HITS == [], HITS


def a_redirect_to_such_an_address_is_not_followed():
    for target in ("http://127.0.0.1/file", f"http://{PRIVATE}/file", "http://inside.example/file",
                   f"http://{OWN}/file"):
        refused(f"http://{PUBLIC}/to/{target}", "url")
        assert HITS == [(PUBLIC, f"/to/{target}")], HITS


def other_schemes_are_not_spoken():
    for url in ("file:///etc/passwd", "ftp://51.15.0.2/file", "gopher://51.15.0.2/", "scp://51.15.0.2/x",
                f"http://{PUBLIC}/to/file:///etc/passwd", "dict://51.15.0.2:80/x"):
        refused(url, "url")
        _, _, body = fetch(url)
        assert body == b"", body


def the_operator_may_allow_a_range():
    status, errors, body = fetch(f"http://{PRIVATE}/file", "10.9.0.0/24")
    assert status == 0 and body == BODY, errors
    refused(f"http://{PRIVATE}/file", "url", "10.8.0.0/24", "fd00::/8")
    refused("http://127.0.0.1/file", "url", "127.0.0.0/8")  # of this host all the same


def no_range_lets_in_an_address_that_leads_to_this_host():
    for url in ("http://127.0.0.2/file", "http://127.1.2.3/file", "http://0.0.0.0/file", f"http://{OWN}/file",
                "http://[::]/file", "http://[::1]/file", "http://[::ffff:127.0.0.2]/file", f"http://[{OWN_6TO4}]/file",
                "http://[::127.0.0.2]/file", "http://[64:ff9b::7f00:2]/file", "http://[2002:7f00:2::1]/file"):
        for ranges in (("0.0.0.0/0", "::/0"), ()):
            assert "not a public address" in refused(url, "url", *ranges), url
    assert fetch(f"http://{PRIVATE}/file", "0.0.0.0/0")[0] == 0


def what_is_not_global_unicast_is_not_asked():
    for address in ("::ffff:0:127.0.0.2", "200::1", "5f00::1", "4000::1", "3fff::1", "2001:db8::1", "2001::1", "100::1",
                    "64:ff9b:1::a00:1", "fec0::1", "ff02::1"):
        assert "not a public address" in refused(f"http://[{address}]/file", "url"), address


def what_is_too_large_ends_early():
    refused(f"http://{PUBLIC}/file", "limit", most=100)
    refused(f"http://{PUBLIC}/endless", "limit", most=300000)
    assert os.path.getsize(os.path.join(DIR, "fetched")) <= 300000


def errors_and_loops_of_the_server_are_told():
    assert "404" in refused(f"http://{PUBLIC}/absent", "http")
    refused(f"http://{PUBLIC}/loop", "http")
    refused("http://51.15.0.9:81/file", "http")


def a_url_is_read_from_a_descriptor_unseen_by_others():
    path = os.path.join(DIR, "hidden")
    read_end, write_end = os.pipe()
    os.write(write_end, f"http://{PUBLIC}/file".encode())
    os.close(write_end)
    done = subprocess.run(["sh", "-c", f'exec "$@" 3<&{read_end}', "sh", "ip", "netns", "exec", "here", HELPER, NOBODY, NOBODY,
                           str(1 << 20), "30", path, "-"], pass_fds=[read_end], capture_output=True, text=True, timeout=60,
                          check=False)
    os.close(read_end)
    with open(path, "rb") as file:
        assert done.returncode == 0 and file.read() == BODY, done.stderr


def root_is_not_taken_as_user():
    done = subprocess.run([HELPER, "0", "0", "1", "1", os.path.join(DIR, "x"), "http://x/"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1 and "root" in done.stderr, done.stderr


if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
if "IMG_FETCH_WORLD" not in os.environ:
    os.environ["IMG_FETCH_WORLD"] = "1"
    os.execvp("unshare", ["unshare", "-m", "-n", sys.executable, os.path.abspath(__file__), HELPER])
make_world()
tap.run([a_public_file_is_fetched_whole, names_and_redirects_to_public_addresses_are_followed,
         loopback_private_link_local_and_own_addresses_are_not_asked, a_redirect_to_such_an_address_is_not_followed,
         other_schemes_are_not_spoken, the_operator_may_allow_a_range,
         no_range_lets_in_an_address_that_leads_to_this_host, what_is_not_global_unicast_is_not_asked, what_is_too_large_ends_early,
         errors_and_loops_of_the_server_are_told, a_url_is_read_from_a_descriptor_unseen_by_others, root_is_not_taken_as_user])
