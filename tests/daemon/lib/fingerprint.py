# SPDX-License-Identifier: GPL-2.0-or-later
"""What a vmmd has on its host and in its store, as lines of text to compare before and after."""
import configparser
import json
import os
import re
import sqlite3
import subprocess

VIRSH = ["virsh", "-q", "-c", "qemu:///system"]
# What is meant to stay: records, answers kept for ClientTokens, and samples, which are swept at the next minute (test-monitor.py).
KEPT_TABLES = {"instance_event", "client_token", "task", "sqlite_sequence", "meta", "net_applied", "meter", "sample"}
# They count changes.
COUNTING_COLUMNS = {"generation"}
# Files of the database engine and the lock come and go with the process.
PASSING_FILES = ("-wal", "-shm", "vmmd.pid", "admin.sock", "fake-domains", "fake-layers")


def output(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def domains():
    """[(id, state)] as libvirt has them."""
    names = output(*VIRSH, "list", "--all", "--name").split()
    return [(name, output(*VIRSH, "domstate", name).strip()) for name in names]


def processes(name):
    """{pid: command line} of the programs of that name."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if os.path.basename(words[0]) == name:
            found[int(pid)] = " ".join(words)
    return found


def _plain(value):
    """Of nft's JSON, what does not change by itself: no handles, and sets in one order."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(part) for key, part in value.items() if key not in ("handle", "index")}
    if isinstance(plain.get("elem"), list):
        plain["elem"].sort(key=lambda part: json.dumps(part, sort_keys=True))
    return plain


def _rules(*inside):
    """A line an object; a rule's tells its place in its chain."""
    places = {}
    lines = []
    for row in json.loads(output(*inside, "nft", "-s", "-j", "list", "ruleset"))["nftables"]:
        [(kind, found)] = row.items()
        if kind == "metainfo":
            continue
        if kind == "set" and "timeout" in found.get("flags", []):
            found.pop("elem", None)  # they come and go with what guests say
        if kind == "rule":
            chain = (found["family"], found["table"], found["chain"])
            found["place"] = places[chain] = places.get(chain, 0) + 1
        lines.append(f"nft {kind} {json.dumps(_plain(found), sort_keys=True)}")
    return lines


def _network(prefix, *inside):
    lines = ["link " + line.split(": ")[1].split("@")[0] for line in output(*inside, "ip", "-o", "link").splitlines()]
    lines += ["qdisc " + re.sub(r"^qdisc (\w+) [0-9a-f]+:|direct_packets_stat \d+", r"\1", line.strip())
              for line in output(*inside, "tc", "qdisc", "show").splitlines()]
    # The kernel gives a link a link-local address, by chance and some time after it is made.
    lines += [f"route {line.strip()}" for line in output(*inside, "ip", "route", "show", "table", "all").splitlines()
              if " fe80:" not in line and not line.startswith(("multicast ff00", "fe80:"))]
    lines += [f"rule {line}" for line in output(*inside, "ip", "rule").splitlines()]
    for which in (("nud", "permanent"), ("proxy",)):
        lines += [f"neighbour {which[0]} {line.strip()}"
                  for line in output(*inside, "ip", "neigh", "show", *which).splitlines()]
    return [f"{prefix} {line}" for line in lines + _rules(*inside)]


def network():
    lines = _network("host")
    names = sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else []
    for name in names:
        lines += [f"namespace {name}"] + _network(name, "ip", "netns", "exec", name)
    lines += [f"dnsmasq {command}" for command in processes("dnsmasq").values()]
    return lines


def files(*folders):
    lines = []
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            # A fake that is killed while it saves leaves a file with six more letters.
            lines += [f"file {os.path.join(place, name)}" for name in names
                      if not name.endswith(PASSING_FILES) and not re.fullmatch(r"fake-\w+\.\w{6}", name)]
    return lines


def rows(database):
    """One line a row of every table but those that are meant to grow."""
    connection = sqlite3.connect(database, timeout=20)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    lines = []
    # What was in force of an object may be remembered for as long as there is the object.
    if "net_applied" in tables:
        lines += [f"applied of nothing: {row}" for row in connection.execute(
            "SELECT object_id FROM net_applied WHERE object_id NOT IN (SELECT id FROM nic UNION SELECT id FROM security_group)")]
    for table in sorted(set(tables) - KEPT_TABLES):
        found = connection.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in found.description]
        lines += [f"row of {table}: " + str({name: value for name, value in zip(names, row)
                                             if name not in COUNTING_COLUMNS}) for row in found]
    connection.close()
    return lines


def fakes(daemon):
    """Domains with their states, and layers, which the fakes keep in key files."""
    lines = []
    for name in ("fake-domains", "fake-layers"):
        file = configparser.ConfigParser(interpolation=None)
        file.read(os.path.join(daemon.state_dir, name))
        lines += [f"{name} {section} {file[section].get('state', '')}" for section in file.sections()]
    return lines


def take(daemon):
    """Of a daemon that may be down. Sorted lines. CalledProcessError when something vanishes meanwhile."""
    lines = files(daemon.state_dir, daemon.run_dir) + rows(os.path.join(daemon.state_dir, "vmmd.db"))
    if daemon.driver == "fake":
        return sorted(lines + fakes(daemon))
    lines += [f"domain {name} {state}" for name, state in domains()]
    lines += [f"qemu {pid}" for pid in processes("qemu-system-x86_64")]
    return sorted(lines + network())


def difference(before, after):
    """Lines with a sign in front, none when both are equal."""
    return [f"- {line}" for line in before if line not in after] + [f"+ {line}" for line in after if line not in before]
