"""The kill switch of a function that two engines on one Redis serve: no start after its answer.

    kill_switch_test.py [--tries N] [CASE]      5 tries unless said; a hundred make the figure
"""

import statistics
import sys
import threading
import time

import tap
from engine import API, wait_until
from stateful_test import get, start
from two_engines import LEASE, TwoEngines

LIMIT = f"{API}/services/e2e/functions/f/on-demand-config"
CALLERS = 2  # of each engine
ADD_EVERY = 0.01  # seconds, on each engine
CODE = {
    "index.py": """
import os, time

def handler(event, context):
    descriptor = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"%d %s\\n" % (time.monotonic_ns(), event))
    os.close(descriptor)
    time.sleep(0.005)
    return "ran"
"""
}


class Load:
    """Calls both engines, for an answer and without waiting for one, until it is left."""

    def __init__(self, engines):
        self.over = threading.Event()
        self.begun = {}  # when each caller's last call was asked for, by its event
        works = [(self.call, each, n) for each in engines for n in range(CALLERS)]
        works += [(self.add, each, 0) for each in engines]
        self.threads = [threading.Thread(target=work, args=more) for work, *more in works]

    def call(self, engine, n):
        number = 0
        with engine.client() as client:
            while not self.over.is_set():
                event, number = f"sync-{engine.port}-{n}-{number}", number + 1
                self.begun[event] = time.monotonic_ns()
                if client.invoke("f", event.encode()).status != 200:
                    time.sleep(0.002)

    def add(self, engine, _):
        number = 0
        while not self.over.wait(ADD_EVERY):
            name, number = f"async-{engine.port}-{number}", number + 1
            start(engine, "f", name.encode(), name=name)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


class KillSwitch(TwoEngines):
    tries = 5

    def deploy(self, one, two):
        one.deploy("f", CODE, limit=8, environment={"TRACE": str(self.trace)})
        settings = {"statefulInvocation": True}
        one.request("PUT", f"{API}/services/e2e/functions/f/async-invoke-config", settings)
        wait_until(lambda: two.invoke("f", b"first").status == 200, "the other engine knows it")

    def switch(self, engine, to=0):
        """Seconds that it took."""
        began = time.monotonic()
        answer = engine.request("PUT", LIMIT, {"maximumInstanceCount": to})
        self.assertEqual(answer.status, 200, answer)
        return time.monotonic() - began

    def starts(self):
        lines = self.trace.read_text().splitlines()
        return [(int(at), event) for at, _, event in (line.partition(" ") for line in lines)]

    def test_nothing_starts_on_either_engine_after_the_answer(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            took, late = [], []
            with Load([one, two]) as load:
                for number in range(self.tries):
                    before = len(self.starts())
                    runs = lambda: len({event.split("-")[1] for _, event in self.starts()[before:]}) == 2
                    wait_until(runs, "calls run that either engine took")
                    took.append(self.switch((one, two)[number % 2]))
                    answered, on_the_wall = time.monotonic_ns(), time.time_ns()
                    for each in (one, two) * 10:
                        self.assertNotEqual(each.invoke("f", b"refused-").status, 200)
                    late += self.late(load, one, answered, on_the_wall)
                    self.switch(one, 8)
            tap.note(
                f"{self.tries} tries, {len(self.starts())} starts; after an answer: {len(late)}; the answer took "
                f"{statistics.median(took) * 1000:.1f} ms (median), {max(took) * 1000:.1f} ms at most"
            )
            self.assertEqual(late, [])

    def late(self, load, engine, answered, on_the_wall):
        """What an instance saw after the answer may have been sent to it before: the engines say when."""
        late = []
        for at, event in self.starts():
            if at <= answered:
                continue
            if event.startswith("async"):
                events = get(engine, "f", event)["events"]
                began = max(each["timestamp"] for each in events if each["status"] == "Running")
                if began > on_the_wall // 1_000_000:
                    late.append(event)
            elif load.begun.get(event, at) > answered:
                late.append(event)
        return late

    def test_a_dead_engine_holds_an_answer_up_for_no_longer_than_its_lease_and_a_third(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            two.kill()
            took = self.switch(one)
            tap.note(f"one engine dead, with a lease of {LEASE} s: the answer took {took:.1f} s")
            self.assertLess(took, LEASE * 4 / 3 + 2)

    def test_an_engine_that_was_stopped_holds_nobody_up(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            self.assertEqual(two.stop(), 0)
            self.assertLess(self.switch(one), 1)

    def test_a_paused_engine_starts_nothing_when_it_wakes_after_the_answer(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            with two.paused():
                took = self.switch(one)
            tap.note(f"one engine paused, with a lease of {LEASE} s: the answer took {took:.1f} s")
            for _ in range(50):
                self.assertNotEqual(two.invoke("f", b"refused").status, 200)
            self.assertNotIn("refused", [event for _, event in self.starts()])


if __name__ == "__main__":
    if "--tries" in sys.argv:
        at = sys.argv.index("--tries")
        KillSwitch.tries = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    tap.main()
