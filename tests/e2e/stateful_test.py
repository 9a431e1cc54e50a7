"""Stateful asynchronous calls against a real engine: named, looked up, listed, stopped, waited for."""

import shutil
import threading
import unittest

import tap
from engine import API, QUEUE, Engine, wait_until

ENDED = {"Succeeded", "Failed", "Stopped", "Expired", "Invalid"}


def calls(function):
    return f"{API}/services/e2e/functions/{function}/stateful-async-invocations"


def start(engine, function, event=b"e", name=None, headers=None):
    wanted = {"X-Fc-Invocation-Type": "Async", **(headers or {})}
    if name:
        wanted["X-Fc-Stateful-Async-Invocation-Id"] = name
    return engine.request(
        "POST", f"{API}/services/e2e/functions/{function}/invocations", event, headers=wanted
    )


def get(engine, function, name, payload=False):
    return engine.request("GET", f"{calls(function)}/{name}" + ("?includePayload=true" if payload else "")).json()


def ended(engine, function, name):
    wait_until(lambda: get(engine, function, name)["status"] in ENDED, f"{name} ends")
    return get(engine, function, name, payload=True)


class Stateful(unittest.TestCase):
    def test_a_call_can_be_looked_up_by_its_name_from_its_202_to_its_end(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held")
            answer = start(engine, "held", b"payload", name="job-1")
            self.assertEqual(answer.status, 202)
            self.assertEqual(answer.headers["X-Fc-Stateful-Async-Invocation-Id"], "job-1")
            wait_until(lambda: get(engine, "held", "job-1")["status"] == "Running", "it runs")
            engine.file("gate").touch()
            record = ended(engine, "held", "job-1")
            self.assertEqual(record["status"], "Succeeded")
            self.assertEqual(record["invocationPayload"], "payload")
            self.assertEqual(record["requestId"], answer.headers["X-Fc-Request-Id"])
            states = [event["status"] for event in record["events"]]
            self.assertEqual(states, ["Enqueued", "Dequeued", "Running", "Succeeded"])
            times = [event["timestamp"] for event in record["events"]]
            self.assertEqual(times, sorted(times))
            self.assertGreaterEqual(record["endTime"], record["startedTime"])

    @unittest.skipIf(QUEUE == "redis", "the embedded queue's alone has journals")
    def test_named_calls_go_on_when_an_operator_has_moved_a_journal_away(self):
        with Engine(shards=1) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            for name in ("one", "two"):
                self.assertEqual(start(engine, "echo", name=name).status, 202)
                self.assertEqual(ended(engine, "echo", name)["status"], "Succeeded")
            self.assertEqual(engine.stop(), 0)
            shutil.move(engine.state / "queue" / "journal-0", engine.state / "moved-away")
            engine.start()
            self.assertEqual(start(engine, "echo", name="three").status, 202)
            for name in ("one", "two", "three"):
                self.assertEqual(ended(engine, "echo", name)["status"], "Succeeded")

    def test_a_name_in_use_is_refused_on_every_shard_and_after_a_restart(self):
        with Engine(shards=2) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            answers = []
            threads = [
                threading.Thread(target=lambda: answers.append(start(engine, "echo", name="once").status))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(answers), [202] + [409] * 7)
            ended(engine, "echo", "once")
            again = start(engine, "echo", name="once")
            self.assertEqual((again.status, again.json()["ErrorCode"]), (409, "StatefulAsyncInvocationAlreadyExists"))
            engine.kill()
            engine.start()
            self.assertEqual(start(engine, "echo", name="once").status, 409)
            self.assertEqual(get(engine, "echo", "once")["status"], "Succeeded")

    def test_what_ran_when_the_engine_was_killed_runs_again_under_its_name(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held")
            start(engine, "held", name="job")
            wait_until(lambda: engine.file("begun").exists(), "it has begun")
            engine.kill()
            engine.start()
            self.assertNotIn(get(engine, "held", "job")["status"], ENDED)
            engine.file("gate").touch()
            self.assertEqual(ended(engine, "held", "job")["status"], "Succeeded")

    def test_lists_filter_and_page(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("fail", "basics", handler="index.fail")
            for i in range(25):
                start(engine, "echo", name=f"a-{i}")
            for i in range(5):
                start(engine, "echo", name=f"b-{i}", headers={"X-Fc-Async-Delay": "600"})
            for i in range(25):
                ended(engine, "echo", f"a-{i}")
            found, token = [], ""
            while True:
                page = engine.request("GET", f"{calls('echo')}?limit=7&nextToken={token}").json()
                found += [one["invocationId"] for one in page["invocations"]]
                token = page.get("nextToken")
                if not token:
                    break
            self.assertEqual(sorted(found), sorted([f"a-{i}" for i in range(25)] + [f"b-{i}" for i in range(5)]))
            self.assertEqual(len(set(found)), 30)
            by = lambda query: engine.request("GET", f"{calls('echo')}?limit=100&{query}").json().get("invocations", [])
            self.assertEqual(len(by("status=Succeeded")), 25)
            self.assertEqual(len(by("status=Enqueued")), 5)
            self.assertEqual(len(by("invocationIdPrefix=b-")), 5)
            self.assertEqual(by("status=Failed"), [])
            self.assertEqual(engine.request("GET", f"{calls('echo')}?limit=0").status, 400)
            self.assertEqual(engine.request("GET", f"{calls('echo')}?status=Done").status, 400)
            functions = engine.request("GET", f"{API}/stateful-async-invocation-functions").json()["data"]
            self.assertEqual([one["functionName"] for one in functions], ["echo"])

    def test_a_call_is_stopped_in_every_state(self):
        with Engine() as engine:
            engine.deploy("held", "basics", handler="index.held", limit=1)
            engine.deploy("fail", "basics", handler="index.fail")
            stop = lambda function, name: engine.request("PUT", f"{calls(function)}/{name}").status
            start(engine, "held", b"running", name="running")
            wait_until(lambda: get(engine, "held", "running")["status"] == "Running", "it runs")
            start(engine, "held", b"queued", name="queued")
            start(engine, "held", b"delayed", name="delayed", headers={"X-Fc-Async-Delay": "1"})
            start(engine, "fail", name="retrying")
            wait_until(lambda: get(engine, "fail", "retrying")["status"] == "Retrying", "it failed once")
            for function, name in [("held", "queued"), ("held", "delayed"), ("fail", "retrying"), ("held", "running")]:
                self.assertEqual(stop(function, name), 202, name)
                self.assertEqual(get(engine, function, name)["status"], "Stopped", name)
                self.assertEqual(stop(function, name), 400, name)
            engine.file("gate").touch()
            self.assertEqual(engine.invoke("held", b"last").status, 200)
            self.assertEqual(engine.file("begun").read_text().split(), ["running", "last"])
            self.assertEqual(engine.request("PUT", f"{calls('held')}/nobody").status, 404)

    def test_a_failed_call_says_why_with_or_without_a_name_and_can_be_run_again(self):
        with Engine() as engine:
            engine.deploy("die", "basics", handler="index.note")
            engine.deploy("fail", "basics", handler="index.fail")
            unnamed = start(engine, "fail", b"plain").headers["X-Fc-Request-Id"]
            start(engine, "fail", b"named", name="named")
            record = ended(engine, "fail", "named")
            self.assertEqual(record["status"], "Failed")
            self.assertEqual(record["alreadyRetriedTimes"], 3)
            self.assertEqual(record["invocationErrorMessage"], "UnhandledInvocationError")
            self.assertIn("as asked: named", record["returnPayload"])
            listed = lambda: engine.request("GET", "/convoke/failed").json()["invocations"]
            wait_until(lambda: len(listed()) == 2, "both have failed")
            found = engine.request("GET", f"/convoke/calls/{unnamed}?includePayload=true").json()
            self.assertEqual((found["status"], found["invocationPayload"]), ("Failed", "plain"))
            engine.deploy("fail", "basics", handler="index.note")
            dry = engine.request("POST", "/convoke/failed/redrive", {"dryRun": True}).json()
            self.assertEqual(len(dry["wouldRun"]), 2)
            self.assertEqual(len(listed()), 2)
            one = engine.request("POST", "/convoke/failed/redrive", {"limit": 1}).json()
            self.assertEqual(len(one["redriven"]), 1)
            rest = engine.request("POST", "/convoke/failed/redrive", {}).json()
            self.assertEqual(len(rest["redriven"]), 1)
            self.assertEqual(listed(), [])
            noted = lambda: sorted(engine.file("notes").read_text().split()) if engine.file("notes").exists() else []
            wait_until(lambda: noted() == ["named", "plain"], "both have run")

    def test_a_caller_that_prefers_to_wait_has_the_answer_or_the_id(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("held", "basics", handler="index.held")
            path = f"{API}/services/e2e/functions"
            quick = engine.request("POST", f"{path}/echo/invocations", b"hello", headers={"Prefer": "wait=30"})
            self.assertEqual((quick.status, quick.body), (200, b"hello"))
            self.assertEqual(quick.headers["Preference-Applied"], "wait=30")
            name = quick.headers["X-Fc-Stateful-Async-Invocation-Id"]
            self.assertEqual(get(engine, "echo", name)["status"], "Succeeded")
            engine.deploy("fail", "basics", handler="index.fail")
            engine.request("PUT", f"{path}/fail/async-invoke-config", {"maxAsyncRetryAttempts": 0})
            failed = [
                engine.request("POST", f"{path}/fail/invocations", b"e", headers={"Prefer": "wait=30"})
                for _ in range(10)  # whichever shard each of them ends on
            ]
            answers = {(each.status, each.headers["X-Fc-Error-Type"], each.body) for each in failed}
            self.assertEqual({answer[:2] for answer in answers}, {(200, "UnhandledInvocationError")})
            self.assertEqual(len(answers), 1)
            late = engine.request("POST", f"{path}/held/invocations", b"later", headers={"Prefer": "wait=0"})
            self.assertEqual(late.status, 202)
            name = late.headers["X-Fc-Stateful-Async-Invocation-Id"]
            engine.file("gate").touch()
            self.assertEqual(ended(engine, "held", name)["status"], "Succeeded")


if __name__ == "__main__":
    tap.main()
