#!/usr/bin/env python3
"""Tests what a function does about time, without waiting: a day's timeout, hours of retries, a
week's age. An engine with a virtual clock runs the real functions; `convoke clock advance` moves it.

    tools/examples/week_in_a_minute.py [CONVOKE]        the program; default: build/convoke
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SLEEPS = """\
import time

def handler(event, context):
    time.sleep(7 * 86400)
"""

# No answer is no error of the function: it costs no attempt, and is tried again until it is too old.
HANGS_UP = """\
#!/usr/bin/env python3
import os, socket

listener = socket.create_server(("127.0.0.1", int(os.environ["FC_SERVER_PORT"])))
while True:
    listener.accept()[0].close()
"""

GREETS = """\
def handler(event, context):
    return "hello"
"""


class Engine:
    """`convoke serve --virtual-clock` on a free port, and the command line that speaks to it."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        self.begun = time.monotonic()
        self.log = (directory / "log").open("w+")
        self.process = subprocess.Popen(
            [program, "serve", "--virtual-clock", "--listen", "127.0.0.1:0", "--state", directory / "state"],
            stderr=self.log)
        self.endpoint = self.wait_for(
            lambda: re.search(r"serving (http://\S+)", (directory / "log").read_text()), "it serves").group(1)

    def wait_for(self, look, what):
        for _ in range(1000):
            if self.process.poll() is not None:
                break
            if found := look():
                return found
            time.sleep(0.01)
        sys.exit(f"not so: {what}\n{(self.directory / 'log').read_text()}")

    def convoke(self, *arguments, may_fail=False):
        run = subprocess.run([self.program, *arguments, "--endpoint", self.endpoint],
                             capture_output=True, text=True)
        if run.returncode != 0 and not may_fail:
            sys.exit(f"convoke {' '.join(arguments)}: {run.stderr}")
        return run.stdout

    def deploy(self, name, settings, **files):
        folder = self.directory / name
        folder.mkdir()
        (folder / "convoke.toml").write_text(settings)
        for file, text in files.items():
            path = folder / file.replace("_py", ".py")
            path.write_text(text)
            path.chmod(0o755)
        self.convoke("deploy", str(folder))

    def advance(self, span):
        self.convoke("clock", "advance", span, "--patience", "1s")

    def call(self, function):
        """What is known of the call named `it`; `get` says by its exit code that it has not succeeded."""
        return json.loads(self.convoke("get", function, "it", "--json", may_fail=True))

    def say(self, text):
        passed = json.loads(self.convoke("clock", "--json"))["advancedSeconds"]
        days, seconds = divmod(int(passed), 86400)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        print(f"day {days} {clock}  (after {time.monotonic() - self.begun:4.1f} s)  {text}", flush=True)


def a_timeout_of_24_hours(engine):
    engine.deploy("sleeps", 'runtime = "python3"\nhandler = "index.handler"\ntimeout = 86400\nretries = 0\n',
                  index_py=SLEEPS)
    engine.convoke("invoke", "sleeps", "--async", "--id", "it")
    engine.wait_for(lambda: engine.call("sleeps")["status"] == "Running", "sleeps is running")
    engine.say("sleeps: started, with a timeout of 24 hours")
    engine.advance("86399s")
    engine.say(f"sleeps: {engine.call('sleeps')['status']}, a second before its timeout")
    engine.advance("1s")
    engine.wait_for(lambda: engine.call("sleeps")["status"] == "Failed", "sleeps has failed")
    call = engine.call("sleeps")
    engine.say(f"sleeps: {call['status']}: {json.loads(call['errorDetail'])['errorMessage']}")


def five_hours_of_retries(engine):
    engine.deploy("hangs-up", 'runtime = "custom"\nmax_age = 18000\n', bootstrap=HANGS_UP)
    engine.convoke("invoke", "hangs-up", "--async", "--id", "it")
    engine.say("hangs-up: accepted, to be tried for 5 hours")
    engine.advance("5h")
    engine.advance("10m")
    call = engine.wait_for(
        lambda: (seen := engine.call("hangs-up"))["status"] not in ("Running", "Retrying", "Dequeued") and seen,
        "hangs-up has ended")
    retries = [event["timestamp"] for event in call["events"] if event["status"] == "Retrying"]
    waits = [f"{(later - earlier) / 1000:.0f}" for earlier, later in zip(retries, retries[1:])]
    engine.say(f"hangs-up: {call['status']} after {call['alreadyRetriedTimes']} retries, the last ones "
               f"{', '.join(waits[-10:])} seconds apart")


def an_age_of_7_days(engine):
    engine.deploy("stopped", 'runtime = "python3"\nhandler = "index.handler"\nmax_age = 604800\nlimit = 0\n',
                  index_py=GREETS)
    engine.convoke("invoke", "stopped", "--async", "--id", "it")
    engine.say("stopped: accepted, while its limit is 0; it may grow 7 days old")
    engine.advance("604799s")
    engine.say(f"stopped: {engine.call('stopped')['status']}, a second younger than that")
    engine.advance("2s")
    engine.convoke("set", "stopped", "limit=none")
    engine.wait_for(lambda: engine.call("stopped")["status"] == "Expired", "stopped has expired")
    engine.say(f"stopped: {engine.call('stopped')['status']} a second later, and not run when its limit was lifted")


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/convoke").resolve()
    with tempfile.TemporaryDirectory() as directory:
        engine = Engine(program, pathlib.Path(directory))
        try:
            a_timeout_of_24_hours(engine)
            five_hours_of_retries(engine)
            an_age_of_7_days(engine)
        finally:
            engine.process.terminate()
            engine.process.wait()


if __name__ == "__main__":
    main()
