"""What an engine, a function and their changes promise over time."""

import contextlib
import os
import signal
import threading
import unittest

import tap
from engine import API, Engine, wait_until

FUNCTION = f"{API}/services/e2e/functions"


def lines_of(path):
    return path.read_bytes().splitlines() if path.exists() else []


class Calls:
    """Synchronous calls under way, each on a thread and a connection of its own."""

    def __init__(self, engine, function, events):
        self.answers = {}
        self.threads = [threading.Thread(target=self._call, args=(engine, function, event)) for event in events]
        for thread in self.threads:
            thread.start()

    def _call(self, engine, function, event):
        with engine.client() as client:
            self.answers[event] = client.invoke(function, event)

    def all(self):
        for thread in self.threads:
            thread.join()
        return self.answers


class Drain(unittest.TestCase):
    def test_sigterm_lets_running_calls_finish_and_takes_no_new_connection(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held", environment={"VERSION": "1"})
            events = [b"a", b"b"]
            calls = Calls(engine, "held", events)
            wait_until(lambda: sorted(lines_of(engine.file("begun"))) == events, "both calls run")
            engine.terminate()
            wait_until(lambda: not reachable(engine), "new connections are refused")
            self.assertIsNone(engine.process.poll())
            engine.file("gate").touch()
            answers = calls.all()
            self.assertEqual({answer.status for answer in answers.values()}, {200}, answers)
            self.assertEqual({answer.body for answer in answers.values()}, {b"1"}, answers)
            self.assertEqual(engine.wait(), 0)
            self.assertEqual(engine.instances(), [])

    def test_what_the_grace_does_not_suffice_for_is_cut_and_said(self):
        with Engine(options=["--grace", "1"]) as engine:
            engine.deploy("held", "basics", handler="index.held")
            calls = Calls(engine, "held", [b"a"])
            wait_until(lambda: lines_of(engine.file("begun")), "the call runs")
            self.assertEqual(engine.stop(), 0)
            answer = calls.all()[b"a"]
            self.assertEqual((answer.status, answer.json()["ErrorCode"]), (503, "ServiceUnavailable"))
            self.assertIn("cut 1 calls", engine.output())


def reachable(engine):
    try:
        with engine.client(timeout=5) as client:
            return client.request("GET", "/healthz").status == 200
    except OSError:
        return False


class Change(unittest.TestCase):
    def test_no_call_starts_on_old_code_once_the_update_is_answered(self):
        # Two calls of the old code are held; behind them, twenty wait in line and twenty are queued.
        with Engine(shards=2) as engine:
            settings = {"handler": "index.held", "limit": 2}
            engine.deploy("held", "basics", environment={"VERSION": "old"}, **settings)
            running = Calls(engine, "held", [b"first", b"second"])
            wait_until(lambda: len(lines_of(engine.file("begun"))) == 2, "both instances are busy")
            waiting = Calls(engine, "held", [b"waiting %d" % n for n in range(20)])
            for n in range(20):
                self.assertEqual(engine.invoke("held", b"queued %d" % n, invocation_type="Async").status, 202)
            engine.deploy("held", "basics", environment={"VERSION": "new"}, **settings)
            engine.file("gate").touch()
            self.assertEqual({answer.body for answer in running.all().values()}, {b"old"})
            self.assertEqual({answer.body for answer in waiting.all().values()}, {b"new"})
            wait_until(lambda: len(lines_of(engine.file("ended"))) == 42, "the queued calls have run too")
            wait_until(lambda: old_instances(engine) == [], "old instances go")

    def test_an_update_is_seen_by_every_call_sent_after_its_answer(self):
        with Engine(shards=2) as engine:
            clients = [engine.client() for _ in range(8)]
            for version in ("1", "2", "3"):
                engine.deploy("version", "basics", handler="index.version", environment={"VERSION": version})
                seen = {client.invoke("version").body for client in clients}
                self.assertEqual(seen, {version.encode()})
            for client in clients:
                client.close()

    def test_new_code_replaces_old_code(self):
        with Engine() as engine:
            for text in ("one", "two"):
                source = f"def handler(event, context):\n    return {text!r}\n"
                engine.deploy("code", {"index.py": source})
                self.assertEqual(engine.invoke("code").body, text.encode())

    def test_a_deleted_function_is_404_on_every_connection_and_its_instances_go(self):
        with Engine(shards=2) as engine:
            clients = [engine.client() for _ in range(16)]
            engine.deploy("echo", "basics", handler="index.echo")
            self.assertEqual({client.invoke("echo", b"x").body for client in clients}, {b"x"})
            self.assertEqual(engine.request("DELETE", f"{FUNCTION}/echo").status, 204)
            for client in clients:
                answer = client.invoke("echo", b"x")
                self.assertEqual((answer.status, answer.json()["ErrorCode"]), (404, "FunctionNotFound"))
                answer = client.request("GET", f"{FUNCTION}/echo")
                self.assertEqual((answer.status, answer.json()["ErrorCode"]), (404, "FunctionNotFound"))
                client.close()
            wait_until(lambda: not engine.instances(), "its instances go")

    def test_a_function_made_again_by_the_same_name_inherits_nothing(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held", limit=1)
            held = Calls(engine, "held", [b"running"])
            wait_until(lambda: lines_of(engine.file("begun")), "its one instance is busy")
            for n in range(5):
                self.assertEqual(engine.invoke("held", b"old %d" % n, invocation_type="Async").status, 202)
            self.assertEqual(engine.request("DELETE", f"{FUNCTION}/held").status, 204)
            engine.deploy("held", "basics", handler="index.held")
            self.assertEqual(engine.request("GET", f"{FUNCTION}/held/on-demand-config").status, 404)
            engine.file("gate").touch()
            held.all()
            self.assertEqual(engine.invoke("held", b"new").status, 200)
            self.assertEqual(engine.stop(), 0)
            engine.start()
            self.assertEqual(engine.invoke("held", b"again").status, 200)
            self.assertEqual(set(lines_of(engine.file("begun"))), {b"running", b"new", b"again"})


def old_instances(engine):
    return [pid for pid in engine.instances() if b"VERSION=old" in environment(pid)]


def environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


class Restart(unittest.TestCase):
    def test_calls_answered_202_survive_a_graceful_restart_and_run_once(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held", limit=1)
            events = [b"call %d" % n for n in range(50)]
            for event in events:
                self.assertEqual(engine.invoke("held", event, invocation_type="Async").status, 202)
            wait_until(lambda: lines_of(engine.file("begun")), "one runs")
            engine.terminate()
            wait_until(lambda: not reachable(engine), "the engine drains")
            engine.file("gate").touch()
            self.assertEqual(engine.wait(), 0)
            first_life = lines_of(engine.file("ended"))
            self.assertGreaterEqual(len(first_life), 1)
            engine.start()
            wait_until(lambda: len(lines_of(engine.file("ended"))) >= len(events), "all have run")
            self.assertEqual(engine.stop(), 0)
            self.assertEqual(sorted(lines_of(engine.file("ended"))), sorted(events))

    def test_definitions_limits_and_code_survive_a_restart(self):
        with Engine() as engine:
            made = engine.deploy("echo", "basics", handler="index.echo", limit=3).json()
            before = engine.request("GET", f"{FUNCTION}/echo").json()
            self.assertEqual(engine.stop(), 0)
            engine.start()
            self.assertEqual(engine.request("GET", f"{FUNCTION}/echo").json(), before)
            limit = engine.request("GET", f"{FUNCTION}/echo/on-demand-config").json()
            self.assertEqual(limit["maximumInstanceCount"], 3, made)
            self.assertEqual(engine.invoke("echo", b"still here").body, b"still here")

    def test_a_failing_call_is_tried_once_and_three_times_more(self):
        with Engine() as engine:
            source = "import os\nfrom basics import write_line\n"
            source += "def handler(event, context):\n    write_line('tries', b'%d' % context.retry_count)\n    raise ValueError\n"
            engine.deploy("fails", {"index.py": source, "basics.py": basics()})
            self.assertEqual(engine.invoke("fails", b"x", invocation_type="Async").status, 202)
            tries = engine.file("tries")
            wait_until(lambda: len(lines_of(tries)) == 4, lambda: f"four tries: {lines_of(tries)}")
            self.assertEqual(lines_of(tries), [b"0", b"1", b"2", b"3"])


def basics():
    with open(os.path.join(os.path.dirname(__file__), "functions/basics/index.py"), encoding="utf-8") as file:
        return file.read()


# Keeps its connections, and notes each event before it answers with it.
CUSTOM = """\
#!/usr/bin/env python3
import contextlib
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        event = self.rfile.read(int(self.headers["Content-Length"]))
        with open(os.environ["STATE"] + "/served", "ab", buffering=0) as trace:
            trace.write(event + b"\\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)
    def log_message(self, *words): pass
HTTPServer(("127.0.0.1", int(os.environ["FC_SERVER_PORT"])), Handler).serve_forever()
"""


class Caller:
    """Calls `serve` one time after the other, on a thread of its own, until it is stopped."""

    def __init__(self, engine, number):
        self.answers = {}
        self.stopped = False
        self.thread = threading.Thread(target=self._call, args=(engine, number))
        self.thread.start()

    def _call(self, engine, number):
        with engine.client() as client:
            while not self.stopped:
                event = b"%d-%d" % (number, len(self.answers))
                self.answers[event] = client.invoke("serve", event)

    def stop(self):
        self.stopped = True
        self.thread.join()
        return self.answers


class Launcher(unittest.TestCase):
    def test_calls_work_after_the_launcher_was_killed(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            self.assertEqual(engine.invoke("echo", b"before").body, b"before")
            killed = wait_until(engine.launcher, "there is a launcher")
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: engine.launcher() not in (None, killed), "another launcher is started")
            self.assertEqual(engine.invoke("echo", b"after").body, b"after")
            fresh = engine.deploy("other", "basics", handler="index.echo")
            self.assertEqual(engine.invoke("other", b"new process").body, b"new process", fresh)

    def test_an_idle_instance_killed_from_outside_costs_no_call(self):
        # Nothing waits for the engine to hear of the kill: a dying process that is handed a call
        # reads nothing more, and the call goes to another.
        with Engine() as engine:
            engine.deploy("serve", "basics", handler="index.serve")
            events = [b"%d" % n for n in range(60)]
            for event in events:
                self.assertEqual(engine.invoke("serve", event).body, event)
                for pid in engine.instances():
                    os.kill(pid, signal.SIGKILL)
            self.assertEqual([line.split()[1] for line in lines_of(engine.file("served"))], events)

    def test_a_custom_runtime_killed_while_idle_costs_a_call_at_most_its_answer(self):
        # A kept-alive connection that ends does not tell whether the call was read: whoever sent
        # one before the engine had seen the end is told so, and it is not run again.
        with Engine() as engine:
            engine.deploy("serve", {"bootstrap": CUSTOM}, runtime="custom")
            events = [b"%d" % n for n in range(40)]
            for event in events:
                answer = engine.invoke("serve", event)
                if "X-Fc-Error-Type" in answer.headers:
                    self.assertIn("Process exited unexpectedly", answer.json()["errorMessage"])
                else:
                    self.assertEqual((answer.status, answer.body), (200, event))
                for pid in engine.instances():
                    os.kill(pid, signal.SIGKILL)
            ran = lines_of(engine.file("served"))
            self.assertEqual(len(ran), len(set(ran)), "no call ran twice")

    def test_a_call_in_a_killed_instance_runs_at_most_once_and_its_caller_is_told(self):
        # One that was read and cut may not run again; whatever else was handed over is served.
        with Engine() as engine:
            engine.deploy("serve", "basics", handler="index.serve", limit=3)
            served = engine.file("served")
            callers = [Caller(engine, number) for number in range(4)]
            for _ in range(40):
                seen = len(lines_of(served))
                pids = {int(line.split()[0]) for line in lines_of(served)} & set(engine.instances())
                for pid in pids:  # that are past their start, and perhaps at their end
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                wait_until(lambda: len(lines_of(served)) > seen + 20, "calls go on")
            answers = {event: answer for caller in callers for event, answer in caller.stop().items()}
            ran = [line.split()[1] for line in lines_of(served)]
            self.assertEqual(len(ran), len(set(ran)), "no call ran twice")
            for event, answer in answers.items():
                if "X-Fc-Error-Type" in answer.headers:
                    self.assertIn("Process exited unexpectedly", answer.json()["errorMessage"])
                else:
                    self.assertEqual((answer.status, answer.body), (200, event))
                    self.assertIn(event, ran)

    def test_a_process_that_dies_in_a_call_is_told_to_the_caller(self):
        with Engine() as engine:
            engine.deploy("die", "basics", handler="index.die")
            answer = engine.invoke("die")
            self.assertEqual((answer.status, answer.headers["X-Fc-Error-Type"]), (200, "UnhandledInvocationError"))
            message = answer.json()["errorMessage"]
            self.assertTrue(message.startswith("Process exited unexpectedly before completing request (duration: "))


class Logs(unittest.TestCase):
    def test_a_function_s_lines_can_be_read_in_all_and_by_call(self):
        with Engine() as engine:
            engine.deploy("talk", "basics", handler="index.talk")
            calls = [engine.invoke("talk", event).headers["X-Fc-Request-Id"] for event in (b"one", b"two")]

            def logged(query=""):
                return engine.request("GET", f"/convoke/logs/e2e/talk{query}").body.decode()

            for text in ("said one", "logged one", "said two", "logged two"):
                wait_until(lambda: text in logged(), lambda: f"{text!r} in the log: {logged()}")
            for number, text in enumerate(("one", "two")):
                own = logged(f"?requestId={calls[number]}")
                self.assertIn(f"said {text}", own)
                self.assertNotIn(f"said {('two', 'one')[number]}", own)
            self.assertEqual(engine.request("GET", "/convoke/logs/e2e/nobody").status, 404)


if __name__ == "__main__":
    tap.main()
