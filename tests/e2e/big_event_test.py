"""Asynchronous events of many megabytes, where an engine is told to take them, on either queue."""

import contextlib
import hashlib
import json
import os
import subprocess
import threading
import unittest

import tap
from engine import API, BINARY, Engine, wait_until
from redis_server import RedisServer

FUNCTION = f"{API}/services/e2e/functions/f"
SANITIZED = "CONVOKE_SANITIZED" in os.environ
MEGABYTE = 1 << 20
TAKES_BIG = ("--async-event-max", "32MB")
# Fails until the file `mended` is there; of each attempt, the event as it came.
CODE = {
    "index.py": """
import hashlib, os
def handler(event, context):
    state = os.environ["STATE"]
    with open(state + "/seen", "a") as seen:
        seen.write(f"{len(event)} {hashlib.sha256(event).hexdigest()}\\n")
    if not os.path.exists(state + "/mended"):
        open(state + "/failed", "w").close()
        raise RuntimeError("not yet")
    return "well"
"""
}


def big_event(size=20 * MEGABYTE):
    return os.urandom(64) * (size // 64)


def shown(event):
    return f"{len(event)} {hashlib.sha256(event).hexdigest()}"


def accept(engine, event):
    with engine.client() as client:
        return client.request("POST", f"{FUNCTION}/invocations", event, {"X-Fc-Invocation-Type": "Async"})


def seen(engine):
    path = engine.file("seen")
    return path.read_text().splitlines() if path.exists() else []


class BigEvents(unittest.TestCase):
    def test_it_reaches_the_function_whole_with_each_attempt(self):
        with Engine(options=TAKES_BIG) as engine:
            engine.deploy("f", CODE)
            event = big_event()
            self.assertEqual(accept(engine, event).status, 202)
            wait_until(lambda: engine.file("failed").exists(), "the first attempt fails")
            engine.file("mended").touch()
            wait_until(lambda: len(seen(engine)) > 1, "another comes")
            self.assertEqual(set(seen(engine)), {shown(event)})

    def test_it_survives_the_engine_and_a_call_that_failed_with_it_runs_again(self):
        with Engine(options=TAKES_BIG) as engine:
            engine.deploy("f", CODE)
            config = {"maxAsyncRetryAttempts": 0}
            self.assertEqual(engine.request("PUT", f"{FUNCTION}/async-invoke-config", config).status, 200)
            stopped = {"maximumInstanceCount": 0}
            self.assertEqual(engine.request("PUT", f"{FUNCTION}/on-demand-config", stopped).status, 200)
            event = big_event()
            self.assertEqual(accept(engine, event).status, 202)
            engine.kill()
            engine.start()
            self.assertEqual(engine.request("DELETE", f"{FUNCTION}/on-demand-config").status, 204)
            wait_until(lambda: self.failed(engine, "list"), "it fails for good")
            engine.file("mended").touch()
            told = self.failed(engine, "redrive", "--all")
            self.assertEqual((len(told["redriven"]), told["refused"]), (1, []))
            wait_until(lambda: len(seen(engine)) == 2, lambda: f"it runs again: {seen(engine)}")
            self.assertEqual(set(seen(engine)), {shown(event)})

    def failed(self, engine, what, *options):
        command = [BINARY, "failed", what, "e2e/f", "--json", *options]
        environment = {**os.environ, "CONVOKE_ENDPOINT": engine.url}
        run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_beyond_what_it_takes_an_engine_refuses_and_says_how_much_it_takes(self):
        for options, most in (((), 128 << 10), (("--async-event-max", "1MB"), MEGABYTE)):
            with Engine(options=options) as engine:
                engine.deploy("f", CODE)
                refused = accept(engine, b"x" * (most + 1))
                self.assertEqual((refused.status, refused.json()["ErrorCode"]), (400, "EntityTooLarge"))
                self.assertIn(str(most), refused.json()["ErrorMessage"])
                self.assertEqual(accept(engine, b"x" * most).status, 202)
        command = [BINARY, "serve", "--async-event-max", "33MB"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("async-event-max", run.stderr)


class BigEventsOnRedis(unittest.TestCase):
    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.remove)

    def engine(self):
        engine = Engine(options=("--queue", self.redis.queue, *TAKES_BIG))
        engine.deploy("f", CODE, limit=0)
        return engine

    def ask(self, *words):
        """The words of the reply."""
        command = ["redis-cli", "-s", str(self.redis.socket), "--raw", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def ends(self):
        """Of each event that lies there, in how many ms it goes by itself; -1: it stays."""
        return [int(self.ask("PTTL", key)[0]) for key in self.ask("KEYS", "{convoke:*}:e:*")]

    def queued(self):
        return sum(int(self.ask("XLEN", key)[0]) for key in self.ask("KEYS", "{convoke:*}:q"))

    def test_what_a_killed_engine_had_not_accepted_goes_by_itself(self):
        engine = self.engine()
        with engine:
            callers = [threading.Thread(target=self.accept_or_lose, args=(engine,)) for _ in range(6)]
            for caller in callers:
                caller.start()
            wait_until(lambda: any(end > 0 for end in self.ends()), "some are on their way", every=0)
            engine.kill()
            for caller in callers:
                caller.join()
        ends = self.ends()
        self.assertEqual(sum(end == -1 for end in ends), self.queued(), "who has a call, stays")
        self.assertTrue(any(0 < end <= 60_000 for end in ends), ends)
        self.assertTrue(all(end <= 60_000 for end in ends), ends)

    @staticmethod
    def accept_or_lose(engine):
        with contextlib.suppress(Exception):
            accept(engine, big_event())

    def test_what_waits_is_not_in_the_engines_memory_and_nothing_is_left_when_it_has_run(self):
        with self.engine() as engine:
            for _ in range(3):
                self.assertEqual(accept(engine, big_event(4 * MEGABYTE)).status, 202)
            before = engine.resident_kb()
            for _ in range(40):
                self.assertEqual(accept(engine, big_event(4 * MEGABYTE)).status, 202)
            grown = engine.resident_kb() - before
            if not SANITIZED:  # which keeps what was freed
                self.assertLess(grown, 40 * 1024, "kB more, with 160 MB more that wait")
            self.assertEqual(self.ends(), [-1] * 43)
            engine.file("mended").touch()
            limit = {"maximumInstanceCount": 2}
            self.assertEqual(engine.request("PUT", f"{FUNCTION}/on-demand-config", limit).status, 200)
            wait_until(lambda: len(seen(engine)) == 43 and not self.ends(), lambda: f"{len(seen(engine))} ran")


if __name__ == "__main__":
    tap.main()
