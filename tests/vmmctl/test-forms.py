#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmmctl's short forms against the real daemon with fakes: what the data names exists, and works.

    test-forms.py VMMD VMMCTL
"""
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "lib"), os.path.join(TESTS, "daemon/lib")]
import tap  # noqa: E402
from daemon import Daemon, wait_until  # noqa: E402

VMMD, VMMCTL = map(os.path.abspath, sys.argv[1:3])
with open(os.path.join(os.path.dirname(TESTS), "tools/vmmctl/short-forms.json"), encoding="utf-8") as source:
    DATA = json.load(source)
DESCRIBED = json.loads(subprocess.run([VMMD, "--describe-api"], check=True, capture_output=True).stdout)
ACTIONS = {action["Name"]: action for resource in DESCRIBED["Resources"] for action in resource["Actions"]}
WORLD = {}


def params_of(name):
    """Also the first of each list: DataDisk.1.Size."""
    names = {"RegionId"}
    for param in ACTIONS[name]["Parameters"]:
        names |= {param["Name"]} | {f"{param['Name']}.1.{item['Name']}" for item in param.get("Items", [])}
    return names


def paths_of(name):
    """Reply paths without their list marks, and every start of them."""
    paths = set()
    for field in ACTIONS[name]["Reply"]:
        parts = field["Path"].replace("[]", "").split(".")
        paths |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return paths


def vmmctl(*words, code=0):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ALIBABA", "ECS_", "VMMD_A"))}
    result = subprocess.run([VMMCTL, "--socket", os.path.join(WORLD["daemon"].run_dir, "admin.sock"), *words],
                            env=clean, text=True, capture_output=True, timeout=60, check=False,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
    return result.stdout if code == 0 else result.stderr


def first_column(text):
    return [line.split()[0] for line in text.splitlines()[1:]]


def every_action_of_the_forms_exists():
    named = [f["action"] for f in DATA["forms"]] + [w["action"] for w in DATA["waits"].values()]
    assert set(named) <= set(ACTIONS), set(named) - set(ACTIONS)


def every_parameter_of_the_forms_exists():
    for form in DATA["forms"]:
        named = [o["param"] for o in form.get("operands", [])] + list(form.get("aliases", {}).values())
        named += [*form.get("fixed", {}), *form.get("times", {}), *form.get("guess", {})]
        named += [guess["from"] for guess in form.get("guess", {}).values()]
        assert set(named) <= params_of(form["action"]), (form["form"], set(named) - params_of(form["action"]))
    for wait in DATA["waits"].values():
        assert {wait["param"], *wait.get("fixed", {})} <= params_of(wait["action"]), wait


def every_path_of_the_forms_exists():
    for form in DATA["forms"]:
        paths = paths_of(form["action"])
        named = [form[key] for key in ("list", "one", "ids", "decode", "text") if key in form]
        named += form.get("difference", [])
        named += [f"{form['list']}.{path}" for path in form.get("columns", {}).values()]
        assert set(named) <= paths, (form["form"], set(named) - paths)
    for wait in DATA["waits"].values():
        named = {f"{wait['list']}.{wait[key]}" for key in ("state", "progress", "reason") if key in wait}
        assert named <= paths_of(wait["action"]), wait


def aliases_do_not_hide_parameters():
    for form in DATA["forms"]:
        for alias in form.get("aliases", {}):
            same = [p for p in params_of(form["action"]) if p.lower() == alias and p != form["aliases"][alias]]
            assert not same, (form["form"], alias, same)


def status_tells_of_the_hypervisor():
    text = vmmctl("status")
    assert "Accelerator: tcg" in text and "Connected: true" in text, text


def accounts_are_made_and_listed():
    vmmctl("account", "create", "shop")
    assert "shop" in vmmctl("account", "list")
    assert "EntityAlreadyExists.Account" in vmmctl("account", "create", "shop", code=1)


def keys_live_and_die():
    key = json.loads(vmmctl("--account", "shop", "key", "create", "--output", "json"))["AccessKey"]
    assert len(key["AccessKeySecret"]) >= 30
    for verb, shown in (("disable", "Inactive"), ("enable", "Active")):
        vmmctl("--account", "shop", "key", verb, key["AccessKeyId"])
        assert shown in vmmctl("--account", "shop", "key", "list").split()
    vmmctl("--account", "shop", "key", "rm", key["AccessKeyId"])
    assert first_column(vmmctl("--account", "shop", "key", "list")) == []


def an_image_is_imported_and_listed():
    file = os.path.join(WORLD["daemon"].root, "disk.raw")
    with open(file, "wb") as out:
        out.truncate(1 << 20)
    WORLD["image"] = vmmctl("image", "import", file, "--name", "disk").strip()
    assert first_column(vmmctl("image", "list")) == [WORLD["image"]]


def a_bad_image_fails_with_the_reason():
    file = os.path.join(WORLD["daemon"].root, "bad.qcow2")
    with open(file, "wb") as out:
        out.write(b"QFI\xfb" + bytes(65532))
    said = vmmctl("image", "import", file, "--name", "bad", code=4)
    assert "CreateFailed: version" in said, said
    vmmctl("image", "rm", said.splitlines()[-1].split()[1], "--wait")


def images_come_in_and_go_out_as_tasks():
    root = WORLD["daemon"].root
    with open(os.path.join(root, "drop", "web.raw"), "wb") as out:
        out.truncate(1 << 20)
    fetched = vmmctl("image", "fetch", "https://images.example/web.raw", "--name", "web").strip()
    taken = vmmctl("image", "take", "web.raw", "--name", "dropped").strip()
    task = vmmctl("image", "export", fetched, "--format", "raw", "--prefix", "mine").strip()
    shown = vmmctl("task", "show", task)
    assert f"mine_{fetched}_{task}.raw" in shown and os.listdir(os.path.join(root, "out")) == [f"mine_{fetched}_{task}.raw"], shown
    listed = vmmctl("task", "list", "--status", "Finished")
    assert first_column(listed)[0] == task and len(first_column(listed)) == 3, listed
    assert "IncorrectTaskStatus" in vmmctl("task", "cancel", task, code=1)
    vmmctl("image", "rm", fetched, taken, "--wait")


def an_instance_lives_and_dies():
    instance = vmmctl("--account", "shop", "instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano",
                      "--name", "web", "--wait").strip()
    listed = vmmctl("--account", "shop", "instance", "list")
    assert first_column(listed) == [instance] and "web" in listed and "Running" in listed, listed
    assert "HostName: " in vmmctl("--account", "shop", "instance", "show", instance)
    vmmctl("--account", "shop", "instance", "console", instance)
    for words in (["reboot", "--force"], ["stop", "--force"], ["start"]):
        vmmctl("--account", "shop", "instance", *words, instance, "--wait")
    assert "IncorrectInstanceStatus" in vmmctl("--account", "shop", "instance", "rm", instance, code=1)
    vmmctl("--account", "shop", "instance", "rm", instance, "--force", "--wait")
    assert first_column(vmmctl("--account", "shop", "instance", "list")) == []


def shop(*words, code=0):
    return vmmctl("--account", "shop", *words, code=code)


def an_image_is_made_copied_and_shared():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    image = shop("image", "create", "--instance", instance, "--name", "web", "--family", "shop", "--wait").strip()
    assert image in shop("image", "latest", "shop")
    shop("image", "change", image, "--family", "hall", "--name", "web-2")
    assert "ImageFamily: hall" in shop("image", "show", image)
    assert first_column(shop("image", "list", "--family", "hall", "--owner", "self")) == [image]
    assert "web-2" in shop("image", "list")
    shop("image", "share", image, "default")
    account = first_column(shop("image", "shares", image))
    copy = vmmctl("image", "copy", image, "--name", "mine").strip()
    shop("image", "unshare", image, *account)
    assert first_column(shop("image", "shares", image)) == []
    assert image not in vmmctl("image", "list")
    vmmctl("image", "rm", copy, "--wait")
    shop("instance", "rm", instance, "--force", "--wait")
    snapshots = first_column(shop("snapshot", "list"))
    assert len(snapshots) == 1 and "SnapshotCreatedImage" in shop("snapshot", "rm", *snapshots, code=1)
    shop("image", "rm", image, "--wait")
    shop("snapshot", "rm", *snapshots)


def the_hosts_network_is_as_it_shall_be():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    plan = vmmctl("net", "plan")
    assert "namespace" in plan and "port " in plan, plan
    assert vmmctl("net", "show") == plan
    assert vmmctl("net", "diff") == ""
    shop("instance", "rm", instance, "--force", "--wait")


def a_network_is_made_shown_and_deleted():
    vpc = shop("vpc", "create", "--cidr", "10.0.0.0/8", "--ipv6", "true", "--name", "net").strip()
    vswitch = shop("vswitch", "create", vpc, "10.1.0.0/16", "--zone", "cn-local-a", "--ipv6", "7").strip()
    group = shop("group", "create", "--vpc", vpc, "--name", "web").strip()
    assert "fd00:ec5::/56" in shop("vpc", "list") and vswitch in shop("vpc", "list")
    assert "fd00:ec5:0:7::/64" in shop("vswitch", "list", "--vpc", vpc)
    nic = shop("nic", "create", vswitch, "--group", group).strip()
    [address] = shop("nic", "assign6", nic, "--count", "1").split()
    assert address.startswith("fd00:ec5:0:7:"), address
    shop("nic", "unassign6", nic, address)
    shop("nic", "rm", nic)
    assert first_column(shop("group", "list", "--vpc", vpc)) == [group]
    wait_until("the interface to be gone", 30, lambda: nic not in shop("nic", "list"))
    for words in (["group", "rm", group], ["vswitch", "rm", vswitch], ["vpc", "rm", vpc]):
        shop(*words)
    assert vpc not in shop("vpc", "list")


def rules_come_and_go():
    group = shop("group", "create", "--name", "web").strip()
    ranges = shop("prefix-list", "create", "office", "--family", "IPv4", "--max", "3").strip()
    shop("group", "allow", group, "--protocol", "tcp", "--ports", "80/80", "--from", "10.0.0.0/8", "--to", "172.16.0.9")
    shop("group", "allow", group, "--protocol", "icmpv6", "--from6", "::/0")
    shop("group", "allow-out", group, "--protocol", "all", "--to-list", ranges)
    listed = shop("group", "rules", group)
    assert len(first_column(listed)) == 3 and "172.16.0.9/32" in listed and ranges in listed, listed
    assert first_column(shop("prefix-list", "list")) == [ranges]
    assert first_column(shop("prefix-list", "show", ranges)) == []
    shop("prefix-list", "modify", ranges, "--add", "Cidr=10.1.0.0/16,Description=here", "--add", "Cidr=10.2.0.0/16")
    shop("prefix-list", "modify", ranges, "--remove", "Cidr=10.2.0.0/16", "--name", "home")
    assert first_column(shop("prefix-list", "show", ranges)) == ["10.1.0.0/16"] and "home" in shop("prefix-list", "list")
    assert "NotAllowed.AssociationExist" in shop("prefix-list", "rm", ranges, code=1)
    shop("group", "revoke", group, *first_column(listed))
    shop("prefix-list", "rm", ranges)
    shop("group", "rm", group)


def a_route_is_made_and_deleted():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    table = first_column(shop("route", "tables"))[0]
    route = shop("route", "add", table, "10.9.0.0/16", instance, "--name", "office").strip()
    listed = shop("route", "list", table)
    assert first_column(listed)[0] == route and instance in listed and "office" in listed, listed
    assert "DependencyViolation.RouteEntry" in shop("instance", "rm", instance, "--force", code=1)
    shop("route", "rm", route)
    assert route not in shop("route", "list", table)
    shop("instance", "rm", instance, "--force", "--wait")


def a_disk_lives_and_dies():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    disk = shop("disk", "create", "--zone", "cn-local-a", "--size", "5", "--name", "data", "--wait").strip()
    shop("disk", "attach", disk, "--to", instance, "--wait")
    shop("disk", "resize", disk, "6")
    wait_until("the disk to grow", 30, lambda: "Size: 6" in shop("disk", "show", disk))
    listed = shop("disk", "list")
    assert disk in first_column(listed) and "In_use" in listed and "/dev/xvdb" in listed, listed
    assert "IncorrectDiskStatus" in shop("disk", "rm", disk, code=1)
    shop("disk", "modify", disk, "--name", "logs", "--with-instance", "true")
    assert "logs" in shop("disk", "list").split()
    shop("disk", "spec", disk, "--category", "cloud_auto")
    assert "cloud_auto" in shop("disk", "list").split()
    shop("disk", "detach", disk, "--from", instance, "--wait")
    shop("disk", "rm", disk, "--wait")
    assert disk not in first_column(shop("disk", "list"))
    shop("instance", "rm", instance, "--force", "--wait")


def as_many_disks_are_shown_as_are_named():
    disks = [shop("disk", "create", "--zone", "cn-local-a", "--size", "5", "--name", "many").strip() for _ in range(12)]
    assert shop("disk", "show", *disks).count("SerialNumber: ") == 12
    assert "d-x not found" in shop("disk", "show", disks[0], "d-x", code=1)
    assert sorted(first_column(shop("disk", "list", "--name", "man*", "--tag", "Key=none"))) == []
    assert sorted(first_column(shop("disk", "list", "--name", "man*"))) == sorted(disks)
    shop("disk", "rm", *disks, "--wait")


def wrong_words_are_answered_in_the_words_of_the_form():
    assert "disk attach needs --to" in shop("disk", "attach", "d-x", code=2)
    assert "disk list takes no --sise; see vmmctl disk list --help" in shop("disk", "list", "--sise", "3", code=2)
    assert "--hours: " in shop("policy", "create", "nightly", "--hours", "25", "--weekdays", "1", "--days", "3", code=2)
    assert "'disk' is no command; see vmmctl disk --help" in shop("disk", code=2)
    assert "ResourceType is one of instance, disk," in shop("tag", "show", "disks", code=2)
    assert "TargetTags" not in shop("policy", "create", "--help") and "--hours" in shop("policy", "create", "--help")
    assert "valid name of 2 to 128 characters" in shop("disk", "create", "--size", "5", "--name", "x", code=1)


def a_disk_has_a_policy_of_snapshots():
    disk = shop("disk", "create", "--zone", "cn-local-a", "--size", "5", "--wait").strip()
    policy = shop("policy", "create", "nightly", "--hours", "0,12", "--weekdays", "1,7", "--days", "3").strip()
    shop("policy", "apply", policy, disk)
    listed = shop("policy", "list")
    assert first_column(listed) == [policy] and '["0","12"]' in listed and "nightly" in listed, listed
    assert "DiskNums: 1" in shop("policy", "show", policy)
    assert first_column(shop("policy", "disks", "--policy", policy)) == [disk]
    shop("policy", "modify", policy, "--days", "-1")
    assert "-1" in shop("policy", "list").split()
    shop("policy", "cancel", disk)
    assert first_column(shop("policy", "disks")) == []
    shop("policy", "rm", policy)
    assert first_column(shop("policy", "list")) == []
    shop("disk", "rm", disk, "--wait")


def all_disks_of_an_instance_are_taken_at_once():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    group = shop("snapshot-group", "create", instance, "--name", "before", "--wait").strip()
    listed = shop("snapshot-group", "list", "--instance", instance)
    assert first_column(listed) == [group] and "accomplished" in listed, listed
    shop("snapshot-group", "modify", group, "--name", "kept")
    assert "Name: kept" in shop("snapshot-group", "show", group)
    assert "SnapshotCount: 1" in shop("snapshot", "usage")
    shop("snapshot-group", "rm", group)
    assert first_column(shop("snapshot-group", "list", "--instance", instance)) == []
    shop("instance", "rm", instance, "--force", "--wait")


def tags_come_and_go():
    disk = shop("disk", "create", "--zone", "cn-local-a", "--size", "5", "--wait").strip()
    assert shop("tag", "add", "disk", disk, "--key", "team", "--value", "shop") == f"{disk} tagged\n"
    assert shop("tag", "show", "disk").split()[-3:] == [disk, "team", "shop"]
    assert "team" in first_column(shop("tag", "list"))
    shop("tag", "rm", "disk", disk, "--key", "team")
    assert first_column(shop("tag", "show", "disk")) == []
    shop("disk", "rm", disk, "--wait")


def a_snapshot_is_taken_back_and_cloned():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    disk = shop("disk", "create", "--zone", "cn-local-a", "--size", "5", "--wait").strip()
    shop("disk", "attach", disk, "--to", instance, "--wait")
    snapshot = shop("snapshot", "create", disk, "--name", "before", "--days", "7", "--wait").strip()
    listed = shop("snapshot", "list", "--disk", disk)
    assert first_column(listed) == [snapshot] and "accomplished" in listed and "before" in listed, listed
    assert "RetentionDays: 7" in shop("snapshot", "show", snapshot)
    shop("snapshot", "modify", snapshot, "--name", "kept", "--days", "30")
    assert "kept" in shop("snapshot", "list").split()
    assert "IncorrectInstanceStatus" in shop("disk", "reset", disk, snapshot, code=1)
    shop("instance", "stop", instance, "--force", "--wait")
    shop("disk", "reset", disk, snapshot, "--wait")
    assert "Status: In_use" in shop("disk", "show", disk)
    shop("disk", "reinit", disk, "--wait")
    copy = shop("disk", "create", "--zone", "cn-local-a", "--snapshot", snapshot, "--wait").strip()
    assert "SnapshotCreatedDisk" in shop("snapshot", "rm", snapshot, code=1)
    shop("snapshot", "rm", snapshot, "--force")
    assert first_column(shop("snapshot", "list")) == []
    shop("instance", "rm", instance, "--force", "--wait")
    wait_until("the disk to be free", 30, lambda: "Status: Available" in shop("disk", "show", disk))
    shop("disk", "rm", disk, copy, "--wait")
    assert first_column(shop("disk", "list")) == []


def an_address_is_led_to_an_instance_and_back():
    instance = shop("instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano", "--wait").strip()
    eip = shop("eip", "allocate", "--ip", "203.0.113.4", "--mbit", "7", "--name", "door").strip()
    shop("eip", "associate", eip, "--to", instance, "--wait")
    listed = shop("eip", "list")
    assert first_column(listed) == [eip] and "203.0.113.4" in listed and instance in listed, listed
    assert "IncorrectEipStatus" in shop("eip", "release", eip, code=1)
    shop("eip", "modify", eip, "--mbit", "9")
    shop("eip", "unassociate", eip, "--wait")
    shop("instance", "bandwidth", instance, "--out", "5")
    assert shop("instance", "public", instance).strip().startswith("203.0.113.")
    shop("eip", "release", eip)
    shop("instance", "rm", instance, "--force", "--wait")
    assert first_column(shop("eip", "list")) == []


def a_gateway_has_entries():
    vpc = shop("vpc", "create", "--cidr", "10.0.0.0/16").strip()
    vswitch = shop("vswitch", "create", vpc, "10.0.1.0/24", "--zone", "cn-local-a").strip()
    nat = shop("nat", "create", vpc, "--vswitch", vswitch, "--name", "gate").strip()
    eip = shop("eip", "allocate").strip()
    shop("eip", "associate", eip, "--to", nat, "--wait")
    row = shop("nat", "list", "--vpc", vpc).splitlines()[1].split()
    assert row[:2] == [nat, "gate"], row
    address, snat, forward = row[3:6]
    source = shop("snat", "add", snat, address, "--vswitch", vswitch).strip()
    door = shop("forward", "add", forward, address, "--protocol", "tcp", "--ports", "80/81", "--to", "10.0.1.7",
                "--to-ports", "8080/8081").strip()
    assert first_column(shop("snat", "list", "--nat", nat)) == [source]
    listed = shop("forward", "list", "--nat", nat)
    assert first_column(listed) == [door] and "8080/8081" in listed, listed
    assert "DependencyViolation.SnatEntry" in shop("nat", "rm", nat, code=1)
    shop("snat", "rm", snat, source)
    shop("forward", "rm", forward, door)
    shop("nat", "rm", nat, "--force")
    wait_until("the address to be taken back", 30, lambda: "Available" in shop("eip", "list"))
    shop("eip", "release", eip)
    shop("vswitch", "rm", vswitch)
    shop("vpc", "rm", vpc)


def more_than_a_page_is_listed_whole():
    vmmctl("--account", "shop", "instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano",
           "--count", "100", "--wait")
    vmmctl("--account", "shop", "instance", "run", "--image", WORLD["image"], "--type", "ecs.t1.nano",
           "--count", "20", "--wait")
    ids = first_column(vmmctl("--account", "shop", "instance", "list"))
    assert len(set(ids)) == 120 and len(ids) == 120, len(ids)


def monitor_data_of_the_last_hour_is_shown():
    instance = first_column(shop("instance", "list"))[0]
    minute = int(time.time()) // 60 * 60 - 600
    with contextlib.closing(sqlite3.connect(os.path.join(WORLD["daemon"].state_dir, "vmmd.db"))) as rows, rows:
        rows.execute("INSERT INTO meter (no, id) VALUES (77, ?)", (instance,))
        for at in (minute, minute - 7200):
            rows.execute(f"INSERT INTO sample VALUES (77, 60, {at}, 60000, 15000000{', 0' * 11})")
    shown = shop("instance", "monitor", instance).splitlines()
    assert len(shown) == 2 and shown[1].split()[1] == "25", shown
    earlier = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute - 3 * 3600))
    assert len(shop("instance", "monitor", instance, "--from", earlier).splitlines()) == 3
    assert "TooManyDataQueried" in shop("instance", "monitor", instance, "--from", earlier[:11] + "00:00:00Z", "--to",
                                        earlier[:11] + "23:00:00Z", code=1)
    [disk, *_] = first_column(shop("disk", "list"))
    assert len(shop("disk", "monitor", disk).splitlines()) == 1


def an_image_is_deleted():
    ids = first_column(vmmctl("--account", "shop", "instance", "list"))
    vmmctl("--account", "shop", "instance", "rm", *ids, "--force", "--wait")
    vmmctl("image", "rm", WORLD["image"], "--wait")
    listed = vmmctl("image", "list")
    assert first_column(listed) == [], listed


def a_client_that_asks_often_is_always_let_in():
    """One call is two connections; none may stay behind."""
    for _ in range(40):
        vmmctl("account", "list")


if __name__ == "__main__":
    with Daemon(VMMD, "fake") as daemon:
        folders = {f"{kind}-folder": os.path.join(daemon.root, name) for kind, name in (("drop", "drop"), ("export", "out"))}
        for folder in folders.values():
            os.mkdir(folder)
        daemon.configure({"network": {"public-pools": "203.0.113.1-203.0.113.9"}, "storage": folders})
        daemon.start()
        WORLD["daemon"] = daemon
        tap.run([value for name, value in list(globals().items())
                 if callable(value) and getattr(value, "__module__", "") == "__main__"
                 and name not in ("params_of", "paths_of", "vmmctl", "first_column", "shop", "wait_until")])
