"""The official Node SDK against an engine: node/sdk.js says what it found, in TAP."""

import os
import pathlib
import shutil
import subprocess
import sys

from engine import Engine, packed

NODE = pathlib.Path(__file__).parent / "node"
LISTENS_ELSEWHERE = """#!/usr/bin/env python3
import socket
listener = socket.create_server(("127.0.0.1", 0))
while True:
    listener.accept()
"""
ZIPS = {
    "ZIP_ONE": packed({"index.py": "def handler(event, context):\n    return b'one ' + event\n"}),
    "ZIP_TWO": packed({"index.py": "def handler(event, context):\n    return b'two ' + event\n"}),
    "ZIP_BASICS": packed("basics"),
    "ZIP_EXITS": packed({"bootstrap": "#!/bin/sh\nexit 3\n"}),
    "ZIP_MISSING": packed({"bootstrap.txt": "not a program"}),
    "ZIP_NOT_EXECUTABLE": packed({"bootstrap": "#!/bin/sh\nexit 3\n"}, executable=()),
    "ZIP_LISTENS_ELSEWHERE": packed({"bootstrap": LISTENS_ELSEWHERE}),
}


def what_is_missing():
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE / "node_modules/@alicloud/fc2").is_dir():
        return f"the SDK is not installed: npm --prefix {NODE} ci"
    return None


def main():
    missing = what_is_missing()
    if missing and os.environ.get("CI") != "true":
        print(f"1..0 # SKIP {missing}")
        return 0
    if missing:
        print(f"1..1\nnot ok 1 - the SDK can be used\n# {missing}")
        return 1
    with Engine() as engine:
        environment = {**os.environ, **ZIPS, "ENDPOINT": engine.url, "STATE": str(engine.state)}
        return subprocess.run(["node", NODE / "sdk.js"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
