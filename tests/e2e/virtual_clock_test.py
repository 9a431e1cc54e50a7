"""Days of a function's life in seconds: timeouts, back-off and ages in virtual time, by the API and
by the command line."""

import json
import pathlib
import subprocess
import threading
import time
import unittest

import tap
from engine import API, BINARY, Engine, wait_until

HOUR = 3600
DAY = 24 * HOUR

EXAMPLE = pathlib.Path(__file__).parents[2] / "tools/examples/week_in_a_minute.py"

HANG = {"index.py": "import time\ndef handler(event, context):\n    time.sleep(10 ** 6)\n"}
# Notes that it ran, then fails.
FAIL = {
    "index.py": """\
import os
def handler(event, context):
    with open(os.environ["STATE"] + "/ran-" + event.decode(), "ab", buffering=0) as trace:
        trace.write(b".")
    raise RuntimeError("as it was told")
"""
}
NOTE = {"index.py": FAIL["index.py"].replace("    raise RuntimeError(\"as it was told\")\n", "")}
# Notes the engine's time of each attempt, and hangs up on it: no answer is no function error, so it
# costs the call no attempt, only age.
HANG_UP = {
    "bootstrap": """\
#!/usr/bin/env python3
import os, socket
listener = socket.create_server(("127.0.0.1", int(os.environ["FC_SERVER_PORT"])))
while True:
    connection, _ = listener.accept()
    with connection:
        if connection.recv(65536):
            with open(os.environ["STATE"] + "/ran-hang-up", "ab", buffering=0) as trace:
                trace.write(b".")
"""
}


def virtual_engine():
    return Engine(options=["--virtual-clock"])


def now_ms(engine):
    return engine.request("GET", "/convoke/clock").json()["nowMs"]


def convoke(engine, *arguments):
    return subprocess.run(
        [BINARY, *arguments, "--endpoint", engine.url], capture_output=True, text=True, timeout=300
    )


def ran(engine, name):
    path = engine.file("ran-" + name)
    return len(path.read_bytes()) if path.exists() else 0


class VirtualClock(unittest.TestCase):
    def setUp(self):
        self.begun = time.monotonic()

    def took_seconds(self):
        return time.monotonic() - self.begun

    def set_limit(self, engine, function, limit):
        path = f"{API}/services/e2e/functions/{function}/on-demand-config"
        self.assertEqual(engine.request("PUT", path, {"maximumInstanceCount": limit}).status, 200)

    def test_a_call_with_a_timeout_of_24_hours_is_held_and_cut_by_an_advance(self):
        with virtual_engine() as engine:
            engine.deploy("hang", HANG, timeout=DAY)
            answers = []
            caller = threading.Thread(target=lambda: answers.append(engine.invoke("hang", b"{}")))
            caller.start()
            wait_until(engine.instances, "an instance")
            engine.advance(DAY - 1)
            self.assertEqual(answers, [])
            moved = convoke(engine, "clock", "advance", "1s")
            self.assertEqual(moved.returncode, 0, moved)
            self.assertIn("1d since", moved.stdout)
            caller.join()
            self.assertEqual(answers[0].status, 200)
            self.assertIn("timed out after 86400 seconds", answers[0].json()["errorMessage"])
            wait_until(lambda: not engine.instances(), "the instance that hung is gone, in real time", 10)
        tap.note(f"24 hours in {self.took_seconds():.1f} s")

    def test_retries_wait_their_back_off_and_run_within_one_advance(self):
        with virtual_engine() as engine:
            engine.deploy("fail", FAIL)
            self.assertEqual(engine.invoke("fail", b"a", invocation_type="Async").status, 202)
            begun = now_ms(engine)
            wait_until(lambda: ran(engine, "a") == 1, "the first attempt")
            self.assertEqual(now_ms(engine), begun, "real time has gone on, and virtual time has not")
            result = engine.advance(60)
            self.assertEqual(ran(engine, "a"), 4)  # three retries: at most 0.5 + 1 + 2 s
            self.assertLess(result["steps"], 100)

    def test_five_hours_of_capped_back_off_and_the_age_that_ends_them(self):
        with virtual_engine() as engine:
            engine.deploy("hang-up", HANG_UP, runtime="custom")
            self.assertEqual(engine.invoke("hang-up", b"{}", invocation_type="Async").status, 202)
            wait_until(lambda: ran(engine, "hang-up") >= 1, "the first attempt")
            moved = convoke(engine, "clock", "advance", "5h", "--json")
            self.assertEqual(moved.returncode, 0, moved)
            self.assertLess(json.loads(moved.stdout)["steps"], 5000)
            attempts = ran(engine, "hang-up")
            tap.note(f"5 h of back-off: {attempts} attempts in {self.took_seconds():.1f} s")
            # Doubling up to the cap, then 150 to 300 s apart.
            self.assertGreaterEqual(attempts, 5 * HOUR // 300)
            self.assertLessEqual(attempts, 5 * HOUR // 150 + 20)
            # Stopped for the rest of its day, and let run again: it is too old.
            self.set_limit(engine, "hang-up", 0)
            engine.advance(19 * HOUR + 1)
            self.set_limit(engine, "hang-up", 5)
            engine.advance(HOUR)
            self.assertEqual(ran(engine, "hang-up"), attempts)

    def test_a_delayed_call_starts_when_its_time_has_come_and_not_before(self):
        with virtual_engine() as engine:
            engine.deploy("note", NOTE)
            self.assertEqual(
                engine.invoke("note", b"d", invocation_type="Async", async_delay=str(HOUR)).status, 202
            )
            engine.advance(HOUR - 1)
            self.assertEqual(ran(engine, "d"), 0)
            engine.advance(1.5)
            self.assertEqual(ran(engine, "d"), 1)

    def test_an_event_older_than_a_day_is_dropped_and_a_younger_one_runs(self):
        with virtual_engine() as engine:
            engine.deploy("note", NOTE, limit=0)
            self.assertEqual(engine.invoke("note", b"old", invocation_type="Async").status, 202)
            engine.advance(2 * HOUR)
            self.assertEqual(engine.invoke("note", b"young", invocation_type="Async").status, 202)
            moved = convoke(engine, "clock", "advance", "23h")
            self.assertEqual(moved.returncode, 0, moved)
            self.set_limit(engine, "note", 5)
            wait_until(lambda: ran(engine, "young") == 1, "the younger one")
            engine.advance(0)
            self.assertEqual(ran(engine, "old"), 0)

    def test_an_idle_instance_is_stopped_after_its_virtual_time(self):
        with virtual_engine() as engine:
            engine.deploy("note", NOTE)
            self.assertEqual(engine.invoke("note", b"x").status, 200)
            self.assertTrue(engine.instances())
            engine.advance(299)
            self.assertTrue(engine.instances())
            engine.advance(2)
            wait_until(lambda: not engine.instances(), "the idle instance is gone", 10)

    def test_the_clock_says_what_time_it_is_and_the_engine_that_it_is_virtual(self):
        with virtual_engine() as engine:
            # Said behind the line by which the engine is known to serve.
            wait_until(lambda: any("time is VIRTUAL" in line for line in list(engine.lines)), engine.output)
            before = engine.request("GET", "/convoke/clock").json()
            self.assertEqual((before["virtual"], before["advancedSeconds"]), (True, 0))
            engine.advance(0.25)
            after = engine.request("GET", "/convoke/clock").json()
            self.assertEqual(after["nowMs"] - before["nowMs"], 250)
            shown = json.loads(convoke(engine, "clock", "--json").stdout)
            self.assertEqual(shown["nowMs"], after["nowMs"])
            refused = engine.request("POST", "/convoke/clock/advance", {"seconds": -1})
            self.assertEqual(refused.json()["ErrorCode"], "InvalidArgument")
            self.assertEqual(convoke(engine, "clock", "advance", "soon").returncode, 2)

    def test_a_users_script_watches_a_days_timeout_hours_of_retries_and_a_weeks_age(self):
        run = subprocess.run([EXAMPLE, BINARY], capture_output=True, text=True, timeout=300)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for said in (
            r"day 1 00:00:00 .* sleeps: Failed: Function timed out after 86400 seconds",
            r"day 1 05:10:00 .* hangs-up: Expired after \d\d+ retries",
            r"day 8 05:09:59 .* stopped: Enqueued",
            r"day 8 05:10:01 .* stopped: Expired",
        ):
            self.assertRegex(run.stdout, said)
        tap.note(run.stdout)
        tap.note(f"8 days in {self.took_seconds():.1f} s")

    def test_real_time_cannot_be_moved_and_the_answer_says_why(self):
        with Engine() as engine:
            for method, path in ("GET", "/convoke/clock"), ("POST", "/convoke/clock/advance"):
                refused = engine.request(method, path, {"seconds": 1} if method == "POST" else None)
                self.assertEqual(refused.status, 404)
                self.assertEqual(refused.json()["ErrorCode"], "ClockNotVirtual")
                self.assertIn("--virtual-clock", refused.json()["ErrorMessage"])


if __name__ == "__main__":
    tap.main()
