"""Requests that no client should send, and what no engine should do."""

import os
import re
import socket
import struct
import subprocess
import unittest

import tap
from engine import API, BINARY, DEADLINE, Engine, wait_until

INVOKE = f"{API}/services/e2e/functions/echo/invocations"
SANITIZED = "CONVOKE_SANITIZED" in os.environ
RESIDENT_GROWTH_KB = 16 << 10  # an allocator keeps some; a leak of one event of 1 MB a round is more
ROUNDS = 15


def request(line, *headers, body=b""):
    head = [line, "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def get(*headers, path="/healthz"):
    return request(f"GET {path} HTTP/1.1", *headers)


def post(path, *headers, body=b""):
    return request(f"POST {path} HTTP/1.1", *headers, body=body)


def sized(path, body, *headers):
    return post(path, f"Content-Length: {len(body)}", *headers, body=body)


def chunked(path, chunks, *headers):
    return post(path, "Transfer-Encoding: chunked", *headers, body=chunks)


ASYNC = "X-Fc-Invocation-Type: Async"
CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"

# Of each kind one that is right; cut anywhere it is half sent.
WHOLE = {
    "a get": get(path=f"{API}/services"),
    "a call": sized(INVOKE, b"hello world"),
    "a call in chunks": chunked(INVOKE, CHUNKS),
    "an asynchronous call": sized(INVOKE, b"hello world", ASYNC),
    "a definition": sized(f"{API}/services", b'{"serviceName": "whole"}'),
    "a change": request(
        f"PUT {API}/services/e2e HTTP/1.1", "Content-Length: 24", body=b'{"description": "after"}'
    ),
}

MALFORMED = {
    "no such method": request("BREW /healthz HTTP/1.1"),
    "a method in lower case": request("get /healthz HTTP/1.1"),
    "no version": request("GET /healthz"),
    "no target": request("GET HTTP/1.1"),
    "a version that does not exist": request("GET /healthz HTTP/9.7"),
    "another protocol": request("GET /healthz FTP/1.1"),
    "a control character in the target": request("GET /heal\x01thz HTTP/1.1"),
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "a header without a colon": get("Colonless"),
    "a space before the colon": get("Spaced : value"),
    "a header without a name": get(": value"),
    "a NUL in a header": get("Nul: a\0b"),
    "a control character in a name": get("Na\x02me: value"),
    "a length that is no number": post(INVOKE, "Content-Length: twelve"),
    "a negative length": post(INVOKE, "Content-Length: -1"),
    "a length beyond 64 bits": post(INVOKE, "Content-Length: 99999999999999999999999"),
    "two lengths": post(INVOKE, "Content-Length: 3", "Content-Length: 4", body=b"abcd"),
    "a length and chunks": post(INVOKE, "Content-Length: 4", "Transfer-Encoding: chunked", body=CHUNKS),
    "an unknown transfer coding": post(INVOKE, "Transfer-Encoding: gzip", body=b"abcd"),
    "chunked not last": post(INVOKE, "Transfer-Encoding: chunked, gzip", body=CHUNKS),
    "a chunk size that is no number": chunked(INVOKE, b"xyz\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk size": chunked(INVOKE, b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": chunked(INVOKE, b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": chunked(INVOKE, b"3\r\nhello\r\n0\r\n\r\n"),
    "TLS": bytes.fromhex("160301020001000001fc0303") + bytes(200),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(100_000),
    "a target that never ends": b"GET /" + b"a" * 100_000,
    "a header that never ends": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nEndless: " + b"a" * 100_000,
    "a target too long": get(path="/" + "a" * 5000),
    "headers too long": get(*(f"Filler-{n}: {'x' * 1000}" for n in range(9))),
    "too many headers": get(*(f"F{n}: x" for n in range(150))),
    "a good request, then garbage": get("Origin: http://a.example") + b"\x01\x02\x03\r\n\r\n",
    "no such path": get(path="/nowhere"),
    "no such operation": get(path=f"{API}/services/e2e/functions/echo/invocations"),
    "a broken escape in the path": get(path=f"{API}/services/%zz"),
    "a service name that is none": get(path=f"{API}/services/..%2f..%2fetc"),
    "no such invocation type": sized(INVOKE, b"hello", "X-Fc-Invocation-Type: Perhaps"),
    "a tail of an asynchronous call": sized(INVOKE, b"hello", ASYNC, "X-Fc-Log-Type: Tail"),
    "a delay that is no number": sized(INVOKE, b"hello", ASYNC, "X-Fc-Async-Delay: soon"),
    "an event too large, announced": post(INVOKE, "Content-Length: 33554433", "Expect: 100-continue"),
    "an event too large, sent": sized(INVOKE, bytes(33_554_433)),
    "an asynchronous event too large": sized(INVOKE, bytes(131_073), ASYNC),
    "an asynchronous event too large, in chunks": chunked(
        INVOKE, b"10000\r\n" + bytes(65_536) + b"\r\n10001\r\n" + bytes(65_537) + b"\r\n0\r\n\r\n", ASYNC
    ),
    "a definition too large": sized(f"{API}/services", b'{"serviceName": "' + b"s" * 70_000 + b'"}'),
    "no JSON": sized(f"{API}/services", b"serviceName=form"),
    "JSON that is no object": sized(f"{API}/services", b"[1, 2]"),
    "JSON cut short": sized(f"{API}/services", b'{"serviceName": "cu'),
    "JSON nested without end": sized(f"{API}/services", b'{"a":' * 5000),
    "JSON that is no UTF-8": sized(f"{API}/services", b'{"serviceName": "\xff\xfe"}'),
    "a name with a slash": sized(f"{API}/services", b'{"serviceName": "a/b"}'),
    "code that is no base64": sized(
        f"{API}/services/e2e/functions",
        b'{"functionName":"bad","runtime":"python3","handler":"a.b","code":{"zipFile":"%%%"}}',
    ),
    "code that is no zip": sized(
        f"{API}/services/e2e/functions",
        b'{"functionName":"bad","runtime":"python3","handler":"a.b","code":{"zipFile":"aGVsbG8="}}',
    ),
}


class Wire:
    """A raw connection."""

    def __init__(self, engine):
        self.socket = socket.create_connection((engine.host, engine.port), timeout=DEADLINE)

    def send(self, data):
        """False: the engine has closed before it took all."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def no_more(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def all(self):
        """What comes until the engine closes. A reset ends it too: what was sent and not read makes one."""
        data = b""
        try:
            while part := self.socket.recv(65536):
                data += part
        except ConnectionResetError:
            pass
        self.socket.close()
        return data

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def statuses(data):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def cuts(data):
    """Where to cut: in the line, in a header, before and after the head's end, in the body."""
    head = data.index(b"\r\n\r\n")
    places = {1, 3, data.index(b" HTTP"), data.index(b"\r\n") + 1, head, head + 2, head + 3}
    places |= {head + 4, (head + 4 + len(data)) // 2, len(data) - 1} if len(data) > head + 4 else set()
    return sorted(places)


def play_half_sent(engine, data):
    """Cut everywhere, then closed politely or by a reset; the answers to the polite ones."""
    answers = []
    for place in cuts(data):
        wire = Wire(engine)
        wire.send(data[:place])
        wire.no_more()
        answers.append(wire.all())
        wire = Wire(engine)
        wire.send(data[:place])
        wire.reset()
    return answers


def play_malformed(engine, data):
    wire = Wire(engine)
    wire.send(data)
    wire.no_more()
    return wire.all()


def deploy_echo(engine):
    engine.deploy("echo", "basics", handler="index.echo")
    assert engine.invoke("echo", b"x").body == b"x"


class Requests(unittest.TestCase):
    def test_a_malformed_or_oversize_request_gets_its_4xx(self):
        with Engine() as engine:
            deploy_echo(engine)
            for name, data in MALFORMED.items():
                with self.subTest(name):
                    codes = statuses(play_malformed(engine, data))
                    self.assertTrue(codes and all(400 <= code < 500 for code in codes), codes)
                    self.assertEqual(engine.request("GET", "/healthz").status, 200)
            self.assertEqual(engine.invoke("echo", b"still").body, b"still")
            self.assertEqual(engine.request("GET", f"{API}/services").json()["services"][0]["serviceName"], "e2e")

    def test_a_request_that_is_whole_is_told_what_is_wrong_with_it(self):
        told = [name for name in MALFORMED if re.match("an? (event|asynch.* event|definition|delay|tail)|no such|JSON|code", name)]
        with Engine() as engine:
            deploy_echo(engine)
            for name in told:
                with self.subTest(name):
                    data = play_malformed(engine, MALFORMED[name])
                    self.assertTrue(statuses(data)[:1] and 400 <= statuses(data)[0] < 500, data[:300])
                    self.assertIn(b'"ErrorCode":"', data)
                    self.assertRegex(data, rb"(?i)x-fc-request-id: [0-9a-f-]{36}\r\n")

    def test_a_half_sent_request_gets_no_answer_but_a_close_or_a_400(self):
        with Engine() as engine:
            deploy_echo(engine)
            for name, data in WHOLE.items():
                with self.subTest(name):
                    for answer in play_half_sent(engine, data):
                        self.assertIn(statuses(answer), ([], [400]), answer)
            self.assertEqual(engine.invoke("echo", b"still").body, b"still")
            names = [one["serviceName"] for one in engine.request("GET", f"{API}/services").json()["services"]]
            self.assertEqual(names, ["e2e"])

    def test_memory_and_descriptors_return_to_where_they_were(self):
        with Engine() as engine:
            deploy_echo(engine)

            def a_round():
                for data in MALFORMED.values():
                    play_malformed(engine, data)
                for data in WHOLE.values():
                    play_half_sent(engine, data)
                engine.own_client().close()

            for _ in range(3):
                a_round()
            descriptors = settled(engine.descriptors)
            resident = engine.resident_kb()
            for _ in range(ROUNDS):
                a_round()
            wait_until(
                lambda: engine.descriptors() <= descriptors,
                lambda: f"{engine.descriptors()} descriptors; they were {descriptors}",
            )
            if SANITIZED:
                return  # it keeps freed memory aside, to see who still uses it
            wait_until(
                lambda: engine.resident_kb() <= resident + RESIDENT_GROWTH_KB,
                lambda: f"{engine.resident_kb()} kB resident; they were {resident}",
            )

    def test_a_head_that_does_not_come_is_not_waited_for_without_end(self):
        with Engine() as engine:
            warm = [Wire(engine) for _ in range(32)]  # both shards have seen a client
            for wire in warm:
                wire.send(get("Connection: close"))
                self.assertEqual(statuses(wire.all()), [200])
            before = settled(engine.descriptors)
            slow = [Wire(engine) for _ in range(100)]
            for wire in slow:
                wire.send(b"GET /healthz HTTP/1.1\r\nHost: 127.")
            wait_until(lambda: engine.descriptors() >= before + 100, "all are held open")
            for wire in slow:
                self.assertIn(statuses(wire.all()), ([], [400], [408]))
            wait_until(
                lambda: engine.descriptors() <= before,
                lambda: f"{engine.descriptors()} descriptors; they were {before}",
            )


def settled(measure):
    """What is measured once connections that were closed have been put away: when it stays the same."""
    seen = []

    def steady():
        seen.append(measure())
        return len(seen) > 50 and len(set(seen[-50:])) == 1

    wait_until(steady, "a steady count")
    return seen[-1]


class Guards(unittest.TestCase):
    def test_a_web_page_may_do_nothing(self):
        with Engine() as engine:
            deploy_echo(engine)
            for header in ("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: same-site"):
                for data in (get(header), sized(INVOKE, b"x", header), sized(f"{API}/services", b"{}", header)):
                    with self.subTest(header=header, data=data[:40]):
                        self.assertEqual(statuses(play_malformed(engine, data)), [403])

    def test_a_foreign_host_is_refused_and_every_name_of_this_machine_served(self):
        with Engine() as engine:
            for host, status in {
                "evil.example": 403,
                "127.0.0.1.evil.example": 403,
                "localhost.evil.example:7070": 403,
                "localhost": 200,
                "LOCALHOST:1": 200,
                f"127.0.0.1:{engine.port}": 200,
                "[::1]:7070": 200,
            }.items():
                with self.subTest(host):
                    data = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
                    self.assertEqual(statuses(play_malformed(engine, data)), [status])

    def refused(self, listen, state):
        command = [BINARY, "serve", "--listen", listen, "--state", str(state)]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)

    def test_it_refuses_to_listen_on_anything_but_loopback(self):
        with Engine() as engine:
            for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
                with self.subTest(address):
                    ended = self.refused(address, engine.state / "other")
                    self.assertNotEqual(ended.returncode, 0)
                    self.assertIn("loopback", ended.stderr)

    def test_a_second_engine_on_the_same_state_names_the_first_one_s_process(self):
        with Engine() as engine:
            ended = self.refused("127.0.0.1:0", engine.state)
            self.assertNotEqual(ended.returncode, 0)
            self.assertRegex(ended.stderr, rf"\b{engine.pid}\b")
            self.assertEqual(engine.request("GET", "/healthz").status, 200)


if __name__ == "__main__":
    tap.main()
