#!/usr/bin/env python3
"""Latencies of the embedded queue beside the disk's own, interleaved in one run, as Markdown.

    bench/async_latency.py BUILD_DIR [--rounds N] [--directory D]

Accept: from sending an asynchronous call with an event of 1 KB until its 202 is there, for callers
that ask again at once. Raw fdatasync: appends of as many bytes as such a call takes in the journal,
to a preallocated file on the same file system, each synced; a round's ratios are to that round's.
Start: when the function's code begins, by its own CLOCK_MONOTONIC, which it shares with the caller;
from the caller's sending, and from the caller's having its 202 (negative: it began before). Idle:
one at a time, 20 ms apart, on a warm instance: all that the one before left to do is done.

Needs wrk. Everything listens on loopback, on ports of its own; nothing is left running.
"""
import argparse
import base64
import io
import os
import pathlib
import platform
import shutil
import socket
import statistics
import sys
import tempfile
import time
import zipfile

from side_by_side import CONNECTIONS, Engine, run_wrk

EVENT_BYTES = 1024
RECORD_BYTES = 1200
PER_ROUND = 300  # raw syncs, and calls of one caller, of each round
STARTS_PER_ROUND = 15
IDLE = 0.02  # seconds; all that a call leaves to do is done by then

STARTED_PY = """\
import socket, time

there = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def handler(event, context):
    began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    there.sendto(b"%d" % began, event.strip().decode())
"""


def micros(nanoseconds):
    return nanoseconds / 1000


def percentiles(samples):
    ordered = sorted(samples)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100]}


class Disk:
    """Appends to a preallocated file, as the journal's segments are."""

    RESERVE = 64 << 20

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.posix_fallocate(self.file, 0, self.RESERVE)
        os.fsync(self.file)
        self.at = 0
        self.idle = []
        self.record = b"x" * RECORD_BYTES

    def sync_once(self):
        begin = time.monotonic_ns()
        os.pwrite(self.file, self.record, self.at)
        os.fdatasync(self.file)
        self.at = (self.at + RECORD_BYTES) % (self.RESERVE - RECORD_BYTES)
        return micros(time.monotonic_ns() - begin)

    def measure(self):
        return percentiles([self.sync_once() for _ in range(PER_ROUND)])

    def measure_idle(self):
        for _ in range(STARTS_PER_ROUND):
            time.sleep(IDLE)
            self.idle.append(self.sync_once())


class Caller:
    """One keep-alive connection, and as little Python as can be between two clock readings."""

    def __init__(self, engine, function, event):
        self.connection = socket.create_connection(("127.0.0.1", engine.port), 60)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (f"POST {engine.invocations(function)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"X-Fc-Invocation-Type: Async\r\nContent-Length: {len(event)}\r\n\r\n")
        self.request = head.encode() + event

    def call(self):
        """When it was sent, and when the 202 was there."""
        sent = time.monotonic_ns()
        self.connection.sendall(self.request)
        answer = self.connection.recv(65536)
        answered = time.monotonic_ns()
        if not answer.startswith(b"HTTP/1.1 202") or not answer.endswith(b"\r\n\r\n"):
            sys.exit(f"not a 202: {answer[:500]!r}")
        return sent, answered

    def measure(self):
        spans = [self.call() for _ in range(PER_ROUND)]
        return percentiles([micros(answered - sent) for sent, answered in spans])


class Starts:
    """Single calls to an idle engine; `began` waits for the start of the latest and says when it was."""

    def __init__(self, caller, began):
        self.caller, self.began = caller, began
        self.since_sent, self.since_answer = [], []

    def measure(self):
        for _ in range(STARTS_PER_ROUND):
            time.sleep(IDLE)
            sent, answered = self.caller.call()
            began = self.began()
            self.since_sent.append(micros(began - sent))
            self.since_answer.append(micros(began - answered))


def in_process_starts(engine):
    seen = 0

    def began():
        nonlocal seen
        while True:
            at = int(engine.call("POST", engine.invocations("latest_start"), b""))
            if at != seen:
                seen = at
                return at
            time.sleep(0.001)

    caller = Caller(engine, "hello", b"x" * EVENT_BYTES)
    seen = int(engine.call("POST", engine.invocations("latest_start"), b""))
    return Starts(caller, began)


def python_starts(engine, directory):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", STARTED_PY)
    here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    here.settimeout(60)
    here.bind(str(directory / "started"))
    engine.call("POST", "/2016-08-15/services/bench/functions", {
        "functionName": "started", "runtime": "python3", "handler": "index.handler",
        "code": {"zipFile": base64.b64encode(buffer.getvalue()).decode()}})
    caller = Caller(engine, "started", str(directory / "started").encode().ljust(EVENT_BYTES))
    starts = Starts(caller, lambda: int(here.recv(64)))
    caller.call()  # its instance
    starts.began()
    return starts


def accept_many(engine, script):
    return run_wrk(engine.url("hello"), 1, script, CONNECTIONS)


def machine_facts(directory):
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    mounts = [line.split() for line in open("/proc/self/mounts")]
    under = [fields for fields in mounts if directory.is_relative_to(fields[1])]
    device, at, kind = max(under, key=lambda fields: len(fields[1]))[:3]
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, {kind} ({device} on {at})"


def row(name, p50, p99, ratio=""):
    print(f"| {name} | {p50:.0f} | {p99:.0f} | {ratio} |")


def show(raw, one, many, idle, starts, rounds):
    print("| | p50 us | p99 us | p50 / raw fdatasync's |")
    print("|---|---:|---:|---:|")

    def of_rounds(name, runs, aim=""):
        ratios = [run["p50"] / floor["p50"] for run, floor in zip(runs, raw)]
        row(name, statistics.median(run["p50"] for run in runs),
            statistics.median(run["p99"] for run in runs), f"{statistics.median(ratios):.2f}{aim}")

    of_rounds(f"raw fdatasync, {RECORD_BYTES} bytes, one at a time", raw)
    of_rounds("accept, 1 caller", one, " (aim 2)")
    of_rounds(f"accept, {CONNECTIONS} callers", many)
    for name, samples in [("idle, raw fdatasync", idle)] + [
            (f"idle, {since} to start, {name}", samples)
            for name, measured in starts
            for since, samples in (("sent", measured.since_sent), ("202", measured.since_answer))]:
        found = percentiles(samples)
        row(name, found["p50"], found["p99"])
    print(f"\nMedians of {rounds} rounds, interleaved; idle: of all {rounds * STARTS_PER_ROUND}.")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--directory", help="on the file system to measure (default: the temporary one)")
    options = arguments.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")

    with tempfile.TemporaryDirectory(prefix="convoke-bench-", dir=options.directory) as temporary:
        directory = pathlib.Path(temporary).resolve()
        engine = Engine(options.build.resolve(), directory / "state", 1)
        try:
            measure_all(engine, directory, options.rounds)
        finally:
            engine.process.terminate()
            engine.process.wait()


def measure_all(engine, directory, rounds):
    engine.deploy("hello", runtime="in-process", handler="hello", instanceConcurrency=200)
    engine.deploy("latest_start", runtime="in-process", handler="latest_start")
    script = directory / "async.lua"
    script.write_text(f'wrk.method="POST"; wrk.body=string.rep("x",{EVENT_BYTES}); '
                      'wrk.headers["X-Fc-Invocation-Type"]="Async"')
    disk = Disk(directory / "raw")
    caller = Caller(engine, "hello", b"x" * EVENT_BYTES)
    starts = [("in-process", in_process_starts(engine)), ("python3", python_starts(engine, directory))]
    raw, one, many = [], [], []
    for _ in range(rounds):
        raw.append(disk.measure())
        one.append(caller.measure())
        disk.measure_idle()
        for _, start in starts:
            start.measure()
        many.append(accept_many(engine, script))
        time.sleep(IDLE)
    print(f"{machine_facts(directory)}\n")
    show(raw, one, many, disk.idle, starts, rounds)


if __name__ == "__main__":
    main()
