"""Every command of the program against an engine played in Python: requests, output, exit codes."""

import base64
import http.server
import io
import json
import os
import socket
import subprocess
import tempfile
import threading
import unittest
import zipfile

CONVOKE = os.environ["CONVOKE"]
OK, FUNCTION_ERROR, USAGE, REFUSED, UNREACHABLE, UNFINISHED = range(6)
FUNCTION = "/2016-08-15/services/default/functions/hello"
COMMANDS = "serve deploy functions show set delete invoke get list stop failed logs doctor"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"


def error(status, code, message="because"):
    return status, {}, json.dumps({"ErrorCode": code, "ErrorMessage": message}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        found = self.server.answers.get((self.command, self.path)) or error(500, "NotScripted")
        if isinstance(found, list):
            found = found.pop(0)
        status, headers, content = found
        self.send_response(status)
        for name, value in {"X-Fc-Request-Id": REQUEST_ID, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.engine = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.engine.requests = []
        self.answers = self.engine.answers = {}
        self.engine.daemon_threads = True
        threading.Thread(target=self.engine.serve_forever, daemon=True).start()
        self.addCleanup(self.engine.server_close)
        self.addCleanup(self.engine.shutdown)
        self.endpoint = f"http://127.0.0.1:{self.engine.server_port}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def convoke(self, *arguments, stdin=b"", endpoint=None, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CONVOKE_")}
        environment["CONVOKE_ENDPOINT"] = endpoint or self.endpoint
        done = subprocess.run(
            [CONVOKE, *arguments],
            input=stdin,
            capture_output=True,
            env={**environment, **variables},
            timeout=60,
            check=False,
        )
        self.stdout, self.stderr = done.stdout, done.stderr.decode()
        return done.returncode

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)

    def methods_and_paths(self):
        return [request[:2] for request in self.engine.requests]


class ExitCodes(CommandTest):
    def test_a_wrong_command_line_is_2_and_suggests(self):
        self.assertEqual(self.convoke("deplpy", "."), USAGE)
        self.assertIn("did you mean 'deploy'?", self.stderr)
        self.assertEqual(self.convoke(), USAGE)
        self.assertEqual(self.convoke("invoke"), USAGE)
        self.assertEqual(self.convoke("invoke", "hello", "--asink"), USAGE)
        self.assertEqual(self.convoke("show", "a/b/c"), USAGE)
        self.assertEqual(self.engine.requests, [])

    def test_help_is_0_for_each_command(self):
        self.assertEqual(self.convoke("--help"), OK)
        self.assertIn("Exit codes", self.stdout.decode())
        for command in COMMANDS.split():
            self.assertEqual(self.convoke(command, "--help"), OK)
            self.assertIn(b"Usage: convoke " + command.encode(), self.stdout)

    def test_a_refusal_is_3_and_says_what_the_engine_said(self):
        self.answers["GET", FUNCTION] = error(404, "FunctionNotFound", "no hello here")
        self.assertEqual(self.convoke("show", "hello"), REFUSED)
        self.assertEqual(
            self.stderr, f"convoke: FunctionNotFound: no hello here [request {REQUEST_ID}]\n"
        )

    def test_with_json_the_refusal_is_json_too(self):
        self.answers["GET", FUNCTION] = error(404, "FunctionNotFound", "no hello here")
        self.assertEqual(self.convoke("show", "hello", "--json"), REFUSED)
        self.assertEqual(
            json.loads(self.stderr),
            {
                "ErrorCode": "FunctionNotFound",
                "ErrorMessage": "no hello here",
                "RequestId": REQUEST_ID,
            },
        )

    def test_a_throttled_call_says_when_to_try_again(self):
        status, _, body = error(429, "ResourceThrottled", "full")
        self.answers["POST", FUNCTION + "/invocations"] = status, {"Retry-After": "7"}, body
        self.assertEqual(self.convoke("invoke", "hello"), REFUSED)
        self.assertIn("full (try again in 7 s)", self.stderr)

    def test_5xx_and_no_engine_and_no_http_are_4(self):
        self.answers["POST", FUNCTION + "/invocations"] = error(503, "ServiceUnavailable")
        self.assertEqual(self.convoke("invoke", "hello"), UNREACHABLE)
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            self.assertEqual(self.convoke("functions", endpoint=address), UNREACHABLE)
        self.assertIn("is `convoke serve` running there?", self.stderr)

    def test_an_answer_that_is_no_list_is_4(self):
        self.answers["GET", "/2016-08-15/services?limit=100"] = 200, {}, b"<html>"
        self.assertEqual(self.convoke("functions"), UNREACHABLE)

    def test_the_endpoint_may_stand_before_or_after_the_command(self):
        self.answers["DELETE", FUNCTION] = 204, {}, b""
        self.assertEqual(
            self.convoke("--endpoint", self.endpoint, "delete", "hello", endpoint="127.0.0.1:1"), OK
        )
        self.assertEqual(
            self.convoke("delete", "hello", "--endpoint", self.endpoint, endpoint="127.0.0.1:1"), OK
        )

    def test_a_proxy_is_not_asked(self):
        self.answers["DELETE", FUNCTION] = 204, {}, b""
        self.assertEqual(self.convoke("delete", "hello", http_proxy="http://127.0.0.1:1"), OK)


class Invoke(CommandTest):
    PATH = FUNCTION + "/invocations"

    def test_the_answer_comes_as_it_is(self):
        answer = bytes(range(256)) * 100
        self.answers["POST", self.PATH] = 200, {}, answer
        self.assertEqual(self.convoke("invoke", "hello", "-e", '{"a": 1}'), OK)
        self.assertEqual(self.stdout, answer)
        _, _, headers, body = self.engine.requests[0]
        self.assertEqual(body, b'{"a": 1}')
        self.assertEqual(headers["X-Fc-Invocation-Type"], "Sync")
        self.assertNotIn("Expect", headers)

    def test_the_event_comes_from_stdin_or_a_file(self):
        self.answers["POST", self.PATH] = 200, {}, b""
        event = bytes(range(256)) * 10_000
        self.assertEqual(self.convoke("invoke", "hello", "--event", "-", stdin=event), OK)
        self.assertEqual(self.engine.requests[-1][3], event)
        self.write("event.json", "from a file")
        path = os.path.join(self.folder, "event.json")
        self.assertEqual(self.convoke("invoke", "hello", "--event-file", path), OK)
        self.assertEqual(self.engine.requests[-1][3], b"from a file")
        self.assertEqual(self.convoke("invoke", "hello", "--event-file", path, "-e", "x"), USAGE)
        self.assertEqual(self.convoke("invoke", "hello", "--event-file", path + "x"), USAGE)

    def test_no_event_is_an_empty_one(self):
        self.answers["POST", self.PATH] = 200, {}, b""
        self.assertEqual(self.convoke("invoke", "hello"), OK)
        self.assertEqual(self.engine.requests[-1][3], b"")

    def test_a_function_error_is_1_and_its_body_the_answer(self):
        body = b'{"errorMessage": "no"}'
        headers = {"X-Fc-Error-Type": "UnhandledInvocationError"}
        self.answers["POST", self.PATH] = 200, headers, body
        self.assertEqual(self.convoke("invoke", "hello"), FUNCTION_ERROR)
        self.assertEqual(self.stdout, body)
        self.assertIn("UnhandledInvocationError", self.stderr)

    def test_the_log_goes_to_stderr(self):
        log = base64.b64encode(b"FC Invoke Start\r\nhello").decode()
        self.answers["POST", self.PATH] = 200, {"X-Fc-Log-Result": log}, b"answer"
        self.assertEqual(self.convoke("invoke", "hello", "--log"), OK)
        self.assertEqual(self.engine.requests[0][2]["X-Fc-Log-Type"], "Tail")
        self.assertEqual(self.stdout, b"answer")
        self.assertIn("FC Invoke Start", self.stderr)

    def test_async_prints_the_request_id_alone(self):
        self.answers["POST", self.PATH] = 202, {}, b""
        self.assertEqual(self.convoke("invoke", "hello", "--async", "-e", "{}"), OK)
        self.assertEqual(self.stdout.decode(), REQUEST_ID + "\n")
        self.assertEqual(self.engine.requests[0][2]["X-Fc-Invocation-Type"], "Async")

    def test_a_call_that_is_handed_over_may_have_a_name_and_a_delay(self):
        self.answers["POST", self.PATH] = 202, {"X-Fc-Stateful-Async-Invocation-Id": "job-1"}, b""
        arguments = ["invoke", "hello", "--async", "--id", "job-1", "--delay", "90"]
        self.assertEqual(self.convoke(*arguments), OK)
        headers = self.engine.requests[0][2]
        self.assertEqual(headers["X-Fc-Stateful-Async-Invocation-Id"], "job-1")
        self.assertEqual(headers["X-Convoke-Async-Delay"], "90")
        self.assertIn(f"convoke --endpoint {self.endpoint} get hello job-1", self.stderr)
        self.assertEqual(self.convoke(*arguments, "--json"), OK)
        self.assertEqual(json.loads(self.stdout)["invocationId"], "job-1")
        for flags in (["--id", "job-1"], ["--delay", "1"], ["--async", "--wait", "1"]):
            self.assertEqual(self.convoke("invoke", "hello", *flags), USAGE)

    def test_waiting_gives_the_answer_or_5_and_how_to_ask_later(self):
        named = {"X-Fc-Stateful-Async-Invocation-Id": "job-1"}
        self.answers["POST", self.PATH] = 200, named, b"answer"
        self.assertEqual(self.convoke("invoke", "hello", "--wait", "7"), OK)
        headers = self.engine.requests[0][2]
        self.assertEqual((headers["Prefer"], headers["X-Fc-Invocation-Type"]), ("wait=7", "Async"))
        self.assertEqual(self.stdout, b"answer")
        failed = {**named, "X-Fc-Error-Type": "UnhandledInvocationError"}
        self.answers["POST", self.PATH] = 200, failed, b"{}"
        self.assertEqual(self.convoke("invoke", "hello", "--wait", "7"), FUNCTION_ERROR)
        self.answers["POST", self.PATH] = 202, named, b""
        self.assertEqual(self.convoke("invoke", "hello", "--wait", "7"), UNFINISHED)
        self.assertEqual(self.stdout, b"")
        self.assertIn("get hello job-1", self.stderr)
        self.assertEqual(self.convoke("invoke", "hello", "--wait", "-1"), USAGE)

    def test_json_tells_all(self):
        headers = {"X-Fc-Invocation-Duration": "12", "X-Fc-Instance-Id": "i-1"}
        self.answers["POST", self.PATH] = 200, headers, b"text"
        self.assertEqual(self.convoke("invoke", "hello", "--json"), OK)
        told = json.loads(self.stdout)
        self.assertEqual((told["body"], told["durationMs"]), ("text", 12))
        self.assertEqual((told["requestId"], told["maxMemoryMb"]), (REQUEST_ID, None))
        self.answers["POST", self.PATH] = 200, headers, b"\xff\x00"
        self.assertEqual(self.convoke("invoke", "hello", "--json"), OK)
        self.assertEqual(base64.b64decode(json.loads(self.stdout)["bodyBase64"]), b"\xff\x00")


class Deploy(CommandTest):
    MANIFEST = 'runtime = "python3"\nhandler = "index.handler"\ntimeout = 7\n'

    def setUp(self):
        super().setUp()
        self.write("hello/index.py", "def handler(event, context): pass\n")
        self.write("hello/convoke.toml", self.MANIFEST)
        self.directory = os.path.join(self.folder, "hello")

    def test_a_new_function_in_a_new_service_is_created(self):
        self.answers.update(
            {
                ("GET", FUNCTION): error(404, "ServiceNotFound"),
                ("POST", "/2016-08-15/services"): (200, {}, b"{}"),
                ("POST", "/2016-08-15/services/default/functions"): (200, {}, b"{}"),
            }
        )
        self.assertEqual(self.convoke("deploy", self.directory), OK)
        self.assertIn(b"created default/hello", self.stdout)
        sent = json.loads(self.engine.requests[-1][3])
        self.assertEqual((sent["functionName"], sent["timeout"]), ("hello", 7))
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(sent["code"]["zipFile"]))) as code:
            self.assertEqual(code.namelist(), ["index.py"])

    def test_a_function_that_is_there_is_updated_with_what_the_file_says(self):
        self.answers.update(
            {("GET", FUNCTION): (200, {}, b"{}"), ("PUT", FUNCTION): (200, {}, b"{}")}
        )
        self.assertEqual(self.convoke("deploy", self.directory), OK)
        self.assertIn(b"updated default/hello", self.stdout)
        sent = json.loads(self.engine.requests[-1][3])
        self.assertNotIn("memorySize", sent)
        self.assertNotIn("environmentVariables", sent)

    def test_a_service_made_by_someone_else_meanwhile_is_no_failure(self):
        self.answers.update(
            {
                ("GET", FUNCTION): error(404, "ServiceNotFound"),
                ("POST", "/2016-08-15/services"): error(409, "ServiceAlreadyExists"),
                ("POST", "/2016-08-15/services/default/functions"): (200, {}, b"{}"),
            }
        )
        self.assertEqual(self.convoke("deploy", self.directory), OK)

    def test_the_limit_is_put_beside_the_function(self):
        self.write("hello/convoke.toml", self.MANIFEST + "limit = 5\n")
        limit = FUNCTION + "/on-demand-config"
        self.answers.update(
            {
                ("GET", FUNCTION): (200, {}, b"{}"),
                ("PUT", FUNCTION): (200, {}, b"{}"),
                ("PUT", limit): (200, {}, b"{}"),
            }
        )
        self.assertEqual(self.convoke("deploy", self.directory), OK)
        self.assertEqual(self.engine.requests[-1][1], limit)
        self.assertEqual(json.loads(self.engine.requests[-1][3]), {"maximumInstanceCount": 5})

    def test_name_takes_the_place_of_the_files(self):
        path = "/2016-08-15/services/shop/functions/checkout"
        self.answers.update({("GET", path): (200, {}, b"{}"), ("PUT", path): (200, {}, b"{}")})
        self.assertEqual(self.convoke("deploy", self.directory, "--name", "shop/checkout"), OK)

    def test_what_is_wrong_on_this_side_never_reaches_the_engine(self):
        self.write("hello/convoke.toml", self.MANIFEST + "timeuot = 3\n")
        self.assertEqual(self.convoke("deploy", self.directory), USAGE)
        self.assertIn(":4: unknown key 'timeuot' (did you mean 'timeout'?)", self.stderr)
        self.write("hello/convoke.toml", 'runtime = "custom"\n')
        self.assertEqual(self.convoke("deploy", self.directory), USAGE)
        self.assertIn("bootstrap", self.stderr)
        self.write("hello/bootstrap", "#!/bin/true\n")
        self.assertEqual(self.convoke("deploy", self.directory), USAGE)
        self.assertIn("chmod +x", self.stderr)
        self.assertEqual(self.convoke("deploy", os.path.join(self.folder, "nowhere")), USAGE)
        self.assertEqual(self.engine.requests, [])

    def test_a_refusal_is_3(self):
        self.answers["GET", FUNCTION] = error(403, "AccessDenied")
        self.assertEqual(self.convoke("deploy", self.directory), REFUSED)


def page(**members):
    return 200, {}, json.dumps(members).encode()


class Calls(CommandTest):
    PATH = FUNCTION + "/stateful-async-invocations"

    def test_get_says_by_its_exit_code_how_the_call_stands(self):
        for status, code in (
            ("Succeeded", OK),
            ("Failed", FUNCTION_ERROR),
            ("Stopped", FUNCTION_ERROR),
            ("Expired", FUNCTION_ERROR),
            ("Invalid", FUNCTION_ERROR),
            ("Enqueued", UNFINISHED),
            ("Running", UNFINISHED),
            ("Retrying", UNFINISHED),
        ):
            self.answers["GET", self.PATH + "/job-1"] = page(status=status)
            self.assertEqual(self.convoke("get", "hello", "job-1"), code, status)
        self.answers["GET", self.PATH + "/job-1"] = error(404, "StatefulAsyncInvocationNotFound")
        self.assertEqual(self.convoke("get", "hello", "job-1"), REFUSED)

    def test_get_takes_a_request_id_alone_but_no_name_alone(self):
        self.answers["GET", "/convoke/calls/" + REQUEST_ID] = page(status="Running")
        self.assertEqual(self.convoke("get", REQUEST_ID), UNFINISHED)
        self.assertEqual(self.convoke("get", "job-1"), USAGE)
        self.assertIn("convoke get FUNCTION job-1", self.stderr)
        self.assertEqual(self.convoke("get", "hello", ".."), USAGE)

    def test_get_shows_what_it_is_asked_for(self):
        call = {
            "functionName": "hello",
            "serviceName": "shop",
            "invocationId": "job-1",
            "status": "Failed",
            "startedTime": 1700000000250,
            "endTime": 1700000001000,
            "invocationErrorMessage": "UnhandledInvocationError",
            "events": [
                {
                    "eventId": 1,
                    "status": "Failed",
                    "timestamp": 1700000001000,
                    "eventDetail": '{"Error":"UnhandledInvocationError"}',
                }
            ],
            "invocationPayload": "the event",
            "returnPayload": "AAE=",
            "returnPayloadEncoding": "base64",
        }
        path = "/2016-08-15/services/shop/functions/hello/stateful-async-invocations/job-1"
        self.answers["GET", path + "?includePayload=true"] = page(**call)
        self.assertEqual(self.convoke("get", "shop/hello", "job-1", "--payload"), FUNCTION_ERROR)
        shown = self.stdout.decode()
        self.assertRegex(shown, r"function +shop/hello\n")
        self.assertRegex(shown, r"started +2023-11-14T22:13:20\.250Z\n")
        self.assertIn("2023-11-14T22:13:21.000Z  Failed     UnhandledInvocationError\n", shown)
        self.assertIn("event:\nthe event\n", shown)
        self.assertIn("result (base64):\nAAE=\n", shown)
        arguments = ["get", "shop/hello", "job-1", "--payload", "--json"]
        self.assertEqual(self.convoke(*arguments), FUNCTION_ERROR)
        self.assertEqual(json.loads(self.stdout), call)

    def test_list_filters_turns_pages_and_stops_where_it_is_told(self):
        one, two, three = ({"invocationId": f"a-{i}", "status": "Failed"} for i in (1, 2, 3))
        query = "&status=Failed&invocationIdPrefix=a-"
        self.answers.update(
            {
                ("GET", f"{self.PATH}?limit=100{query}"): page(
                    invocations=[one, two], nextToken="t/1"
                ),
                ("GET", f"{self.PATH}?limit=100{query}&nextToken=t%2F1"): page(invocations=[three]),
                ("GET", f"{self.PATH}?limit=2{query}"): page(invocations=[one, two], nextToken="t"),
                ("GET", f"{self.PATH}?limit=20"): page(),
            }
        )
        filters = ["list", "hello", "--status", "failed", "--prefix", "a-"]
        self.assertEqual(self.convoke(*filters, "--all", "--json"), OK)
        self.assertEqual(json.loads(self.stdout), [one, two, three])
        self.assertEqual(self.convoke(*filters, "--limit", "2"), OK)
        self.assertIn(b"a-2", self.stdout)
        self.assertIn("--all shows every one", self.stderr)
        self.assertEqual(self.convoke("list", "hello"), OK)
        self.assertEqual(self.stdout, b"")
        self.assertEqual(self.convoke("list", "hello", "--status", "Done"), USAGE)
        self.assertEqual(self.convoke("list", "hello", "--all", "--limit", "1"), USAGE)

    def test_stop_stops_one_call(self):
        self.answers["PUT", self.PATH + "/job-1"] = 202, {}, b""
        self.assertEqual(self.convoke("stop", "hello", "job-1"), OK)
        self.answers["PUT", self.PATH + "/job-1"] = error(400, "InvalidArgument", "has ended")
        self.assertEqual(self.convoke("stop", "hello", "job-1"), REFUSED)
        self.assertEqual(self.convoke("stop", "hello"), USAGE)


class FailedCalls(CommandTest):
    OF_HELLO = "&serviceName=default&functionName=hello"

    def failed(self, ids, query="", limit=100):
        calls = [{"requestId": one, "status": "Failed", "functionName": "hello"} for one in ids]
        listed = page(invocations=calls)
        self.answers["GET", f"/convoke/failed?limit={limit}{query}"] = listed

    def sent(self):
        return [json.loads(body) for method, _, _, body in self.engine.requests if method == "POST"]

    def test_the_newest_are_listed(self):
        self.failed(["a", "b"], self.OF_HELLO, limit=20)
        self.assertEqual(self.convoke("failed", "list", "hello"), OK)
        self.assertIn(b"REQUEST", self.stdout)
        self.failed(["a", "b"])
        self.assertEqual(self.convoke("failed", "list", "--all", "--json"), OK)
        self.assertEqual([one["requestId"] for one in json.loads(self.stdout)], ["a", "b"])
        self.assertEqual(self.convoke("failed"), USAGE)

    def test_a_table_says_in_words_what_a_function_said_in_json(self):
        detail = json.dumps({"errorMessage": "no!\n" + "ü" * 90, "stackTrace": []})
        call = {"requestId": "a", "invocationErrorMessage": "Unhandled", "errorDetail": detail}
        self.answers["GET", "/convoke/failed?limit=20"] = page(invocations=[call])
        self.assertEqual(self.convoke("failed", "list"), OK)
        self.assertRegex(self.stdout.decode(), r"Unhandled: no! ü{32}\.\.\.\n")

    def test_one_is_shown_with_its_event(self):
        path = f"/convoke/calls/{REQUEST_ID}?includePayload=true"
        self.answers["GET", path] = page(status="Failed", invocationPayload="the event")
        self.assertEqual(self.convoke("failed", "show", REQUEST_ID), OK)
        self.assertIn(b"event:\nthe event\n", self.stdout)
        self.assertEqual(self.convoke("failed", "show", "job-1"), USAGE)

    def test_how_many_has_to_be_said(self):
        for verb in ("redrive", "purge"):
            self.assertEqual(self.convoke("failed", verb, "hello"), USAGE)
            self.assertIn("--limit N", self.stderr)
        self.assertEqual(self.engine.requests, [])

    def test_a_dry_run_shows_the_oldest_first_and_asks_for_nothing_else(self):
        self.failed(["a"], self.OF_HELLO + "&sortOrderByTime=asc")
        self.assertEqual(self.convoke("failed", "redrive", "hello", "--all", "--dry-run"), OK)
        self.assertEqual([request[0] for request in self.engine.requests], ["GET"])

    def test_a_canary_is_one_request_for_so_many(self):
        self.failed(["a", "b"], self.OF_HELLO + "&sortOrderByTime=asc", limit=2)
        self.answers["POST", "/convoke/failed/redrive"] = page(redriven=["a", "b"], refused=[])
        self.assertEqual(self.convoke("failed", "redrive", "hello", "--limit", "2"), OK)
        self.assertEqual(self.stdout, b"accepted again: 2\n")
        body = {"serviceName": "default", "functionName": "hello", "limit": 2}
        self.assertEqual(self.sent(), [body])

    def test_all_are_run_in_small_pages_at_a_rate(self):
        self.failed(["a", "b", "c"], "&sortOrderByTime=asc")
        pages = [page(redriven=[one], refused=[]) for one in "abc"]
        self.answers["POST", "/convoke/failed/redrive"] = pages
        arguments = ["failed", "redrive", "--all", "--rate", "19", "--json"]
        self.assertEqual(self.convoke(*arguments), OK)
        self.assertEqual(json.loads(self.stdout), {"redriven": ["a", "b", "c"], "refused": []})
        self.assertEqual(self.sent(), [{"limit": 1}] * 3)

    def test_what_is_refused_is_said_once_and_holds_up_nothing(self):
        self.failed(["a", "b", "c"], "&sortOrderByTime=asc")
        self.answers["POST", "/convoke/failed/redrive"] = [
            page(redriven=["b"], refused=["a: deleted"]),
            page(redriven=["c"], refused=["a: deleted"]),
        ]
        self.assertEqual(self.convoke("failed", "redrive", "--all"), REFUSED)
        self.assertEqual(self.stdout, b"accepted again: 2, refused: 1\n")
        self.assertEqual(self.stderr.count("a: deleted"), 1)

    def test_when_nothing_moves_it_ends(self):
        self.failed(["a", "b"], "&sortOrderByTime=asc")
        self.answers["POST", "/convoke/failed/purge"] = page(purged=[])
        self.assertEqual(self.convoke("failed", "purge", "--all"), OK)
        self.assertEqual(self.stdout, b"purged: 0\n")

    def test_what_was_done_before_a_failure_is_said(self):
        self.failed(["a", "b"], "&sortOrderByTime=asc")
        pages = [page(redriven=["a"], refused=[]), error(503, "ServiceUnavailable", "full disk")]
        self.answers["POST", "/convoke/failed/redrive"] = pages
        self.assertEqual(self.convoke("failed", "redrive", "--all"), UNREACHABLE)
        self.assertEqual(self.stdout, b"accepted again: 1\n")
        self.assertIn("full disk", self.stderr)


class Others(CommandTest):
    def test_functions_walks_all_pages_of_all_services(self):
        services = "/2016-08-15/services"
        shop = services + "/shop/functions?limit=100"
        self.answers.update(
            {
                ("GET", services + "?limit=100"): page(
                    services=[{"serviceName": "default"}], nextToken="a/b"
                ),
                ("GET", services + "?limit=100&nextToken=a%2Fb"): page(
                    services=[{"serviceName": "shop"}]
                ),
                ("GET", services + "/default/functions?limit=100"): page(functions=[]),
                ("GET", shop): page(functions=[{"functionName": "one"}], nextToken="one"),
                ("GET", shop + "&nextToken=one"): page(
                    functions=[{"functionName": "two", "timeout": 9}], nextToken=""
                ),
            }
        )
        self.assertEqual(self.convoke("functions", "--json"), OK)
        self.assertEqual(
            json.loads(self.stdout),
            [
                {"serviceName": "shop", "functionName": "one"},
                {"serviceName": "shop", "functionName": "two", "timeout": 9},
            ],
        )
        self.assertEqual(self.convoke("functions"), OK)
        self.assertIn(b"shop/two", self.stdout)

    def test_show_tells_of_asynchronous_calls_what_is_set(self):
        path = FUNCTION + "/async-invoke-config"
        config = {
            "destinationConfig": {"onSuccess": None, "onFailure": {"destination": "http://h/x"}},
            "maxAsyncEventAgeInSeconds": None,
            "maxAsyncRetryAttempts": 0,
            "statefulInvocation": False,
        }
        self.answers.update(
            {
                ("GET", FUNCTION): (200, {}, b"{}"),
                ("GET", FUNCTION + "/on-demand-config"): error(404, "OnDemandConfigNotFound"),
                ("GET", path): (200, {}, json.dumps(config).encode()),
            }
        )
        self.assertEqual(self.convoke("show", "hello"), OK)
        lines = [line.split(maxsplit=1) for line in self.stdout.decode().splitlines()]
        shown = dict(line for line in lines if len(line) == 2)
        self.assertEqual((shown["retries"], shown["stateful"]), ("0", "false"))
        self.assertEqual(shown["on_failure"], "http://h/x")
        self.assertNotIn("max_age", shown)
        self.assertNotIn("on_success", shown)
        self.assertEqual(self.convoke("show", "hello", "--json"), OK)
        self.assertEqual(json.loads(self.stdout)["asyncConfig"], config)
        self.answers["GET", path] = error(404, "AsyncConfigNotExists")
        self.assertEqual(self.convoke("show", "hello", "--json"), OK)
        self.assertIsNone(json.loads(self.stdout)["asyncConfig"])

    def test_set_and_deploy_put_what_asynchronous_calls_are_told_beside_the_function(self):
        path = FUNCTION + "/async-invoke-config"
        self.answers["PUT", path] = 200, {}, b"{}"
        self.assertEqual(self.convoke("set", "hello", "retries=0", "on_failure=none"), OK)
        self.assertEqual(self.methods_and_paths(), [("PUT", path)])
        told = {
            "maxAsyncRetryAttempts": 0,
            "destinationConfig": {"onFailure": {"destination": ""}},
        }
        self.assertEqual(json.loads(self.engine.requests[0][3]), told)
        self.answers["PUT", path] = error(400, "InvalidArgument", "too old")
        self.assertEqual(self.convoke("set", "hello", "max_age=0"), REFUSED)
        self.assertIn("too old", self.stderr)
        self.assertEqual(self.convoke("set", "hello", "retrys=1"), USAGE)
        self.assertIn("did you mean 'retries'?", self.stderr)
        self.write("hello/index.py", "")
        manifest = 'runtime = "python3"\nhandler = "index.handler"\nstateful = true\n'
        self.write("hello/convoke.toml", manifest)
        self.answers.update(
            {
                ("GET", FUNCTION): (200, {}, b"{}"),
                ("PUT", FUNCTION): (200, {}, b"{}"),
                ("PUT", path): (200, {}, b"{}"),
            }
        )
        self.assertEqual(self.convoke("deploy", os.path.join(self.folder, "hello")), OK)
        self.assertEqual(json.loads(self.engine.requests[-1][3]), {"statefulInvocation": True})

    def test_show_tells_of_the_limit(self):
        limit = FUNCTION + "/on-demand-config"
        function = {"functionName": "hello", "timeout": 3, "environmentVariables": {"A": "b"}}
        self.answers.update(
            {
                ("GET", FUNCTION): (200, {}, json.dumps(function).encode()),
                ("GET", limit): (200, {}, b'{"maximumInstanceCount": 0}'),
                ("GET", FUNCTION + "/async-invoke-config"): error(404, "AsyncConfigNotExists"),
            }
        )
        self.assertEqual(self.convoke("show", "hello"), OK)
        self.assertRegex(self.stdout.decode(), r"limit +0 \(stopped\)")
        self.assertRegex(self.stdout.decode(), r"environment\.A +b")
        self.answers["GET", limit] = error(404, "OnDemandConfigNotFound")
        self.assertEqual(self.convoke("show", "hello", "--json"), OK)
        shown = json.loads(self.stdout)
        self.assertEqual((shown["function"], shown["maximumInstanceCount"]), (function, None))

    def test_set_changes_what_is_named_and_nothing_else(self):
        self.answers["PUT", FUNCTION] = 200, {}, b"{}"
        self.assertEqual(self.convoke("set", "hello", "timeout=60", "memory=512"), OK)
        self.assertEqual(
            json.loads(self.engine.requests[0][3]), {"timeout": 60, "memorySize": 512}
        )
        self.assertEqual(self.convoke("set", "hello", "timeuot=1"), USAGE)
        self.assertEqual(self.convoke("set", "hello", "timeout"), USAGE)

    def test_set_one_variable_keeps_the_others_and_what_others_wrote(self):
        current = {"environmentVariables": {"A": "1", "B": "2"}}
        self.answers["GET", FUNCTION] = 200, {"Etag": "e7"}, json.dumps(current).encode()
        self.answers["PUT", FUNCTION] = 200, {}, b"{}"
        self.assertEqual(self.convoke("set", "hello", "environment.B=x=y", "environment.C="), OK)
        _, _, headers, body = self.engine.requests[-1]
        self.assertEqual(headers["If-Match"], "e7")
        self.assertEqual(
            json.loads(body), {"environmentVariables": {"A": "1", "B": "x=y", "C": ""}}
        )

    def test_set_limit_stops_first_and_none_lifts_even_what_was_not_set(self):
        limit = FUNCTION + "/on-demand-config"
        self.answers.update(
            {
                ("PUT", limit): (200, {}, b"{}"),
                ("PUT", FUNCTION): (200, {}, b"{}"),
                ("DELETE", limit): error(404, "OnDemandConfigNotFound"),
            }
        )
        self.assertEqual(self.convoke("set", "hello", "timeout=1", "limit=0"), OK)
        self.assertEqual(self.methods_and_paths(), [("PUT", limit), ("PUT", FUNCTION)])
        self.assertEqual(self.convoke("set", "hello", "limit=none"), OK)

    def test_logs_prints_the_lines_and_asks_for_one_call(self):
        path = "/convoke/logs/shop/checkout?lines=5&requestId=" + REQUEST_ID
        self.answers["GET", path] = 200, {}, b"one\ntwo\n"
        arguments = ["logs", "shop/checkout", "--lines", "5", "--request", REQUEST_ID]
        self.assertEqual(self.convoke(*arguments), OK)
        self.assertEqual(self.stdout, b"one\ntwo\n")

    def test_doctor_says_whether_the_engine_answers(self):
        self.answers["GET", "/healthz"] = 200, {}, b"ok"
        code = self.convoke("doctor", "--json", "--state", self.folder)
        health = {each["check"]: each["health"] for each in json.loads(self.stdout)}
        self.assertEqual(health["engine"], "ok")
        self.assertEqual(health["python3"], "ok")
        self.assertEqual(health["sandbox"], "note")
        self.assertEqual(code, FUNCTION_ERROR if "FAULT" in health.values() else OK)
        self.answers["GET", "/healthz"] = 503, {}, b""
        self.assertEqual(self.convoke("doctor"), UNREACHABLE)

    def test_serve_refuses_a_bad_configuration(self):
        self.write("serve.toml", "shrads = 2\n")
        path = os.path.join(self.folder, "serve.toml")
        self.assertEqual(self.convoke("serve", "--config", path), USAGE)
        self.assertIn("serve.toml:1: unknown key 'shrads' (did you mean 'shards'?)", self.stderr)
        self.assertEqual(self.convoke("serve", "--shards", "65"), USAGE)
        self.assertEqual(self.convoke("serve", CONVOKE_GRACE="soon"), USAGE)
        self.assertEqual(self.convoke("serve", "--destinations-allow", "10.0.0.1/8"), USAGE)
        self.assertIn("--destinations-allow: '10.0.0.1/8'", self.stderr)
        self.assertIn("did you mean 10.0.0.0/8?", self.stderr)


if __name__ == "__main__":
    unittest.main()
