"""Why is my call not running? Asked of a real engine, by the command line and over HTTP."""

import subprocess
import unittest

import tap
from engine import API, BINARY, Engine, wait_until

INVOKE = f"{API}/services/e2e/functions/f/invocations"
CODE = {
    "index.py": """
import os, time

def handler(event, context):
    if event == b"fail":
        raise ValueError("not today")
    while not os.path.exists(os.path.join(os.environ["STATE"], "gate")):
        time.sleep(0.01)
"""
}


class Why(unittest.TestCase):
    def accept(self, engine, event=b"x", **headers):
        fields = {"X-Fc-Invocation-Type": "Async", **headers}
        answer = engine.request("POST", INVOKE, event, fields)
        self.assertEqual(answer.status, 202, answer)
        return answer.headers["X-Fc-Request-Id"]

    def why(self, engine, call):
        return engine.request("GET", f"/convoke/calls/{call}").json().get("why", {})

    def expect(self, engine, call, rule):
        wait_until(lambda: self.why(engine, call).get("rule") == rule, lambda: f"{rule}: {self.why(engine, call)}")

    def said(self, engine, call):
        command = [BINARY, "--endpoint", engine.url, "why", call]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    def test_each_rule_that_can_hold_a_call_is_told_by_its_name(self):
        with Engine() as engine:
            engine.deploy("f", CODE, instanceConcurrency=1, limit=1)
            running = self.accept(engine)
            self.expect(engine, running, "running")
            behind = self.accept(engine)
            self.expect(engine, behind, "limit")
            self.assertIn("The function's limit is 1 instance", self.said(engine, behind))
            for name in ("next", "last"):
                last = self.accept(engine, **{"X-Fc-Stateful-Async-Invocation-Id": name})
            wait_until(lambda: "3 calls of the function wait" in self.said(engine, last), lambda: self.said(engine, last))
            self.assertIn("it is the first", self.said(engine, behind))
            self.assertRegex(self.said(engine, last), r"\b2 go before it")
            delayed = self.accept(engine, **{"X-Convoke-Async-Delay": "1000"})
            self.expect(engine, delayed, "delay")
            self.assertIn("falls due in", self.said(engine, delayed))
            engine.file("gate").write_text("")
            failing = self.accept(engine, b"fail")
            self.expect(engine, failing, "backOff")
            self.assertIn("After 1 attempt it backs off", self.said(engine, failing))
            engine.request("PUT", f"{API}/services/e2e/functions/f/on-demand-config", {"maximumInstanceCount": 0})
            stopped = self.accept(engine)
            self.expect(engine, stopped, "stopped")
            self.assertIn("Enqueued: The function is stopped: its limit is 0.", self.said(engine, stopped))


if __name__ == "__main__":
    tap.main()
