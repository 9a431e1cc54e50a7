"""Small handlers, one for each thing that a caller can meet."""

import json
import os
import pathlib
import time

STATE = pathlib.Path(os.environ["STATE"])
calls = 0


def echo(event, context):
    return event


def count(event, context):
    global calls
    calls += 1
    return str(calls)


def version(event, context):
    return os.environ["VERSION"]


def fail(event, context):
    raise ValueError("as asked: " + event.decode())


def die(event, context):
    os._exit(7)


def talk(event, context):
    print("said", event.decode())
    context.logger.info("logged %s", event.decode())
    return b"done"


def note(event, context):
    """Adds the event as a line of $STATE/notes: one write, so lines of many never mix."""
    write_line("notes", event)
    return b"noted"


def serve(event, context):
    """Says which process runs the event, then returns it."""
    write_line("served", b"%d %s" % (os.getpid(), event))
    return event


def held(event, context):
    """Says that it has begun, then returns its version when the file $STATE/gate appears."""
    write_line("begun", event)
    while not (STATE / "gate").exists():
        time.sleep(0.005)
    write_line("ended", event)
    return os.environ.get("VERSION", "")


def write_line(name, text):
    descriptor = os.open(STATE / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text + b"\n")
    finally:
        os.close(descriptor)


def context_of(event, context):
    return json.dumps({"request": context.request_id, "function": context.function.name})
