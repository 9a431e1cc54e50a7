"""What an engine does while the server of its queue is gone, full, frozen or set to forget."""

import subprocess
import tempfile
import time
import unittest

import tap
from engine import API, BINARY, Engine, wait_until
from redis_server import RedisServer
from relay import Relay

LEASE = 3  # seconds
INVOKE = f"{API}/services/e2e/functions/f/invocations"
LIMIT = f"{API}/services/e2e/functions/f/on-demand-config"
CODE = {"index.py": "def handler(event, context):\n    return event\n"}


class Faults(unittest.TestCase):
    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.remove)

    def engine(self, lease=LEASE, *options):
        engine = Engine(options=["--queue", self.redis.queue, "--engine-lease", str(lease), *options])
        engine.deploy("f", CODE)
        self.assertEqual(engine.invoke("f", b"warm").status, 200)
        return engine

    def accept(self, engine):
        return engine.request("POST", INVOKE, b"x", {"X-Fc-Invocation-Type": "Async"})

    def expect_refused(self, answer, why):
        self.assertEqual((answer.status, answer.json()["ErrorCode"]), (503, "ServiceUnavailable"), answer)
        self.assertIn(why, answer.json()["ErrorMessage"])
        self.assertIsNotNone(answer.headers["Retry-After"])

    def expect_accepted_again(self, engine):
        wait_until(lambda: self.accept(engine).status == 202, lambda: self.accept(engine))

    def test_while_it_is_gone_only_async_calls_are_refused_and_it_is_found_again(self):
        with self.engine(lease=60) as engine:
            self.redis.kill()
            wait_until(lambda: self.accept(engine).status == 503, "it is noticed")
            self.expect_refused(self.accept(engine), "the queue's server is not there")
            self.assertEqual(engine.invoke("f", b"sync").body, b"sync")
            self.assertIn("asynchronous calls are refused", engine.request("GET", "/healthz").body.decode())
            self.redis.start()
            self.expect_accepted_again(engine)

    def test_a_full_one_refuses_async_calls_and_nothing_else(self):
        with self.engine() as engine:
            self.redis.ask("CONFIG", "SET", "maxmemory", "1")
            self.expect_refused(self.accept(engine), "OOM")
            beyond = time.monotonic() + 2 * LEASE  # it is renewed all the same
            while time.monotonic() < beyond:
                self.assertEqual(engine.invoke("f", b"sync").body, b"sync")
                time.sleep(0.05)
            self.assertEqual(engine.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
            self.assertEqual(engine.invoke("f", b"stopped").status, 429)
            self.assertEqual(engine.request("DELETE", LIMIT).status, 204)
            self.redis.ask("CONFIG", "SET", "maxmemory", "0")
            self.expect_accepted_again(engine)

    def test_a_frozen_one_is_waited_for_and_calls_are_accepted_when_it_wakes(self):
        with self.engine() as engine:
            self.redis.pause()
            self.addCleanup(self.redis.resume)
            wait_until(lambda: engine.invoke("f", b"sync").status == 503, "the lease runs out", 60)
            self.redis.resume()
            wait_until(lambda: engine.invoke("f", b"sync").status == 200, "it is renewed")
            self.expect_accepted_again(engine)

    def test_who_serves_without_it_refuses_async_calls_alone_and_is_as_before_when_it_is_back(self):
        with self.engine(LEASE, "--without-store", "serve") as engine:
            self.assertEqual(engine.request("PUT", LIMIT, {"maximumInstanceCount": 2}).status, 200)
            self.assertEqual(engine.invoke("f", b"takes its part").status, 200)
            self.redis.pause()
            self.addCleanup(self.redis.resume)
            beyond = time.monotonic() + 3 * LEASE
            while time.monotonic() < beyond:
                self.assertEqual(engine.invoke("f", b"sync").body, b"sync")
                time.sleep(0.05)
            self.expect_refused(self.accept(engine), "")
            self.redis.resume()
            self.expect_accepted_again(engine)
            self.assertEqual(engine.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
            self.assertEqual(engine.invoke("f", b"stopped").status, 429)

    def test_a_kill_switch_is_answered_though_an_engine_serves_on_and_it_hears_of_it_in_the_end(self):
        # Over TCP, so that one engine alone can lose its way to the server.
        with self.engine() as here, Relay(self.redis.socket) as relay:
            options = ["--engine-lease", str(LEASE), "--without-store", "serve"]
            with Engine(options=["--queue", f"redis://127.0.0.1:{relay.port}", *options]) as cut_off:
                self.assertEqual(cut_off.invoke("f", b"warm").status, 200)
                relay.cut()
                self.assertEqual(here.request("PUT", LIMIT, {"maximumInstanceCount": 0}).status, 200)
                self.assertEqual(here.invoke("f", b"stopped").status, 429)
                self.assertEqual(cut_off.invoke("f", b"sync").body, b"sync")
                relay.mend()
                wait_until(lambda: cut_off.invoke("f", b"stopped").status == 429, "it hears of it")

    def test_one_that_would_forget_is_refused_in_words_unless_that_is_asked_for(self):
        self.redis.ask("CONFIG", "SET", "appendfsync", "everysec")
        with tempfile.TemporaryDirectory() as state:
            command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--state", state, "--queue", self.redis.queue]
            refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("appendfsync everysec", refused.stderr)
            self.assertIn("--durability server", refused.stderr)
        with Engine(options=["--queue", self.redis.queue, "--durability", "server"]) as engine:
            engine.deploy("f", CODE)
            self.assertEqual(self.accept(engine).status, 202)


if __name__ == "__main__":
    tap.main()
