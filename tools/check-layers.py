#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks who includes whom: each room only what its README allows, and no cycle anywhere.

A room is a folder whose README has a line "May use: …"; it names other rooms (by folder name) and
libraries. vmmd/ itself holds main and app, which join the rooms and see all of them.
"""
import os
import re
import sys

from check_common import Finding, blank_comments, read, room_of, rooms, walk

# Header path -> the name a README uses for the library. The first match counts.
LIBRARIES = [
    (r"glib\.h$|glib/|glib-object\.h$|gmodule\.h$|glib-unix\.h$|gobject/", "glib"),
    (r"gio/", "gio"),
    (r"libsoup/", "soup"),
    (r"json-glib/", "json-glib"),
    (r"curl/", "curl"),
    (r"libxml/", "libxml"),
    (r"sqlite3\.h$", "sqlite3"),
    (r"sodium\.h$", "sodium"),
    (r"gnutls/", "gnutls"),
    (r"libvirt/", "libvirt"),
    (r"nftables/", "nftables"),
    (r"libmnl/|linux/(netlink|rtnetlink|if_|neighbour|veth|fib_rules|netfilter|nsfs|sock_diag|net_)", "netlink"),
    (r"guestfs\.h$", "guestfs"),
    (r"libpq", "libpq"),
]
# Libraries that belong to few rooms: the only ones whose README may name them.
DOORS = {
    "libvirt": {"vmmd/virt"},
    "sqlite3": {"vmmd/store"},
    "nftables": {"netctl"},
    "netlink": {"netctl"},
    "guestfs": {"imagestore"},
    "soup": {"api", "netctl", "tools/vmmctl"},
    "libxml": {"vmmd/virt", "api"},
    "curl": {"imagestore"},
    "json-glib": {"api", "vmmd/ops", "tools/vmmctl", "imagestore"},
    "sodium": {"api", "vmmd/ops", "tools/vmmctl"},
    "gnutls": {"vmmd/ops"},
}
SYSTEM_FOLDERS = {"sys", "net", "netinet", "arpa", "linux", "asm", "bits", "security"}
GENERATED = re.compile(r"(^config|-resources)\.h$")
JOINER = "vmmd"


def includes(text):
    """(line number, name, quoted) of each include."""
    for number, line in enumerate(blank_comments(text, strings=False).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def library_of(name):
    for pattern, library in LIBRARIES:
        if re.match(pattern, name):
            return library
    folder = name.split("/")[0] if "/" in name else None
    return None if folder is None or folder in SYSTEM_FOLDERS else "unknown:" + folder


def cycles(graph):
    """Strongly connected components of more than one node (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
                on_stack.discard(part[-1])
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def check_doors(known):
    for room, allowed in sorted(known.items()):
        for name in allowed:
            if name in DOORS and room not in DOORS[name]:
                yield Finding(f"{room}/README.md", 1, "door",
                              f"{name} belongs to {', '.join(sorted(DOORS[name]))} alone")


def check_include(room, allowed, header_room, name, target):
    """Why room must not include name, or None."""
    if target is not None:
        other = header_room
        if other == room or other is None:
            return None
        if os.path.basename(other) not in allowed:
            return f'"{name}" is of {other}, which {room} may not use'
        return None
    library = library_of(name)
    if library is None or library in allowed or (library == "glib" and "gio" in allowed):
        return None
    if library.startswith("unknown:"):
        return f"<{name}> is of a library that tools/check-layers.py does not know"
    return f"<{name}> is of {library}, which {room} may not use"


def check(root):
    """All findings for the tree at root."""
    known = rooms(root)
    sources = [p for p in walk(root, (".c", ".h", ".def"))]
    headers = {}
    for path in sources:
        if not path.startswith("tests/"):
            headers.setdefault(os.path.basename(path), []).append(path)
    findings = list(check_doors(known))
    graph = {}
    for path in sources:
        if path.startswith("tests/"):
            continue
        room = room_of(path, known)
        joins = room is None and path.startswith(JOINER + "/")
        if room is None and not joins:
            findings.append(Finding(path, 1, "room", 'no README with a "May use:" line above it'))
            continue
        module = os.path.splitext(path)[0]
        graph.setdefault(module, set())
        for line, name, quoted in includes(read(root, path)):
            target = None
            if quoted and not GENERATED.search(os.path.basename(name)):
                same = [p for p in headers.get(os.path.basename(name), []) if p.endswith(name)]
                near = [p for p in same if os.path.dirname(p) == os.path.dirname(path)]
                target = (near or same or [None])[0]
                if target is None:
                    findings.append(Finding(path, line, "missing", f'"{name}" is not in the tree'))
                    continue
                other = os.path.splitext(target)[0]
                if other != module:
                    graph[module].add(other)
            elif quoted:
                continue
            if joins:
                continue
            text = check_include(room, known[room], target and room_of(target, known), name, target)
            if text:
                findings.append(Finding(path, line, "layer", f"{text} ({room}/README.md)"))
    for part in cycles(graph):
        findings.append(Finding(part[0], 1, "cycle", "include each other: " + " ".join(part)))
    for part in cycles({r: {o for o in known if os.path.basename(o) in u} for r, u in known.items()}):
        findings.append(Finding(part[0], 1, "cycle", "rooms use each other: " + " ".join(part)))
    return findings


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings = check(root)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
