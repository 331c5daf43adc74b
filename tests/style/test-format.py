#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Layout is what clang-format makes of it; shell scripts pass shellcheck."""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/lib"), os.path.join(ROOT, "tools")]
import tap  # noqa: E402
from check_common import read, walk  # noqa: E402

# Another release lays out some lines differently.
CLANG_FORMAT_MAJOR = "14"


def run(command):
    result = subprocess.run(command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    assert result.returncode == 0, "\n" + "\n".join(result.stdout.splitlines()[:40])


def every_c_file_is_as_clang_format_lays_it_out():
    run(["clang-format", "--dry-run", "--Werror", *walk(ROOT, (".c", ".h"))])


def every_shell_script_passes_shellcheck():
    scripts = [p for p in walk(ROOT) if "." not in os.path.basename(p) and os.access(os.path.join(ROOT, p), os.X_OK)
               or p.endswith(".sh")]
    bash = [p for p in scripts if re.match(r"#!.*\bbash\b", read(ROOT, p))]
    assert bash
    # Words that shall split, and assignments of nothing, are meant.
    run(["shellcheck", "-S", "warning", "-e", "SC1007,SC2046", *bash])


def skip_reason():
    for tool in ("clang-format", "shellcheck"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    return None if f"version {CLANG_FORMAT_MAJOR}." in version else f"needs clang-format {CLANG_FORMAT_MAJOR}"


if __name__ == "__main__":
    if skip_reason():
        print(f"1..0 # SKIP {skip_reason()}")
        sys.exit(0)
    tap.run([every_c_file_is_as_clang_format_lays_it_out, every_shell_script_passes_shellcheck])
