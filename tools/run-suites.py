#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the tree in several ways ("passes") and runs the test suites in each.

gcc      with warnings as errors: every suite but `real` and `tsan`
clang    with warnings as errors: the build alone, and an installation into a scratch folder
asan     address, undefined-behaviour and leak checks: every suite but `style` and `tsan`
tsan     thread checks (clang): suite `tsan`

The last line is "N passed, N failed, N skipped", counting single tests, not test programs.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUPPRESSIONS = os.path.join(ROOT, "tests", "sanitizers")

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:handle_sigtrap=1:handle_abort=1:detect_stack_use_after_return=1:strict_string_checks=1"
                    # Leak checks crash over the thread-local storage of modules such as TLS ones.
                    ":intercept_tls_get_addr=0",
    "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": f"ignore_noninstrumented_modules=1:suppressions={SUPPRESSIONS}/tsan.supp:halt_on_error=1:second_deadlock_stack=1",
}


class Pass:
    def __init__(self, name, compiler, options, tests, timeout=1):
        self.name, self.compiler, self.options = name, compiler, options
        self.tests, self.timeout = tests, timeout
        self.folder = os.path.join(ROOT, "build-test-" + name)


# tests: arguments of `meson test` that choose the suites; None builds only.
PASSES = [
    Pass("gcc", "gcc", ["-Dwerror=true"], ["--no-suite", "real", "--no-suite", "tsan"]),
    Pass("clang", "clang", ["-Dwerror=true"], None),
    Pass("asan", "gcc", ["-Db_sanitize=address,undefined"],
         ["--no-suite", "style", "--no-suite", "tsan"], timeout=3),
    Pass("tsan", "clang", ["-Db_sanitize=thread", "-Db_lundef=false"], ["--suite", "tsan"], timeout=5),
]


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.names = []
        self.reasons = []

    def fail(self, name):
        self.failed += 1
        self.names.append(name)

    def skip(self, name, reason):
        self.skipped += 1
        self.reasons.append((name, reason))


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def run(command, log, env=None):
    """Runs command with its output in the file log; returns its exit code."""
    with open(log, "w", encoding="utf-8") as out:
        return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT, check=False).returncode


def show_tail(log, lines):
    with open(log, encoding="utf-8", errors="replace") as f:
        print("".join(f.readlines()[-lines:]), flush=True)


def build(way, jobs):
    """Configures and compiles; FALSE with the end of the log shown when that fails."""
    env = {**os.environ, "CC": way.compiler}
    os.makedirs(way.folder, exist_ok=True)
    log = os.path.join(way.folder, "tools-test.log")
    if not os.path.exists(os.path.join(way.folder, "build.ninja")):
        if run(["meson", "setup", way.folder, *way.options], log, env) != 0:
            show_tail(log, 60)
            return False
    if run(["ninja", "-C", way.folder, f"-j{jobs}"], log, env) != 0:
        show_tail(log, 120)
        return False
    return True


def try_install(way):
    """Installs into a scratch folder, so that a file forgotten in a meson.build is noticed."""
    target = os.path.join(way.folder, "install-root")
    shutil.rmtree(target, ignore_errors=True)
    log = os.path.join(way.folder, "tools-test.log")
    env = {**os.environ, "DESTDIR": target}
    done = run(["meson", "install", "-C", way.folder, "--no-rebuild", "--quiet"], log, env) == 0
    if not done:
        show_tail(log, 40)
    shutil.rmtree(target, ignore_errors=True)
    return done


def tap_results(text):
    """(passed, name, skip reason or None) of each test line in a TAP stream."""
    for line in text.splitlines():
        match = re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*?)(?:\s*#\s*SKIP\S*\s*(.*))?$", line, re.I)
        if match:
            yield match.group(1) is None, match.group(2), match.group(3)


def last_line(result):
    lines = (result.get("stderr", "") + result.get("stdout", "")).strip().splitlines()
    lines = [line for line in lines if line and not line.startswith(("1..", "(test program"))]
    return lines[-1].strip("# ") if lines else ""


def count_result(way, result, count):
    """Adds up one test program; FALSE when anything in it failed."""
    program = f"{way.name}: {result['name'].split(' / ')[-1]}"
    before = count.failed
    lines = list(tap_results(result.get("stdout", "")))
    for passed, name, reason in lines:
        if reason is not None:
            count.skip(f"{program}: {name}", reason)
        elif passed:
            count.passed += 1
        else:
            count.fail(f"{program}: {name}")
    plan = re.search(r"^1\.\.0\s*#\s*SKIP\S*\s*(.*)$", result.get("stdout", ""), re.M | re.I)
    if not lines and (result["returncode"] == 77 or plan or result["result"] == "SKIP"):
        count.skip(program, plan.group(1) if plan else last_line(result))
    elif result["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and count.failed == before:
        count.fail(f"{program}: {result['result']}")  # a crash, a leak, a time-out
    elif not lines and result["result"] == "OK":
        count.passed += 1
    return count.failed == before


def show(way, result):
    """The output of a test program that failed."""
    print(f"--- {way.name}: {result['name']}: {result['result']} after {result['duration']:.1f} s")
    for stream in ("stdout", "stderr"):
        print("".join(result.get(stream, "").splitlines(keepends=True)[-80:]), flush=True)


def chosen_suites(way, suites):
    """Arguments for `meson test`; None when the pass has nothing of what was asked for."""
    if not suites:
        return way.tests
    left_out = {way.tests[i + 1] for i, word in enumerate(way.tests) if word == "--no-suite"}
    only = {way.tests[i + 1] for i, word in enumerate(way.tests) if word == "--suite"}
    names = [s for s in suites if s not in left_out and (not only or s in only)]
    return [word for s in names for word in ("--suite", s)] if names else None


def test(way, suites, count):
    chosen = chosen_suites(way, suites)
    if chosen is None:
        return
    env = {**os.environ, **SANITIZER_ENV, "VMMD_TEST_PASS": way.name}
    log = os.path.join(way.folder, "tools-test.log")
    results = os.path.join(way.folder, "meson-logs", "testlog.json")
    if os.path.exists(results):
        os.unlink(results)
    code = run(["meson", "test", "-C", way.folder, "--no-rebuild", "-t", str(way.timeout), *chosen], log, env)
    if not os.path.exists(results):
        if code != 0:
            show_tail(log, 60)
            count.fail(f"{way.name}: meson test ended with {code}")
        return
    with open(results, encoding="utf-8") as f:
        for line in f:
            result = json.loads(line)
            if not count_result(way, result, count):
                show(way, result)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the pass gcc alone: a few minutes")
    parser.add_argument("--suite", action="append", default=[], help="only this suite; may be repeated")
    parser.add_argument("--pass", action="append", default=[], dest="passes", help="only this pass; may be repeated",
                        choices=[p.name for p in PASSES])
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at once")
    return parser.parse_args()


def main():
    args = arguments()
    names = args.passes or (["gcc"] if args.quick else [p.name for p in PASSES])
    count = Count()
    started = time.monotonic()
    for way in (p for p in PASSES if p.name in names):
        begun = time.monotonic()
        before = (count.passed, count.failed, count.skipped)
        say(f"{way.name}: building")
        if not build(way, args.jobs):
            count.fail(f"{way.name}: build")
            continue
        built = time.monotonic()
        if way.tests is None:
            if try_install(way):
                count.passed += 1
            else:
                count.fail(f"{way.name}: install")
        else:
            say(f"{way.name}: testing")
            test(way, args.suite, count)
        say(f"{way.name}: built in {built - begun:.0f} s, tested in {time.monotonic() - built:.0f} s: "
            f"{count.passed - before[0]} passed, {count.failed - before[1]} failed, "
            f"{count.skipped - before[2]} skipped")
    for name, reason in count.reasons:
        print(f"skipped: {name}{': ' + reason if reason else ''}")
    for name in count.names:
        print(f"failed: {name}")
    say(f"all done in {time.monotonic() - started:.0f} s")
    print(f"{count.passed} passed, {count.failed} failed, {count.skipped} skipped", flush=True)
    return 1 if count.failed or count.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
