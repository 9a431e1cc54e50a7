"""A tree of a thousand calls, queued and running, is stopped: nothing of it runs a second later, and who is no
part of it is left alone; on one engine, and on two that share a Redis."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
import unittest

import engine as e2e
import signing
import tap
from engine import API, BINARY, wait_until
from recursion_test import ADA, SIGNING, Signed, metric
from two_engines import LEASE, TwoEngines

LEAVES = 1000
RUNNING = 8  # leaves at once

# Causes as many leaves as its event says, leaves its credentials behind, and runs on until it is ended.
FAN_CODE = {
    "signing.py": SIGNING,
    "index.py": """
import http.client, json, os, time, urllib.parse
from signing import Key, signed

def handler(event, context):
    own = context.credentials
    key = Key(own.access_key_id, own.access_key_secret, own.security_token)
    with open(os.environ["TRACE"] + ".key", "w") as kept:
        json.dump([key.id, key.secret, key.token], kept)
    client = http.client.HTTPConnection(urllib.parse.urlsplit(os.environ["ENDPOINT"]).netloc)
    path = "/2016-08-15/services/e2e/functions/leaf/invocations"
    for number in range(int(event)):
        client.request("POST", path, b"tree", signed(key, "POST", path, {"X-Fc-Invocation-Type": "Async"}))
        answer = client.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
    open(os.environ["TRACE"] + ".grown", "w").close()
    time.sleep(60)
""",
}
# Beats until somebody opens the gate, or it is ended.
LEAF_CODE = {
    "index.py": """
import os, time

def handler(event, context):
    descriptor = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    call = context.request_id.encode()
    while True:
        os.write(descriptor, b"%d %s %s\\n" % (time.monotonic_ns(), event, call))
        if os.path.exists(os.environ["TRACE"] + ".gate"):
            break
        time.sleep(0.02)
    os.write(descriptor, b"%d %s-ended %s\\n" % (time.monotonic_ns(), event, call))
    os.close(descriptor)
"""
}


class SignedOfTwo(Signed):
    def __init__(self, queue, *more):
        super().__init__("--queue", queue, "--engine-lease", str(LEASE), *more)


class Forest:
    """What its calls have left in the trace."""

    def __init__(self, trace):
        self.trace = pathlib.Path(trace)

    def lines(self, what):
        told = self.trace.read_text().splitlines() if self.trace.exists() else []
        found = (re.fullmatch(r"(\d+) (\S+) (\S+)", line) for line in told)
        return [(int(one[1]), one[3]) for one in found if one and one[2] == what]

    def calls(self, what):
        return {call for _, call in self.lines(what)}

    def last(self, what):
        return max((at for at, _ in self.lines(what)), default=0)

    def file(self, name):
        return self.trace.with_name(self.trace.name + name)


def plant(engine, trace):
    environment = {"TRACE": str(trace), "ENDPOINT": engine.url}
    engine.deploy("fan", FAN_CODE, environment=environment, timeout=120)
    engine.deploy("leaf", LEAF_CODE, environment=environment, limit=RUNNING, timeout=120)


def add(engine, function, event):
    answer = engine.invoke(function, event, invocation_type="Async")
    assert answer.status == 202, answer
    return answer.headers["X-Fc-Request-Id"]


def convoke(engine, *words):
    environment = {**os.environ, "CONVOKE_ACCESS_KEY_ID": ADA.id, "CONVOKE_ACCESS_KEY_SECRET": ADA.secret}
    command = [BINARY, *words, "--endpoint", engine.url]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=e2e.DEADLINE)


def unsettled(engine):
    return sum(metric(engine, f"convoke_queue_{state}") for state in ("ready", "delayed", "claimed"))


class TreeStop(unittest.TestCase):
    def test_a_live_tree_of_a_thousand_is_stopped_and_nothing_else(self):
        with Signed() as engine:
            forest = Forest(engine.file("trace"))
            plant(engine, forest.trace)
            ahead = [add(engine, "leaf", "apart") for _ in range(2)]
            wait_until(lambda: forest.calls("apart") == set(ahead), "two of no tree run")
            root = add(engine, "fan", str(LEAVES))
            wait_until(forest.file(".grown").exists, "the tree has grown")
            wait_until(lambda: len(forest.calls("tree")) == RUNNING - len(ahead), "its leaves take all other places")
            behind = [add(engine, "leaf", "apart") for _ in range(2)]
            self.assertGreater(unsettled(engine), LEAVES)
            stopped = convoke(engine, "stop", "--tree", root, "--note", "it grows")
            answered = time.monotonic_ns()
            self.assertEqual(stopped.returncode, 0, stopped)
            self.assertIn(root, stopped.stdout)
            ran = forest.calls("tree")
            wait_until(lambda: unsettled(engine) == 4, "what was queued of it has ended")
            wait_until(lambda: forest.calls("apart") == {*ahead, *behind}, "places are free for others")
            late = (forest.last("tree") - answered) / 1e6
            tap.note(f"{LEAVES} leaves: the last beat of one came {late:.0f} ms after the answer")
            self.assertLess(late, 0, "what ran of it was dead when it was answered")
            self.assertEqual(forest.calls("tree"), ran, "none of it began")
            forest.file(".gate").touch()
            wait_until(lambda: unsettled(engine) == 0, "the others come to their ends")
            self.assertEqual(sorted(call for _, call in forest.lines("apart-ended")), sorted([*ahead, *behind]))
            listed = convoke(engine, "stop", "--list")
            self.assertRegex(listed.stdout, rf"^{root}: stopped since \S+ by ada \(.*\): it grows\n$")
            self.no_more_children(engine, forest)
            engine.stop()
            engine.start()
            self.no_more_children(engine, forest)

    def no_more_children(self, engine, forest):
        """Of whoever still has the root's credentials."""
        key = signing.Key(*json.loads(forest.file(".key").read_text()))
        with engine.client(key=key) as left_over:
            for how in ("Sync", "Async"):
                answer = left_over.invoke("leaf", b"tree", invocation_type=how)
                self.assertEqual(answer.status, 412, answer)
                self.assertEqual(answer.json()["ErrorCode"], "InvocationTreeStopped")
                self.assertIn("it grows", answer.json()["ErrorMessage"])


class TreeOnTwoEngines(TwoEngines):
    def test_a_stop_asked_of_one_engine_ends_what_the_other_runs(self):
        with contextlib.ExitStack() as both:
            one = both.enter_context(SignedOfTwo(self.redis.queue))
            same_key = ["--token-key-file", str(one.file("token.key"))]
            two = both.enter_context(SignedOfTwo(self.redis.queue, *same_key))
            forest = Forest(self.trace)
            plant(one, forest.trace)
            apart = add(one, "leaf", "apart")
            wait_until(lambda: forest.calls("apart") == {apart}, "one of no tree runs")
            root = add(one, "fan", "100")
            wait_until(forest.file(".grown").exists, "the tree has grown")
            runs = lambda each: metric(each, "convoke_dispatch_started_total") > 0
            wait_until(lambda: runs(one) and runs(two) and forest.calls("tree"), "its leaves run on both")
            answer = two.request("POST", f"/convoke/trees/{root}/stop", {"reason": "it grows"})
            answered = time.monotonic_ns()
            self.assertEqual(answer.status, 200, answer)
            ran = forest.calls("tree")
            wait_until(lambda: unsettled(one) == 1, "what was queued of it has ended")
            self.assertLess(forest.last("tree"), answered, "what ran of it was dead when it was answered")
            self.assertEqual(forest.calls("tree"), ran, "none of it began")
            forest.file(".gate").touch()
            wait_until(lambda: unsettled(one) == 0, "the other one comes to its end")
            self.assertEqual([call for _, call in forest.lines("apart-ended")], [apart])
            self.assertEqual(one.request("GET", "/convoke/trees/stopped").json()["trees"][0]["missing"], [])


if __name__ == "__main__":
    tap.main()
