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
# Answers 503 as long as what it depends on is away; writes down each time that it was asked.
BUSY = """#!/usr/bin/env python3
import asyncio, os

GATE = os.path.join(os.environ["STATE"], "gate")
ASKED = os.open(os.path.join(os.environ["STATE"], "asked"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if not data.endswith(b"\\r\\n\\r\\nx"):
            return
        os.write(ASKED, b"x")
        asyncio.get_running_loop().call_later(0.002, self.answer)

    def answer(self):
        status = b"200 OK" if os.path.exists(GATE) else b"503 Busy"
        self.transport.write(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")

async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "0.0.0.0", int(os.environ["FC_SERVER_PORT"]))
    await server.serve_forever()

asyncio.run(main())
"""
BACKLOG = 1000
TOGETHER = 20  # calls in one instance


def metric(engine, name):
    text = engine.request("GET", "/metrics").body.decode()
    return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + "{"))


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

    def test_a_function_that_answers_503_is_not_hammered_by_its_backlog_and_all_of_it_runs_in_the_end(self):
        with Engine() as engine:
            engine.deploy("f", {"bootstrap": BUSY}, runtime="custom", instanceConcurrency=TOGETHER, limit=1)
            last = [self.accept(engine) for _ in range(BACKLOG)][-1]
            self.expect(engine, last, "overload")
            self.assertIn("had no room for more", self.said(engine, last))
            wait_until(lambda: metric(engine, "convoke_overload_cuts_total") >= 10, "it has been asked for a while")
            asked = engine.file("asked").stat().st_size
            # On each of two shards: what ran at once, half of that and so on, and one for each pause.
            self.assertLessEqual(asked, 2 * (2 * TOGETHER) + 30)
            engine.file("gate").write_text("")
            wait_until(lambda: metric(engine, "convoke_queue_settled_total") == BACKLOG, "all have run")
            asked = engine.file("asked").stat().st_size
            self.assertLessEqual(asked, BACKLOG + 4 * TOGETHER + 60)
            self.assertEqual(engine.request("GET", "/convoke/failed").json()["invocations"], [])


if __name__ == "__main__":
    tap.main()
