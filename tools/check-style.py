#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The house style, as far as a machine can see it. Each rule is a function; tests/style tries each.

A line that must break a rule says so: `style-ok: <rule> <reason>` in a comment on that line.
"""
import os
import re
import sys

from check_common import Finding, blank_comments, functions, read, room_of, rooms, walk

MAX_FUNCTION_LINES = 80
MAX_FILE_LINES = 800

# Call -> what to use in its place.
FORBIDDEN_CALLS = {
    "system": "g_subprocess_newv with an argument vector",
    "popen": "g_subprocess_newv with an argument vector",
    "sprintf": "g_strdup_printf or g_snprintf",
    "vsprintf": "g_strdup_vprintf",
    "strcpy": "g_strdup or g_strlcpy",
    "strcat": "GString",
    "strncpy": "g_strlcpy",
    "gets": "GDataInputStream",
    "strtok": "g_strsplit",
    "strtol": "g_ascii_string_to_signed",
    "strtoul": "g_ascii_string_to_unsigned",
    "strtoll": "g_ascii_string_to_signed",
    "strtoull": "g_ascii_string_to_unsigned",
    "atoi": "g_ascii_string_to_signed",
    "atol": "g_ascii_string_to_signed",
    "usleep": "a wait for the event, with a deadline",
    "sleep": "a wait for the event, with a deadline",
    "nanosleep": "a wait for the event, with a deadline",
    "g_usleep": "a wait for the event, with a deadline",
    "alloca": "g_malloc",
    "g_spawn_command_line_sync": "g_subprocess_newv with an argument vector",
    "g_spawn_command_line_async": "g_subprocess_newv with an argument vector",
    "g_shell_parse_argv": "an argument vector from the start",
    "mktemp": "g_mkstemp or g_dir_make_tmp",
    "tmpnam": "g_mkstemp or g_dir_make_tmp",
    "rand": "vmm_id_new, randombytes_buf or getrandom",
    "random": "vmm_id_new, randombytes_buf or getrandom",
}
# Tests wait for events of other processes where there is nothing to wait on but time.
TESTS_MAY_CALL = {"g_usleep"}

COMPARISON = re.compile(r"\b(memcmp|strcmp|strncmp|g_str_equal|g_strcmp0)\s*\(([^;]*)")
SECRET_NAME = re.compile(r"\b\w*(secret|signature|password|hmac)\b(?!_)", re.I)

PREFIXES = {
    "vmmd": ("app_", "main"),
    "vmmd/base": ("vmm_",),
    "vmmd/model": ("vmm_",),
    "vmmd/store": ("store_",),
    "vmmd/virt": ("virt_",),
    "vmmd/ops": ("ops_",),
    "vmmd/work": ("work_",),
    "api": ("api_", "ecs_"),
    "imagestore": ("img_", "main"),
    "netctl": ("netctl_", "main"),
    "tools/vmmctl": ("vmmctl_", "main"),
}

# Hosts that hand out packages; in two halves so that this file is clean itself.
REGISTRY_HOSTS = ["registry." + "npmjs", "deb." + "debian", "security." + "debian", "pypi." + "org",
                  "crates." + "io", "proxy." + "golang", "repo." + "maven", "snapshot." + "debian",
                  "npm." + "taobao", "npm" + "mirror."]
# Home folders of whoever wrote the file; /root/.ssh is a guest's and the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.\"}$/-])/(work|root|home)/(?!\.ssh\b)[\w.]|[\"']/(work|home)/\w")
TEXT_SUFFIXES = (".c", ".h", ".def", ".py", ".sh", ".md", ".build", ".json", ".js", ".mjs", ".txt",
                 ".xml", ".in", ".sql", ".npmrc", ".yml", ".nft", ".conf")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # style-ok: unfinished the rule itself
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"


def exempt(line, rule):
    return f"style-ok: {rule} " in line


def rule_include(path, text):
    """`..` would reach past the include paths that the build gives a room."""
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r'\s*#\s*include\s*["<][^">]*\.\.', line):
            yield number, "an include path goes up with '..'"


def rule_call(path, text):
    for number, line in enumerate(blank_comments(text).split("\n"), 1):
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", line):
            name = match.group(1)
            if name in FORBIDDEN_CALLS and not (path.startswith("tests/") and name in TESTS_MAY_CALL):
                yield number, f"{name}() is not used here; take {FORBIDDEN_CALLS[name]}"


def rule_goto(path, text):
    for number, line in enumerate(blank_comments(text).split("\n"), 1):
        if re.match(r"\s*goto\s+\w+\s*;", line) or re.search(r"\)\s*goto\s+\w+\s*;", line):
            yield number, "goto; let g_autoptr clean up"


def rule_secret(path, text):
    """An early end of a comparison tells an attacker how many bytes were right."""
    for number, line in enumerate(blank_comments(text).split("\n"), 1):
        match = COMPARISON.search(line)
        if match and not path.startswith("tests/") and SECRET_NAME.search(match.group(2)):
            yield number, f"{match.group(1)}() on a secret; take sodium_memcmp"


def rule_spdx(path, text):
    lines = text.split("\n")
    if not any(SPDX in line for line in lines[:2]):
        yield 1, f"the first line lacks '{SPDX}'"


def rule_purpose(path, text):
    """One sentence on what the file is for, right below the licence."""
    lines = text.split("\n")
    if len(lines) < 2 or not lines[1].startswith("/* "):
        yield 2, "the second line does not say what the file is for"


def rule_size(path, text):
    count = text.count("\n")
    if count > MAX_FILE_LINES:
        yield count, f"{count} lines; more than {MAX_FILE_LINES} hide a second idea"
    for name, _static, first, last in functions(text):
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield first, f"{name} has {last - first + 1} lines; the most is {MAX_FUNCTION_LINES}"


# What G_DEFINE_TYPE expects under the type's full name.
GOBJECT_HOOK = re.compile(r"_(class_)?init$")


def rule_prefix(path, text, prefixes):
    for name, static, first, _last in functions(text):
        if not static and prefixes and not name.startswith(prefixes):
            yield first, f"{name} is exported without the room's prefix {' or '.join(prefixes)}"
        if static and name.startswith(tuple(p for p in prefixes if p != "main")):
            if not ("G_DEFINE_TYPE" in text and GOBJECT_HOOK.search(name)):
                yield first, f"{name} is static and still carries the room's prefix"


# Functions whose names say all: what frees, and what GLib's conventions define.
SELF_EXPLAINED = re.compile(r"_(free|unref|clear|error_quark|get_type|get_resource)$")


def rule_documented(path, text):
    """A function in a header has a comment above it, beside it, or above its group of lines."""
    lines = text.split("\n")
    code = blank_comments(text).split("\n")
    documented = False
    depth = 0
    for number, line in enumerate(lines):
        if line.strip() == "":
            documented = False
        if "/*" in line or "*/" in line:
            documented = True
        match = re.match(r"(?!typedef|#|static|extern \"C\"|return|G_DEFINE)[\w].*?\b(\w+) \(", code[number])
        if match and depth == 0 and not documented and not match.group(1).isupper():
            if not SELF_EXPLAINED.search(match.group(1)):
                yield number + 1, f"{match.group(1)} has no comment"
        depth += code[number].count("{") - code[number].count("}")
        depth += code[number].count("(") - code[number].count(")")


def rule_pragma(path, text):
    if "#pragma once" not in text:
        yield 1, "#pragma once is missing"


def rule_place(path, text):
    """Nothing that is true on one machine only."""
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line) and not exempt(line, "place"):
            yield number, "a path of one machine"
        for host in REGISTRY_HOSTS:
            if host in line:
                yield number, "the host of a package registry"


def rule_unfinished(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if UNFINISHED.search(line) and not exempt(line, "unfinished"):
            yield number, "an unfinished mark; do it, or open an issue"


def rule_space(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line:
            yield number, "a tab"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"


SOURCE_RULES = [rule_include, rule_call, rule_goto, rule_secret, rule_spdx, rule_purpose, rule_size,
                rule_space]
HEADER_RULES = [rule_documented, rule_pragma]
SCRIPT_RULES = [rule_spdx, rule_space]
TEXT_RULES = [rule_place, rule_unfinished]


def rules_for(path):
    found = []
    if path.endswith((".c", ".h")):
        found += SOURCE_RULES
    if path.endswith(".h") and not path.startswith("tests/"):
        found += HEADER_RULES
    if path.endswith((".py", ".sh", ".def")):
        found += SCRIPT_RULES
    if path.endswith(TEXT_SUFFIXES) or "." not in os.path.basename(path):
        found += TEXT_RULES
    return found


def prefixes_for(path, known):
    if path.startswith("tests/"):
        return ()
    room = room_of(path, known) or os.path.dirname(path)
    return PREFIXES.get(room, ())


def action_names(root):
    """Names of actions, as the tables of the API's resources spell them."""
    names = set()
    for path in walk(os.path.join(root, "api"), (".c",)) if os.path.isdir(os.path.join(root, "api")) else []:
        if os.path.basename(path).startswith("ecs-"):
            names |= set(re.findall(r'\.name\s*=\s*"([A-Z][A-Za-z]+)"', read(os.path.join(root, "api"), path)))
    return names


def check_vmmctl(root, names):
    """The command line tool learns the actions from the server; its C code spells out none."""
    for path in walk(root, (".c", ".h")):
        if path.startswith("tools/vmmctl/"):
            for number, line in enumerate(read(root, path).split("\n"), 1):
                for name in re.findall(r"[A-Z][A-Za-z]+", line):
                    if name in names and name != "DescribeActions":
                        yield Finding(path, number, "vmmctl", f"names the action {name}")


def check(root):
    """All findings for the tree at root."""
    known = rooms(root)
    findings = []
    for path in walk(root):
        rules = rules_for(path)
        if not rules or path in ("LICENSE",):
            continue
        text = read(root, path)
        if "\0" in text:
            continue
        for rule in rules:
            for line, message in rule(path, text):
                findings.append(Finding(path, line, rule.__name__[5:], message))
        if path.endswith(".c"):
            for line, message in rule_prefix(path, text, prefixes_for(path, known)):
                findings.append(Finding(path, line, "prefix", message))
    findings += check_vmmctl(root, action_names(root))
    return findings


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    findings = check(root)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
