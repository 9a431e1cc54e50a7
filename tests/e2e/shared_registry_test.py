"""Two real engines on one real Redis: what is changed through one of them holds on the other."""

import threading
import time
import unittest

import tap
from engine import API, Engine, wait_until
from redis_server import RedisServer

LEASE = 3  # seconds, of the engines of these tests
FUNCTION = f"{API}/services/e2e/functions/f"
LIMIT = f"{FUNCTION}/on-demand-config"


def program(answer):
    return {"index.py": f"def handler(event, context):\n    return {answer!r}\n"}


class SharedRegistry(unittest.TestCase):
    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.remove)

    def engine(self, shards=2):
        return Engine(shards=shards, options=["--queue", self.redis.queue, "--engine-lease", str(LEASE)])

    def wait_for(self, engine, answer):
        wait_until(lambda: engine.invoke("f").body == answer, lambda: engine.invoke("f"))

    def test_a_function_deployed_on_one_engine_runs_on_the_other_and_so_do_its_updates(self):
        with self.engine() as one, self.engine() as two:
            for answer in ("first", "second"):
                one.deploy("f", program(answer))
                self.assertEqual(one.invoke("f").body, answer.encode())
                self.wait_for(two, answer.encode())
            shown = [each.request("GET", FUNCTION).json() for each in (one, two)]
            self.assertEqual(shown[0], shown[1])
            self.assertEqual(two.request("DELETE", FUNCTION).status, 204)
            wait_until(lambda: one.invoke("f").status == 404, "it is gone")

    def test_an_engine_that_starts_later_has_it_all_also_after_the_first_is_gone(self):
        with self.engine() as one:
            one.deploy("f", program("here"), limit=7)
        with self.engine() as two:
            self.wait_for(two, b"here")
            self.assertEqual(two.request("GET", LIMIT).json()["maximumInstanceCount"], 7)

    def test_no_call_starts_on_either_engine_after_a_kill_switch_was_answered(self):
        with self.engine() as one, self.engine() as two:
            one.deploy("f", program("runs"))
            self.wait_for(two, b"runs")
            for _ in range(10):
                late = []
                over = threading.Event()

                def call(engine):
                    with engine.client() as client:
                        while not over.is_set():
                            asked_after = off.is_set()
                            if client.invoke("f").status == 200 and asked_after:
                                late.append(engine)

                off = threading.Event()
                callers = [threading.Thread(target=call, args=(each,)) for each in (one, two) for _ in range(2)]
                for caller in callers:
                    caller.start()
                answer = one.request("PUT", LIMIT, {"maximumInstanceCount": 0})
                off.set()
                self.assertEqual(answer.status, 200, answer)
                with two.client() as client:
                    self.assertNotEqual(client.invoke("f").status, 200)
                time.sleep(0.05)
                over.set()
                for caller in callers:
                    caller.join()
                self.assertEqual(late, [])
                self.assertEqual(one.request("DELETE", LIMIT).status, 204)
                self.wait_for(two, b"runs")

    def test_a_dead_engine_holds_a_kill_switch_up_for_no_longer_than_its_lease_and_a_third(self):
        with self.engine() as one:
            one.deploy("f", program("runs"))
            with self.engine() as two:
                self.wait_for(two, b"runs")
                two.kill()
                began = time.monotonic()
                self.assertEqual(one.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
                self.assertLess(time.monotonic() - began, LEASE * 4 / 3 + 2)

    def test_an_engine_that_was_stopped_holds_nobody_up(self):
        with self.engine() as one:
            one.deploy("f", program("runs"))
            with self.engine() as two:
                self.wait_for(two, b"runs")
                self.assertEqual(two.stop(), 0)
                began = time.monotonic()
                self.assertEqual(one.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
                self.assertLess(time.monotonic() - began, 1)

    def test_a_paused_engine_starts_nothing_when_it_wakes_after_a_kill_switch_was_answered(self):
        with self.engine() as one, self.engine() as two:
            one.deploy("f", program("runs"))
            self.wait_for(two, b"runs")
            with two.paused():
                self.assertEqual(one.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
            for _ in range(50):
                self.assertNotEqual(two.invoke("f").status, 200)

    def test_without_the_server_calls_end_with_the_lease_and_begin_when_it_is_back(self):
        with self.engine() as one:
            one.deploy("f", program("runs"))
            self.redis.kill()
            self.assertEqual(one.invoke("f").body, b"runs")
            changed = one.request("POST", f"{API}/services", {"serviceName": "other"})
            self.assertEqual((changed.status, changed.json()["ErrorCode"]), (503, "ServiceUnavailable"))
            wait_until(lambda: one.invoke("f").status == 503, "the lease has ended")
            self.assertEqual(one.request("GET", FUNCTION).status, 200)
            self.redis.start()
            self.wait_for(one, b"runs")


if __name__ == "__main__":
    tap.main()
