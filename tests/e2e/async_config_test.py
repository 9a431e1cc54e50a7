"""What an async-invoke config decides of real calls: how often they run, and until when.

In virtual time: what shall not run has had an hour to do so, and no second was waited for.
"""

import unittest

import tap
from engine import API, Engine, wait_until

HOUR = 3600

FLAKY = {
    "index.py": """
import os, pathlib

STATE = pathlib.Path(os.environ["STATE"])


def handler(event, context):
    with open(STATE / "runs", "a") as runs:
        runs.write(event.decode() + "\\n")
    if event != b"fine":
        raise ValueError("as asked")
"""
}


class AsyncConfig(unittest.TestCase):
    def setUp(self):
        self.engine = Engine(shards=1, options=["--virtual-clock"])
        self.addCleanup(self.engine.__exit__, None, None, None)
        self.engine.deploy("flaky", FLAKY)

    def configure(self, **members):
        path = f"{API}/services/e2e/functions/flaky/async-invoke-config"
        answer = self.engine.request("PUT", path, members)
        self.assertEqual(answer.status, 200, answer)

    def limit(self, instances):
        path = f"{API}/services/e2e/functions/flaky/on-demand-config"
        limit = {"maximumInstanceCount": instances}
        self.assertEqual(self.engine.request("PUT", path, limit).status, 200)

    def send(self, event, **headers):
        answer = self.engine.invoke("flaky", event, invocation_type="Async", **headers)
        self.assertEqual(answer.status, 202, answer)

    def advance(self, seconds):
        """However slow the machine: an instance has half a minute, real time, to come out with a call."""
        self.engine.advance(seconds, patienceSeconds=30)

    def runs(self):
        file = self.engine.file("runs")
        return file.read_text().split() if file.exists() else []

    def test_with_no_retries_a_call_that_fails_runs_once(self):
        self.configure(maxAsyncRetryAttempts=0)
        self.send(b"fails")
        self.advance(HOUR)
        self.assertEqual(self.runs(), ["fails"])

    def test_with_one_retry_it_runs_twice(self):
        self.configure(maxAsyncRetryAttempts=1)
        self.send(b"fails")
        self.advance(HOUR)
        self.assertEqual(self.runs(), ["fails", "fails"])

    def test_a_call_that_waited_past_its_age_is_not_run_and_those_behind_it_are(self):
        self.configure(maxAsyncEventAgeInSeconds=3)
        self.limit(0)
        self.send(b"late")
        self.advance(3.1)
        self.limit(1)
        self.send(b"fine")
        wait_until(lambda: "fine" in self.runs(), self.runs)
        self.assertEqual(self.runs(), ["fine"])

    def test_the_age_of_a_delayed_call_counts_from_its_due_time(self):
        self.configure(maxAsyncEventAgeInSeconds=60)
        path = f"{API}/services/e2e/functions/flaky/invocations"
        headers = {"X-Fc-Invocation-Type": "Async", "X-Convoke-Async-Delay": "2"}
        self.assertEqual(self.engine.request("POST", path, b"fine", headers).status, 202)
        self.advance(1.9)
        self.assertEqual(self.runs(), [])
        self.advance(0.2)
        self.assertEqual(self.runs(), ["fine"])
        headers["X-Convoke-Async-Delay"] = "604801"
        self.assertEqual(self.engine.request("POST", path, b"fine", headers).status, 400)
        headers["X-Convoke-Async-Delay"] = "604800"
        self.assertEqual(self.engine.request("POST", path, b"fine", headers).status, 202)

    def test_a_config_outlives_the_engine(self):
        self.configure(maxAsyncRetryAttempts=0)
        self.engine.stop()
        self.engine.start()
        self.send(b"fails")
        self.advance(HOUR)
        self.assertEqual(self.runs(), ["fails"])


if __name__ == "__main__":
    tap.main()
