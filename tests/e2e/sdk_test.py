"""The official Node SDK against an engine: node/sdk.js says what it found, in TAP."""

import sys

from engine import Engine, packed, run_sdk

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


def main():
    with Engine() as engine:
        return run_sdk("sdk.js", **ZIPS, ENDPOINT=engine.url, STATE=str(engine.state))


if __name__ == "__main__":
    sys.exit(main())
