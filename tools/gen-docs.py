#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/api.json, docs/api-reference.md and docs/errors.md from the table that the daemon
prints: gen-docs.py BUILD/vmmd/vmmd. With --check it writes nothing and fails on a difference,
unless VMMD_REGENERATE=1 is set."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
ACCESS = {"read": "reads only", "write": "changes something", "admin": "the administrator only"}
MADE = "<!-- Made by tools/gen-docs.py from the daemon's own table. -->\n"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def bounds(param):
    """What a value must be, in words."""
    words = []
    is_list = param["Type"] in ("strings", "json-strings", "list")
    if "Choices" in param:
        words.append("one of " + ", ".join(f"`{choice}`" for choice in param["Choices"]))
    if "Format" in param:
        example = f", such as `{param['Example']}`" if param["Example"] else ""
        words.append(f"{param['Format']}{example}")
    if "Max" in param:
        words.append(f"at most {param['Max']} items" if is_list
                     else f"{param['Min']} to {param['Max']}")
    if "MaxLength" in param:
        words.append(f"at most {param['MaxLength']} bytes")
    if param.get("Default"):
        words.append(f"default `{param['Default']}`")
    if "Error" in param:
        words.append(f"else `{param['Error']}`")
    return "; ".join(words)


WIRE = {"strings": ".N", "list": ".N"}


def param_rows(params, prefix=""):
    for param in params:
        name = prefix + param["Name"] + WIRE.get(param["Type"], "")
        kind = {"strings": "string", "json-strings": "JSON array of strings",
                "list": "structure"}.get(param["Type"], param["Type"])
        doc = param["Doc"] + (" Kept secret." if param.get("Secret") else "")
        yield f"`{name}`", kind, "yes" if param.get("Required") else "", doc, bounds(param)
        yield from param_rows(param.get("Items", []), name + ".")


def action_text(action):
    facts = [f"Since {action['Since']}", "version " + ", ".join(action["Versions"]),
             ACCESS[action["Access"]], f"permission `{action['Permission']}`"]
    facts += ["takes `ClientToken`"] if action.get("ClientToken") else []
    facts += ["takes `DryRun`"] if action.get("DryRun") else []
    text = f"### {action['Name']}\n\n{action['Summary']}\n\n{'; '.join(facts)}.\n"
    if action["Parameters"]:
        text += "\n" + table(["Parameter", "Type", "Required", "Meaning", "Value"],
                             param_rows(action["Parameters"]))
    if action["Reply"]:
        rows = ((f"`{f['Path']}`", f["Type"], "yes" if f.get("Required") else "", f["Doc"])
                for f in action["Reply"])
        text += "\n" + table(["Answer", "Type", "Always", "Meaning"], rows)
    if action["Errors"]:
        text += "\nErrors: " + ", ".join(f"`{code}`" for code in action["Errors"]) + ".\n"
    return text


def reference(api):
    count = sum(len(resource["Actions"]) for resource in api["Resources"])
    text = "# API reference\n\n" + MADE + f"""
The {count} actions this server offers. Each takes the common parameters of the ECS API beside its own
(`Action`, `Version`, `Format`, the signature; `RegionId` must be this server's region when given), and
ignores parameters that it does not know. Every answer has `RequestId`. Actions of ECS that are not
listed answer `UnsupportedOperation`. Every action may also answer the common errors of
[errors.md](errors.md).
"""
    for resource in api["Resources"]:
        text += f"\n## {resource['Name']}\n\n"
        text += "\n".join(action_text(action) for action in resource["Actions"])
    return text


def errors(api):
    users = {}
    for resource in api["Resources"]:
        for action in resource["Actions"]:
            for code in action["Errors"]:
                users.setdefault(code, []).append(action["Name"])
    common = set(api["CommonErrors"])
    rows = []
    for error in api["Errors"]:
        code = error["Code"]
        by = "any action" if code in common else ", ".join(users.get(code, [])) or "-"
        rows.append((f"`{code}`", error["Status"], error["Meaning"], by))
    return "# Errors\n\n" + MADE + """
Code and HTTP status are for programs, the message of an answer is for people: it names the object, the
cause and, where there is one, the next step. Faults of the server itself are told without detail; its log
holds them under the request id. Codes that no action is named for belong to the way to it (signature, time,
size, version), to the daemon's own start, or to actions that are to come.

""" + table(["Code", "HTTP", "Meaning", "Answered by"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("vmmd")
    options = parser.parse_args()
    described = subprocess.run([options.vmmd, "--describe-api"], check=True, capture_output=True,
                               text=True).stdout
    api = json.loads(described)
    made = {"api.json": described, "api-reference.md": reference(api), "errors.md": errors(api)}
    only_check = options.check and not os.environ.get("VMMD_REGENERATE")
    stale = []
    for name, text in made.items():
        path = DOCS / name
        if only_check and (not path.exists() or path.read_text() != text):
            stale.append(name)
        elif not only_check:
            path.write_text(text)
    if stale:
        sys.exit(f"docs/{', docs/'.join(stale)} are not what the action table gives: "
                 f"run tools/gen-docs.py {options.vmmd}")


main()
