"""Two engines on one Redis, of which something dies, freezes or restarts every few seconds.

    chaos_test.py [--seconds N] [--calls N]      30 s and 15,000 calls unless said

Every call that got its 202 is run, whatever happened; a call that starts a second time says that it
may have run before, and nothing is left over.
"""

import random
import socket
import sys
import threading
import time
import unittest

import tap
from engine import Engine, wait_until
from kill_test import HEAD, Record
from redis_server import RedisServer

LEASE = 3  # seconds
SEED = 20160815
CONNECTIONS = 12  # to each engine
EVERY = (1.5, 3.5)  # seconds between two blows
PAUSE = (0.5, 6.0)  # of a frozen engine: some are taken for dead


class Adder(threading.Thread):
    """Adds calls to one engine, one at a time and at its pace, however often the engine goes away."""

    def __init__(self, engine, numbers, pace, end):
        super().__init__()
        self.engine, self.numbers, self.pace, self.end = engine, numbers, pace, end
        self.accepted, self.refused, self.unknown = [], 0, 0
        self.start()

    def run(self):
        while not self.end.is_set():
            try:
                with socket.create_connection((self.engine.host, self.engine.port), timeout=30) as wire:
                    self.add(wire)
            except OSError:
                time.sleep(0.05)

    def add(self, wire):
        while not self.end.is_set():
            number = next(self.numbers, None)
            if number is None:
                return self.end.set()
            begun = time.monotonic()
            event = f"call-{number}"
            self.unknown += 1  # until it is answered
            wire.sendall(f"{HEAD}{len(event)}\r\n\r\n{event}".encode())
            answer = self.answer(wire)
            if not answer:
                return
            self.unknown -= 1
            if answer.startswith(b"HTTP/1.1 202 "):
                self.accepted.append(event)
            else:
                self.refused += 1
            time.sleep(max(0.0, begun + self.pace - time.monotonic()))

    @staticmethod
    def answer(wire):
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = wire.recv(65536)
            if not part:
                return b""
            answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(body) < size:
            part = wire.recv(65536)
            if not part:
                return b""
            body += part
        return head


def metric(engine, name):
    text = engine.request("GET", "/metrics").body.decode()
    line = f'convoke_queue_{name}{{service="e2e",function="recorder"}} '
    return next(int(each[len(line) :]) for each in text.splitlines() if each.startswith(line))


def judge(case, adders, what, engine, record):
    """What was accepted is run, repeats say so, and nothing is left over; how many were refused and repeated."""
    accepted = {event for adder in adders for event in adder.accepted}
    wait_until(
        lambda: accepted <= record.ended(),
        lambda: f"accepted and not run: {sorted(accepted - record.ended())[:10]}",
        120,
        every=0.2,
    )
    at_rest = lambda: {metric(engine, name) for name in ("ready", "delayed", "claimed")} == {0}
    wait_until(at_rest, "nothing is left over", 120, every=0.2)
    repeats = record.repeats()
    refused, unknown = (sum(getattr(adder, kind) for adder in adders) for kind in ("refused", "unknown"))
    tap.note(
        f"{what}: accepted {len(accepted)}, run {len(accepted & record.ended())}, refused {refused}, not answered "
        f"{unknown}; repeated {len(repeats)}, of which said so {sum(repeats)}; drift {metric(engine, 'drift')}"
    )
    case.assertGreater(len(accepted), 0)
    case.assertEqual(sum(repeats), len(repeats), f"repeats that do not say so, and their retries: {record.unsaid()}")
    case.assertEqual(metric(engine, "drift"), 0)
    return refused, len(repeats)


class Chaos(unittest.TestCase):
    seconds = 30
    calls = 15_000

    def test_every_call_that_got_its_202_is_run_whatever_dies(self):
        self.draw = random.Random(SEED)
        self.blows = {"kill": 0, "pause": 0, "redis": 0}
        with RedisServer() as redis:
            options = ["--queue", redis.queue, "--engine-lease", str(LEASE)]
            with Engine(options=options) as one, Engine(options=options) as two:
                one.deploy("recorder", "recorder", runtime="custom", instanceConcurrency=50)
                wait_until(lambda: two.invoke("recorder", b"warm").status == 200, "the other knows it")
                self.storm(redis, [one, two])
                blows = (
                    f"{self.blows['kill']} engines killed, {self.blows['pause']} frozen, "
                    f"{self.blows['redis']} restarts of Redis"
                )
                judge(self, self.adders, blows, one, Record(one))

    def storm(self, redis, engines):
        end = threading.Event()
        numbers = Locked(iter(range(self.calls)))
        pace = 2 * CONNECTIONS * self.seconds / self.calls
        self.adders = [Adder(each, numbers, pace, end) for each in engines for _ in range(CONNECTIONS)]
        blows = [(self.kill, "kill"), (self.pause, "pause"), (self.restart, "redis")]
        next_ones = []
        while not end.is_set():
            time.sleep(self.draw.uniform(*EVERY))
            if not next_ones:  # each kind before any comes again
                next_ones = self.draw.sample(blows, len(blows))
            blow, name = next_ones.pop()
            self.blows[name] += 1
            blow(redis, self.draw.choice(engines))
        for adder in self.adders:
            adder.join()

    def kill(self, _, engine):
        engine.kill()
        engine.start()

    def pause(self, _, engine):
        with engine.paused():
            time.sleep(self.draw.uniform(*PAUSE))

    def restart(self, redis, _):
        redis.kill()
        time.sleep(self.draw.uniform(0, 1))
        redis.start()


class Locked:
    """An iterator for several threads."""

    def __init__(self, iterator):
        self.iterator, self.lock = iterator, threading.Lock()

    def __next__(self):
        with self.lock:
            return next(self.iterator)


if __name__ == "__main__":
    for name in ("seconds", "calls"):
        if f"--{name}" in sys.argv:
            at = sys.argv.index(f"--{name}")
            setattr(Chaos, name, int(sys.argv[at + 1]))
            del sys.argv[at : at + 2]
    tap.main()
