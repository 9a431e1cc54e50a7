"""The commands for asynchronous calls, by a real program against a real engine."""

import json
import os
import subprocess
import threading
import unittest

import tap
from engine import BINARY, DEADLINE, Engine, wait_until

OK, FUNCTION_ERROR, USAGE, REFUSED, UNREACHABLE, UNFINISHED = range(6)


class Calls(unittest.TestCase):
    def convoke(self, engine, *arguments, expect=OK):
        """What it printed, parsed where it is JSON."""
        environment = {**os.environ, "CONVOKE_ENDPOINT": engine.url}
        done = subprocess.run(
            [BINARY, *arguments], capture_output=True, env=environment, timeout=DEADLINE, check=False
        )
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return json.loads(done.stdout) if "--json" in arguments and done.stdout else done.stdout.decode()

    def failed(self, engine, *arguments):
        return self.convoke(engine, "failed", "list", *arguments, "--all", "--json")

    def test_a_call_is_named_looked_up_listed_and_stopped(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held")
            later = ["invoke", "e2e/held", "--async", "--id"]
            self.convoke(engine, *later, "running", "-e", "the event")
            wait_until(lambda: engine.file("begun").exists(), "it has begun")
            self.convoke(engine, *later, "later", "--delay", "604800")
            self.convoke(engine, *later, "later", expect=REFUSED)
            status = lambda name, code: self.convoke(engine, "get", "e2e/held", name, "--json", expect=code)["status"]
            self.assertEqual(status("running", UNFINISHED), "Running")
            self.assertEqual(status("later", UNFINISHED), "Enqueued")
            self.convoke(engine, "stop", "e2e/held", "later")
            self.assertEqual(status("later", FUNCTION_ERROR), "Stopped")
            self.convoke(engine, "stop", "e2e/held", "later", expect=REFUSED)
            engine.file("gate").touch()
            running = lambda: self.convoke(engine, "list", "e2e/held", "--status", "Succeeded", "--json")
            wait_until(running, "it succeeds")
            shown = self.convoke(engine, "get", "e2e/held", "running", "--payload")
            self.assertIn("event:\nthe event\n", shown)
            self.convoke(engine, "get", "e2e/held", "nobody", expect=REFUSED)
            listed = self.convoke(engine, "list", "e2e/held", "--prefix", "la", "--json")
            self.assertEqual([one["invocationId"] for one in listed], ["later"])

    def test_a_list_is_walked_to_its_end_or_as_far_as_is_wanted(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            for i in range(105):
                headers = {"stateful_async_invocation_id": f"n-{i}", "invocation_type": "Async"}
                self.assertEqual(engine.invoke("echo", **headers, async_delay="3600").status, 202)
            names = lambda *flags: [
                one["invocationId"] for one in self.convoke(engine, "list", "e2e/echo", "--json", *flags)
            ]
            self.assertEqual(names("--all"), [f"n-{i}" for i in reversed(range(105))])
            self.assertEqual(names("-n", "3"), ["n-104", "n-103", "n-102"])
            self.assertEqual(len(names()), 20)

    def test_waiting_for_a_call_gives_its_answer_or_says_that_it_goes_on(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("held", "basics", handler="index.held")
            self.assertEqual(self.convoke(engine, "invoke", "e2e/echo", "--wait", "60", "-e", "hi"), "hi")
            told = self.convoke(engine, "invoke", "e2e/held", "--wait", "0", "--json", expect=UNFINISHED)
            self.assertEqual(told["status"], 202)
            self.convoke(engine, "get", told["requestId"], expect=UNFINISHED)
            engine.file("gate").touch()

    def test_failed_calls_are_shown_run_again_and_purged(self):
        with Engine() as engine:
            engine.deploy("fail", "basics", handler="index.fail")
            config = "/2016-08-15/services/e2e/functions/fail/async-invoke-config"
            self.assertEqual(engine.request("PUT", config, {"maxAsyncRetryAttempts": 0}).status, 200)
            for i in range(4):
                self.convoke(engine, "invoke", "e2e/fail", "--async", "-e", f"e{i}")
                wait_until(lambda: len(self.failed(engine)) == i + 1, "it has failed")
            oldest = [one["requestId"] for one in reversed(self.failed(engine, "e2e/fail"))]
            shown = self.convoke(engine, "failed", "show", oldest[0])
            self.assertIn("event:\ne0\n", shown)
            self.assertIn("as asked: e0", shown)
            engine.deploy("fail", "basics", handler="index.note")
            redrive = ["failed", "redrive", "e2e/fail", "--json"]
            dry = self.convoke(engine, *redrive, "--all", "--dry-run")
            self.assertEqual([one["requestId"] for one in dry], oldest)
            canary = self.convoke(engine, *redrive, "--limit", "1")
            self.assertEqual(canary, {"redriven": oldest[:1], "refused": []})
            rest = self.convoke(engine, *redrive, "--limit", "2", "--rate", "100")
            self.assertEqual(rest["redriven"], oldest[1:3])
            noted = lambda: engine.file("notes").exists() and engine.file("notes").read_text().split()
            wait_until(lambda: sorted(noted() or []) == ["e0", "e1", "e2"], "they have run")
            self.assertEqual(self.convoke(engine, "failed", "purge", "--all", "--json")["purged"], oldest[3:])
            self.assertEqual(self.failed(engine), [])

    def fail(self, engine, name, events):
        """Calls of a function that fails, once each: they are in the list when this returns."""
        engine.deploy(name, "basics", handler="index.fail")
        config = f"/2016-08-15/services/e2e/functions/{name}/async-invoke-config"
        self.assertEqual(engine.request("PUT", config, {"maxAsyncRetryAttempts": 0}).status, 200)
        for event in events:
            self.assertEqual(engine.invoke(name, event.encode(), invocation_type="Async").status, 202)
        wait_until(lambda: len(self.failed(engine, f"e2e/{name}")) == len(events), "they have failed", every=0.2)

    def test_calls_of_a_deleted_function_are_refused_and_do_not_hold_up_others(self):
        with Engine() as engine:
            self.fail(engine, "gone", [f"gone-{i}" for i in range(101)])  # more than a page
            self.fail(engine, "kept", ["kept"])
            self.convoke(engine, "delete", "e2e/gone")
            engine.deploy("kept", "basics", handler="index.note")
            told = self.convoke(engine, "failed", "redrive", "--all", "--json", expect=REFUSED)
            self.assertEqual((len(told["redriven"]), len(told["refused"])), (1, 101))
            self.assertIn("(deleted)", self.convoke(engine, "failed", "list"))
            again = self.convoke(engine, "failed", "redrive", "--all", "--json", expect=REFUSED)
            self.assertEqual((len(again["redriven"]), len(again["refused"])), (0, 101), "refused ones stay")

    def test_two_who_run_failed_calls_again_at_once_run_each_once(self):
        with Engine() as engine:
            events = [f"e{i}" for i in range(60)]
            self.fail(engine, "fail", events)
            engine.deploy("fail", "basics", handler="index.note")
            answers = []
            together = threading.Barrier(6)

            def redrive():
                with engine.client() as client:
                    client.request("GET", "/healthz")
                    together.wait()
                    answers.append(client.request("POST", "/convoke/failed/redrive", {"limit": 100}).json())

            threads = [threading.Thread(target=redrive) for _ in range(together.parties)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            redriven = [one for answer in answers for one in answer["redriven"]]
            self.assertEqual((len(redriven), len(set(redriven))), (len(events), len(events)))
            self.assertEqual(self.failed(engine), [])
            notes = lambda: engine.file("notes").read_text().split() if engine.file("notes").exists() else []
            wait_until(lambda: len(notes()) >= len(events), notes)
            self.assertEqual(sorted(notes()), sorted(events))


if __name__ == "__main__":
    tap.main()
