"""How many asynchronous calls may wait, of one function and in all, and what those beyond are told."""

import unittest

import tap
from engine import API, Engine, wait_until

NOTE = {
    "index.py": """\
import os
def handler(event, context):
    with open(os.environ["STATE"] + "/ran", "ab", buffering=0) as trace:
        trace.write(event)
"""
}


class Depth(unittest.TestCase):
    def setUp(self):
        self.engine = self.enterContext(
            Engine(shards=1, options=["--queue-depth-max", "5", "--function-queue-depth-max", "3"])
        )
        for function in "f", "g":
            self.engine.deploy(function, NOTE, limit=0)

    def accept(self, function, event):
        return self.engine.invoke(function, event, invocation_type="Async")

    def expect_accepted(self, function, events):
        for event in events.decode():
            self.assertEqual(self.accept(function, event.encode()).status, 202)

    def expect_full(self, answer, what):
        self.assertEqual(answer.status, 429, answer)
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(answer.json()["ErrorCode"], "ResourceThrottled")
        self.assertIn(what, answer.json()["ErrorMessage"])

    def limit(self, function, instances):
        path = f"{API}/services/e2e/functions/{function}/on-demand-config"
        self.assertEqual(self.engine.request("PUT", path, {"maximumInstanceCount": instances}).status, 200)

    def ran(self):
        path = self.engine.file("ran")
        return sorted(path.read_text()) if path.exists() else []

    def test_beyond_its_own_depth_a_function_is_refused_and_others_are_not(self):
        self.expect_accepted("f", b"abc")
        self.expect_full(self.accept("f", b"x"), "this function's queue is full: 3 ")
        self.expect_accepted("g", b"de")

    def test_beyond_the_depth_of_all_everybody_is_refused(self):
        self.expect_accepted("f", b"abc")
        self.expect_accepted("g", b"de")
        self.expect_full(self.accept("g", b"x"), "the queue of all functions is full: 5 ")

    def test_what_is_delayed_counts_too(self):
        for _ in range(3):
            answer = self.engine.invoke("f", b"x", invocation_type="Async", async_delay="3600")
            self.assertEqual(answer.status, 202)
        self.expect_full(self.accept("f", b"x"), "this function's queue is full")

    def test_synchronous_calls_are_served_all_the_same_and_room_comes_back_as_calls_end(self):
        self.expect_accepted("f", b"abc")
        self.expect_accepted("g", b"de")
        self.engine.deploy("h", NOTE)
        self.assertEqual(self.engine.invoke("h", b"s").status, 200)
        self.limit("f", 1)
        wait_until(lambda: self.ran() == list("abcs"), self.ran)
        wait_until(lambda: self.accept("g", b"f").status == 202, "there is room again")

    def test_the_depth_outlives_a_crash(self):
        self.expect_accepted("f", b"abc")
        self.engine.kill()
        self.engine.start()
        self.expect_full(self.accept("f", b"x"), "this function's queue is full")
        self.limit("f", 1)
        wait_until(lambda: self.ran() == list("abc"), self.ran)


if __name__ == "__main__":
    tap.main()
