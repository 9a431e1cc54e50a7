"""How many instances run at once, counted by the function itself, and that nobody starves."""

import threading
import unittest

import tap
from engine import Engine

CALLERS = 64
CALLS_EACH = 4


def most_at_once(trace):
    running = most = 0
    for mark in trace:
        running += 1 if mark == ord("+") else -1
        most = max(most, running)
    return most


class Limit(unittest.TestCase):
    def crowd(self, engine, event):
        """(status, instance, body) of each call; a connection for each caller, open before the first call."""
        answers = []
        ready = threading.Barrier(CALLERS)

        def call():
            with engine.client() as client:
                client.request("GET", "/healthz")
                ready.wait()
                for _ in range(CALLS_EACH):
                    answer = client.invoke("crowd", event)
                    answers.append((answer.status, answer.headers["X-Fc-Instance-Id"], answer.body))

        callers = [threading.Thread(target=call) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return answers

    def check(self, limit):
        with Engine(shards=2) as engine:
            engine.deploy("crowd", "crowd", instanceConcurrency=1, limit=limit)
            answers = self.crowd(engine, str(limit).encode())
            self.assertEqual(len(answers), CALLERS * CALLS_EACH)
            self.assertEqual({(status, body) for status, _, body in answers}, {(200, b"met")})
            trace = engine.file("crowd").read_bytes()
            self.assertEqual(trace.count(b"+"), CALLERS * CALLS_EACH)
            self.assertEqual(most_at_once(trace), limit)
            return {instance for _, instance, _ in answers}

    def test_64_callers_on_two_shards_are_served_by_five_at_once_and_never_more(self):
        self.assertEqual(len(self.check(5)), 5)

    def test_64_callers_on_two_shards_are_all_served_by_the_one_instance_allowed(self):
        self.assertEqual(len(self.check(1)), 1)

    def test_connections_of_both_shards_called_in_turn_share_one_warm_instance(self):
        # The kernel deals connections out by a hash of their ports: of 32, all on one of two shards
        # is a chance in two thousand million.
        with Engine(shards=2) as engine:
            engine.deploy("count", "basics", handler="index.count")
            clients = [engine.client() for _ in range(32)]
            answers = [client.invoke("count") for client in clients]
            for client in clients:
                client.close()
            self.assertEqual(len({answer.headers["X-Fc-Instance-Id"] for answer in answers}), 1)
            self.assertEqual([answer.body for answer in answers], [b"%d" % n for n in range(1, 33)])


if __name__ == "__main__":
    tap.main()
