"""Counts test cases from the logs that `meson test` leaves: count_tests.py TESTLOG...

TESTLOG is a path without its ending: TESTLOG.json says how each test program ended, and
TESTLOG.junit.xml names the cases of those that speak GoogleTest or TAP; any other is one case.
A program that ended badly without naming a failed case counts as one failure, and its passed cases
do not count: what it left may be older than this run. Ends with `N passed, N failed`; the exit code
is 0 if something passed and nothing failed.
"""

import collections
import json
import sys
import xml.etree.ElementTree as ElementTree

Count = collections.namedtuple("Count", "passed failed skipped")
GOOD = {"OK", "EXPECTEDFAIL"}


def programs(testlog):
    """(name, how it ended) of each test program."""
    with open(testlog + ".json", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            yield entry["name"], entry["result"]


def cases(testlog, name):
    """Count of the cases that a program named, or None where it is one case itself."""
    own = []
    for suite in ElementTree.parse(testlog + ".junit.xml").iter("testsuite"):
        # PROJECT.NAME of a program that speaks TAP; GoogleTest's suites follow after a dot.
        _, _, whose = suite.get("name", "").partition(".")
        if (whose + ".").startswith(name + "."):
            own.append(suite)
    if not own:
        return None
    counted = [outcome(case) for suite in own for case in suite.iter("testcase")]
    return Count(*(counted.count(how) for how in ("passed", "failed", "skipped")))


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped") is not None or case.get("status") == "notrun"
    return "skipped" if skipped else "passed"


def judge(result, named):
    """One program's Count, from how it ended and the cases it named (or None)."""
    if result in GOOD:
        return named if named is not None else Count(1, 0, 0)
    if result == "SKIP":
        return Count(0, 0, 1)
    return named if named is not None and named.failed else Count(0, 1, 0)


def count(testlog):
    try:
        return add(judge(result, cases(testlog, name)) for name, result in programs(testlog))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        print(f"{testlog}: no result to count: {error}", file=sys.stderr)
        return Count(0, 1, 0)


def add(counts):
    return Count(*(sum(column) for column in zip((0, 0, 0), *counts)))


def main(testlogs):
    total = add(count(testlog) for testlog in testlogs)
    if total.skipped:
        print(f"{total.skipped} skipped")
    print(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
