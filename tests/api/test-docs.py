#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is generated and checked in equals what the tree generates now."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

VMMD = sys.argv[1]


def tool(name, *args):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", name), *args],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def the_reference_is_what_the_table_gives():
    tool("gen-docs.py", "--check", VMMD)


def the_known_actions_are_what_their_list_gives():
    tool("gen-known-actions.py", "--check")


def the_description_names_only_errors_that_exist():
    with open(os.path.join(ROOT, "docs", "api.json"), encoding="utf-8") as f:
        api = json.load(f)
    codes = {error["Code"] for error in api["Errors"]}
    used = {code for r in api["Resources"] for a in r["Actions"] for code in a["Errors"]}
    assert used and used <= codes, used - codes
    assert not used & set(api["CommonErrors"])


tap.run([the_reference_is_what_the_table_gives, the_known_actions_are_what_their_list_gives,
         the_description_names_only_errors_that_exist])
