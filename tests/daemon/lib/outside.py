# SPDX-License-Identifier: GPL-2.0-or-later
"""The world outside: a namespace behind a link of the host, pub0, on which the host answers for public addresses."""
import subprocess
import sys

HOST, OUTSIDE = "192.0.2.1", "192.0.2.2"
PORT = 8080

# Gives a page to who asks, and writes down who it was.
SERVER = """
import socket, sys
server = socket.create_server(("", %d))
page = bytes(int(sys.argv[1]))
while True:
    client, peer = server.accept()
    print(peer[0], flush=True)
    client.settimeout(3)
    try:
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: %%d\\r\\n\\r\\n" %% len(page) + page)
    except OSError:
        pass
    client.close()
""" % PORT


def _run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def make(callers, page=0):
    """Makes it, with a server of so many bytes in it whose callers go into the file of that name. The server's process."""
    _run("ip", "netns", "add", "outside")
    _run("ip", "link", "add", "pub0", "type", "veth", "peer", "name", "out0", "netns", "outside")
    _run("ip", "addr", "add", f"{HOST}/24", "dev", "pub0")
    _run("ip", "link", "set", "pub0", "up")
    _run("ip", "-n", "outside", "addr", "add", f"{OUTSIDE}/24", "dev", "out0")
    _run("ip", "-n", "outside", "link", "set", "out0", "up")
    with open(callers, "wb") as log:
        return subprocess.Popen([*inside(), sys.executable, "-c", SERVER, str(page)], stdin=subprocess.DEVNULL, stdout=log)


def inside():
    """What to put before a command, so that it runs there."""
    return ["ip", "netns", "exec", "outside"]
