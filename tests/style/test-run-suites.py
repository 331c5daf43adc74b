#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The summary of tools/test counts what the test programs said, and never hides a failure."""
import importlib.util
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402
spec = importlib.util.spec_from_file_location("run_suites", os.path.join(ROOT, "tools/run-suites.py"))
suites = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suites)
WAY = suites.PASSES[0]


def counted(stdout="", stderr="", result="OK", returncode=0):
    count = suites.Count()
    clean = suites.count_result(WAY, {"name": "vmmd:unit / a/b", "stdout": stdout, "stderr": stderr,
                                      "result": result, "returncode": returncode}, count)
    assert clean == (count.failed == 0)
    return (count.passed, count.failed, count.skipped), count


def expect(numbers, **given):
    found, _count = counted(**given)
    assert found == numbers, found


def each_line_of_tap_is_a_test():
    expect((2, 1, 1), stdout="1..4\nok 1 - a\nok 2 - b\nnot ok 3 - c\nok 4 - d # SKIP no kvm\n",
           result="FAIL", returncode=1)


def a_crash_after_good_lines_is_a_failure():
    expect((1, 1, 0), stdout="1..2\nok 1 - a\n", result="ERROR", returncode=-11)


def a_leak_found_at_exit_is_a_failure():
    expect((1, 1, 0), stdout="1..1\nok 1 - a\n", result="ERROR", returncode=1)


def a_time_out_is_a_failure():
    expect((0, 1, 0), result="TIMEOUT", returncode=-15)


def a_program_without_tap_is_one_test():
    expect((1, 0, 0))
    expect((0, 1, 0), result="FAIL", returncode=1)


def exit_77_is_a_skip_with_its_reason():
    found, count = counted(stderr="needs root\n\n(test program exited with status code 77)",
                           result="ERROR", returncode=77)
    assert found == (0, 0, 1) and count.reasons == [("gcc: a/b", "needs root")], count.reasons


def a_skipped_plan_is_a_skip_with_its_reason():
    found, count = counted(stdout="1..0 # SKIP needs kvm\n", result="SKIP")
    assert found == (0, 0, 1) and count.reasons == [("gcc: a/b", "needs kvm")], count.reasons


def exit_77_after_a_failed_line_is_still_a_failure():
    expect((0, 1, 0), stdout="1..2\nnot ok 1 - a\n", result="ERROR", returncode=77)


def a_suite_that_a_pass_leaves_out_is_not_run_in_it():
    assert suites.chosen_suites(suites.PASSES[0], ["real"]) is None
    assert suites.chosen_suites(suites.PASSES[0], ["unit"]) == ["--suite", "unit"]
    assert suites.chosen_suites(suites.PASSES[3], ["unit"]) is None
    assert suites.chosen_suites(suites.PASSES[3], ["tsan", "unit"]) == ["--suite", "tsan"]


if __name__ == "__main__":
    tap.run([value for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") == "__main__"
             and name not in ("counted", "expect")])
