#!/usr/bin/env python3
"""Makes a state directory of today's program, for tests of later ones: state-VERSION.tar.xz.

    CONVOKE_BINARY=build/convoke tests/e2e/samples/make_sample.py VERSION

Made once for each version that was released, and kept; the engine is killed, so that the journals
end as a crash leaves them.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from engine import API, Engine, wait_until  # noqa: E402

INVOKE = f"{API}/services/e2e/functions/{{}}/invocations"


def send(engine, function, event, name, delay=0):
    headers = {"X-Fc-Invocation-Type": "Async", "X-Fc-Async-Delay": str(delay)}
    headers["X-Fc-Stateful-Async-Invocation-Id"] = name
    answer = engine.request("POST", INVOKE.format(function), event, headers=headers)
    assert answer.status == 202, answer


def status(engine, function, name):
    path = f"{API}/services/e2e/functions/{function}/stateful-async-invocations/{name}"
    return engine.request("GET", path).json()["status"]


def fill(engine):
    engine.deploy("still", "basics", handler="index.echo", limit=0)
    engine.deploy("fail", "basics", handler="index.fail")
    engine.deploy("echo", "basics", handler="index.echo")
    for i in range(20):
        send(engine, "still", b"queued %d" % i, f"queued-{i}")
    send(engine, "still", b"delayed", "delayed", delay=3600)
    send(engine, "echo", b"done", "done")
    wait_until(lambda: status(engine, "echo", "done") == "Succeeded", "it has ended")
    send(engine, "fail", b"again", "retrying")
    wait_until(lambda: status(engine, "fail", "retrying") == "Retrying", "it has failed once")
    limit = f"{API}/services/e2e/functions/fail/on-demand-config"
    assert engine.request("PUT", limit, {"maximumInstanceCount": 0}).status == 200


def main():
    engine = Engine()
    try:
        fill(engine)
        engine.kill()
        target = HERE / f"state-{sys.argv[1]}.tar.xz"
        command = ["tar", "-C", str(engine.state), "--sparse", "--owner=0", "--group=0", "-cJf", str(target), "."]
        subprocess.run(command, check=True)
        print(target, target.stat().st_size, "bytes")
    finally:
        engine.remove_state()


if __name__ == "__main__":
    main()
