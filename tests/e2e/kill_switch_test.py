"""Kill switches: no start after their answer, on one engine and on two that share a Redis; what runs is dead or
drained, what is queued is kept.

    kill_switch_test.py [--tries N] [CASE]      5 tries unless said; a thousand make the figure
"""

import os
import statistics
import subprocess
import sys
import threading
import time
import unittest

import tap
from engine import API, BINARY, DEADLINE, Engine, wait_until
from stateful_test import get, start
from two_engines import LEASE, TwoEngines

FUNCTION = f"{API}/services/e2e/functions/f"
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


# Leaves a line when a call begins, however often; deaf to SIGTERM where it is asked to be.
DEAF_CODE = {
    "index.py": """
import os, signal, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)

def write(what):
    descriptor = os.open(os.environ["STATE"] + "/beats", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, what)
    os.close(descriptor)

def handler(event, context):
    write(b"B")
    for beat in range(3000):
        write(b"x")
        if os.path.exists(os.environ["STATE"] + "/gate"):
            return "through"
        time.sleep(0.01)
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

    def switch(self, engine, to=0, by_limit=True):
        """Seconds that it took."""
        began = time.monotonic()
        if by_limit:
            answer = engine.request("PUT", LIMIT, {"maximumInstanceCount": to})
        else:
            answer = engine.request("POST", f"{FUNCTION}/invoke/{'enable' if to else 'disable'}", {})
        self.assertEqual(answer.status, 200, answer)
        return time.monotonic() - began

    def restricted(self, engine):
        return "invocationRestriction" in engine.request("GET", FUNCTION).json()

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
                    by_limit = number % 4 < 2
                    took.append(self.switch((one, two)[number % 2], by_limit=by_limit))
                    answered, on_the_wall = time.monotonic_ns(), time.time_ns()
                    for each in (one, two) * 10:
                        self.assertNotEqual(each.invoke("f", b"refused-").status, 200)
                    late += self.late(load, one, answered, on_the_wall)
                    self.switch(one, 8, by_limit)
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
                missing = lambda: one.request("GET", "/convoke/switches").json()["switches"][0]["missing"]
                took = []
                switching = threading.Thread(target=lambda: took.append(self.switch(one, by_limit=False)))
                switching.start()
                lacking = wait_until(lambda: self.restricted(one) and missing(), "who is missing is shown")
                self.assertEqual(len(lacking), 1)
                self.assertIn(f":{two.pid}:", lacking[0])
                switching.join()
                self.assertEqual(missing(), [])
            took = took[0]
            tap.note(f"one engine paused, with a lease of {LEASE} s: the answer took {took:.1f} s")
            for _ in range(50):
                self.assertNotEqual(two.invoke("f", b"refused").status, 200)
            self.assertNotIn("refused", [event for _, event in self.starts()])


class Crowd:
    """64 callers on all shards, and one who does not wait for answers; until it is left."""

    CALLERS = 64

    def __init__(self, engine):
        self.engine = engine
        self.over = threading.Event()
        self.accepted = set()
        self.statuses = set()
        self.threads = [threading.Thread(target=self.call, args=(n,)) for n in range(self.CALLERS)]
        self.threads.append(threading.Thread(target=self.add))

    def call(self, n):
        with self.engine.client() as client:
            while not self.over.is_set():
                status = client.invoke("f", b"sync-%d" % n).status
                self.statuses.add(status)
                if status != 200:
                    time.sleep(0.05)

    def add(self):
        with self.engine.client() as client:
            while not self.over.wait(ADD_EVERY):
                event = f"async-{len(self.accepted)}"
                if client.invoke("f", event.encode(), invocation_type="Async").status == 202:
                    self.accepted.add(event)

    __enter__ = Load.__enter__
    __exit__ = Load.__exit__


class Switched(unittest.TestCase):
    tries = 5

    def disable(self, engine, **body):
        answer = engine.request("POST", f"{FUNCTION}/invoke/disable", body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def enable(self, engine, **body):
        answer = engine.request("POST", f"{FUNCTION}/invoke/enable", body)
        self.assertEqual((answer.status, answer.json()["success"]), (200, True))
        return answer.json()

    def restriction(self, engine):
        return engine.request("GET", FUNCTION).json().get("invocationRestriction")

    def test_of_64_callers_nothing_starts_after_the_answer_and_what_was_queued_runs(self):
        with Engine(shards=2) as engine:
            trace = engine.file("trace")
            engine.deploy("f", CODE, limit=4, environment={"TRACE": str(trace)})
            trace.touch()
            took, wrote, left = [], 0, 0
            with Crowd(engine) as crowd:
                for _ in range(self.tries):
                    size = trace.stat().st_size
                    wait_until(lambda: trace.stat().st_size > size, "calls run")
                    began = time.monotonic()
                    self.disable(engine, abortOngoingRequest=True)
                    took.append(time.monotonic() - began)
                    size = trace.stat().st_size
                    left += len(engine.instances())
                    time.sleep(0.02)  # for what must not come
                    wrote += trace.stat().st_size - size
                    self.enable(engine)
            self.assertEqual((wrote, left), (0, 0))
            self.assertLessEqual(crowd.statuses, {200, 429})
            ran = lambda: {line.partition(" ")[2] for line in trace.read_text().splitlines()}
            wait_until(lambda: crowd.accepted <= ran(), lambda: f"all run: {crowd.accepted - ran()}")
            tap.note(
                f"{self.tries} tries, 64 callers on 2 shards, {len(trace.read_text().splitlines())} starts; after an "
                f"answer: {wrote} bytes of trace, {left} processes; {len(crowd.accepted)} queued calls all ran; the "
                f"answer took {statistics.median(took) * 1000:.1f} ms (median), {max(took) * 1000:.1f} ms at most"
            )

    def call_in_background(self, engine):
        """A list that has its answer at the end; the thread."""
        answers = []

        def call():
            with engine.client() as client:
                answers.append(client.invoke("f", b"x"))

        thread = threading.Thread(target=call)
        thread.start()
        return answers, thread

    def test_what_is_deaf_to_sigterm_is_dead_at_the_answer_and_its_callers_are_told_why(self):
        with Engine(shards=2) as engine:
            engine.deploy("f", DEAF_CODE, limit=3)
            beats = engine.file("beats")
            callers = [self.call_in_background(engine) for _ in range(2)]
            self.assertEqual(engine.invoke("f", b"q", invocation_type="Async").status, 202)
            wait_until(lambda: beats.exists() and beats.read_bytes().count(b"B") == 3, "all three run")
            began = time.monotonic()
            answer = self.disable(engine, abortOngoingRequest=True, reason="because", by="ada")
            took = time.monotonic() - began
            size, left = beats.stat().st_size, len(engine.instances())
            self.assertEqual((left, answer["callsEnded"], answer["callsWaiting"]), (0, 3, 1))
            self.assertLess(took, 1)
            for answers, thread in callers:
                thread.join()
                self.assertEqual((answers[0].status, answers[0].json()["ErrorCode"]), (429, "ResourceThrottled"))
                self.assertIn("because (set by ada)", answers[0].json()["ErrorMessage"])
            self.assertEqual(engine.invoke("f", b"x").status, 429)
            self.assertEqual(beats.stat().st_size, size)
            # It outlives a restart, and so does what is queued.
            engine.stop()
            engine.start()
            shown = self.restriction(engine)
            self.assertEqual((shown["disable"], shown["reason"], shown["by"]), (True, "because", "ada"))
            self.assertEqual(engine.invoke("f", b"x").status, 429)
            self.assertEqual((engine.instances(), beats.stat().st_size), ([], size))
            engine.file("gate").touch()
            self.enable(engine, rampSeconds=60)
            wait_until(lambda: beats.stat().st_size > size, "what was queued runs")
            self.assertEqual(engine.invoke("f", b"x").body, b"through")
            self.assertEqual(engine.request("GET", LIMIT).json()["maximumInstanceCount"], 3)
            self.assertFalse(self.restriction(engine)["disable"])

    def test_draining_lets_what_runs_go_on_and_it_can_lift_itself(self):
        with Engine(shards=2) as engine:
            engine.deploy("f", DEAF_CODE)
            answers, thread = self.call_in_background(engine)
            wait_until(lambda: engine.file("beats").exists(), "it runs")
            self.disable(engine, expiresInSeconds=1, refuseAsync=True)
            self.assertEqual(engine.invoke("f", b"x").status, 429)
            self.assertEqual(engine.invoke("f", b"x", invocation_type="Async").status, 429)
            engine.file("gate").touch()
            thread.join()
            self.assertEqual((answers[0].status, answers[0].body), (200, b"through"))
            wait_until(lambda: self.restriction(engine) is None, "it lifts itself")
            self.assertEqual(engine.invoke("f", b"x").status, 200)

    def convoke(self, engine, *arguments, expect=0):
        environment = {**os.environ, "CONVOKE_ENDPOINT": engine.url, "USER": "ada"}
        done = subprocess.run(
            [BINARY, *arguments], capture_output=True, env=environment, timeout=DEADLINE, check=False, text=True
        )
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done.stdout

    def test_the_commands_say_what_stopped_who_waits_and_how_to_lift_it(self):
        with Engine(shards=2) as engine:
            engine.deploy("f", DEAF_CODE, limit=1)
            _, thread = self.call_in_background(engine)
            wait_until(lambda: engine.file("beats").exists(), "it runs")
            engine.invoke("f", b"q", invocation_type="Async")
            said = self.convoke(engine, "kill", "e2e/f", "--note", "too many mails", "--for", "2h")
            thread.join()
            self.assertIn("stopped e2e/f", said)
            self.assertIn("1 running call", said)
            self.assertIn("1 asynchronous call has not ended;", said)
            self.assertIn(f"convoke resume e2e/f --endpoint {engine.url}", said)
            listed = self.convoke(engine, "kill", "--list")
            self.assertRegex(listed, r"e2e/f: stopped since \S+ by ada@\S+: too many mails; lifts itself at")
            self.assertNotIn("NOT YET", listed)
            self.assertIn("too many mails", self.convoke(engine, "show", "e2e/f"))
            self.assertIn("too many mails", self.convoke(engine, "functions"))
            self.convoke(engine, "kill", "--service", "e2e", "--drain")
            self.assertIn("service 'e2e' is stopped", self.convoke(engine, "resume", "e2e/f"))
            self.convoke(engine, "kill", "--all")
            self.convoke(engine, "resume", "--all")
            engine.file("gate").touch()
            said = self.convoke(engine, "resume", "--service", "e2e", "--ramp", "10m")
            self.assertIn("resumed service e2e: ", said)
            wait_until(lambda: engine.invoke("f", b"x").status == 200, "it runs again")
            for wrong in (["kill"], ["kill", "f", "--all"], ["resume"], ["kill", "f", "--for", "never"]):
                self.convoke(engine, *wrong, expect=2)
            self.convoke(engine, "kill", "nothing", expect=3)

    def test_the_api_without_services_speaks_of_the_service_default(self):
        with Engine(shards=2) as engine:
            engine.deploy("f", CODE, service="default", environment={"TRACE": str(engine.file("trace"))})
            path = "/2023-03-30/functions/f"
            off = engine.request("POST", f"{path}/invoke/disable", {"abortOngoingRequest": True, "reason": "r"})
            self.assertEqual((off.status, off.json()["success"]), (200, True))
            self.assertEqual(engine.request("GET", path).json()["invocationRestriction"]["reason"], "r")
            self.assertEqual(engine.invoke("f", service="default").status, 429)
            engine.request("POST", f"{path}/invoke/enable")
            self.assertEqual(engine.invoke("f", service="default").status, 200)
            engine.request("PUT", f"{path}/concurrency", {"reservedConcurrency": 0})
            self.assertEqual(engine.invoke("f", service="default").status, 429)
            self.assertEqual(engine.request("DELETE", f"{path}/concurrency").status, 204)
            self.assertEqual(engine.invoke("f", service="default").status, 200)


if __name__ == "__main__":
    if "--tries" in sys.argv:
        at = sys.argv.index("--tries")
        KillSwitch.tries = Switched.tries = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    tap.main()
