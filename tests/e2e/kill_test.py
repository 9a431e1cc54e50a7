"""kill -9 of the engine while a client adds asynchronous calls: every call that got its 202 is run.

    kill_test.py [--rounds N] [CASE]      2 rounds unless said; ten make the figure
"""

import random
import socket
import sys
import threading
import time
import unittest

import tap
from engine import API, Engine, wait_until

RATE = 2000  # calls a second, offered
LOAD = (0.7, 1.7)  # seconds of it before the kill, drawn for each round
CONNECTIONS = 32
SEED = 20160815
HEAD = (
    f"POST {API}/services/e2e/functions/recorder/invocations HTTP/1.1\r\n"
    "Host: localhost\r\nX-Fc-Invocation-Type: Async\r\nContent-Length: "
)


class Adder(threading.Thread):
    """One connection, one call at a time, on a schedule, until the engine is gone."""

    def __init__(self, engine, name):
        super().__init__()
        self.address = (engine.host, engine.port)
        self.name_of_all = name
        self.accepted = []  # their events
        self.refused = []  # first lines of other answers
        self.start()

    def run(self):
        try:
            with socket.create_connection(self.address) as wire:
                self.add(wire)
        except OSError:
            pass  # the engine was killed, as it should be

    def add(self, wire):
        begun = time.monotonic()
        number = 0
        while True:
            time.sleep(max(0, begun + number * CONNECTIONS / RATE - time.monotonic()))
            event = f"{self.name_of_all}-{number}"
            wire.sendall(f"{HEAD}{len(event)}\r\n\r\n{event}".encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                part = wire.recv(65536)
                if not part:
                    return
                answer += part
            if answer.startswith(b"HTTP/1.1 202 "):
                self.accepted.append(event)
            else:
                self.refused.append(answer.split(b"\r\n")[0])
            number += 1


class Record:
    """What the function wrote down."""

    def __init__(self, engine):
        self.file = engine.file("record")

    def lines(self):
        return [line.split() for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def ended(self):
        return {line[1] for line in self.lines() if line[0] == "E"}

    def repeats(self):
        """Of each start of a call that had started before: whether it said that it may be one."""
        return [mark[0] == "1" for _, mark in self.starts_again()]

    def unsaid(self):
        return [(event, *mark) for event, mark in self.starts_again() if mark[0] != "1"]

    def starts_again(self):
        seen = set()
        for kind, event, *mark in self.lines():
            if kind == "S" and event in seen:
                yield event, mark
            seen.add(event)


class Kill(unittest.TestCase):
    rounds = 2

    def test_every_call_that_got_its_202_is_run_after_kill_9(self):
        draw = random.Random(SEED)
        accepted, gone_after, load = set(), 0.0, 0.0
        with Engine() as engine:
            engine.deploy("recorder", "recorder", runtime="custom", instanceConcurrency=50, limit=4)
            record = Record(engine)
            for number in range(self.rounds):
                load += (lasts := draw.uniform(*LOAD))
                accepted |= self.load_and_kill(engine, number, lasts)
                begun = time.monotonic()
                wait_until(lambda: not engine.instances(), "no instance outlives its engine")
                gone_after = max(gone_after, time.monotonic() - begun)
                engine.start()
            wait_until(
                lambda: accepted <= record.ended(),
                lambda: f"accepted and not run: {sorted(accepted - record.ended())[:10]}",
                every=0.2,
            )
            run, repeats = record.ended(), record.repeats()
        tap.note(
            f"{self.rounds} kills under {len(accepted) / load:.0f} accepted calls/s: accepted {len(accepted)}, "
            f"of these run {len(accepted & run)}, repeated {len(repeats)}, repeats that carried "
            f"x-convoke-maybe-repeated {sum(repeats)}, no instance left {gone_after:.2f} s after any kill"
        )
        self.assertGreater(len(accepted), 0)
        self.assertEqual(sum(repeats), len(repeats), "a repeat did not say that it may be one")

    def load_and_kill(self, engine, number, lasts):
        """The events that were accepted."""
        adders = [Adder(engine, f"{number}-{n}") for n in range(CONNECTIONS)]
        time.sleep(lasts)
        engine.kill()
        for adder in adders:
            adder.join()
        self.assertEqual([line for adder in adders for line in adder.refused], [])
        return {event for adder in adders for event in adder.accepted}


if __name__ == "__main__":
    if "--rounds" in sys.argv:
        at = sys.argv.index("--rounds")
        Kill.rounds = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    tap.main()
