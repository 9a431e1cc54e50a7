"""The official Node SDK against an engine: node/sdk.js says what it found, in TAP."""

import os
import pathlib
import shutil
import subprocess
import sys

from engine import Engine, packed

NODE = pathlib.Path(__file__).parent / "node"
CODE = {
    "ZIP_ONE": {"index.py": "def handler(event, context):\n    return b'one ' + event\n"},
    "ZIP_TWO": {"index.py": "def handler(event, context):\n    return b'two ' + event\n"},
    "ZIP_BASICS": "basics",
    "ZIP_EXITS": {"bootstrap": "#!/bin/sh\nexit 3\n"},
    "ZIP_UNREADY": {"bootstrap.txt": "not a program"},
}


def what_is_missing():
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE / "node_modules/@alicloud/fc2").is_dir():
        return f"the SDK is not installed: npm --prefix {NODE} ci"
    return None


def main():
    missing = what_is_missing()
    if missing and "CI" not in os.environ:
        print(f"1..0 # SKIP {missing}")
        return 0
    if missing:
        print(f"1..1\nnot ok 1 - the SDK can be used\n# {missing}")
        return 1
    with Engine() as engine:
        environment = {**os.environ, "ENDPOINT": engine.url, "STATE": str(engine.state)}
        environment |= {name: packed(code) for name, code in CODE.items()}
        return subprocess.run(["node", NODE / "sdk.js"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
