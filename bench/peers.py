#!/usr/bin/env python3
"""The queue on Redis beside its peers and a bare stream, on one Redis server, interleaved in one run.

    bench/peers.py BUILD_DIR [--rounds N] [--seconds S] [--calls N]

Needs wrk, redis-server, node and npm; npm gets the peers (bench/peers/package.json) into BUILD_DIR.
One server, on a Unix socket of its own, with `appendfsync everysec` and then `always`, emptied
before each measurement; nothing is left running. Everybody has 64 calls under way, each with an
event of 1 KB and nothing to do:

  convoke     an engine with one shard and an in-process function, called over HTTP by wrk
  embedded    the same engine, called by the program that it is in, as the peers are libraries too
  its store   the same queue without the engine around it (redis_queue_bench), which adds and takes
  BullMQ, bee-queue
              a process that adds and one that runs, warmed up; what is done is removed
  bare stream XADD, XREADGROUP, XACK and XDEL over one pipelined connection: the ceiling

accepted/s: how fast callers got rid of their calls. ended/s: from the first call's beginning until
the last one's end was written down. Where one process does both there is but one rate. Redis' CPU is
`used_cpu_user + used_cpu_sys`, per call.

Then 1,000 calls/s, steadily: from a call's sending until its code runs (CLOCK_MONOTONIC); over HTTP
by 16 callers of wrk's, for the bare stream by blocking hiredis calls. A p99 is the median of rounds'.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from redis_queue import Redis
from side_by_side import CONNECTIONS, Engine, async_load, cpu_seconds, own_load, run_wrk

EVENT_BYTES = 1024
STEADY = 1000  # calls a second
CALLERS = 16  # of the steady rate; each waits for 16 ms on average between two calls
HERE = pathlib.Path(__file__).parent

ASYNC_LUA = f"""
wrk.method = "POST"; wrk.body = string.rep("x", {EVENT_BYTES})
wrk.headers["X-Fc-Invocation-Type"] = "Async"
"""
# Each event begins with when it was sent.
STEADY_LUA = f"""
local ffi = require("ffi")
ffi.cdef[[ struct timespec {{ long s; long ns; }}; int clock_gettime(int clock, struct timespec* at); ]]
local at = ffi.new("struct timespec")
local headers = {{ ["X-Fc-Invocation-Type"] = "Async" }}
local rest = string.rep(" ", {EVENT_BYTES} - 20)
function delay() return math.random(0, {2 * CALLERS * 1000 // STEADY}) end
function request()
  ffi.C.clock_gettime(1, at)
  local sent = string.format("%020d", tonumber(at.s) * 1000000000 + tonumber(at.ns))
  return wrk.format("POST", nil, headers, sent .. rest)
end
"""


class Bench:
    def __init__(self, options, redis, directory):
        self.options, self.redis, self.directory = options, redis, directory
        self.build = options.build.resolve()
        (directory / "async.lua").write_text(ASYNC_LUA)
        (directory / "steady.lua").write_text(STEADY_LUA)

    def run(self, program, *arguments):
        command = [self.build / "bench" / program, self.redis.socket, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    def counted(self, calls, measure):
        """What measure() says, and Redis' CPU for each of calls(its answer)."""
        before = self.redis.cpu_seconds()
        found = measure()
        found["cpu"] = (self.redis.cpu_seconds() - before) * 1e6 / calls(found)
        return found

    # ---- rates ----

    def one_process(self, way):
        self.redis.empty()

        def measure():
            rate = self.run("redis_queue_bench", way, self.options.calls, EVENT_BYTES, CONNECTIONS)
            return {"accepted": None, "ended": float(rate[0])}

        return self.counted(lambda _: self.options.calls, measure)

    def convoke(self):
        script = self.directory / "async.lua"
        return self.engine_load(lambda engine: async_load(engine, script, self.options.seconds, CONNECTIONS))

    def embedded(self):
        return self.engine_load(lambda engine: own_load(engine, self.options.calls, CONNECTIONS, EVENT_BYTES))

    def engine_load(self, load):
        with EngineHere(self) as engine:
            engine.deploy("hello", runtime="in-process", handler="hello", instanceConcurrency=200)
            engine.deploy("count", runtime="in-process", handler="count")
            async_load(engine, self.directory / "async.lua", 1, CONNECTIONS)

            def measure():
                before = cpu_seconds([engine.process.pid])
                run = load(engine)
                own = (cpu_seconds([engine.process.pid]) - before) * 1e6 / run["requests"]
                return {"accepted": run["rate"], "ended": run["finished"], "calls": run["requests"], "own": own}

            return self.counted(lambda found: found["calls"], measure)

    def peer(self, name):
        self.redis.empty()
        calls = self.options.calls // 4  # as long as the others take
        sides = [self.peer_side(name, side, calls) for side in ("run", "add")]
        try:
            running, adding = sides
            for side in sides:
                said(side, "warm")
            return self.counted(lambda _: calls, lambda: self.peer_load(running, adding, calls))
        finally:
            for side in sides:
                side.kill()
                side.communicate()

    def peer_side(self, name, side, calls):
        command = ["node", self.build / "bench/peers/peer.mjs", name, side, self.redis.socket]
        command += [calls // 4, calls, EVENT_BYTES, CONNECTIONS]
        return subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def peer_load(running, adding, calls):
        adding.stdin.write("go\n")
        adding.stdin.flush()
        began, added = map(int, said(adding).split())
        ended = int(said(running))
        return {"accepted": calls * 1e9 / (added - began), "ended": calls * 1e9 / (ended - began)}

    # ---- how soon a call starts ----

    def bare_start(self):
        self.redis.empty()
        count = STEADY * self.options.seconds

        def measure():
            _, p50, p99 = map(float, self.run("redis_stream_latency", count, STEADY, EVENT_BYTES))
            return {"p50": p50, "p99": p99, "rate": STEADY}

        return self.counted(lambda _: count, measure)

    def convoke_start(self):
        with EngineHere(self) as engine:
            engine.deploy("timed", runtime="in-process", handler="timed", instanceConcurrency=200)
            engine.deploy("delays", runtime="in-process", handler="delays")
            steady = lambda seconds: run_wrk(engine.url("timed"), seconds, self.directory / "steady.lua", CALLERS)
            steady(1)
            delays(engine)

            def measure():
                run = steady(self.options.seconds)
                count, p50, p99 = delays(engine)
                return {"p50": p50, "p99": p99, "rate": run["rate"], "calls": count}

            return self.counted(lambda found: found["calls"], measure)


class EngineHere:
    """An engine whose queue lies on the bench's server, which is emptied before; gone at the end."""

    def __init__(self, bench):
        self.bench = bench

    def __enter__(self):
        self.bench.redis.empty()
        self.state = tempfile.mkdtemp(dir=self.bench.directory)
        queue = f"unix:{self.bench.redis.socket}"
        self.engine = Engine(self.bench.build, self.state, 1, queue)
        return self.engine

    def __exit__(self, *_):
        self.engine.process.terminate()
        self.engine.process.wait()
        shutil.rmtree(self.state)


def delays(engine):
    return map(float, engine.call("POST", engine.invocations("delays"), b"").split())


def said(side, word=None):
    line = side.stdout.readline().strip()
    if not line or word not in (None, line):
        sys.exit(f"{' '.join(map(str, side.args[1:4]))}: {line or 'it ended'}")
    return line


def install_peers(build):
    """In the build directory, once for each version of package.json."""
    there = build / "bench/peers"
    there.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "peers/peer.mjs", there)
    wanted = (HERE / "peers/package.json").read_text()
    done = there / "installed"
    if done.exists() and done.read_text() == wanted:
        return
    (there / "package.json").write_text(wanted)
    subprocess.run(["npm", "install", "--omit=dev", "--no-package-lock", "--ignore-scripts", "--no-audit",
                    "--no-fund", "--silent"], cwd=there, check=True)
    done.write_text(wanted)


def interleaved(rounds, ways):
    found = {name: [] for name in ways}
    for _ in range(rounds):
        for name, measure in ways.items():
            found[name].append(measure())
    return {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}


def median(values):
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


def aim(what, ratio, wanted):
    print(f"  {what}: {ratio:.2f} (aim {wanted}{'' if ratio >= wanted else ': MISSED'})")


def show_rates(bench, durability):
    found = interleaved(bench.options.rounds, {
        "bare stream": lambda: bench.one_process("stream"),
        "convoke, its store": lambda: bench.one_process("store"),
        "convoke": bench.convoke,
        "convoke, embedded": bench.embedded,
        "BullMQ": lambda: bench.peer("bullmq"),
        "bee-queue": lambda: bench.peer("bee-queue"),
    })
    print(f"  {durability:20}{'accepted/s':>12}{'ended/s':>10}{'Redis CPU us/call':>20}")
    for name, row in found.items():
        accepted = "" if row["accepted"] is None else f"{row['accepted']:.0f}"
        print(f"  {name:20}{accepted:>12}{row['ended']:>10.0f}{row['cpu']:>20.1f}")
    ended = {name: row["ended"] for name, row in found.items()}
    aim("convoke / BullMQ, ended", ended["convoke"] / ended["BullMQ"], 4)
    aim("convoke / bare stream, ended", ended["convoke"] / ended["bare stream"], 0.5)
    aim("embedded / BullMQ, ended", ended["convoke, embedded"] / ended["BullMQ"], 4)
    aim("embedded / bare stream, ended", ended["convoke, embedded"] / ended["bare stream"], 0.5)
    aim("its store / BullMQ, ended", ended["convoke, its store"] / ended["BullMQ"], 4)
    aim("its store / bare stream, ended", ended["convoke, its store"] / ended["bare stream"], 0.5)
    print(f"  convoke / bee-queue, ended: {ended['convoke'] / ended['bee-queue']:.2f}; "
          f"convoke's engine: {found['convoke']['own']:.1f} us of CPU a call, HTTP included, "
          f"{found['convoke, embedded']['own']:.1f} us embedded", flush=True)


def show_starts(bench, durability):
    found = interleaved(bench.options.rounds, {"bare stream": bench.bare_start, "convoke": bench.convoke_start})
    print(f"  {durability + ', steady':20}{'calls/s':>12}{'sent to start: p50 us':>24}{'p99 us':>9}{'Redis CPU us/call':>20}")
    for name, row in found.items():
        print(f"  {name:20}{row['rate']:>12.0f}{row['p50']:>24.0f}{row['p99']:>9.0f}{row['cpu']:>20.1f}")
    print(flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--calls", type=int, default=80_000, help="of the store and the stream; a peer's: a quarter")
    options = arguments.parse_args()
    for tool in ("wrk", "redis-server", "node", "npm"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing")
    install_peers(options.build.resolve())
    print(f"{EVENT_BYTES} B events, {CONNECTIONS} under way, medians of {options.rounds} interleaved rounds")
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as temporary:
        directory = pathlib.Path(temporary)
        redis = Redis(directory)
        try:
            bench = Bench(options, redis, directory)
            for durability in ("everysec", "always"):
                redis.ask("CONFIG", "SET", "appendfsync", durability)
                show_rates(bench, durability)
                show_starts(bench, durability)
        finally:
            redis.process.kill()
            redis.process.wait()


if __name__ == "__main__":
    main()
