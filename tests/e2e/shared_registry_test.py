"""Two real engines on one real Redis: what is changed through one of them holds on the other."""

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
