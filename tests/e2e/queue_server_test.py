"""What an engine asks of the queue's server before it starts, and what the doctor says of it."""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

import tap
from engine import BINARY, Engine, wait_until
from redis_server import RedisServer

CODE = {"index.py": "def handler(event, context):\n    return event\n"}
KEYS = "ada 0123456789abcdef0123456789abcdef\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="convoke-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def redis(self, *options):
        server = RedisServer(*options)
        self.addCleanup(server.remove)
        return server

    def refused(self, redis, *options):
        """What an engine that does not start says."""
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--state", str(self.folder / "refused")]
        run = subprocess.run([*command, "--queue", redis.queue, *options], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(run.returncode, 0)
        return run.stderr

    def found(self, queue, *options):
        """[(health, detail)] of what the doctor finds of a queue."""
        command = [BINARY, "doctor", "--json", "--state", str(self.folder), "--queue", queue, *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return [(one["health"], one["detail"]) for one in json.loads(run.stdout) if one["check"] == "queue"]

    def faults(self, queue, *options):
        return [detail for health, detail in self.found(queue, *options) if health == "FAULT"]

    def test_a_node_of_a_cluster_that_is_not_whole_and_a_replica_are_refused_in_words(self):
        node = self.redis("--cluster-enabled", "yes")
        self.assertIn("not whole", self.refused(node))
        self.assertIn("nobody has 16384 of its 16384 slots", self.faults(node.queue)[0])
        replica = self.redis("--replicaof", "127.0.0.1", str(free_port()))
        self.assertIn("name the primary", self.refused(replica))
        self.assertIn("it is a replica", self.faults(replica.queue)[0])

    def test_the_doctor_says_which_settings_cannot_keep_the_promise(self):
        redis = self.redis()
        (good, note) = self.found(redis.queue)
        self.assertEqual(good[0], "ok")
        self.assertIn("Redis ", good[1])
        self.assertEqual(note[0], "note")
        self.assertIn("maxmemory is 0", note[1])
        redis.ask("CONFIG", "SET", "appendfsync", "everysec")
        self.assertIn("appendfsync everysec", self.faults(redis.queue)[0])
        self.assertEqual(self.faults(redis.queue, "--durability", "server"), [])
        told = " ".join(text for _, text in self.found(redis.queue, "--without-store", "serve"))
        self.assertIn("A kill switch that is set meanwhile", told)
        redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.assertIn("may evict", self.faults(redis.queue, "--durability", "server")[0])
        self.assertIn("is no durability", self.faults(redis.queue, "--durability", "replicas:0")[0])

    def test_the_doctor_takes_the_password_from_a_file_and_never_tells_it(self):
        redis = self.redis()
        redis.ask("CONFIG", "SET", "requirepass", "opensesame")
        self.assertIn("NOAUTH", self.faults(redis.queue)[0])
        secret = self.folder / "password"
        secret.write_text("opensesame\n")
        secret.chmod(0o600)
        self.assertEqual(self.faults(redis.queue, "--queue-password-file", str(secret)), [])
        secret.write_text("wrong\n")
        (fault,) = self.faults(redis.queue, "--queue-password-file", str(secret))
        self.assertIn("WRONGPASS", fault)
        self.assertNotIn("wrong\n", fault)
        self.assertIn("unix:", self.faults(f"unix:{self.folder}/nobody")[0])

    def test_engines_with_another_token_key_are_refused_and_told_what_to_do(self):
        redis = self.redis()
        keys = self.folder / "keys"
        keys.write_text(KEYS)
        keys.chmod(0o600)
        options = ["--queue", redis.queue, "--access-keys", str(keys)]
        with Engine(options=options) as first:
            said = self.refused(redis, "--access-keys", str(keys))
            self.assertIn("--token-key-file", said)
            shared = self.folder / "shared.key"
            shutil.copy(first.state / "token.key", shared)
            self.assertNotIn(shared.read_text().strip(), said)
            with Engine(options=[*options, "--token-key-file", str(shared)]):
                pass
        redis.ask("DEL", "convoke:token-key")
        with Engine(options=options):
            pass


class Replicas(unittest.TestCase):
    def test_a_202_is_on_a_replica_and_without_one_there_is_none(self):
        port = str(free_port())
        with RedisServer("--port", port, "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0") as primary:
            with RedisServer("--replicaof", "127.0.0.1", port) as replica:
                wait_until(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"), "the replica follows")
                with Engine(options=["--queue", primary.queue, "--durability", "replicas:1"]) as engine:
                    engine.deploy("f", CODE)
                    accept = lambda: engine.invoke("f", b"{}", Invocation_Type="Async")
                    self.assertEqual(accept().status, 202)
                    replica.kill()
                    refused = wait_until(lambda: (lambda answer: answer.status == 503 and answer)(accept()), "it is missed")
                    self.assertEqual(refused.json()["ErrorCode"], "ServiceUnavailable")
                    self.assertIn("replicas", refused.json()["ErrorMessage"])
                    self.assertEqual(engine.invoke("f", b"sync").status, 200)
                    replica.start()
                    wait_until(lambda: accept().status == 202, "it is back")


if __name__ == "__main__":
    tap.main()
