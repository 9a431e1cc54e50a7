"""Timer triggers: a year with both changes of the clocks, in virtual time; and each due time once,
whatever is killed."""

import collections
import datetime
import json
import pathlib
import time
import unittest
import zoneinfo

import tap
from engine import API, Engine, wait_until
from two_engines import TwoEngines

TRIGGERS = f"{API}/services/e2e/functions/note/triggers"
DAY = 24 * 3600
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
UTC = datetime.timezone.utc

NOTE = {
    "index.py": """\
import os
def handler(event, context):
    with open(os.environ["TRACE"], "ab", buffering=0) as trace:
        trace.write(event + b"\\n")
"""
}


def create(engine, name, expression, **config):
    body = {
        "triggerName": name,
        "triggerType": "timer",
        "triggerConfig": {"cronExpression": expression, "payload": "tick", "enable": True, **config},
    }
    return engine.request("POST", TRIGGERS, body)


def notes(trace):
    return [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []


def fired(trace, trigger):
    return [note["triggerTime"] for note in notes(trace) if note["triggerName"] == trigger]


def runs(trace, trigger="second"):
    """triggerTime -> how often a call of it has run."""
    return collections.Counter(fired(trace, trigger))


def sundays_at(hour, minute, after, until):
    """Of March and November, as UTC; what the clocks skip is due when they change, what comes twice
    the first time."""
    day = datetime.datetime.fromtimestamp(after, NEW_YORK).date() - datetime.timedelta(days=1)
    while day <= datetime.datetime.fromtimestamp(until, NEW_YORK).date():
        if day.weekday() == 6 and day.month in (3, 11):
            wall = datetime.datetime.combine(day, datetime.time(hour, minute), NEW_YORK)
            at = wall.timestamp()
            if datetime.datetime.fromtimestamp(at, NEW_YORK).hour != hour:  # 2:30 became 3:30
                at -= 60 * minute
            if after < at <= until:
                yield datetime.datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        day += datetime.timedelta(days=1)


class AYear(unittest.TestCase):
    def test_each_due_time_of_a_year_fires_once_through_both_changes_of_the_clocks(self):
        begun = time.monotonic()
        with Engine(options=["--virtual-clock"]) as engine:
            trace = engine.file("trace")
            engine.deploy("note", NOTE, environment={"TRACE": str(trace)})
            zone = "CRON_TZ=America/New_York "
            created = create(engine, "skipped", zone + "0 30 2 * MAR,NOV SUN")
            self.assertEqual(created.status, 200, created)
            self.assertEqual(create(engine, "doubled", zone + "0 30 1 * MAR,NOV SUN").status, 200)
            self.assertEqual(create(engine, "off", "@every 1h", enable=False).status, 200)
            after = engine.request("GET", "/convoke/clock").json()["nowMs"] / 1000
            for _ in range(13):
                engine.advance(28 * DAY)
            until = engine.request("GET", "/convoke/clock").json()["nowMs"] / 1000
            for trigger, hour in ("skipped", 2), ("doubled", 1):
                self.assertEqual(fired(trace, trigger), list(sundays_at(hour, 30, after, until)))
            self.assertEqual(fired(trace, "off"), [])
            self.assertEqual({note["payload"] for note in notes(trace)}, {"tick"})
            # Changed, switched on, and removed.
            every = {"triggerConfig": {"cronExpression": "@every 6h", "enable": True}}
            self.assertEqual(engine.request("PUT", f"{TRIGGERS}/off", every).status, 200)
            engine.advance(DAY)
            self.assertEqual(len(fired(trace, "off")), 4)
            self.assertEqual(engine.request("DELETE", f"{TRIGGERS}/off").status, 204)
            engine.advance(DAY)
            self.assertEqual(len(fired(trace, "off")), 4)
            tap.note(f"a year: {len(notes(trace))} firings in {time.monotonic() - begun:.1f} s")

    def test_what_is_wrong_with_an_expression_is_said(self):
        with Engine() as engine:
            engine.deploy("note", NOTE, environment={"TRACE": "/dev/null"})
            for expression, said in (
                ("0 0 25 * * *", "'hours' in a cron expression is set to an invalid value"),
                ("CRON_TZ=Mars/Olympus 0 0 4 * * *", "CRON_TZ is set to an invalid value"),
                ("@every 0m", "@every is set to an invalid value"),
                ("0 0 4 * *", "has six fields"),
                ("0 0 0 30 2 *", "means no day that there is"),
            ):
                refused = create(engine, "wrong", expression)
                self.assertEqual(refused.status, 400)
                self.assertEqual(refused.json()["ErrorCode"], "InvalidArgument")
                self.assertIn("triggerConfig.cronExpression: ", refused.json()["ErrorMessage"])
                self.assertIn(said, refused.json()["ErrorMessage"])


class Once(TwoEngines):
    """Real seconds, of which each has a due time."""

    def seen(self, more, trigger="second"):
        """Waits until so many more due times have been noted."""
        target = len(runs(self.trace, trigger)) + more
        wait_until(lambda: len(runs(self.trace, trigger)) >= target, lambda: notes(self.trace))

    def expect_each_once(self):
        """A call that was under way when its engine was killed runs again, and is the same call."""
        counted = runs(self.trace)
        self.assertLessEqual(len([time for time, count in counted.items() if count > 1]), 2, counted)
        times = sorted(datetime.datetime.fromisoformat(time[:-1]) for time in counted)
        gaps = [(b - a).total_seconds() for a, b in zip(times, times[1:])]
        self.assertLessEqual(len([gap for gap in gaps if gap > 1]), 1, gaps)

    def test_a_killed_engine_fires_nothing_again(self):
        with Engine() as engine:
            engine.deploy("note", NOTE, environment={"TRACE": str(self.trace)})
            soon = datetime.datetime.now(UTC).second + 3
            seconds = ",".join(str((soon + more) % 60) for more in (0, 20, 40))
            self.assertEqual(create(engine, "rare", f"{seconds} * * * * *").status, 200)
            self.assertEqual(create(engine, "second", "* * * * * *").status, 200)
            self.seen(1, "rare")
            self.seen(2)  # so its call has ended for long
            engine.kill()
            engine.start()
            self.seen(2)
            self.assertEqual(set(runs(self.trace, "rare").values()), {1})
            self.expect_each_once()

    def test_two_engines_fire_once_and_one_goes_on_alone(self):
        with self.engine() as one, self.engine() as other:
            one.deploy("note", NOTE, environment={"TRACE": str(self.trace)})
            note = f"{API}/services/e2e/functions/note"
            wait_until(lambda: other.request("GET", note).status == 200, "the other has heard of it")
            self.assertEqual(create(other, "second", "* * * * * *").status, 200)
            self.seen(3)
            one.kill()
            self.seen(3)
            self.expect_each_once()


if __name__ == "__main__":
    tap.main()
