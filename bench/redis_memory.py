#!/usr/bin/env python3
"""What a call that waits costs in Redis, and in the engine: 128 B and 1 KB, queued and delayed.

    bench/redis_memory.py BUILD_DIR [--calls N] [--events BYTES...]

Needs wrk and redis-server. A function with an on-demand limit of 0, or with calls that are delayed by
a day, is called asynchronously until so many wait. In Redis: the growth of `used_memory`, divided by
the calls; beside it, a bare XADD of as many bytes with an id of 36 in the same server, emptied before.
In the engine: its anonymous resident memory (RssAnon), before, half way and at the end.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from backlog import status
from redis_queue import Redis
from side_by_side import CONNECTIONS, Engine, run_wrk

AIMS = {("queued", 128): 130, ("queued", 1024): 200, ("delayed", 128): 200, ("delayed", 1024): 360}
DELAY = 86_400  # seconds


class Waiting:
    """An engine whose calls wait, on a server that was emptied before."""

    def __init__(self, build, redis, directory, kind, event_bytes):
        redis.empty()
        self.redis = redis
        self.state = tempfile.mkdtemp(dir=directory)
        self.engine = Engine(build, self.state, 1, f"unix:{redis.socket}")
        self.engine.deploy("wait", runtime="in-process", handler="hello", instanceConcurrency=200)
        if kind == "queued":
            self.engine.limit("wait", 0)
        self.script = directory / "wait.lua"
        delay = f'wrk.headers["X-Convoke-Async-Delay"] = "{DELAY}"' if kind == "delayed" else ""
        self.script.write_text(f'wrk.method = "POST"; wrk.body = string.rep("x", {event_bytes}); {delay}\n'
                               'wrk.headers["X-Fc-Invocation-Type"] = "Async"')
        self.load()  # warm

    def load(self, seconds=1):
        return run_wrk(self.engine.url("wait"), seconds, self.script, CONNECTIONS)["rate"]

    def calls(self):
        """Those that the server has; there is one function."""
        found = 0
        for name in self.redis.ask("--scan", "--pattern", "{convoke:*}:[qd]").split():
            found += int(self.redis.ask("XLEN" if name.endswith("q") else "ZCARD", name))
        return found

    def grow_to(self, calls):
        rate = 0.0
        while (left := calls - self.calls()) > 0:
            rate = self.load(max(1, min(5, int(left / rate)))) if rate else self.load()

    def memory(self):
        return status(self.engine.process.pid, "RssAnon")

    def close(self):
        self.engine.process.terminate()
        self.engine.process.wait()
        shutil.rmtree(self.state)


def measure(build, redis, directory, kind, event_bytes, calls):
    waiting = Waiting(build, redis, directory, kind, event_bytes)
    try:
        there, used, engine = waiting.calls(), redis.number("memory", "used_memory"), [waiting.memory()]
        for part in (2, 1):
            waiting.grow_to(there + calls // part)
            engine.append(waiting.memory())
        more = waiting.calls() - there
        return (redis.number("memory", "used_memory") - used) / more, engine, more
    finally:
        waiting.close()


def bare_add(redis, event_bytes, calls):
    """Bytes of Redis' memory for each entry of an id and an event, without anything else."""
    redis.empty()
    used = redis.number("memory", "used_memory")
    words = ["XADD", "bare", "*", "c", "i" * 36 + "x" * event_bytes]
    command = "".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)])
    piping = subprocess.Popen(["redis-cli", "-s", redis.socket, "--pipe"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL)
    for _ in range(calls // 100):
        piping.stdin.write(command.encode() * 100)
    piping.communicate()
    return (redis.number("memory", "used_memory") - used) / redis_length(redis)


def redis_length(redis):
    return int(redis.ask("XLEN", "bare"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--calls", type=int, default=200_000)
    arguments.add_argument("--events", type=int, nargs="+", default=[128, 1024])
    options = arguments.parse_args()
    for tool in ("wrk", "redis-server"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing")
    build = options.build.resolve()
    print(f"At least {options.calls:,} calls each. Bytes of Redis' memory beyond the event; the engine's memory in MB")
    print(f"  {'':22}{'calls':>10}{'a call':>9}{'beyond':>9}{'engine: at first':>18}{'half way':>10}{'at the end':>12}")
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as temporary:
        directory = pathlib.Path(temporary)
        redis = Redis(directory)
        redis.ask("CONFIG", "SET", "appendonly", "no")
        try:
            for event_bytes in options.events:
                show(build, redis, directory, event_bytes, options.calls)
        finally:
            redis.process.kill()
            redis.process.wait()


def show(build, redis, directory, event_bytes, calls):
    bare = bare_add(redis, event_bytes, calls)
    print(f"  {f'bare XADD, {event_bytes} B':22}{calls:>10,}{bare:>9.0f}{bare - event_bytes:>9.0f}", flush=True)
    for kind in ("queued", "delayed"):
        each, engine, there = measure(build, redis, directory, kind, event_bytes, calls)
        beyond, aim = each - event_bytes, AIMS.get((kind, event_bytes))
        verdict = "" if aim is None else f"  (aim {aim}{'' if beyond <= aim else ': MISSED'})"
        print(f"  {f'{kind}, {event_bytes} B':22}{there:>10,}{each:>9.0f}{beyond:>9.0f}"
              f"{engine[0]:>18.0f}{engine[1]:>10.0f}{engine[2]:>12.0f}{verdict}", flush=True)


if __name__ == "__main__":
    main()
