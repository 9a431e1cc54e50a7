"""The program's commands against an engine played in Python: requests, output, exit codes.

Those for stateful and for failed calls are in calls_test.py.
"""

import base64
import io
import json
import os
import socket
import unittest
import zipfile

from played_engine import (
    FUNCTION,
    FUNCTION_ERROR,
    OK,
    REFUSED,
    REQUEST_ID,
    UNFINISHED,
    UNREACHABLE,
    USAGE,
    CommandTest,
    error,
    page,
)

COMMANDS = "serve deploy functions show set delete invoke get list stop failed logs doctor"


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

    @unittest.skipIf("CONVOKE_SANITIZED" in os.environ, "a sanitizer brings its own allocator")
    def test_doctor_finds_mimalloc_in_use(self):
        self.convoke("doctor", "--json", "--state", self.folder)
        found = {each["check"]: each for each in json.loads(self.stdout)}
        self.assertEqual(
            found["allocator"], {"check": "allocator", "health": "ok", "detail": "mimalloc"}
        )

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
