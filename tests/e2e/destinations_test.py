"""Outcomes delivered to functions and URLs: the record, the signature, retries, restarts."""

import hashlib
import hmac
import http.server
import json
import threading
import unittest

import tap
from engine import API, Engine, wait_until

ARN = "acs:fc:::services/e2e/functions/"


class Receiver:
    """A server that keeps what it gets; answers 503 to the first `refusals` posts."""

    def __init__(self, refusals=0):
        self.got = []
        self.refusals = refusals
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refuse = receiver.refusals > 0
                receiver.refusals -= refuse
                if not refuse:
                    receiver.got.append((self.headers, body))
                self.send_response(503 if refuse else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def records(self):
        return [json.loads(body) for _, body in self.got]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def configure(engine, function, success=None, failure=None, **members):
    config = {}
    if success:
        config["onSuccess"] = {"destination": success}
    if failure:
        config["onFailure"] = {"destination": failure}
    path = f"{API}/services/e2e/functions/{function}/async-invoke-config"
    answer = engine.request("PUT", path, {"destinationConfig": config, **members})
    assert answer.status == 200, answer


def start(engine, function, event, name=None):
    headers = {"X-Fc-Invocation-Type": "Async"}
    if name:
        headers["X-Fc-Stateful-Async-Invocation-Id"] = name
    answer = engine.request("POST", f"{API}/services/e2e/functions/{function}/invocations", event, headers=headers)
    assert answer.status == 202, answer
    return answer.headers["X-Fc-Request-Id"]


def destination_status(engine, function, name):
    path = f"{API}/services/e2e/functions/{function}/stateful-async-invocations/{name}"
    return engine.request("GET", path).json()["destinationStatus"]


ALLOWED = ("--destinations-allow", "127.0.0.0/8")


class Destinations(unittest.TestCase):
    def test_a_url_gets_the_contracts_record_signed(self):
        with Receiver() as receiver, Engine(options=ALLOWED) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            configure(engine, "echo", success=receiver.url)
            call = start(engine, "echo", b"hello", name="job")
            wait_until(lambda: receiver.got, "the record arrives")
            headers, body = receiver.got[0]
            record = json.loads(body)
            self.assertIsInstance(record.pop("timestamp"), int)
            self.assertGreater(int(record["requestContext"].pop("fencingToken")), 0)
            self.assertEqual(
                record,
                {
                    "requestContext": {
                        "requestId": call,
                        "functionArn": "acs:fc:::services/e2e/functions/echo",
                        "condition": "",
                        "approximateInvokeCount": 1,
                    },
                    "requestPayload": "hello",
                    "responseContext": {"statusCode": 200, "functionError": ""},
                    "responsePayload": "hello",
                },
            )
            key = next(engine.state.rglob("delivery.key")).read_text().strip()
            signed = headers["X-Convoke-Timestamp"].encode() + b"." + body
            expected = "v1=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
            self.assertEqual(headers["X-Convoke-Signature"], expected)
            self.assertEqual(headers["X-Convoke-Delivery"], call)
            wait_until(lambda: destination_status(engine, "echo", "job") == "Succeeded", "it is said so")

    def test_a_failure_goes_to_its_own_destination_with_the_error(self):
        with Receiver() as receiver, Engine(options=ALLOWED) as engine:
            engine.deploy("fail", "basics", handler="index.fail")
            configure(engine, "fail", success=receiver.url + "/never", failure=receiver.url, maxAsyncRetryAttempts=0)
            start(engine, "fail", b"now")
            wait_until(lambda: receiver.got, "the record arrives")
            record = receiver.records()[0]
            self.assertEqual(record["responseContext"]["functionError"], "UnhandledInvocationError")
            self.assertEqual(record["requestContext"]["condition"], "FunctionInvocationError")
            self.assertIn("as asked: now", record["responsePayload"])

    def test_the_record_has_the_fencing_token_of_the_attempt_that_ended_the_call(self):
        code = {"index.py": "def handler(event, context):\n    return str(context.fencing_token)\n"}
        with Receiver() as receiver, Engine(options=ALLOWED) as engine:
            engine.deploy("fenced", code)
            configure(engine, "fenced", success=receiver.url)
            start(engine, "fenced", b"")
            wait_until(lambda: receiver.got, "the record arrives")
            record = receiver.records()[0]
            self.assertEqual(record["requestContext"]["fencingToken"], record["responsePayload"])

    def test_a_function_is_called_with_the_record(self):
        with Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            engine.deploy("note", "basics", handler="index.note")
            configure(engine, "echo", success=ARN + "note")
            start(engine, "echo", b"hello", name="job")
            wait_until(lambda: engine.file("notes").exists(), "it is called")
            self.assertEqual(json.loads(engine.file("notes").read_text())["requestPayload"], "hello")
            self.assertEqual(destination_status(engine, "echo", "job"), "Succeeded")

    def test_a_refusal_is_tried_again_and_survives_kill_9(self):
        with Receiver(refusals=3) as receiver, Engine(options=ALLOWED) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            configure(engine, "echo", success=receiver.url)
            calls = {start(engine, "echo", b"%d" % i) for i in range(5)}
            wait_until(lambda: receiver.refusals < 3, "the first is refused")
            engine.kill()
            engine.start()
            arrived = lambda: {record["requestContext"]["requestId"] for record in receiver.records()}
            wait_until(lambda: arrived() == calls, lambda: f"{len(arrived())} of 5 arrived", 60)

    def test_an_address_that_is_not_public_is_refused_and_said_loudly(self):
        with Receiver() as receiver, Engine() as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            configure(engine, "echo", success=receiver.url)
            start(engine, "echo", b"hello", name="job")
            wait_until(lambda: destination_status(engine, "echo", "job").startswith("Failed: "), "it is given up")
            self.assertEqual(receiver.got, [])
            wait_until(lambda: "was not delivered to" in engine.output(), "the operator is told")


if __name__ == "__main__":
    tap.main()
