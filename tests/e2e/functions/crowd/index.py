"""Counts how many calls are in it at once, over all instances.

Each call adds a `+` to $STATE/crowd when it begins and a `-` when it ends. One-byte appends are
atomic and keep their order, so the greatest sum of a prefix is the most calls that ever ran at once.
"""

import os
import time

TRACE = os.path.join(os.environ["STATE"], "crowd")


def handler(event, context):
    """The event: stay until so many calls have begun in all."""
    trace = os.open(TRACE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(trace, b"+")
        ends = time.monotonic() + 25
        while os.pread(trace, 1 << 20, 0).count(b"+") < int(event):
            if time.monotonic() > ends:
                return "alone"
            time.sleep(0.002)
        time.sleep(0.005)
        os.write(trace, b"-")
    finally:
        os.close(trace)
    return "met"
