"""Loops of functions whose code knows nothing of lineages: how often each runs before it is stopped."""

import json
import pathlib
import unittest

import engine as e2e
import signing
import tap
from engine import API, Engine, wait_until
from redis_server import RedisServer

ADA = signing.Key("ada", "a-secret-of-ada")
SIGNING = pathlib.Path(signing.__file__).read_text()
CALLS_ON = {"index.py": (e2e.FUNCTIONS / "calls_on/index.py").read_text(), "signing.py": SIGNING}
CALLS_BACK = {"index.py": (e2e.FUNCTIONS / "calls_back/index.py").read_text(), "signing.py": SIGNING}
SDK = str(e2e.NODE / "node_modules/@alicloud/fc2")
FANS_OUT = {"index.py": (e2e.FUNCTIONS / "fans_out/index.py").read_text(), "signing.py": SIGNING}
CUSTOM = {"runtime": "custom", "instanceConcurrency": 100}


class Signed(Engine):
    """Serves signed requests alone."""

    key = ADA

    def __init__(self, *options, **settings):
        self.secrets = e2e.secret_file("ada a-secret-of-ada\n")
        super().__init__(options=["--access-keys", self.secrets.__enter__(), *options], **settings)

    def __exit__(self, *how):
        super().__exit__(*how)
        self.secrets.__exit__(*how)


def runs(engine, *functions):
    """How often they ran since this was last asked."""
    path = engine.file("runs")
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [line for line in lines if not functions or line.split()[0] in functions]


def metric(engine, name):
    text = engine.request("GET", "/metrics").body.decode()
    return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + "{"))


def put(engine, function, what, body):
    answer = engine.request("PUT", f"{API}/services/e2e/functions/{function}{what}", body)
    assert answer.status == 200, answer


def note_runs(what, ran):
    tap.note(f"{what}: {len(ran)} runs before the stop")
    return len(ran)


class Recursion(unittest.TestCase):
    def test_the_official_node_sdk_in_plain_user_code(self):
        if missing := e2e.what_the_sdk_misses():
            self.skipTest(missing)
        with Signed() as engine:
            environment = {"ENDPOINT": engine.url, "SDK": SDK}
            for name in ("self", "a", "b"):
                engine.deploy(name, "calls_on_sdk", environment=environment, **CUSTOM)
            answer = engine.invoke("self", json.dumps(["self"]))
            self.assertEqual(note_runs("self-recursion", runs(engine)), 16)
            self.assertIn(b"failed with 400", answer.body)
            self.assertIn(b"... -> e2e/self -> e2e/self", answer.body)
            answer = engine.invoke("a", json.dumps(["b", "a"]))
            self.assertEqual(note_runs("A -> B -> A", runs(engine)), 32)
            self.assertIn(b"e2e/a -> e2e/b -> e2e/a", answer.body)
            put(engine, "self", "", {"recursionConfig": {"limit": 20, "mode": "enforce"}})
            engine.invoke("self", json.dumps(["self"]))
            self.assertEqual(note_runs("self-recursion, limit 20", runs(engine)), 20)
            self.assertEqual(metric(engine, "convoke_recursion_refused_total"), 3)

    def test_a_loop_whose_calls_each_go_to_the_other_of_two_engines(self):
        if missing := e2e.what_the_sdk_misses():
            self.skipTest(missing)
        with RedisServer() as redis, e2e.secret_file("4b" * 32 + "\n") as token_key:
            options = ["--queue", redis.queue, "--token-key-file", token_key]
            with Signed(*options) as one, Signed(*options) as two:
                for name, other in (("a", two), ("b", one)):
                    environment = {"ENDPOINT": other.url, "SDK": SDK}
                    one.deploy(name, "calls_on_sdk", environment=environment, **CUSTOM)
                wait_until(lambda: two.request("GET", f"{API}/services/e2e/functions/b").status == 200, "it is told")
                answer = one.invoke("a", json.dumps(["b", "a"]))
                ran = runs(one)
                self.assertEqual(note_runs("A -> B -> A across two engines", ran), 32)
                self.assertIn(b"e2e/a -> e2e/b -> e2e/a", answer.body)
                self.assertEqual((ran.count("a"), ran.count("b")), (16, 16))
                self.assertEqual(metric(one, "convoke_recursion_refused_total"), 1)

    def test_a_framework_that_forwards_trace_headers(self):
        with Engine() as engine:
            for name in ("a", "b"):
                engine.deploy(name, "forwards", environment={"ENDPOINT": engine.url}, **CUSTOM)
            theirs = "0af7651916cd43dd8448eb211c80319c"
            path = f"{API}/services/e2e/functions/a/invocations"
            sent = {"traceparent": f"00-{theirs}-b7ad6b7169203331-01"}
            answer = engine.request("POST", path, json.dumps(["b", "a"]), sent)
            ran = runs(engine)
            self.assertEqual(note_runs("A -> B -> A by tracestate", ran), 32)
            self.assertIn(b'"ErrorCode":"RecursiveInvocation"', answer.body)
            self.assertEqual({line.split("-")[1] for line in ran}, {theirs}, "a caller's trace goes on")
            self.assertEqual(len({line.split("-")[2] for line in ran}), 32, "each call has its span")

    def test_a_client_built_once_does_not_hide_a_loop_nor_make_one(self):
        with Signed() as engine:
            environment = {"ENDPOINT": engine.url}
            engine.deploy("self", CALLS_ON, environment=environment, limit=1)
            engine.deploy("told", {"index.py": TOLD})
            put(engine, "self", "/async-invoke-config", to(failure="told"))
            event = json.dumps({"call": "self", "how": "Async"})
            engine.invoke("self", event, invocation_type="Async")
            record = wait_until(lambda: read_json(engine.file("told")), "the failure destination hears of it")
            self.assertEqual(note_runs("asynchronous, one client for one process", runs(engine)), 16)
            self.assertEqual(record["requestContext"]["condition"], "RecursiveInvocation")
            self.assertIn("this would be visit 17 of e2e/self", record["responsePayload"])
            engine.deploy("leaf", {"index.py": "def handler(event, context):\n    return event\n"})
            for _ in range(200):
                answer = engine.invoke("self", json.dumps({"call": "leaf"}))
                self.assertEqual(answer.json()["status"], 200, answer)
            self.assertEqual(metric(engine, "convoke_recursion_refused_total"), 1)

    def test_destinations_that_feed_each_other(self):
        with Signed() as engine:
            code = {"index.py": RUN}
            for name, other in (("a", "b"), ("b", "a")):
                engine.deploy(name, code)
                put(engine, name, "/async-invoke-config", meant(to(success=other, failure=other)))
            engine.invoke("a", b"x", invocation_type="Async")
            wait_until(lambda: settled(engine) and metric(engine, "convoke_recursion_refused_total"), "it is over")
            self.assertEqual(note_runs("destinations A -> B -> A", runs(engine)), 32)

    def test_a_token_that_is_forged_cut_or_stripped(self):
        with Signed() as engine:
            engine.deploy("back", CALLS_BACK)
            engine.deploy("leaf", {"index.py": "def handler(event, context):\n    return event\n"})
            url = f"{engine.url}{API}/services/e2e/functions/leaf/invocations"

            def call(**more):
                told = {"method": "POST", "url": url, "body": "x", **more}
                return engine.invoke("back", json.dumps(told)).json()

            whole = call()
            self.assertEqual(whole["status"], 200, whole)
            base, _, lineage = whole["token"].rpartition(".")
            forged = lineage[:30] + ("A" if lineage[30] != "A" else "B") + lineage[31:]
            for what, token in (("forged", f"{base}.{forged}"), ("cut", whole["token"][:-1]), ("stripped", base)):
                answer = call(token=token)
                tap.note(f"{what}: {answer['status']} {json.loads(answer['said'])['ErrorCode']}")
                self.assertEqual(answer["status"], 403)
                self.assertIn("InvalidSecurityToken", answer["said"])
            self.assertEqual(call(token=whole["token"])["status"], 200, "replayed, it counts for who runs")

    def test_a_rehearsal_counts_and_stops_nothing(self):
        with Signed() as engine:
            code = {"index.py": RUN}
            for name, other in (("a", "b"), ("b", "a")):
                engine.deploy(name, code, recursionConfig={"limit": 2, "mode": "warn"})
                put(engine, name, "/async-invoke-config", meant(to(success=other)))
            engine.invoke("a", b"x", invocation_type="Async")
            warned = lambda: metric(engine, "convoke_recursion_warned_total") >= 10
            wait_until(warned, "it goes on beyond its limit")
            put(engine, "a", "/async-invoke-config", to(success=""))
            wait_until(lambda: settled(engine), "nothing runs any more")
            self.assertEqual(metric(engine, "convoke_recursion_refused_total"), 0)
            self.assertTrue(any("recursion guard, not enforced" in line for line in engine.lines))


class Budget(unittest.TestCase):
    """Ten calls by every call: no chain is long, and there are ever more of them."""

    def test_a_fan_out_stops_at_its_budget_however_short_its_chains(self):
        with Signed() as engine:
            environment = {"ENDPOINT": engine.url}
            engine.deploy("bomb", FANS_OUT, environment=environment, recursionConfig=budget(invocations=50))
            engine.deploy("told", {"index.py": TOLD}, recursionConfig={"mode": "allow"})
            put(engine, "bomb", "/async-invoke-config", to(failure="told"))
            engine.invoke("bomb", json.dumps({"call": "bomb"}), invocation_type="Async")
            record = wait_until(lambda: read_json(engine.file("told")), "the failure destination hears of it")
            wait_until(lambda: is_over(engine), "it is over")
            self.assertEqual(note_runs("fan-out of 10, budget 50", runs(engine, "bomb")), 51)
            self.assertEqual(record["requestContext"]["condition"], "InvocationBudgetExceeded")
            self.assertIn("has used up its budget: 50 invocations", record["responsePayload"])
            engine.invoke("bomb", json.dumps({"call": "told", "times": 1}))
            self.assertEqual(len(runs(engine, "bomb")), 1, "another root has its own budget")

    def test_retries_stop_where_attempts_are_used_up_and_the_tree_shows_it(self):
        with Signed() as engine:
            engine.deploy("leaf", {"index.py": RUN + "    raise Exception()\n"}, recursionConfig=budget(attempts=2))
            engine.deploy("calls", FANS_OUT, environment={"ENDPOINT": engine.url})
            root = engine.invoke("calls", json.dumps({"call": "leaf", "times": 1})).headers["X-Fc-Request-Id"]
            wait_until(lambda: metric(engine, "convoke_budget_refused_total"), "it is over")
            self.assertEqual(note_runs("a call that fails, two attempts", runs(engine, "leaf")), 2)
            self.assertEqual(metric(engine, "convoke_budget_refused_total"), 1)
            calls, leaf = tree(engine, root)["calls"]
            self.assertEqual((calls["functionName"], calls["depth"], calls["parentId"]), ("e2e/calls", 0, ""))
            self.assertEqual((leaf["functionName"], leaf["depth"], leaf["parentId"]), ("e2e/leaf", 1, root))
            self.assertEqual((leaf["status"], leaf["attempts"]), ("Refused", 2))
            self.assertEqual(tree(engine, leaf["requestId"])["rootId"], root)

    def test_a_caller_is_told_400_which_limit_and_what_to_do(self):
        with Signed() as engine:
            config = budget(invocations=3)
            engine.deploy("self", CALLS_ON, environment={"ENDPOINT": engine.url}, recursionConfig=config)
            answer = engine.invoke("self", json.dumps({"call": "self"}))
            self.assertEqual(note_runs("self-recursion, budget 3", runs(engine)), 4)
            self.assertIn(b"InvocationBudgetExceeded", answer.body)
            self.assertIn(b"raise budget.invocations in the recursionConfig of e2e/self", answer.body)

    def test_the_official_node_sdk_in_plain_user_code(self):
        if missing := e2e.what_the_sdk_misses():
            self.skipTest(missing)
        with Signed() as engine:
            environment = {"ENDPOINT": engine.url, "SDK": str(e2e.NODE / "node_modules/@alicloud/fc2")}
            config = budget(invocations=100)
            engine.deploy("bomb", "fans_out_sdk", environment=environment, recursionConfig=config, **CUSTOM)
            engine.invoke("bomb", b"x", invocation_type="Async")
            wait_until(lambda: is_over(engine), "it is over")
            self.assertEqual(note_runs("fan-out of 10 by the SDK, budget 100", runs(engine)), 101)

    def test_two_engines_together_keep_to_it_within_what_is_said(self):
        redis = RedisServer()
        self.addCleanup(redis.remove)
        with Signed("--queue", redis.queue) as one:
            more = ["--queue", redis.queue, "--token-key-file", str(one.file("token.key"))]
            with Signed(*more) as two:
                config = budget(invocations=200)
                one.deploy("bomb", FANS_OUT, environment={"ENDPOINT": one.url}, limit=4, recursionConfig=config)
                path = f"{API}/services/e2e/functions/bomb"
                wait_until(lambda: two.request("GET", path).status == 200, "the other engine knows it")
                answer = one.invoke("bomb", json.dumps({"call": "bomb"}), invocation_type="Async")
                wait_until(lambda: is_over(one, two), "it is over")
                ran = note_runs("fan-out of 10, budget 200, two engines", runs(one))
                # An eighth of it each, and what four instances begin within two round trips.
                self.assertLessEqual(ran, 201 + 2 * (200 // 8 + 8))
                self.assertGreaterEqual(ran, 201)
                root = answer.headers["X-Fc-Request-Id"]
                for engine in (one, two):
                    wait_until(lambda: tree(engine, root)["invocations"] == ran - 1, "either knows all of it")
                self.assertGreater(len(tree(two, root)["calls"]), 201)


def is_over(*engines):
    """Each run makes ten calls; all but those that ran, of which one is the root, were refused."""
    path = engines[0].file("runs")
    ran = len([line for line in path.read_text().splitlines() if line == "bomb"]) if path.exists() else 0
    refused = sum(metric(engine, "convoke_budget_refused_total") for engine in engines)
    return refused > 0 and refused == 10 * ran - (ran - 1)


def tree(engine, call):
    return engine.request("GET", f"/convoke/trees/{call}").json()


def budget(**limits):
    return {"limit": 128, "budget": limits}


RUN = """import os
def handler(event, context):
    with open(os.environ["STATE"] + "/runs", "a") as runs:
        runs.write(context.function.name + "\\n")
"""
TOLD = """import os
def handler(event, context):
    path = os.environ["STATE"] + "/told"
    with open(path + ".part", "wb") as told:
        told.write(event)
    os.rename(path + ".part", path)
"""


def meant(config):
    """The check of loops would refuse it, if it were not."""
    return {**config, "allowLoop": True}


def to(**destinations):
    config = {}
    for outcome, function in destinations.items():
        arn = f"acs:fc:::services/e2e/functions/{function}" if function else ""
        config[f"on{outcome.capitalize()}"] = {"destination": arn}
    return {"destinationConfig": config, "maxAsyncRetryAttempts": 0}


def read_json(path):
    return json.loads(path.read_text()) if path.exists() else None


def settled(engine):
    counts = [metric(engine, f"convoke_queue_{state}") for state in ("ready", "delayed", "claimed")]
    return sum(counts) == 0


if __name__ == "__main__":
    tap.main()
