#!/usr/bin/env python3
"""Convoke beside its floors and a peer, interleaved in one run: medians and ratios.

    bench/side_by_side.py BUILD_DIR [--rounds N] [--seconds S] [--shards N]

Needs wrk and nginx (Debian: apt-get install wrk nginx-light). Everything listens on loopback, on
ports of its own; nothing is left running. Throughput is wrk's; CPU is that of the server's processes
(user and system, /proc/PID/stat), an upstream's not counted.
"""
import argparse
import base64
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

CONNECTIONS = 64
SERVICE = "/2016-08-15/services"
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit(f"nothing listens on port {port}")


def children(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def run_wrk(url, seconds, script=None, connections=CONNECTIONS):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", script]
    out = subprocess.run(command + [url], capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if bad:
        sys.exit(f"{url}: {bad.group(0)}")
    micros = {"us": 1, "ms": 1e3, "s": 1e6}
    latency = {}
    for percent, value, unit in re.findall(r"(50|99)(?:\.000)?%\s+([\d.]+)(us|ms|s)", out):
        latency[percent] = float(value) * micros[unit]
    return {
        "requests": int(re.search(r"(\d+) requests in", out).group(1)),
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
        "p50": latency.get("50", 0.0),
        "p99": latency.get("99", 0.0),
    }


class Engine:
    def __init__(self, build, state, shards, queue=None, again=False):
        """`queue`: the Redis server where asynchronous calls wait (--queue); None: embedded.
        `again`: it was there before, and so is its service."""
        program = build / "bench" / "bench_engine"
        self.process = subprocess.Popen(
            [program, "127.0.0.1:0", state, build / "convoke-launcher", str(shards)] + ([queue] if queue else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        if not again:
            self.call("POST", SERVICE, {"serviceName": "bench"})

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, data, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text[:500]}")
        return text

    def deploy(self, name, **fields):
        self.call("POST", f"{SERVICE}/bench/functions", {"functionName": name, **fields})
        self.call("POST", self.invocations(name), b"x")

    def limit(self, name, instances):
        self.call("PUT", f"{SERVICE}/bench/functions/{name}/on-demand-config",
                  {"maximumInstanceCount": instances})

    def invocations(self, name):
        return f"{SERVICE}/bench/functions/{name}/invocations"

    def own_calls(self, name, callers, calls, event_bytes):
        """The program itself makes that many asynchronous calls; seconds until all were accepted."""
        self.process.stdin.write(f"{self.invocations(name)} {callers} {calls} {event_bytes}\n")
        self.process.stdin.flush()
        accepted, ns = map(int, self.process.stdout.readline().split())
        if accepted != calls:
            sys.exit(f"{name}: {calls - accepted} of {calls} calls were refused")
        return ns / 1e9

    def url(self, name):
        return f"http://127.0.0.1:{self.port}{self.invocations(name)}"


def zipped(bootstrap):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, bootstrap.read_bytes())
    return base64.b64encode(buffer.getvalue()).decode()


def start_nginx(directory, upstream, workers):
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes {workers}; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  keepalive_requests 100000000;
  upstream function {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} reuseport; location / {{
    proxy_pass http://function; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}""")
    process = subprocess.Popen(["nginx", "-c", config, "-p", directory], stderr=subprocess.DEVNULL)
    wait_for_port(port)
    return process, port


class Scenario:
    def __init__(self, name, measure):
        self.name, self.measure, self.runs = name, measure, []

    def median(self, key):
        return statistics.median(run[key] for run in self.runs)


def load(pids_of, url, seconds, script):
    def measure():
        run_wrk(url, 1, script)
        pids = pids_of()
        before = cpu_seconds(pids)
        run = run_wrk(url, seconds, script)
        run["cpu"] = (cpu_seconds(pids) - before) * 1e6 / run["requests"]
        return run
    return measure


def interleave(scenarios, rounds):
    for _ in range(rounds):
        for scenario in scenarios:
            scenario.runs.append(scenario.measure())


def show(title, scenarios):
    print(f"\n{title}")
    print(f"  {'':34}{'calls/s':>10}{'p50 us':>9}{'p99 us':>9}{'CPU us/call':>13}")
    for s in scenarios:
        print(f"  {s.name:34}{s.median('rate'):>10.0f}{s.median('p50'):>9.0f}"
              f"{s.median('p99'):>9.0f}{s.median('cpu'):>13.1f}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--shards", type=int, default=1)
    options = arguments.parse_args()
    build = options.build.resolve()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install wrk nginx-light")

    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as temporary:
        directory = pathlib.Path(temporary)
        post = directory / "post.lua"
        post.write_text('wrk.method="POST"; wrk.body="hello"')
        later = directory / "async.lua"
        later.write_text('wrk.method="POST"; wrk.body=string.rep("x",1024); '
                         'wrk.headers["X-Fc-Invocation-Type"]="Async"')
        running = []
        try:
            measure_all(build, directory, post, later, options, running)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()


def measure_all(build, directory, post, later, options, running):
    shards = options.shards
    floor_port, upstream_port = free_port(), free_port()
    floor = subprocess.Popen([build / "bench/hello_server", str(floor_port), str(shards)])
    upstream = subprocess.Popen([build / "bench/hello_server", str(upstream_port), "1"])
    running += [floor, upstream]
    wait_for_port(floor_port)
    wait_for_port(upstream_port)
    nginx, nginx_port = start_nginx(directory, upstream_port, shards)
    running.append(nginx)
    engine = Engine(build, directory / "state", shards)
    running.append(engine.process)
    engine.deploy("hello", runtime="in-process", handler="hello", instanceConcurrency=200)
    engine.deploy("count", runtime="in-process", handler="count")
    engine.deploy("proxied", runtime="custom", handler="bootstrap", instanceConcurrency=200,
                  code={"zipFile": zipped(build / "bench/hello_server")})
    engine.limit("proxied", 1)

    only = lambda process: lambda: [process.pid]
    seconds = options.seconds
    scenarios = [
        Scenario("bare libuv+llhttp hello", load(only(floor), f"http://127.0.0.1:{floor_port}/", seconds, post)),
        Scenario("convoke, sync, in-process", load(only(engine.process), engine.url("hello"), seconds, post)),
        Scenario("nginx reverse proxy", load(lambda: children(nginx.pid), f"http://127.0.0.1:{nginx_port}/", seconds, post)),
        Scenario("convoke, sync, custom runtime", load(only(engine.process), engine.url("proxied"), seconds, post)),
    ]
    interleave(scenarios, options.rounds)
    show(f"Synchronous, {CONNECTIONS} connections, {shards} shard(s) or thread(s), "
         f"medians of {options.rounds} x {seconds} s", scenarios)
    hello, inside, proxy, custom = scenarios
    print(f"  in-process / bare hello:   throughput {inside.median('rate') / hello.median('rate'):.2f} (aim 0.8)")
    print(f"  custom runtime / nginx:    throughput {custom.median('rate') / proxy.median('rate'):.2f} (aim 1.1), "
          f"CPU per call {custom.median('cpu') / proxy.median('cpu'):.2f} (aim 0.9)")

    raw = Scenario("raw fdatasync, 1.2 KB, one at a time", lambda: raw_fdatasync(build, directory, seconds))
    one = Scenario("convoke, async accept, 1 caller",
                   lambda: async_load(engine, later, seconds, 1))
    many = Scenario(f"convoke, async accept, {CONNECTIONS} callers",
                    lambda: async_load(engine, later, seconds, CONNECTIONS))
    interleave([raw, one, many], options.rounds)
    print(f"\nAsynchronous on the embedded store, 1 KB events, medians of {options.rounds} x {seconds} s")
    print(f"  {'':40}{'per second':>11}{'p50 us':>9}{'p99 us':>9}{'finished/s':>12}")
    for s in (raw, one, many):
        done = f"{s.median('finished'):>12.0f}" if "finished" in s.runs[0] else ""
        print(f"  {s.name:40}{s.median('rate'):>11.0f}{s.median('p50'):>9.0f}{s.median('p99'):>9.0f}{done}")
    print(f"  accept p50, 1 caller / raw fdatasync p50: {one.median('p50') / raw.median('p50'):.2f} (aim 2)")
    print(f"  accept rate, {CONNECTIONS} callers / raw fdatasync rate: {many.median('rate') / raw.median('rate'):.2f}; "
          f"finished / accepted: {many.median('finished') / many.median('rate'):.2f}")


def raw_fdatasync(build, directory, seconds):
    out = subprocess.run([build / "bench/raw_fdatasync", directory / "raw", "1200", str(seconds)],
                         capture_output=True, text=True, check=True).stdout.split()
    return {"rate": float(out[0]), "p50": float(out[1]), "p99": float(out[2])}


def async_load(engine, script, seconds, connections):
    return until_all_ran(engine, lambda: run_wrk(engine.url("hello"), seconds, script, connections))


def own_load(engine, calls, connections, event_bytes):
    """The same, of calls that the program with the engine in it makes itself."""
    def measure():
        accepting = engine.own_calls("hello", connections, calls, event_bytes)
        return {"requests": calls, "rate": calls / accepting}
    return until_all_ran(engine, measure)


def until_all_ran(engine, measure):
    before = ran(engine)
    begin = time.monotonic()
    run = measure()
    while ran(engine) - before < run["requests"]:
        time.sleep(0.005)
    run["finished"] = run["requests"] / (time.monotonic() - begin)
    return run


def ran(engine):
    """How often the in-process function has run."""
    return int(engine.call("POST", engine.invocations("count"), b""))


if __name__ == "__main__":
    main()
