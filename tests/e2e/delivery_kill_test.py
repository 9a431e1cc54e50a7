"""kill -9 with delays, retries and deliveries under way: due times hold, every outcome arrives.

    delivery_kill_test.py [--rounds N] [CASE]      2 rounds unless said; ten make the figure
"""

import json
import random
import sys
import threading
import time
import unittest

import tap
from destinations_test import ALLOWED, Receiver, configure
from engine import API, Engine, wait_until

FUNCTION = {
    "index.py": """
import os, pathlib, time

STATE = pathlib.Path(os.environ["STATE"])
LOG = os.open(STATE / "starts", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def handler(event, context):
    name, due, errors = event.decode().split()
    os.write(LOG, b"%s %.6f\\n" % (event, time.time()))
    if context.retry_count < int(errors):
        raise ValueError("as asked")
    return name
"""
}
INVOKE = f"{API}/services/e2e/functions/worker/invocations"
CONNECTIONS = 8
CALLS = 100  # of each connection, at most, in a round
DELIVERED = (20, 200)  # outcomes before the kill, drawn for each round
DELAYS = (0, 0, 1, 2, 3)  # seconds, drawn for each call
ERRORS = (0, 0, 0, 1, 2)  # attempts that fail first
SEED = 20160815


class Adder(threading.Thread):
    def __init__(self, engine, name):
        super().__init__()
        self.client = engine.client()
        self.name_of_all = name
        self.draw = random.Random(name)
        self.accepted = {}  # request id: event
        self.start()

    def run(self):
        try:
            for number in range(CALLS):
                delay = self.draw.choice(DELAYS)
                event = f"{self.name_of_all}-{number} {time.time() + delay:.6f} {self.draw.choice(ERRORS)}"
                headers = {"X-Fc-Invocation-Type": "Async", "X-Fc-Async-Delay": str(delay)}
                answer = self.client.request("POST", INVOKE, event.encode(), headers=headers)
                if answer.status == 202:
                    self.accepted[answer.headers["X-Fc-Request-Id"]] = event
        except Exception:  # the engine was killed, as it should be
            pass


class Kill(unittest.TestCase):
    rounds = 2

    def test_due_times_hold_and_every_outcome_is_delivered(self):
        draw = random.Random(SEED)
        accepted = {}
        with Receiver() as receiver, Engine(options=ALLOWED) as engine:
            engine.deploy("worker", FUNCTION, instanceConcurrency=1, limit=4)
            configure(engine, "worker", success=receiver.url)
            for number in range(self.rounds):
                enough = len(receiver.got) + draw.randint(*DELIVERED)
                adders = [Adder(engine, f"{number}-{n}") for n in range(CONNECTIONS)]
                wait_until(lambda: len(receiver.got) >= enough, lambda: f"{len(receiver.got)} outcomes of {enough}")
                engine.kill()
                for adder in adders:
                    adder.join()
                    accepted.update(adder.accepted)
                engine.start()
            arrived = lambda: [json.loads(body)["requestContext"]["requestId"] for _, body in list(receiver.got)]
            wait_until(
                lambda: set(accepted) <= set(arrived()),
                lambda: f"{len(set(accepted) - set(arrived()))} outcomes of {len(accepted)} did not arrive",
                120,
                every=0.2,
            )
            deliveries = arrived()
            starts = [line.rsplit(" ", 1) for line in engine.file("starts").read_text().splitlines()]
        early = [event for event, at in starts if float(at) < float(event.split()[1]) - 0.001]
        tap.note(
            f"{self.rounds} kills: accepted {len(accepted)}, outcomes delivered {len(set(accepted) & set(deliveries))}, "
            f"delivered again {len(deliveries) - len(set(deliveries))}, attempts started {len(starts)}, "
            f"before their due time {len(early)}"
        )
        self.assertEqual(early, [])


if __name__ == "__main__":
    if "--rounds" in sys.argv:
        at = sys.argv.index("--rounds")
        Kill.rounds = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    tap.main()
