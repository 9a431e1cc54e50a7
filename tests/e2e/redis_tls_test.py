"""A queue's server that is reached over TLS, and by a name."""

import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import tap
from engine import BINARY, Engine, wait_until
from redis_server import RedisServer

CODE = {"index.py": "def handler(event, context):\n    return event\n"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Papers:
    """An authority and what it has signed, in a directory; the keys are their owner's alone."""

    def __init__(self, directory):
        self.directory = directory
        self._openssl("req", "-x509", "-subj", "/CN=authority", "-out", self.path("ca.crt"), *self._key("ca.key"))

    def path(self, name):
        return str(self.directory / name)

    def _key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name)]

    def issue(self, name, alternatives):
        """NAME.crt and NAME.key."""
        self._openssl("req", "-new", "-subj", f"/CN={name}", "-out", self.path("request"), *self._key(name + ".key"))
        (self.directory / "extensions").write_text(f"subjectAltName={alternatives}\n")
        signing = ["-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAcreateserial"]
        signing += ["-extfile", self.path("extensions"), "-days", "2", "-out", self.path(name + ".crt")]
        self._openssl("x509", "-req", "-in", self.path("request"), *signing)

    def _openssl(self, *words):
        run = subprocess.run(["openssl", *words], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


class OverTls(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="convoke-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.papers = Papers(self.folder)
        self.papers.issue("server", "DNS:localhost,IP:127.0.0.1")

    def redis(self, clients="no"):
        """A server that speaks TLS alone, but for its socket."""
        self.port = free_port()
        server = RedisServer(
            *("--tls-port", str(self.port), "--bind", "127.0.0.1", "--tls-auth-clients", clients),
            *("--tls-cert-file", self.papers.path("server.crt"), "--tls-key-file", self.papers.path("server.key")),
            *("--tls-ca-cert-file", self.papers.path("ca.crt")),
        )
        self.addCleanup(server.remove)
        return server

    def options(self, host="localhost", ca="ca.crt", client=None):
        options = ["--queue", f"rediss://{host}:{self.port}"]
        options += ["--queue-ca", self.papers.path(ca)] if ca else []
        if client:
            options += ["--queue-cert", self.papers.path(client + ".crt")]
            options += ["--queue-key", self.papers.path(client + ".key")]
        return options

    def refused(self, options):
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--state", str(self.folder / "refused")]
        run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 2, run.stderr)
        return run.stderr

    def found(self, options):
        """[(health, detail)] of what the doctor finds of a queue."""
        command = [BINARY, "doctor", "--json", "--state", str(self.folder), *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return [(one["health"], one["detail"]) for one in json.loads(run.stdout) if one["check"] == "queue"]

    def runs_calls(self, redis, options):
        """Sync and async, from a registry that lies there too; also after the server was restarted."""
        with Engine(options=options) as engine:
            engine.deploy("f", CODE)
            self.assertEqual(engine.invoke("f", b"sync").status, 200)
            for _ in range(20):
                self.assertEqual(engine.invoke("f", b"{}", Invocation_Type="Async").status, 202)
            self.runs(engine, "before")
            redis.kill()
            redis.start()
            self.runs(engine, "after")

    def runs(self, engine, name):
        """An accepted call of that name."""
        named = {"Invocation_Type": "Async", "Stateful_Async_Invocation_Id": name}
        wait_until(lambda: engine.invoke("f", b"{}", **named).status in (202, 409), f"{name} is accepted")
        path = f"/2016-08-15/services/e2e/functions/f/stateful-async-invocations/{name}"
        status = lambda: engine.request("GET", path).json().get("status")
        wait_until(lambda: status() == "Succeeded", lambda: f"{name}: {status()}")

    def test_an_engine_runs_calls_over_tls_and_comes_back_after_a_restart(self):
        redis = self.redis()
        self.runs_calls(redis, self.options())
        (good, *_) = self.found(self.options())
        self.assertEqual(good[0], "ok", good)
        self.assertIn(f"rediss://localhost:{self.port}/0 answers", good[1])

    def test_a_server_that_asks_for_a_client_certificate_gets_ours(self):
        redis = self.redis(clients="yes")
        self.papers.issue("engine", "DNS:engine")
        self.runs_calls(redis, self.options("127.0.0.1", client="engine"))
        ((health, detail),) = self.found(self.options())
        self.assertEqual(health, "FAULT")
        self.assertIn("look at the client certificate", detail)

    def test_a_server_that_nobody_we_trust_vouches_for_is_refused_in_words(self):
        self.redis()
        other = Papers(pathlib.Path(tempfile.mkdtemp(dir=self.folder)))
        shutil.copy(other.path("ca.crt"), self.folder / "other.crt")
        self.assertIn("nobody whom we trust", self.refused(self.options(ca="other.crt")))
        for options in (self.options(ca="other.crt"), self.options(ca=None)):
            ((health, detail),) = self.found(options)
            self.assertEqual(health, "FAULT")
            self.assertIn("nobody whom we trust", detail)
            self.assertIn(f"rediss://localhost:{self.port}", detail)

    def test_a_certificate_for_another_name_is_refused_in_words(self):
        self.papers.issue("server", "DNS:redis.example")
        self.redis()
        for host in ("localhost", "127.0.0.1"):
            ((health, detail),) = self.found(self.options(host))
            self.assertEqual(health, "FAULT")
            self.assertIn(f"not for {host}", detail)

    def test_files_that_do_not_fit_are_refused_in_words_before_anything_is_asked(self):
        self.port = free_port()
        self.papers.issue("engine", "DNS:engine")
        options = self.options(client="engine")
        (self.folder / "engine.key").chmod(0o644)
        self.assertIn("chmod 600", self.refused(options))
        self.assertIn("go together", self.refused(options[:-2]))
        self.assertIn(self.papers.path("missing"), self.refused(self.options(ca="missing")))
        plain = ["--queue", f"redis://localhost:{self.port}", "--queue-ca", self.papers.path("ca.crt")]
        self.assertIn("rediss://", self.refused(plain))
        (self.folder / "engine.key").chmod(0o600)
        shutil.copy(self.papers.path("server.key"), self.papers.path("engine.key"))
        self.assertIn("do not belong together", self.refused(options))

    def test_a_port_without_tls_is_told(self):
        self.port = free_port()
        server = RedisServer("--port", str(self.port), "--bind", "127.0.0.1")
        self.addCleanup(server.remove)
        began = time.monotonic()
        ((health, detail),) = self.found(self.options())
        self.assertEqual(health, "FAULT")
        self.assertIn("speak TLS", detail)
        self.assertLess(time.monotonic() - began, 30)


class ByName(unittest.TestCase):
    def test_a_server_is_found_by_its_name(self):
        name = socket.gethostname()
        try:
            address = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
        except OSError:
            self.skipTest("this machine does not know its own name")
        if not address.startswith("127."):
            self.skipTest("this machine's name is not one of its loopback")
        port = free_port()
        with RedisServer("--port", str(port), "--bind", address):
            with Engine(options=["--queue", f"redis://{name}:{port}"]) as engine:
                engine.deploy("f", CODE)
                self.assertEqual(engine.invoke("f", b"{}", Invocation_Type="Async").status, 202)

    def test_a_name_that_nobody_knows_is_told(self):
        with tempfile.TemporaryDirectory() as state:
            command = [BINARY, "doctor", "--json", "--state", state, "--queue", "redis://no-such-host.invalid"]
            run = subprocess.run(command, capture_output=True, text=True, timeout=60)
            (detail,) = [one["detail"] for one in json.loads(run.stdout) if one["check"] == "queue"]
            self.assertIn("no-such-host.invalid", detail)
            self.assertIn("resolved", detail)


if __name__ == "__main__":
    tap.main()
