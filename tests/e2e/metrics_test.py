"""GET /metrics while calls pour in: nothing is lost or made up in any scrape."""

import re
import threading
import unittest

import tap
from engine import Engine, wait_until

LINE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
NOTHING = {"index.py": "def handler(event, context):\n    return event\n"}
CALLS = 400


def scrape(engine):
    answer = engine.request("GET", "/metrics")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer
    samples = [LINE.match(line) for line in answer.body.decode().splitlines() if line[0] != "#"]
    return {(sample[1], sample[2] or ""): float(sample[3]) for sample in samples}


def of(metric, samples):
    return [value for (name, _), value in samples.items() if name == metric]


class Metrics(unittest.TestCase):
    def test_the_drift_is_zero_in_every_scrape_under_load(self):
        with Engine(shards=2) as engine:
            for name in "one", "two":
                engine.deploy(name, NOTHING)

            def pour(name):
                with engine.client() as client:
                    for _ in range(CALLS):
                        assert client.invoke(name, b"{}", invocation_type="Async").status == 202

            callers = [threading.Thread(target=pour, args=(name,)) for name in ("one", "two") * 2]
            for caller in callers:
                caller.start()

            scrapes = 0
            def all_settled():
                nonlocal scrapes
                samples = scrape(engine)
                scrapes += 1
                self.assertEqual(set(of("convoke_queue_drift", samples)), {0.0}, samples)
                return sum(of("convoke_queue_settled_total", samples)) == len(callers) * CALLS

            wait_until(all_settled, "all calls settled", every=0.02)
            for caller in callers:
                caller.join()
            samples = scrape(engine)
            one = 'service="e2e",function="one"'
            self.assertEqual(samples["convoke_queue_accepted_total", one], 2 * CALLS)
            self.assertEqual(samples["convoke_queue_claimed", one], 0)
            self.assertEqual(sum(of("convoke_store_healthy", samples)), 2)
            tap.note(f"{scrapes} scrapes, {len(callers) * CALLS} calls")


if __name__ == "__main__":
    tap.main()
