"""Calls stopped in every state while others come and go: none starts after its stop was answered.

    stop_test.py [--stops N] [CASE]      100 in each state unless said; 1000 make the figure
"""

import random
import sys
import threading
import time
import unittest

import tap
from engine import API, Engine, wait_until

FUNCTION = {
    "index.py": """
import os, pathlib, time

STATE = pathlib.Path(os.environ["STATE"])
LOG = os.open(STATE / "starts", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def handler(event, context):
    kind, name = event.decode().split()
    os.write(LOG, b"%s %.6f\\n" % (name.encode(), time.time()))
    if kind == "fails":
        raise ValueError("as asked")
    if kind == "long":
        time.sleep(60)
    return name
"""
}
CALLS = f"{API}/services/e2e/functions/worker/stateful-async-invocations"
INVOKE = f"{API}/services/e2e/functions/worker/invocations"
STOPPERS = 8
# state: the event's kind, its delay in seconds, and the states in which it may be stopped.
STATES = {
    "queued": ("quick", 0, {"Enqueued", "Dequeued", "Running", "Retrying"}),
    "delayed": ("quick", 600, {"Enqueued"}),
    "running": ("long", 0, {"Running"}),
    "between retries": ("fails", 0, {"Retrying"}),
}


class Stopper(threading.Thread):
    """Starts calls of one state, waits until each is in it, stops it, and keeps when it was told so."""

    def __init__(self, engine, state, names):
        super().__init__()
        self.client = engine.client()
        self.kind, self.delay, self.wanted = STATES[state]
        self.names = names
        self.stopped = {}  # name: when the answer was there
        self.ended_first = 0
        self.start()

    def run(self):
        for name in self.names:
            headers = {"X-Fc-Invocation-Type": "Async", "X-Fc-Stateful-Async-Invocation-Id": name}
            headers["X-Fc-Async-Delay"] = str(self.delay)
            answer = self.client.request("POST", INVOKE, f"{self.kind} {name}".encode(), headers=headers)
            assert answer.status == 202, answer
            there = self.wanted | {"Succeeded", "Failed"}
            wait_until(lambda: self.status(name) in there, f"{name} is {there}", every=0.002)
            answer = self.client.request("PUT", f"{CALLS}/{name}")
            if answer.status == 202:
                self.stopped[name] = time.time()
            else:
                assert answer.status == 400, answer
                self.ended_first += 1

    def status(self, name):
        return self.client.request("GET", f"{CALLS}/{name}").json()["status"]


class Stop(unittest.TestCase):
    stops = 100

    def test_nothing_starts_after_its_stop_was_answered(self):
        with Engine() as engine:
            engine.deploy("worker", FUNCTION, limit=24, instanceConcurrency=1, timeout=120)
            engine.deploy("noise", "basics", handler="index.echo", limit=2)
            over = threading.Event()
            noise = [threading.Thread(target=self.make_noise, args=(engine, over)) for _ in range(2)]
            for thread in noise:
                thread.start()
            told = []
            for state in STATES:
                names = [f"{state[0]}-{i}" for i in range(self.stops)]
                stoppers = [Stopper(engine, state, names[i::STOPPERS]) for i in range(STOPPERS)]
                for stopper in stoppers:
                    stopper.join()
                stopped = {name: at for stopper in stoppers for name, at in stopper.stopped.items()}
                first = sum(stopper.ended_first for stopper in stoppers)
                self.assertEqual(len(stopped) + first, self.stops, f"{state}: a stopper failed")
                told.append((state, stopped, first))
            over.set()
            for thread in noise:
                thread.join()
            late = self.late_starts(engine, {n: at for _, stopped, _ in told for n, at in stopped.items()})
        for state, stopped, first in told:
            tap.note(f"{state}: {len(stopped)} stopped, {first} had ended first")
        tap.note(f"starts after the stop was answered: {len(late)}")
        self.assertEqual(late, [])

    def make_noise(self, engine, over):
        client = engine.client()
        draw = random.Random(1)
        path = f"{API}/services/e2e/functions/noise/invocations"
        while not over.is_set():
            kind = draw.choice(["Sync", "Async"])
            client.request("POST", path, b"x", headers={"X-Fc-Invocation-Type": kind})

    def late_starts(self, engine, stopped):
        file = engine.file("starts")
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [name for name, at in lines if name in stopped and float(at) > stopped[name]]


if __name__ == "__main__":
    if "--stops" in sys.argv:
        at = sys.argv.index("--stops")
        Stop.stops = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    tap.main()
