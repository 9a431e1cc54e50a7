"""The last line of ./tools/test tells the truth, whatever way a test program ends."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

COUNT_TESTS = os.path.join(os.environ["TOOLS"], "count_tests.py")


class CountTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.testlog = os.path.join(folder.name, "testlog")

    def write(self, programs, suites=""):
        with open(self.testlog + ".json", "w", encoding="utf-8") as log:
            for name, result in programs:
                log.write(json.dumps({"name": "convoke:unit / " + name, "result": result}) + "\n")
        with open(self.testlog + ".junit.xml", "w", encoding="utf-8") as junit:
            junit.write(f"<testsuites>{suites}</testsuites>")

    def count(self):
        done = subprocess.run(
            [sys.executable, COUNT_TESTS, self.testlog], capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines(), done.returncode

    def suite(self, program, *cases):
        return f'<testsuite name="convoke.convoke:unit / {program}.Suite">{"".join(cases)}</testsuite>'

    PASSED = '<testcase name="a" status="run"/>'
    FAILED = '<testcase name="b" status="run"><failure message="m"/></testcase>'
    NOT_RUN = '<testcase name="c" status="notrun"/>'

    def test_cases_and_plain_programs_are_counted_alike(self):
        self.write(
            [("model", "OK"), ("script", "OK")], self.suite("model", self.PASSED, self.PASSED)
        )
        self.assertEqual(self.count(), (["3 passed, 0 failed"], 0))

    def test_tap_names_its_cases_too(self):
        tap = f'<testsuite name="convoke.convoke:unit / tap">{self.PASSED}{self.FAILED}</testsuite>'
        self.write([("tap", "FAIL"), ("tapestry", "OK")], tap)
        self.assertEqual(self.count(), (["2 passed, 1 failed"], 1))

    def test_a_failed_case_fails_the_whole(self):
        self.write([("model", "FAIL")], self.suite("model", self.PASSED, self.FAILED))
        self.assertEqual(self.count(), (["1 passed, 1 failed"], 1))

    def test_a_crash_counts_and_what_an_older_run_left_does_not(self):
        self.write([("model", "FAIL")], self.suite("model", self.PASSED, self.PASSED))
        self.assertEqual(self.count(), (["0 passed, 1 failed"], 1))

    def test_a_timeout_counts_as_failed(self):
        self.write([("script", "TIMEOUT"), ("other", "OK")])
        self.assertEqual(self.count(), (["1 passed, 1 failed"], 1))

    def test_skipped_is_neither(self):
        self.write(
            [("model", "OK"), ("script", "SKIP")], self.suite("model", self.PASSED, self.NOT_RUN)
        )
        self.assertEqual(self.count(), (["2 skipped", "1 passed, 0 failed"], 0))

    def test_no_result_at_all_is_a_failure(self):
        self.assertEqual(self.count(), (["0 passed, 1 failed"], 1))

    def test_nothing_run_is_a_failure(self):
        self.write([])
        self.assertEqual(self.count(), (["0 passed, 0 failed"], 1))


if __name__ == "__main__":
    unittest.main()
