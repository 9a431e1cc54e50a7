#!/usr/bin/env python3
"""What functions that nobody calls cost: Redis' commands, the engine's CPU and memory.

    bench/idle.py BUILD_DIR [--functions N] [--busy N] [--rate CALLS_PER_SECOND] [--seconds S]

Needs wrk and redis-server. Two engines, one after the other, each on a server that was emptied
before: one with N functions, one with as many as are busy. In-process functions, created over HTTP.
Then, for so many seconds each: all idle, as created; all idle, each having been called once
asynchronously (so that the engine holds a lease on it); a few called at a steady rate. Commands are
those that the server counts (INFO commandstats), those inside scripts included.
"""
import argparse
import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import sys
import tempfile
import threading
import time

from backlog import status
from redis_queue import Redis
from side_by_side import SERVICE, Engine, cpu_seconds, run_wrk

CLIENTS = 8  # that create functions, each with a connection
BY_NAME_MAX = 6


class Clients:
    """Requests from a few threads, each with a keep-alive connection."""

    def __init__(self, port):
        self.port = port
        self.mine = threading.local()

    def ask(self, method, path, body, headers):
        if not hasattr(self.mine, "connection"):
            self.mine.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.mine.connection.request(method, path, body, headers)
        answer = self.mine.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")

    def all(self, requests):
        """Seconds that they took."""
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for _ in pool.map(lambda request: self.ask(*request), requests):
                pass
        return time.monotonic() - began


def creation(name):
    fields = {"functionName": name, "runtime": "in-process", "handler": "hello", "instanceConcurrency": 20}
    return "POST", f"{SERVICE}/bench/functions", json.dumps(fields), {}


def call_once(engine, name):
    return "POST", engine.invocations(name), b"x", {"X-Fc-Invocation-Type": "Async"}


def commands(redis):
    return {name: int(calls) for name, calls in re.findall(r"^cmdstat_(\S+?):calls=(\d+)", redis.info("commandstats"), re.M)
            if name not in ("info", "config|set")}


def over(seconds, engine, redis, during):
    """Per second: the server's commands by name, its CPU and the engine's in %; MB of the engine."""
    counts, cpu, redis_cpu = commands(redis), cpu_seconds([engine.process.pid]), redis.cpu_seconds()
    began = time.monotonic()
    during()
    took = time.monotonic() - began
    more = {name: (calls - counts.get(name, 0)) / took for name, calls in commands(redis).items()}
    return {
        "commands": sum(more.values()),
        "engine": (cpu_seconds([engine.process.pid]) - cpu) * 100 / took,
        "redis": (redis.cpu_seconds() - redis_cpu) * 100 / took,
        "memory": status(engine.process.pid, "RssAnon"),
        "names": sorted(((rate, name) for name, rate in more.items() if rate >= 0.05), reverse=True)[:BY_NAME_MAX],
    }


def show(what, found):
    names = ", ".join(f"{name} {rate:.1f}" for rate, name in found["names"])
    print(f"  {what:30}{found['commands']:>12.1f}{found['engine']:>12.2f}{found['redis']:>11.2f}"
          f"{found['memory']:>11.0f}   {names}", flush=True)


def wait_until_idle(engine):
    """Whatever was called has run."""
    drained = re.compile(r"^convoke_queue_(?:ready|claimed|delayed)\{[^}]*\} [1-9]", re.M)
    ends = time.monotonic() + 600
    while drained.search(engine.call("GET", "/metrics").decode()):
        if time.monotonic() > ends:
            sys.exit("calls do not end")
        time.sleep(1)
    time.sleep(2)


def measure(options, redis, directory, functions):
    redis.empty()
    state = tempfile.mkdtemp(dir=directory)
    queue = f"unix:{redis.socket}"
    engine = Engine(options.build.resolve(), state, 1, queue)
    try:
        names = [f"f{i}" for i in range(functions)]
        clients = Clients(engine.port)
        took = clients.all(map(creation, names))
        print(f"\n{functions:,} functions, created at {functions / took:,.0f}/s")
        print(f"  {'':30}{'commands/s':>12}{'engine CPU%':>12}{'Redis CPU%':>11}{'engine MB':>11}   commands by name")
        idle = lambda: time.sleep(options.seconds)
        time.sleep(2)
        show("idle, as created", over(options.seconds, engine, redis, idle))
        clients.all(call_once(engine, name) for name in names)
        wait_until_idle(engine)
        show("idle, each called once", over(options.seconds, engine, redis, idle))
        script = directory / "busy.lua"
        script.write_text(busy_lua(engine, names[:options.busy], options.rate))
        show(f"{options.busy} busy, {options.rate} calls/s in all", over(
            options.seconds, engine, redis,
            lambda: run_wrk(engine.url("f0"), options.seconds, script, connections=options.busy)))
        engine.process.terminate()
        engine.process.wait()
        engine = restart(options, state, queue)
    finally:
        engine.process.kill()
        engine.process.wait()
        shutil.rmtree(state)


def restart(options, state, queue):
    """It reads the registry, and buries its last life, which held leases."""
    began = time.monotonic()
    engine = Engine(options.build.resolve(), state, 1, queue, again=True)
    serves = time.monotonic() - began
    engine.call("POST", engine.invocations("f0"), b"x")
    print(f"  started again: serves after {serves:.2f} s, has answered a call after {time.monotonic() - began:.2f} s, "
          f"{status(engine.process.pid, 'RssAnon'):.0f} MB", flush=True)
    return engine


def busy_lua(engine, names, rate):
    """Any of them, by chance; together at that rate, with a connection for each."""
    paths = ", ".join(f'"{engine.invocations(name)}"' for name in names)
    return f"""
local paths = {{ {paths} }}
local headers = {{ ["X-Fc-Invocation-Type"] = "Async" }}
function delay() return math.random(0, {2 * len(names) * 1000 // rate}) end
function request() return wrk.format("POST", paths[math.random(#paths)], headers, "x") end
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--functions", type=int, default=10_000)
    arguments.add_argument("--busy", type=int, default=10)
    arguments.add_argument("--rate", type=int, default=200)
    arguments.add_argument("--seconds", type=int, default=60, help="a minute has all that is done once a minute")
    options = arguments.parse_args()
    for tool in ("wrk", "redis-server"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing")
    print(f"Per second, over {options.seconds} s each; one engine with one shard; appendfsync everysec")
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as temporary:
        directory = pathlib.Path(temporary)
        redis = Redis(directory)
        try:
            for functions in (options.busy, options.functions):
                measure(options, redis, directory, functions)
        finally:
            redis.process.kill()
            redis.process.wait()


if __name__ == "__main__":
    main()
