"""A call past its deadline: its caller is told, its process ends whatever it ignores, others go on."""

import time
import unittest

import tap
from engine import Engine, wait_until

GONE_WITHIN = 3  # seconds after the caller's error: SIGTERM, 500 ms, SIGKILL


class Timeout(unittest.TestCase):
    def check(self, **settings):
        with Engine() as engine:
            engine.deploy("deaf", timeout=1, **settings)
            first = engine.invoke("deaf", b"tell")
            self.assertEqual((first.status, first.headers["X-Fc-Error-Type"]), (200, None), first)
            instances = engine.instances()
            self.assertIn(int(first.body), instances)

            begun = time.monotonic()
            cut = engine.invoke("deaf", b"hang")
            took = time.monotonic() - begun
            self.assertEqual(cut.status, 200, cut)
            self.assertEqual(cut.headers["X-Fc-Error-Type"], "UnhandledInvocationError")
            self.assertTrue(cut.json()["errorMessage"].startswith("Function timed out after 1 seconds"), cut)
            self.assertGreaterEqual(took, 1)

            wait_until(
                lambda: not set(instances) & set(engine.instances()),
                "the process that ignores SIGTERM, and what it forked, are gone",
                GONE_WITHIN,
            )
            after = engine.invoke("deaf", b"tell")
            self.assertEqual((after.status, after.headers["X-Fc-Error-Type"]), (200, None), after)
            self.assertNotEqual(after.body, first.body)

    def test_a_python_handler_that_ignores_sigterm_is_cut_and_the_next_call_works(self):
        self.check(code="deaf")

    def test_a_custom_runtime_that_ignores_sigterm_is_cut_with_its_children(self):
        self.check(code="deaf_custom", runtime="custom")

    def test_the_next_call_works_at_a_limit_of_one_instance(self):
        self.check(code="deaf", limit=1)


if __name__ == "__main__":
    tap.main()
