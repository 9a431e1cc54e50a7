"""What README.md names exists: the tests behind its promises, its files, its commands."""

import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.environ["TOOLS"])
CONVOKE = os.environ["CONVOKE"]

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
    TEXT = readme.read()


def known_tests():
    known = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(("_test.cc", "_test.py")):
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    known.update(tests_in(source.read()))
    return known


def tests_in(source):
    """GoogleTest's Suite.Case and unittest's Class.test_case."""
    for match in re.finditer(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)", source, re.M):
        yield ".".join(match.groups())
    for each in re.split(r"^(?=class )", source, flags=re.M):
        case = re.match(r"class (\w+)", each)
        if case:
            yield from (f"{case[1]}.{test}" for test in re.findall(r"^    def (test_\w+)", each, re.M))


class Readme(unittest.TestCase):
    def test_every_promise_names_tests_that_exist(self):
        rows = re.findall(r"^\| .* \| (`.*`) \|$", TEXT, re.M)
        named = [test for row in rows for test in re.findall(r"`(\w+\.\w+)`", row)]
        self.assertGreater(len(named), 10)
        self.assertEqual(set(named) - known_tests(), set())

    def test_every_link_leads_to_a_file(self):
        for target in re.findall(r"\]\(([^)]+)\)", TEXT):
            self.assertTrue(os.path.exists(os.path.join(ROOT, target)), target)

    def test_every_command_is_one(self):
        commands = set(re.findall(r"build/convoke ([a-z]+)", TEXT))
        self.assertTrue(commands)
        for command in commands:
            done = subprocess.run(
                [CONVOKE, command, "--help"], capture_output=True, timeout=60, check=False
            )
            self.assertEqual(done.returncode, 0, command)

    def test_the_manifest_it_shows_is_accepted(self):
        manifest = re.search(r"```toml\n(.*?)```", TEXT, re.S).group(1)
        keys = re.findall(r"^(\w+) =", manifest.split("[")[0], re.M)
        done = subprocess.run(
            [CONVOKE, "deploy", "--help"], capture_output=True, text=True, timeout=60, check=False
        )
        for key in keys:
            self.assertIn(f"\n  {key} ", done.stdout, key)


if __name__ == "__main__":
    unittest.main()
