"""One limit for two real engines on one real Redis: never more at once, and nobody starves."""

import re
import threading

import tap
from engine import wait_until
from limit_test import most_at_once
from two_engines import TwoEngines

CALLERS = 12  # of each engine
CALLS_EACH = 12
CODE = {
    "index.py": """
import os, time

def mark(sign):
    descriptor = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, sign)
    os.close(descriptor)

def handler(event, context):
    mark(b"+")
    time.sleep(0.01)
    mark(b"-")
    return "done"
"""
}


class Callers:
    """Some that call one engine, each again and again, until they have had enough answers."""

    def __init__(self, engine, calls=CALLS_EACH, callers=CALLERS):
        self.engine = engine
        self.calls = calls
        self.answers = []
        self.left = False
        self.threads = [threading.Thread(target=self.call) for _ in range(callers)]
        for thread in self.threads:
            thread.start()

    def call(self):
        try:
            with self.engine.client() as client:
                for _ in range(self.calls):
                    if self.left:
                        break
                    self.answers.append(client.invoke("f").status)
        except OSError:
            pass  # its engine was killed

    def leave(self):
        self.left = True
        self.join()

    def join(self):
        for thread in self.threads:
            thread.join()


def instances(engine):
    metrics = engine.request("GET", "/metrics").body.decode()
    return sum(map(int, re.findall(r"^convoke_instances\{.*\} (\d+)$", metrics, re.M)))


class SharedLimit(TwoEngines):
    def deploy(self, one, two, limit):
        one.deploy("f", CODE, instanceConcurrency=1, limit=limit, environment={"TRACE": str(self.trace)})
        wait_until(lambda: two.invoke("f").status == 200, "the other engine knows it")

    def most(self):
        return most_at_once(self.trace.read_bytes())

    def test_callers_of_both_are_all_served_by_five_at_once_and_never_more(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two, 5)
            crowds = [Callers(each) for each in (one, two)]
            for crowd in crowds:
                crowd.join()
                self.assertEqual(crowd.answers, [200] * CALLERS * CALLS_EACH)
            self.assertEqual(self.most(), 5)

    def test_the_only_place_goes_back_and_forth(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two, 1)
            crowds = [Callers(each, calls=4, callers=4) for each in (one, two)]
            for crowd in crowds:
                crowd.join()
                self.assertEqual(crowd.answers, [200] * 16)
            self.assertEqual(self.most(), 1)

    def test_what_one_does_not_need_the_other_gets(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two, 5)
            Callers(one).join()  # its instances are idle now, and stay for minutes
            self.trace.unlink()
            Callers(two).join()
            self.assertEqual(self.most(), 5)

    def test_the_part_of_one_that_was_killed_is_the_other_s_after_its_lease(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two, 5)
            doomed, others = Callers(one, calls=10_000), Callers(two, calls=100_000)
            wait_until(lambda: len(doomed.answers) > 100 and len(others.answers) > 100, "both are at work")
            one.kill()
            killed_at = len(self.trace.read_bytes())
            doomed.join()
            wait_until(lambda: instances(two) == 5, lambda: f"it has {instances(two)}")
            answered = len(others.answers)
            wait_until(lambda: len(others.answers) > answered + 100, "they are used")
            others.leave()
            self.assertEqual(set(others.answers), {200})
            # What ran when it was killed has left no mark of its end.
            lost = self.trace.read_bytes().count(b"+") - self.trace.read_bytes().count(b"-")
            self.assertLessEqual(lost, 5)
            self.assertLessEqual(most_at_once(self.trace.read_bytes()[:killed_at]), 5)
            self.assertLessEqual(self.most(), 5 + lost)


if __name__ == "__main__":
    tap.main()
