#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The layer check finds what it is for, in small bad trees, and the tree itself is clean."""
import importlib.util
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402
sys.path.insert(0, os.path.join(ROOT, "tools"))
spec = importlib.util.spec_from_file_location("check_layers", os.path.join(ROOT, "tools/check-layers.py"))
layers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layers)

HOUSE = {
    "vmmd/base/README.md": "May use: glib\n",
    "vmmd/base/vmm-a.h": "",
    "vmmd/store/README.md": "May use: base glib sqlite3\n",
    "vmmd/store/store.h": "",
    "vmmd/ops/README.md": "May use: base store glib\n",
    "vmmd/ops/ops-a.h": "",
    "vmmd/main.c": '#include "ops-a.h"\n#include "store.h"\n',
}


def findings(extra):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**HOUSE, **extra}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
        return layers.check(root)


def refused(rule, path, extra):
    found = findings(extra)
    assert [(f.rule, f.path) for f in found] == [(rule, path)], [str(f) for f in found]


def a_house_in_order_passes():
    assert findings({"vmmd/ops/ops-a.c": '#include "config.h"\n#include "ops-a.h"\n#include "store.h"\n'
                     '#include <glib.h>\n#include <sys/stat.h>\n#include <string.h>\n'}) == []


def a_room_may_not_include_a_floor_above():
    refused("layer", "vmmd/base/vmm-a.c", {"vmmd/base/vmm-a.c": '#include "store.h"\n'})


def a_library_is_included_only_where_the_readme_says():
    refused("layer", "vmmd/ops/ops-a.c", {"vmmd/ops/ops-a.c": "#include <sqlite3.h>\n"})


def an_unknown_library_is_refused():
    refused("layer", "vmmd/ops/ops-a.c", {"vmmd/ops/ops-a.c": "#include <curl/curl.h>\n"})


def a_readme_may_not_open_a_second_door():
    refused("door", "vmmd/ops/README.md", {"vmmd/ops/README.md": "May use: base store glib libvirt\n"})


def two_modules_that_include_each_other_are_a_cycle():
    refused("cycle", "vmmd/ops/ops-a", {"vmmd/ops/ops-a.c": '#include "ops-b.h"\n',
                                        "vmmd/ops/ops-b.h": "",
                                        "vmmd/ops/ops-b.c": '#include "ops-a.h"\n'})


def a_cycle_of_three_is_found_too():
    refused("cycle", "vmmd/ops/ops-a", {"vmmd/ops/ops-a.c": '#include "ops-b.h"\n',
                                        "vmmd/ops/ops-b.h": '#include "ops-c.h"\n',
                                        "vmmd/ops/ops-c.h": "",
                                        "vmmd/ops/ops-c.c": '#include "ops-a.h"\n'})


def a_module_and_its_own_header_are_no_cycle():
    assert findings({"vmmd/ops/ops-a.c": '#include "ops-a.h"\n'}) == []


def rooms_that_use_each_other_are_a_cycle():
    refused("cycle", "vmmd/base", {"vmmd/base/README.md": "May use: store glib\n"})


def an_include_in_a_comment_does_not_count():
    assert findings({"vmmd/base/vmm-a.c": '/* #include "store.h" */\n'}) == []


def a_source_without_a_room_is_refused():
    refused("room", "shed/a.c", {"shed/a.c": ""})


def a_header_that_is_not_there_is_named():
    refused("missing", "vmmd/base/vmm-a.c", {"vmmd/base/vmm-a.c": '#include "vmm-gone.h"\n'})


def the_architecture_page_tells_the_same_as_the_readmes():
    """VMMD_REGENERATE=1 rewrites the page's table."""
    path = os.path.join(ROOT, "docs/architecture.md")
    rows = "".join(f"| {room} | {' '.join(uses)} |\n" for room, uses in sorted(layers.rooms(ROOT).items()))
    with open(path, encoding="utf-8") as f:
        text = f.read()
    head = "| room | may use |\n| --- | --- |\n"
    before, after = text.split(head)
    wanted = before + head + rows + after[after.index("\n\n") + 1:]
    if os.environ.get("VMMD_REGENERATE"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(wanted)
    assert text == wanted or os.environ.get("VMMD_REGENERATE"), "VMMD_REGENERATE=1 rewrites docs/architecture.md"


def the_tree_is_clean():
    found = layers.check(ROOT)
    assert found == [], "\n" + "\n".join(map(str, found))


if __name__ == "__main__":
    tap.run([a_house_in_order_passes, a_room_may_not_include_a_floor_above,
             a_library_is_included_only_where_the_readme_says, an_unknown_library_is_refused,
             a_readme_may_not_open_a_second_door, two_modules_that_include_each_other_are_a_cycle,
             a_cycle_of_three_is_found_too, a_module_and_its_own_header_are_no_cycle,
             rooms_that_use_each_other_are_a_cycle, an_include_in_a_comment_does_not_count,
             a_source_without_a_room_is_refused, a_header_that_is_not_there_is_named,
             the_architecture_page_tells_the_same_as_the_readmes, the_tree_is_clean])
