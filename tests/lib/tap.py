# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs functions as a TAP producer, which is what the C tests print too."""
import sys
import traceback


def run(tests):
    """tests: functions whose names are claims. Exits non-zero when one raises."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception:  # every failure of a test is the test's own
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {test.__name__}", flush=True)
    sys.exit(1 if failed else 0)
