# SPDX-License-Identifier: GPL-2.0-or-later
"""What check-layers and check-style share: the tree's files, its rooms, and a look at C text."""
import os
import re

SKIPPED_DIRS = {".git", "node_modules", "__pycache__", ".cache", ".mirror"}


class Finding:
    """One broken rule at one place; prints as compilers do, so that editors can jump there."""

    def __init__(self, path, line, rule, text):
        self.path, self.line, self.rule, self.text = path, line, rule, text

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


def walk(root, suffixes=None):
    """Paths below root, relative and sorted; build trees and foreign code are left out."""
    found = []
    for folder, dirs, files in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_DIRS and not d.startswith("build"))
        for name in sorted(files):
            path = os.path.relpath(os.path.join(folder, name), root)
            if suffixes is None or path.endswith(suffixes):
                found.append(path)
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def rooms(root):
    """Folder -> names on its README's "May use:" line."""
    found = {}
    for path in walk(root, ("README.md",)):
        match = re.search(r"^May use:[ \t]*(.*)$", read(root, path), re.M)
        if match:
            found[os.path.dirname(path)] = match.group(1).split()
    return found


def room_of(path, known):
    """The innermost room that holds path, or None."""
    folder = os.path.dirname(path)
    while folder:
        if folder in known:
            return folder
        folder = os.path.dirname(folder)
    return None


def blank_comments(text, strings=True):
    """C text of the same shape with comments, and strings too if asked, turned into blanks."""
    def blank(match):
        token = match.group(0)
        if token[0] in "\"'" and not strings:
            return token
        if token[0] in "\"'":
            return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]
        return re.sub(r"[^\n]", " ", token)
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.S)


def functions(text):
    """(name, is_static, first line, last line) of each function defined in GNU style."""
    lines = blank_comments(text).split("\n")
    found = []
    for number, line in enumerate(lines):
        if line != "{":
            continue
        start = number - 1
        while start > 0 and not re.match(r"\w", lines[start]):
            start -= 1
        match = re.match(r"(\w+) \(", lines[start])
        if not match or start == 0:
            continue
        end = number
        while end < len(lines) - 1 and lines[end] != "}":
            end += 1
        found.append((match.group(1), lines[start - 1].startswith("static"), start, end + 1))
    return found
