"""SIGUSR2 and SIGTERM under load: nobody is refused, reset or left without an answer."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import engine as e2e
import tap
from engine import API, DEADLINE, Engine, wait_until

INVOCATIONS = f"{API}/services/e2e/functions/{{}}/invocations"
RESTARTS = 3
CALLS_BETWEEN = 20  # of each caller


def request(path, body=b"", headers=""):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


class Wire:
    """One connection, spoken to in bytes: http.client hides which end broke it off, and when."""

    def __init__(self, engine):
        self.socket = socket.create_connection((engine.host, engine.port), timeout=DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answered = 0
        self.last = False  # the server has said that it closes

    def ask(self, bytes_of_request):
        """(status, body); None: a clean end between two requests, before any byte of an answer."""
        self.socket.sendall(bytes_of_request)
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.socket.recv(65536)
            if not part:
                if data or not self.answered:
                    raise AssertionError(f"closed without an answer, {self.answered} answered before: {data!r}")
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(body) < length:
            part = self.socket.recv(65536)
            if not part:
                raise AssertionError(f"cut in the middle of an answer: {data!r}")
            body += part
        self.answered += 1
        self.last = b"connection: close" in lines
        return int(head.split()[1]), body

    def close(self):
        self.socket.close()


class Load:
    """Callers that go on until they are told to stop. Whatever breaks a call off is kept in `broken`."""

    def __init__(self, engine):
        self.engine = engine
        self.done = threading.Event()
        self.broken = []
        self.accepted = []  # events that got their 202
        self.crossed = 0  # requests that met a clean close between two, and were made again
        kinds = [self.fresh, self.kept, self.queue]
        self.answered = {f"{kind.__name__} {n}": 0 for kind in kinds for n in range(2)}
        self.threads = [threading.Thread(target=self._run, args=(kind, n)) for kind in kinds for n in range(2)]
        for thread in self.threads:
            thread.start()

    def _run(self, kind, number):
        name = f"{kind.__name__} {number}"
        try:
            for _ in kind(number):
                self.answered[name] += 1
        except (OSError, AssertionError) as error:
            self.broken.append(f"{name} after {self.answered[name]}: {error!r}")

    def fresh(self, number):
        """A connection for each call."""
        while not self.done.is_set():
            wire = Wire(self.engine)
            self.expect(wire.ask(request(INVOCATIONS.format("echo"), b"fresh")), (200, b"fresh"))
            wire.close()
            yield

    def kept(self, number):
        """One connection for as long as the server keeps it."""
        wire = None
        while not self.done.is_set():
            wire = wire or Wire(self.engine)
            answer = wire.ask(request(INVOCATIONS.format("echo"), b"kept"))
            if answer is None:
                self.crossed += 1
            else:
                self.expect(answer, (200, b"kept"))
                yield
            if answer is None or wire.last:
                wire.close()
                wire = None

    def queue(self, number):
        """Asynchronous calls, each on a connection of its own, at a rate that the function can follow."""
        while not self.done.is_set():
            event = b"%d-%d" % (number, len(self.accepted))
            wire = Wire(self.engine)
            answer = wire.ask(request(INVOCATIONS.format("note"), event, "X-Fc-Invocation-Type: Async\r\n"))
            self.expect(answer, (202, b""))
            self.accepted.append(event)
            wire.close()
            yield
            self.done.wait(0.005)

    def expect(self, answer, wanted):
        if answer != wanted:
            raise AssertionError(f"{answer} instead of {wanted}")

    def go_on(self):
        """Until every caller has had answers in the life of the engine that serves now."""
        wanted = {name: count + CALLS_BETWEEN for name, count in self.answered.items()}
        wait_until(
            lambda: self.broken or all(self.answered[name] >= count for name, count in wanted.items()),
            lambda: f"answered: {self.answered}",
        )

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def notes(engine):
    file = engine.file("notes")
    return file.read_bytes().split() if file.exists() else []


def restart(engine, shards=None):
    """SIGUSR2, and waits for the successor to serve; it has the same process id."""
    served = len(engine.served())
    engine.restart()
    engine.clients = threading.local()  # their connections end
    wait_until(lambda: len(engine.served()) > served, engine.output)
    if shards:
        assert f" with {shards} shards" in engine.served()[-1], engine.output()


class UnderLoad(unittest.TestCase):
    def test_three_restarts_break_no_call_off_and_every_202_is_run(self):
        with Engine(shards=2) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("note", "basics", handler="index.note")
            load = Load(engine)
            pid = engine.pid
            for _ in range(RESTARTS):
                load.go_on()
                restart(engine)
                self.assertIsNone(engine.process.poll())
            load.go_on()
            load.stop()
            self.assertEqual(load.broken, [], engine.output())
            self.assertEqual(engine.pid, pid)
            accepted = set(load.accepted)
            wait_until(
                lambda: accepted <= set(notes(engine)),
                lambda: f"accepted and not run: {sorted(accepted - set(notes(engine)))[:10]}",
            )
            tap.note(
                f"{RESTARTS} restarts, broken off 0; answered: {load.answered}; "
                f"clean closes that crossed a request on a kept connection: {load.crossed}; "
                f"202s {len(accepted)}, all run, run again {len(notes(engine)) - len(set(notes(engine)))}"
            )

    def test_with_fewer_and_with_more_shards_too(self):
        with Config(shards=2) as config, Engine(shards=None, options=["--config", config.path]) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("note", "basics", handler="index.note")
            load = Load(engine)
            for shards in (1, 2, 4, 1):
                load.go_on()
                config.write(f"shards = {shards}\n")
                restart(engine, shards)
            load.go_on()
            load.stop()
            self.assertEqual(load.broken, [], engine.output())
            accepted = set(load.accepted)
            wait_until(lambda: accepted <= set(notes(engine)), "all are run")


class Config:
    """A configuration file, and the folder of it."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="convoke-e2e-")
        self.path = os.path.join(self.folder, "serve.toml")
        self.write("".join(f"{key} = {value}\n" for key, value in settings.items()))

    def write(self, text):
        pathlib.Path(self.path).write_text(text, encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


class Program:
    """A copy of the program and its launcher that can be replaced, as by an upgrade."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="convoke-e2e-")
        self.path = os.path.join(self.folder, "convoke")
        built = pathlib.Path(e2e.BINARY).resolve()
        shutil.copy(built, self.path)
        shutil.copy(built.parent / "convoke-launcher", self.folder)

    def replace(self, text):
        """By rename, as one replaces a program that runs."""
        fresh = self.path + ".new"
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(fresh, 0o755)
        os.replace(fresh, self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


class Refused(unittest.TestCase):
    def refused(self, engine, times=1):
        """After SIGUSR2: it says that it goes on, and does, with what it knew."""
        engine.restart()
        said = "not restarted, serving as before"
        wait_until(lambda: sum(said in line for line in engine.lines) == times, engine.output)
        self.assertEqual(engine.invoke("count").body, b"%d" % (times + 1), "the instance lives on")
        self.assertEqual(len(engine.served()), 1)

    def test_a_bad_configuration_leaves_the_engine_serving(self):
        with Config(shards=1) as config, Engine(shards=None, options=["--config", config.path]) as engine:
            engine.deploy("count", "basics", handler="index.count", limit=1)
            self.assertEqual(engine.invoke("count").body, b"1")
            for times, text in enumerate(('shards = "many"', 'launcher = "/nowhere"'), 1):
                config.write(text + "\n")
                self.refused(engine, times)
            config.write("shards = 1\n")
            restart(engine)
            self.assertEqual(engine.invoke("count").body, b"1", "a new instance")

    def test_a_broken_program_leaves_the_engine_serving_and_a_sound_one_takes_over(self):
        with Program() as program, Engine(shards=1, program=program.path) as engine:
            engine.deploy("count", "basics", handler="index.count", limit=1)
            self.assertEqual(engine.invoke("count").body, b"1")
            program.replace("no program at all\n")
            self.refused(engine, 1)
            program.replace("#!/bin/sh\nexit 1\n")
            self.refused(engine, 2)
            os.remove(program.path)
            self.refused(engine, 3)
            upgraded = engine.file("upgraded")
            program.replace(f'#!/bin/sh\necho "$@" >> {upgraded}\nexec {pathlib.Path(e2e.BINARY).resolve()} "$@"\n')
            restart(engine)
            self.assertIn("--check", upgraded.read_text().splitlines()[0])
            self.assertEqual(engine.invoke("count").body, b"1", "a new instance")


class Check(unittest.TestCase):
    def check(self, engine):
        command = [e2e.BINARY, "serve", "--check", "--state", engine.state]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)

    def test_it_says_what_a_start_would_take_over_and_what_prevents_one(self):
        with Engine(shards=1) as engine:
            engine.deploy("count", "basics", handler="index.count", limit=0)
            for _ in range(3):
                self.assertEqual(engine.invoke("count", b"x", invocation_type="Async").status, 202)
            used = self.check(engine)
            self.assertEqual((used.returncode, used.stderr), (0, ""))
            self.assertIn(f"is in use by process {engine.pid}", used.stdout)
            engine.kill()
            free = self.check(engine)
            self.assertEqual((free.returncode, free.stderr), (0, ""))
            self.assertIn("holds 1 journals with 3 calls to run", free.stdout)
            history = engine.file("history.db")
            sound = history.read_bytes()
            history.write_bytes(b"no database" * 1000)
            damaged = self.check(engine)
            self.assertEqual(damaged.returncode, 2)
            self.assertIn("history.db", damaged.stderr)
            self.assertIn("move it away to start with an empty history", damaged.stderr)
            history.write_bytes(sound)
            engine.start()


class Grace(unittest.TestCase):
    def test_an_accepted_call_that_the_grace_cuts_runs_again(self):
        # That it has lost no attempt: Retry.LostInstancesSpendAgeNotAttempts.
        with Engine(shards=1, options=["--grace", "1"]) as engine:
            engine.deploy("held", "basics", handler="index.held")
            self.assertEqual(engine.invoke("held", b"x", invocation_type="Async").status, 202)
            begun, ended = engine.file("begun"), engine.file("ended")
            wait_until(begun.exists, "it runs")
            restart(engine)
            self.assertIn("cut 1 calls", engine.output())
            wait_until(lambda: begun.read_bytes().split() == [b"x"] * 2, "it runs again")
            engine.file("gate").touch()
            wait_until(ended.exists, "it ends")
            self.assertEqual(engine.stop(), 0)
            self.assertEqual(ended.read_bytes().split(), [b"x"])


def listens(engine):
    try:
        socket.create_connection((engine.host, engine.port), timeout=DEADLINE).close()
        return True
    except OSError:
        return False


class Stop(unittest.TestCase):
    def test_connections_that_wait_to_be_accepted_are_answered(self):
        # The engine is stopped in its tracks, so that the kernel alone takes connections; SIGTERM is
        # the first thing that it sees when it goes on.
        with Engine(shards=2) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            self.assertEqual(engine.invoke("echo", b"warm").body, b"warm")
            with engine.paused():
                wires = [Wire(engine) for _ in range(40)]
                engine.terminate()
            wait_until(lambda: not listens(engine), "the engine drains")
            for number, wire in enumerate(wires):
                event = b"waited %d" % number
                self.assertEqual(wire.ask(request(INVOCATIONS.format("echo"), event)), (200, event))
                self.assertTrue(wire.last)
                wire.close()
            self.assertEqual(engine.wait(), 0)

    def test_sigterm_while_it_restarts_stops_the_successor_after_it_has_answered(self):
        with Engine(shards=2) as engine:
            engine.deploy("held", "basics", handler="index.held")
            engine.deploy("echo", "basics", handler="index.echo")
            held = threading.Thread(target=lambda: engine.client().invoke("held", b"x"))
            held.start()
            wait_until(engine.file("begun").exists, "a call holds the drain up")
            engine.restart()
            wait_until(lambda: any("takes over" in line for line in engine.lines), engine.output)
            waiting = [Wire(engine) for _ in range(20)]
            for wire in waiting:
                wire.socket.sendall(request(INVOCATIONS.format("echo"), b"patience"))
            engine.terminate()
            engine.file("gate").touch()
            held.join()
            for wire in waiting:
                self.assertEqual(wire.ask(b""), (200, b"patience"))
                wire.close()
            self.assertEqual(engine.wait(), 0)
            self.assertEqual(len(engine.served()), 2)


class HandedOver(unittest.TestCase):
    def test_a_socket_of_an_init_system_is_served_by_all_shards_and_outlives_the_engine(self):
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
            with Engine(shards=2, sockets=[listener]) as engine:
                self.assertEqual((engine.host, engine.port), listener.getsockname())
                engine.deploy("echo", "basics", handler="index.echo")
                self.assertEqual(engine.invoke("echo", b"one").body, b"one")
                restart(engine)
                self.assertEqual(engine.stop(), 0)
                wire = Wire(engine)  # nobody is there: it waits
                engine.start()
                self.assertEqual(wire.ask(request(INVOCATIONS.format("echo"), b"two")), (200, b"two"))
                wire.close()

    def test_a_second_engine_waits_for_the_state_directory_as_long_as_it_is_told(self):
        with Engine(shards=1) as first:
            refused = subprocess.run(
                [e2e.BINARY, "serve", "--listen", "127.0.0.1:0", "--state", first.state, "--state-wait", "1"],
                capture_output=True,
                text=True,
                check=False,
                timeout=DEADLINE,
            )
            self.assertEqual(refused.returncode, 2)
            self.assertIn(f"in use by another engine (process {first.pid})", refused.stderr)

            def stop_the_first(second):
                wait_until(lambda: "waiting for the engine that has" in second.output(), second.output)
                first.terminate()

            wait = ["--state-wait", "60"]
            with Engine(state=first.state, shards=1, options=wait, meanwhile=stop_the_first) as second:
                self.assertEqual(first.wait(), 0)
                self.assertEqual(second.request("GET", "/healthz").status, 200)


class Shards(unittest.TestCase):
    def test_what_four_shards_left_is_run_off_by_one_two_or_three(self):
        for after in (1, 2, 3):
            with self.subTest(shards=after), Engine(shards=4) as engine:
                engine.deploy("note", "basics", handler="index.note", limit=0)
                events = {b"call-%d" % n for n in range(40)}
                for event in sorted(events):
                    with engine.client() as client:  # a connection each: spread over the shards
                        self.assertEqual(client.invoke("note", event, invocation_type="Async").status, 202)
                journals = [name for name in os.listdir(engine.state / "queue") if name.startswith("journal-")]
                self.assertEqual(len(journals), 4)
                self.assertEqual(engine.stop(), 0)
                engine.shards = after
                engine.start()
                limit = f"{API}/services/e2e/functions/note/on-demand-config"
                self.assertEqual(engine.request("DELETE", limit).status, 204)
                wait_until(lambda: len(notes(engine)) >= len(events), lambda: f"run: {len(notes(engine))}")
                self.assertEqual(sorted(notes(engine)), sorted(events))


if __name__ == "__main__":
    tap.main()
