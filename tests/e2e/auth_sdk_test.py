"""The official Node SDK against an engine that serves signed requests alone: node/auth.js says what
it found, in TAP."""

import sys

from engine import Engine, packed, run_sdk, secret_file


def main():
    with secret_file("ada a-secret-of-ada\n") as keys, Engine(options=["--access-keys", keys]) as engine:
        code = packed({"index.py": "def handler(event, context):\n    return event\n"})
        return run_sdk("auth.js", ENDPOINT=engine.url, KEY_ID="ada", KEY_SECRET="a-secret-of-ada", ZIP=code)


if __name__ == "__main__":
    sys.exit(main())
