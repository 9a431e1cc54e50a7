"""What makes functions run besides callers: triggers, over the wire, on an engine that asks for signatures."""

import contextlib
import json
import pathlib
import socket
import sys
import time
import unittest

import signing
import tap
from auth_test import ADA, LINE, convoke, error_of, secret_file, signed_engine, unsigned
from engine import API, wait_until
from signing import signed_url

WSGI = {
    "index.py": """
def handler(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("201 Created", [("X-Path", environ["PATH_INFO"]), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
    return [environ["REQUEST_METHOD"].encode(), b" ", environ["QUERY_STRING"].encode(), b" ", body]
"""
}

JPG = {"key": {"prefix": "in/", "suffix": ".jpg"}}
SEEN = {
    "index.py": """
import os, pathlib

def handler(event, context):
    path = pathlib.Path(os.environ["STATE"], "seen")
    path.with_suffix(".new").write_bytes(event)
    path.with_suffix(".new").rename(path)
"""
}

# Writes an object whenever one is written; its store tells the engine of that as MinIO would. With
# the store's own credentials the keys tell whose work it is, otherwise the function's credentials.
LOOPS = {
    "index.py": """
import datetime, http.client, json, os, urllib.parse
from signing import Key, signed

def handler(event, context):
    told = json.loads(event)["events"][0]["oss"]
    bucket, key = told["bucket"]["name"], told["object"]["key"]
    with open(os.environ["STATE"] + "/" + bucket, "a") as runs:
        runs.write(key + "\\n")
    if key == "once":
        return
    own = context.credentials
    if bucket == "by-key":
        key, signer = "small-" + key, Key(os.environ["STORE_ID"], os.environ["STORE_SECRET"])
    else:
        key, signer = context.request_id, Key(own.access_key_id, own.access_key_secret, own.security_token)
    put = {
        "eventName": "s3:ObjectCreated:Put",
        "eventTime": datetime.datetime.utcnow().isoformat(timespec="milliseconds") + "Z",
        "userIdentity": {"principalId": signer.id},
        "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
    }
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(os.environ["ENDPOINT"]).netloc)
    path = "/convoke/events/objects"
    connection.request("POST", path, json.dumps({"Records": [put]}), signed(signer, "POST", path))
    assert connection.getresponse().status == 200
""",
    "signing.py": pathlib.Path(signing.__file__).read_text(),
}

NOTES = {
    "index.py": """
import os

def handler(environ, start_response):
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_OWN")
    said = [*(environ[name] for name in names), str(environ["wsgi.input"].read())]
    with open(os.path.join(os.environ["STATE"], "notes"), "a") as notes:
        print(*said, file=notes)
    start_response("500 Broken", [])
    return [b"no"]
"""
}

BOOTSTRAP = {
    "bootstrap": """#!/usr/bin/env python3
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if body == "die":
            os._exit(3)
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = json.dumps({"method": self.command, "target": self.path, "headers": headers, "body": body}).encode()
        self.send_response(418)
        for name, value in (("X-Mine", "1"), ("x-fc-status", "404"), ("Content-Length", str(len(said)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_HEAD = any

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["FC_SERVER_PORT"])), Handler).serve_forever()
"""
}


def create(engine, function, name, type="http", bucket="photos", **config):
    source = {"sourceArn": f"acs:oss:local:1:{bucket}"} if type == "oss" else {}
    made = {"triggerName": name, "triggerType": type, "triggerConfig": config, **source}
    return engine.request("POST", f"{API}/services/e2e/functions/{function}/triggers", made)


def deploy(engine):
    engine.deploy("wsgi", WSGI)
    engine.deploy("custom", BOOTSTRAP, runtime="custom")
    for function in ("wsgi", "custom"):
        methods = ["GET", "HEAD", "POST", "PUT"]
        assert create(engine, function, "web", authType="anonymous", methods=methods).status == 200


class Triggers(unittest.TestCase):
    def setUp(self):
        self.engine, self.client = ENGINE, CLIENT

    def trigger(self, *arguments, **config):
        return create(self.engine, *arguments, **config)

    def test_a_python_handler_is_called_by_wsgi_without_a_signature(self):
        answer = self.client.request("POST", f"{API}/proxy/e2e/wsgi/a%20b/c?x&y=1", b"body")
        self.assertEqual((answer.status, answer.body), (201, b"POST x=&y=1 body"), answer)
        self.assertEqual(answer.headers["X-Path"], "/a b/c")
        self.assertEqual(answer.headers.get_all("Set-Cookie"), ["a", "b"])
        self.assertEqual(answer.headers["Content-Disposition"], "attachment")
        self.assertTrue(answer.headers["X-Fc-Request-Id"])

    def test_a_custom_runtime_gets_the_clients_own_request(self):
        target = f"{API}/proxy/e2e.LATEST/custom/a/b?c=d&c=e"
        sent = {"X-Fc-Request-Id": "forged", "X-Own": "1", "Content-Type": "text/plain"}
        answer = self.client.request("PUT", target, b"body", sent)
        self.assertEqual((answer.status, answer.headers["X-Mine"]), (418, "1"), answer)
        self.assertNotIn("x-fc-status", answer.headers)
        seen = answer.json()
        self.assertEqual((seen["method"], seen["target"], seen["body"]), ("PUT", target, "body"))
        headers = seen["headers"]
        self.assertEqual(headers["x-fc-control-path"], "/http-invoke")
        self.assertEqual(headers["x-fc-request-id"], answer.headers["X-Fc-Request-Id"])
        self.assertEqual(headers["x-fc-base-path"], f"{API}/proxy/e2e.LATEST/custom")
        self.assertEqual((headers["x-own"], headers["content-type"]), ("1", "text/plain"))
        self.assertEqual(headers["host"], f"{self.engine.host}:{self.engine.port}")
        head = self.client.request("HEAD", f"{API}/proxy/e2e/custom/")
        self.assertEqual((head.status, head.body), (418, b""))

    def test_a_header_may_name_the_function_and_the_path_is_then_all_its_own(self):
        named = {"x-fc-invocation-target": "2016-08-15/proxy/e2e/custom"}
        answer = self.client.request("GET", "/shop/1?a=b", headers=named)
        self.assertEqual((answer.status, answer.json()["target"]), (418, "/shop/1?a=b"), answer)
        self.assertNotIn("Content-Disposition", answer.headers)

    def test_what_a_trigger_does_not_allow_is_refused(self):
        path = f"{API}/proxy/e2e/wsgi/"
        self.assertEqual(error_of(self.client.request("DELETE", path)), (405, "MethodNotAllowed"))
        self.assertEqual(error_of(self.client.request("GET", f"{API}/proxy/e2e/nobody/")), (404, "FunctionNotFound"))
        died = self.client.request("POST", f"{API}/proxy/e2e/custom/", b"die")
        self.assertEqual(died.status, 502, died)
        self.assertIn("Process exited unexpectedly", died.json()["errorMessage"])

    def test_an_asynchronous_request_is_run_later_as_the_request_that_it_was(self):
        self.engine.deploy("later", NOTES)
        self.assertEqual(self.trigger("later", "web", authType="anonymous", methods=["PUT"]).status, 200)
        config = f"{API}/services/e2e/functions/later/async-invoke-config"
        self.assertEqual(self.engine.request("PUT", config, {"maxAsyncRetryAttempts": 1}).status, 200)
        later = {"X-Fc-Invocation-Type": "Async", "X-Own": "1", "X-Fc-Stateful-Async-Invocation-Id": "one"}
        answer = self.client.request("PUT", f"{API}/proxy/e2e/later/a%20b?x=1", b"\x00\xff", later)
        self.assertEqual((answer.status, answer.body), (202, b""), answer)
        self.assertEqual(answer.headers["X-Fc-Stateful-Async-Invocation-Id"], "one")
        path = f"{API}/services/e2e/functions/later/stateful-async-invocations/one?includePayload=true"

        def end():
            record = self.engine.request("GET", path).json()
            return record["status"] == "Failed" and record

        record = wait_until(end, "it has failed twice")
        self.assertEqual(record["alreadyRetriedTimes"], 1)
        self.assertEqual((record["invocationPayload"], record["returnPayload"]), ("AP8=", "no"))
        seen = self.engine.file("notes").read_text().splitlines()
        self.assertEqual(seen, ["PUT /a b x=1 1 b'\\x00\\xff'"] * 2)

    def test_a_trigger_for_the_function_alone_takes_signed_requests_and_signed_urls(self):
        self.engine.deploy("shut", WSGI)
        path = f"{API}/proxy/e2e/shut/x"
        self.assertEqual(error_of(self.client.request("GET", path)), (404, "TriggerNotFound"))
        self.assertEqual(self.trigger("shut", "web", authType="function", methods=["GET"]).status, 200)
        self.assertEqual(error_of(self.client.request("GET", path)), (403, "AccessDenied"))
        around = {"x-fc-invocation-target": "2016-08-15/proxy/e2e/shut"}
        self.assertEqual(error_of(self.client.request("GET", "/healthz", headers=around)), (403, "AccessDenied"))
        url = signed_url(ADA, "GET", path, time.time() + 60)
        self.assertEqual(self.client.request("GET", url).status, 201)
        self.assertEqual(self.engine.request("DELETE", f"{API}/services/e2e/functions/shut").status, 409)

    def test_the_thumbnail_loop_is_refused_when_it_is_made_unless_it_is_meant(self):
        reads = {"events": ["oss:ObjectCreated:*"], "outputs": ["photos/"]}
        refused = self.trigger("custom", "thumbs", "oss", **reads)
        self.assertEqual(error_of(refused), (400, "InvalidArgument"))
        self.assertIn("bucket photos/ -> e2e/custom -> bucket photos/", refused.json()["ErrorMessage"])
        apart = {"filter": {"key": {"prefix": "src/"}}, **reads, "outputs": ["photos/dst/"]}
        self.assertEqual(self.trigger("custom", "apart", "oss", **apart).status, 200)
        self.assertEqual(self.trigger("custom", "thumbs", "oss", **reads, allowLoop=True).status, 200)

    def store(self, bucket, key):
        put = {"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
        answer = self.engine.request("POST", "/convoke/events/objects", {"Records": [put]})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def metric(self, name):
        text = self.engine.request("GET", "/metrics").body.decode()
        return sum(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name + "{"))

    def loop(self, bucket):
        """Lets it run into its end, looks at what is left behind, and resumes its trigger."""
        function = f"{API}/services/e2e/functions/{bucket}"
        environment = {"ENDPOINT": self.engine.url, "STORE_ID": ADA.id, "STORE_SECRET": ADA.secret}
        self.engine.deploy(bucket, LOOPS, environment=environment)
        self.engine.deploy(f"told-{bucket}", {"index.py": SEEN["index.py"].replace("seen", f"told-{bucket}")})
        told = {"destination": f"acs:fc:::services/e2e/functions/told-{bucket}"}
        config = {"destinationConfig": {"onFailure": told}, "maxAsyncRetryAttempts": 0}
        self.assertEqual(self.engine.request("PUT", f"{function}/async-invoke-config", config).status, 200)
        reads = {"bucket": bucket, "events": ["oss:ObjectCreated:*"], "allowLoop": True, "outputs": [f"{bucket}/"]}
        self.assertEqual(self.trigger(bucket, "thumbs", "oss", **reads).status, 200)
        refused = self.metric("convoke_generation_refused_total")
        self.store(bucket, "cat.jpg")

        def trigger():
            return self.engine.request("GET", f"{function}/triggers/thumbs").json()

        paused = wait_until(lambda: trigger().get("paused") and trigger(), "it is paused")
        self.assertIn(f"... -> e2e/{bucket} -> e2e/{bucket}", paused["pausedReason"])
        runs = self.engine.file(bucket)
        self.assertEqual(len(runs.read_text().splitlines()), 16)
        file = self.engine.file(f"told-{bucket}")
        record = json.loads(wait_until(lambda: file.exists() and file.read_text(), "its destination is told"))
        self.assertEqual(record["requestContext"]["condition"], "RecursiveInvocation", record)
        self.assertEqual(self.metric("convoke_generation_refused_total"), refused + 1)
        self.assertEqual(self.metric("convoke_triggers_paused"), 1)
        self.assertEqual(self.store(bucket, "once"), {"calls": [], "dropped": 1})
        self.assertIn(f"paused since {paused['pausedTime']}", convoke(self.engine, "show", f"e2e/{bucket}", key=ADA)[1])
        resumed = convoke(self.engine, "resume", f"e2e/{bucket}", "--trigger", "thumbs", key=ADA)
        self.assertEqual(resumed, (0, f"resumed trigger thumbs of e2e/{bucket}\n"))
        self.assertEqual(self.metric("convoke_triggers_paused"), 0)
        self.assertEqual(len(self.store(bucket, "once")["calls"]), 1)
        wait_until(lambda: len(runs.read_text().splitlines()) == 17, "it runs again")

    def test_a_loop_through_objects_is_cut_by_the_credentials_that_tell_of_them(self):
        self.loop("by-token")

    def test_a_loop_through_objects_is_cut_by_their_keys_alone(self):
        self.loop("by-key")

    def test_an_object_that_is_stored_is_a_call_of_each_trigger_that_it_fits(self):
        self.engine.deploy("seen", SEEN)
        made = self.trigger("seen", "jpg", "oss", bucket="inbox", events=["oss:ObjectCreated:*"], filter=JPG)
        self.assertEqual(made.status, 200, made)

        self.assertEqual(self.store("inbox", "in%2Fa.png")["calls"], [])
        self.assertEqual(len(self.store("inbox", "in%2Fa+b.jpg")["calls"]), 1)
        file = self.engine.file("seen")
        event = json.loads(wait_until(lambda: file.exists() and file.read_text(), "it has run"))["events"][0]
        self.assertEqual((event["eventName"], event["oss"]["object"]["key"]), ("ObjectCreated:PutObject", "in/a b.jpg"))

    def test_a_cloud_event_is_a_call_of_each_trigger_whose_filters_fit_however_it_came(self):
        self.engine.deploy("told", SEEN, environment={"STATE": str(self.engine.state / "told")})
        (self.engine.state / "told").mkdir()
        file = self.engine.state / "told/seen"
        filters = [{"exact": {"type": "order.made"}}, {"prefix": {"subject": "eu/"}}]
        self.assertEqual(self.trigger("told", "orders", "cloudevents", filters=filters).status, 200)

        def tell(body, kind, **attributes):
            headers = {"Content-Type": kind, **{f"ce-{name}": value for name, value in attributes.items()}}
            answer = self.engine.request("POST", "/convoke/events/cloudevents", body, headers)
            self.assertEqual(answer.status, 200, answer)
            return len(answer.json()["calls"])

        def seen():
            event = json.loads(wait_until(lambda: file.exists() and file.read_text(), "it has run"))
            file.unlink()
            return event

        event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.made", "subject": "eu/1"}
        self.assertEqual(tell({**event, "data": {"n": 1}}, "application/cloudevents+json"), 1)
        self.assertEqual(seen(), {**event, "data": {"n": 1}})
        binary = {**event, "subject": "eu%2F2", "id": "2"}
        self.assertEqual(tell(b"\x00", "application/octet-stream", **binary), 1)
        data = {"datacontenttype": "application/octet-stream", "data_base64": "AA=="}
        self.assertEqual(seen(), {**event, "subject": "eu/2", "id": "2", **data})
        batch = [{**event, "type": "order.paid"}, {**event, "id": "3"}, {**event, "subject": "us/1"}]
        self.assertEqual(tell(batch, "application/cloudevents-batch+json"), 1)
        self.assertEqual(seen()["id"], "3")
        headers = {"Content-Type": "application/cloudevents+json"}
        refused = self.engine.request("POST", "/convoke/events/cloudevents", {"id": "1"}, headers)
        self.assertEqual(error_of(refused), (400, "InvalidArgument"))
        origin = {"WebHook-Request-Origin": "events.example.com"}
        asked = self.engine.request("OPTIONS", "/convoke/events/cloudevents", headers=origin)
        self.assertEqual((asked.status, asked.headers["WebHook-Allowed-Origin"]), (200, "events.example.com"))

    def test_a_custom_domain_leads_to_functions_by_its_routes_and_to_nothing_else(self):
        routes = [
            {"path": "/*", "serviceName": "e2e", "functionName": "wsgi", "methods": ["GET"]},
            {"path": "/custom/*", "serviceName": "e2e", "functionName": "custom"},
        ]
        domain = {"domainName": "shop.example", "routeConfig": {"routes": routes}}
        self.assertEqual(self.engine.request("POST", f"{API}/custom-domains", domain).status, 200)
        browser = {"Host": "Shop.example:7070", "Origin": "http://shop.example", "Sec-Fetch-Site": "same-origin"}
        answer = self.client.request("GET", f"{API}/services?x=1", headers=browser)
        self.assertEqual((answer.status, answer.headers["X-Path"]), (201, f"{API}/services"), answer)
        self.assertNotIn("Content-Disposition", answer.headers)
        custom = self.client.request("PUT", "/custom/%41?b", b"body", browser).json()
        self.assertEqual((custom["target"], custom["body"]), ("/custom/%41?b", "body"))
        self.assertEqual(error_of(self.client.request("POST", "/x", headers=browser)), (405, "MethodNotAllowed"))
        only = {"routeConfig": {"routes": routes[1:]}}
        path = f"{API}/custom-domains/shop.example"
        self.assertEqual(self.engine.request("PUT", path, only).status, 200)
        self.assertEqual(error_of(self.client.request("GET", "/healthz", headers=browser)), (404, "TriggerNotFound"))
        self.assertEqual(self.engine.request("DELETE", path).status, 204)
        self.assertEqual(self.client.request("GET", "/healthz", headers=browser).status, 200)

    def test_a_request_whose_domain_goes_before_its_body_has_come_is_not_let_into_the_api(self):
        routes = [{"path": "/*", "serviceName": "e2e", "functionName": "wsgi"}]
        domain = {"domainName": "gone.example", "routeConfig": {"routes": routes}}
        self.assertEqual(self.engine.request("POST", f"{API}/custom-domains", domain).status, 200)
        body = b'{"serviceName": "stolen"}'
        head = f"POST {API}/services HTTP/1.1\r\nHost: gone.example\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection((self.engine.host, self.engine.port)) as sent:
            sent.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            self.assertIn(b" 100 ", sent.recv(4096))  # its head is admitted
            self.assertEqual(self.engine.request("DELETE", f"{API}/custom-domains/gone.example").status, 204)
            sent.sendall(body)
            self.assertIn(b"MissingRequiredHeader", sent.recv(4096))
        self.assertEqual(self.engine.request("GET", f"{API}/services/stolen").status, 404)


def main():
    global ENGINE, CLIENT
    with contextlib.ExitStack() as stack:  # one engine for all cases
        ENGINE = stack.enter_context(signed_engine(stack.enter_context(secret_file(LINE(ADA)))))
        CLIENT = stack.enter_context(unsigned(ENGINE))
        deploy(ENGINE)
        try:
            tap.main()
        except SystemExit as done:
            return done.code


if __name__ == "__main__":
    sys.exit(main())
