#!/usr/bin/env python3
"""The queue on Redis beside a bare stream on the same Redis, interleaved in one run.

    bench/redis_queue.py BUILD_DIR [--rounds N] [--calls N] [--bytes N] [--under-way N]

Needs redis-server. One server, on a Unix socket of its own, with `appendfsync everysec` and then
`always`; nothing is left running. Redis' CPU is `used_cpu_user + used_cpu_sys`, per call.
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile
import time


class Redis:
    def __init__(self, directory):
        self.socket = directory / "redis.sock"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", directory, "--save", "",
             "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL)
        while self.ask("PING", check=False) != "PONG":
            time.sleep(0.01)

    def ask(self, *words, check=True):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True,
                              check=check).stdout.strip()

    def empty(self):
        """Of data, and of the log of what was there; no rewriting of it falls into a measurement."""
        self.ask("FLUSHALL")
        self.ask("BGREWRITEAOF")
        while "aof_rewrite_in_progress:1" in self.info() or "aof_rewrite_scheduled:1" in self.info():
            time.sleep(0.01)

    def info(self, section="persistence"):
        return self.ask("INFO", section)

    def number(self, section, field):
        return int(re.search(rf"^{field}:(\d+)", self.info(section), re.M).group(1))

    def cpu_seconds(self):
        used = re.findall(r"used_cpu_(?:user|sys):([\d.]+)", self.info("cpu"))
        return sum(map(float, used))


def measure(build, redis, way, options):
    redis.empty()
    before = redis.cpu_seconds()
    out = subprocess.run(
        [build / "bench/redis_queue_bench", redis.socket, way, str(options.calls), str(options.bytes),
         str(options.under_way)], capture_output=True, text=True, check=True).stdout
    return float(out), (redis.cpu_seconds() - before) * 1e6 / options.calls


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--calls", type=int, default=100_000)
    arguments.add_argument("--bytes", type=int, default=1024)
    arguments.add_argument("--under-way", type=int, default=64)
    options = arguments.parse_args()
    print(f"{options.bytes} B events, {options.under_way} under way, medians of {options.rounds} x "
          f"{options.calls} calls, accepted and ended")
    print(f"  {'':28}{'calls/s':>10}{'Redis CPU us/call':>20}")
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as temporary:
        redis = Redis(pathlib.Path(temporary))
        try:
            for durability in ("everysec", "always"):
                show(options, redis, durability)
        finally:
            redis.process.kill()
            redis.process.wait()


def show(options, redis, durability):
    redis.ask("CONFIG", "SET", "appendfsync", durability)
    runs = {"stream": [], "store": []}
    for _ in range(options.rounds):
        for way, measured in runs.items():
            measured.append(measure(options.build, redis, way, options))
    medians = {way: [statistics.median(part) for part in zip(*measured)] for way, measured in runs.items()}
    for way, name in (("stream", "a bare stream"), ("store", "convoke's store")):
        rate, cpu = medians[way]
        print(f"  {name + ', ' + durability:28}{rate:>10.0f}{cpu:>20.1f}")
    print(f"  store / stream: {medians['store'][0] / medians['stream'][0]:.2f} (aim 0.5)")


if __name__ == "__main__":
    main()
