#!/usr/bin/env python3
"""What a backlog costs: memory, accept rate, disk and recovery, with 0, 1 and N million calls queued.

    bench/backlog.py BUILD_DIR [--millions N] [--directory DIR] [--event BYTES]

Needs wrk (Debian: apt-get install wrk). A function with on-demand limit 0 is called asynchronously
until that many calls wait; then the engine is killed with SIGKILL and started again, and some of
the calls are run. Memory is the engine's anonymous resident memory (RssAnon); the disk's is what its
state directory takes, scratch space without a name included.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests/e2e"))

CONNECTIONS = 64
SECONDS = 5  # of load for each figure, and between two looks at the depth
INVOKE = "/2016-08-15/services/e2e/functions/wait/invocations"
FUNCTION = {
    "index.py": """
def handler(event, context):
    return b""
"""
}


def load(url, seconds, script):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script, url]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"calls were refused:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def status(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text).group(1)) / 1024


def queued(engine):
    text = engine.request("GET", "/metrics").body.decode()
    return sum(map(int, re.findall(r"^convoke_queue_ready\{[^}]*\} (\d+)$", text, re.M)))


def disk_bytes(engine):
    """Files with a name, and those that the engine alone still has."""
    named = sum(path.stat().st_blocks * 512 for path in engine.state.rglob("*") if path.is_file())
    scratch = 0
    for link in pathlib.Path(f"/proc/{engine.pid}/fd").iterdir():
        if ".scratch" in os.readlink(link):
            scratch += link.stat().st_blocks * 512
    return named + scratch, scratch


class Peak:
    """The most memory that the engine's process had while this was open."""

    def __init__(self, engine):
        self.engine = engine
        self.megabytes = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.05):
            with contextlib.suppress(OSError, AttributeError):  # it is about to start
                self.megabytes = max(self.megabytes, status(self.engine.process.pid, "RssAnon"))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def row(engine, script, url):
    waiting = queued(engine)
    memory = status(engine.pid, "RssAnon")
    used, scratch = disk_bytes(engine)
    rate = load(url, SECONDS, script)
    per_call = f"{used / waiting:.0f} ({scratch / waiting:.0f})" if waiting else "-"
    print(f"| {waiting:,} | {memory:.0f} MB | {rate:,.0f}/s | {per_call} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--event", type=int, default=128)
    asked = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")
    os.environ["CONVOKE_BINARY"] = str((asked.build / "convoke").resolve())
    from engine import API, Engine

    directory = pathlib.Path(tempfile.mkdtemp(prefix="convoke-backlog-", dir=asked.directory))
    script = directory / "async.lua"
    script.write_text(f'wrk.method="POST"; wrk.body=string.rep("x",{asked.event}); '
                      'wrk.headers["X-Fc-Invocation-Type"]="Async"')
    options = ["--queue-depth-max", "100000000", "--function-queue-depth-max", "100000000"]
    try:
        with Engine(state=directory / "state", shards=1, options=options) as engine:
            engine.deploy("wait", FUNCTION, limit=0)
            load(engine.url + INVOKE, 2, script)  # warm
            print(f"Events of {asked.event} bytes, 1 shard, {CONNECTIONS} callers, {os.cpu_count()} CPUs")
            print("| calls queued | engine memory | accepted | disk, bytes per call (scratch) |")
            print("|---|---|---|---|", flush=True)
            row(engine, script, engine.url + INVOKE)
            for target in (1e6, asked.millions * 1e6):
                while queued(engine) < target:
                    load(engine.url + INVOKE, SECONDS, script)
                row(engine, script, engine.url + INVOKE)
            waiting = queued(engine)
            engine.kill()
            began = time.monotonic()
            with Peak(engine) as peak:
                engine.start()
            took = time.monotonic() - began
            print(f"\nAfter kill -9: serving again in {took:.1f} s, {queued(engine):,} of {waiting:,} calls there; "
                  f"memory {status(engine.pid, 'RssAnon'):.0f} MB, at most {peak.megabytes:.0f} MB on the way.")
            limit = {"maximumInstanceCount": 2}
            engine.request("PUT", f"{API}/services/e2e/functions/wait/on-demand-config", limit)
            began, before = time.monotonic(), queued(engine)
            time.sleep(4 * SECONDS)
            rate = (before - queued(engine)) / (time.monotonic() - began)
            print(f"Then, with 2 instances: {rate:,.0f} calls/s run off.")
            engine.kill()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
