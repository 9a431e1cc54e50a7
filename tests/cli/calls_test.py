"""Stateful and failed calls on the command line: requests, output, exit codes."""

import json
import unittest

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

    def test_stop_stops_a_tree_and_lists_those_that_are(self):
        stop = f"/convoke/trees/{REQUEST_ID}/stop"
        self.answers["POST", stop] = page(root=REQUEST_ID, callsEnded=1)
        self.assertEqual(self.convoke("stop", "--tree", REQUEST_ID, "--note", "it grows"), OK)
        self.assertIn(f"stopped the tree of call {REQUEST_ID}".encode(), self.stdout)
        self.assertIn(b"ended     1 running call on this engine", self.stdout)
        method, path, _, body = self.engine.requests[-1]
        self.assertEqual((method, path), ("POST", stop))
        self.assertEqual(json.loads(body)["reason"], "it grows")
        told = {"root": REQUEST_ID, "by": "ada", "reason": "it grows", "stoppedTime": "2026-01-31T12:00:00Z"}
        self.answers["GET", "/convoke/trees/stopped"] = page(trees=[{**told, "missing": ["b:1"]}])
        self.assertEqual(self.convoke("stop", "--list"), OK)
        self.assertEqual(
            self.stdout.decode(),
            f"{REQUEST_ID}: stopped since 2026-01-31T12:00:00Z by ada: it grows\n"
            "  NOT YET CONFIRMED by b:1\n",
        )
        self.answers["GET", "/convoke/trees/stopped"] = page(trees=[])
        self.assertEqual(self.convoke("stop", "--list"), OK)
        self.assertEqual(self.stdout, b"")
        for wrong in (["--tree", "job-1"], ["hello", "job-1", "--note", "x"], ["--list", "--tree", REQUEST_ID], []):
            self.assertEqual(self.convoke("stop", *wrong), USAGE)


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
        pages = [page(redriven=[one], refused=[], nextToken=f"behind {one}") for one in "abc"]
        self.answers["POST", "/convoke/failed/redrive"] = pages
        arguments = ["failed", "redrive", "--all", "--rate", "19", "--json"]
        self.assertEqual(self.convoke(*arguments), OK)
        self.assertEqual(json.loads(self.stdout), {"redriven": ["a", "b", "c"], "refused": []})
        pages = [{"limit": 1, **token} for token in ({}, {"nextToken": "behind a"}, {"nextToken": "behind b"})]
        self.assertEqual(self.sent(), pages)

    def test_what_is_refused_is_said_once_and_holds_up_nothing(self):
        self.failed(["a", "b", "c"], "&sortOrderByTime=asc")
        self.answers["POST", "/convoke/failed/redrive"] = [
            page(redriven=[], refused=["a: deleted"], nextToken="behind a"),
            page(redriven=["b", "c"], refused=[]),
        ]
        self.assertEqual(self.convoke("failed", "redrive", "--all"), REFUSED)
        self.assertEqual(self.stdout, b"accepted again: 2, refused: 1\n")
        self.assertEqual(self.stderr.count("a: deleted"), 1)

    def test_a_page_that_somebody_else_runs_again_is_passed_by(self):
        self.failed(["a", "b"], "&sortOrderByTime=asc")
        self.answers["POST", "/convoke/failed/redrive"] = [
            page(redriven=[], refused=[], nextToken="behind a"),
            page(redriven=["b"], refused=[]),
        ]
        self.assertEqual(self.convoke("failed", "redrive", "--all"), OK)
        self.assertEqual(self.stdout, b"accepted again: 1\n")

    def test_when_nothing_comes_behind_a_page_it_ends(self):
        self.failed(["a", "b"], "&sortOrderByTime=asc")
        self.answers["POST", "/convoke/failed/purge"] = page(purged=[])
        self.assertEqual(self.convoke("failed", "purge", "--all"), OK)
        self.assertEqual(self.stdout, b"purged: 0\n")

    def test_what_was_done_before_a_failure_is_said(self):
        self.failed(["a", "b"], "&sortOrderByTime=asc")
        pages = [page(redriven=["a"], refused=[], nextToken="behind a"), error(503, "ServiceUnavailable", "full disk")]
        self.answers["POST", "/convoke/failed/redrive"] = pages
        self.assertEqual(self.convoke("failed", "redrive", "--all"), UNREACHABLE)
        self.assertEqual(self.stdout, b"accepted again: 1\n")
        self.assertIn("full disk", self.stderr)

if __name__ == "__main__":
    unittest.main()
