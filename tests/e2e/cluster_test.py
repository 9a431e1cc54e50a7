"""Two engines on one Redis Cluster: its slots move and its masters die, and no call is lost.

    cluster_test.py [--seconds N] [--calls N]      20 s and 8,000 calls unless said
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import tap
from chaos_test import Adder, Locked, judge
from engine import API, BINARY, Engine, wait_until
from kill_test import Record
from redis_cluster import RedisCluster

LEASE = 3  # seconds
SHARDS = 2  # of each engine
CONNECTIONS = 8  # to each engine
LIMIT = f"{API}/services/e2e/functions/recorder/on-demand-config"


class Cluster(unittest.TestCase):
    seconds = 20
    calls = 8_000

    def setUp(self):
        self.cluster = RedisCluster()
        self.addCleanup(self.cluster.remove)

    def engine(self):
        return Engine(shards=SHARDS, options=["--queue", self.cluster.queue, "--engine-lease", str(LEASE)])

    def deploy(self, one, two):
        one.deploy("recorder", "recorder", runtime="custom", instanceConcurrency=50)
        wait_until(lambda: two.invoke("recorder", b"warm").status == 200, "the other knows it")

    def functions(self):
        reply = self.cluster.ask("SMEMBERS", "convoke:functions").decode().split("\r\n")
        return [word for word in reply if word.isdigit()]

    def load(self, engines):
        self.end = threading.Event()
        numbers = Locked(iter(range(self.calls)))
        pace = 2 * CONNECTIONS * self.seconds / self.calls
        self.adders = [Adder(each, numbers, pace, self.end) for each in engines for _ in range(CONNECTIONS)]

    def judge(self, what, engine, record):
        for adder in self.adders:
            adder.join()
        return judge(self, self.adders, what, engine, record)

    def test_a_resharding_under_load_loses_no_call_repeats_none_and_refuses_none(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            self.load([one, two])
            wait_until(lambda: self.functions(), "a call has come")
            (function,) = self.functions()
            keys = [f"{{convoke:{function}}}:q", "{convoke:registry}:version", "convoke:engines", "convoke:functions"]
            rounds = 0
            while not self.end.is_set():
                for key in keys:
                    self.cluster.move(key)
                source, target = (self.cluster.nodes[(rounds + i) % 3] for i in (0, 1))
                self.cluster.reshard(source, target, 50)
                rounds += 1
            refused, repeats = self.judge(f"{rounds} rounds of resharding", one, Record(one))
            self.assertGreater(rounds, 0)
            self.assertEqual((refused, repeats), (0, 0))
            self.assertEqual(one.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
            self.assertEqual(two.invoke("recorder", b"stopped").status, 429)

    def test_a_master_that_is_killed_and_started_again_costs_no_call(self):
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            self.load([one, two])
            wait_until(lambda: self.functions(), "a call has come")
            for key in (f"{{convoke:{self.functions()[0]}}}:q", "convoke:engines"):
                time.sleep(self.seconds / 4)
                master = self.cluster.owner(key)
                master.kill()
                time.sleep(0.5)
                master.start()
            self.judge("2 masters killed", one, Record(one))

    def test_a_replica_that_takes_a_dead_masters_place_is_found_and_news_are_heard_elsewhere(self):
        first = self.cluster.nodes[0]  # which the engines were told of
        replica = self.cluster.add_replica_of(first)
        with self.engine() as one, self.engine() as two:
            self.deploy(one, two)
            accept = lambda engine: engine.invoke("recorder", b"call", Invocation_Type="Async").status
            self.assertEqual(accept(one), 202)
            first.kill()
            wait_until(lambda: accept(one) == 202 and accept(two) == 202, "the replica has its place", 60)
            self.assertIn(b"role:master", replica.ask("INFO", "replication"))
            living = self.cluster.nodes[1:]
            hearers = lambda: sum(int(node.ask("PUBSUB", "NUMSUB", "convoke:ready").split(b":")[-1]) for node in living)
            wait_until(lambda: hearers() == SHARDS * 2, hearers)

    def test_the_doctor_asks_every_master_and_replicas_are_not_waited_for(self):
        def found(*options):
            command = [BINARY, "doctor", "--json", "--state", folder, "--queue", self.cluster.queue, *options]
            run = subprocess.run(command, capture_output=True, text=True, timeout=60)
            return [(one["health"], one["detail"]) for one in json.loads(run.stdout) if one["check"] == "queue"]

        def refused(queue, *options):
            command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--state", str(pathlib.Path(folder) / "s")]
            run = subprocess.run([*command, "--queue", queue, *options], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(run.returncode, 0)
            return run.stderr

        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("a Redis Cluster of 3 masters", found()[0][1])
            self.assertEqual([one for one in found() if one[0] == "FAULT"], [])
            lax = self.cluster.nodes[2]
            lax.ask("CONFIG", "SET", "appendfsync", "everysec")
            ((_, fault),) = [one for one in found() if one[0] == "FAULT"]
            self.assertIn("appendfsync everysec", fault)
            self.assertIn(str(lax.port), fault)
            self.assertIn("everysec", refused(self.cluster.queue))
            self.assertIn("replicas are not waited for", refused(self.cluster.queue, "--durability", "replicas:1"))
            self.assertIn("no database but 0", refused(self.cluster.queue + "/3"))


if __name__ == "__main__":
    for name in ("seconds", "calls"):
        if f"--{name}" in sys.argv:
            at = sys.argv.index(f"--{name}")
            setattr(Cluster, name, int(sys.argv[at + 1]))
            del sys.argv[at : at + 2]
    tap.main()
