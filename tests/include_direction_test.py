#!/usr/bin/env python3
"""Who may include whom: every `#include "..."` of the tree against one list, and what only the edge
may touch. Prints TAP.

    include_direction_test.py ROOT
"""
import pathlib
import re
import sys

# Each room may include itself and the rooms before it.
ROOMS = [
    "core/model",
    "core/edge",
    "core/tls",
    "core/sqlite",
    "core/http",
    "queue",
    "workers",
    "core/registry",
    "core/registry/shared",
    "core/guard",
    "core/guard/shared",
    "core/observe",
    "core/dispatch",
    "core/api",
    "core/loop",
    "core",
    "tools",
    "bench",
    "tests",
]
# Beside the order: pairs that the order alone would allow and the design does not.
FORBIDDEN = {
    "core/sqlite": {"core/edge", "core/tls"},
    "core/http": {"core/sqlite"},
    "workers": {"queue", "core/sqlite"},
    "core/loop": {"core/sqlite", "core/http", "queue", "workers", "core/registry", "core/guard", "core/dispatch", "core/api"},
    "core/registry": {"queue", "workers"},
    "tools": {"core/loop", "core/dispatch", "core/api", "core/guard", "queue", "workers", "core/registry", "core/sqlite"},
}
# ... but for these: the launcher's protocol has two ends, and the second is the spawner.
ALLOWED = {("core/loop", "workers/launcher")}

# What an engine can touch of the world stands behind core/edge; only these files do the touching.
# (tools/successor.cc is about the program, whose engine may have ended; tools/api_client.cc is the
# command line's own edge.)
EDGE = ("core/loop/", "workers/launcher/", "tools/examples/", "tools/successor.cc", "tools/api_client.cc", "tests/", "bench/")
ONLY_AT_THE_EDGE = [
    (re.compile(r"#include <uv\.h>"), "libuv"),
    (re.compile(r"\b(steady|system|high_resolution)_clock::now\b|\bclock_gettime\(|\bgettimeofday\("), "a clock"),
    (re.compile(r"\bstd::random_device\b|\bgetrandom\(|\bstd::\w+_distribution\b"), "random numbers"),
    (re.compile(r"(?<!\w)::(fork|vfork|socket|accept4?)\(|\b(posix_spawnp?|epoll_create1?)\("), "processes or sockets"),
]

INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)


def room_of(path):
    best = None
    for room in ROOMS:
        if path.startswith(room + "/") and (best is None or len(room) > len(best)):
            best = room
    return best


def sources(root):
    for top in ("core", "queue", "workers", "tools", "bench", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cc"):
                yield path


def against_the_order(root):
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        room = room_of(name)
        for target in INCLUDE.findall(path.read_text()):
            other = room_of(target)
            if other is None or not (root / target).exists():
                yield f"{name}: includes {target}, which is no file of this tree by its whole path"
            elif any(room == a and target.startswith(b + "/") for a, b in ALLOWED):
                continue
            elif ROOMS.index(other) > ROOMS.index(room) or other in FORBIDDEN.get(room, ()):
                yield f"{name}: {room} may not include {target}"


def cycles(root):
    graph = {}
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        graph[name] = [t for t in INCLUDE.findall(path.read_text()) if (root / t).exists()]
    done, on_path = set(), []

    def visit(name):
        if name in on_path:
            yield "a circle: " + " -> ".join(on_path[on_path.index(name):] + [name])
            return
        if name in done:
            return
        on_path.append(name)
        for target in graph.get(name, ()):
            yield from visit(target)
        on_path.pop()
        done.add(name)

    for name in graph:
        yield from visit(name)


def touched_elsewhere(root):
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        if name.startswith(EDGE):
            continue
        text = re.sub(r"//[^\n]*", "", path.read_text())
        for pattern, what in ONLY_AT_THE_EDGE:
            for match in pattern.finditer(text):
                yield f"{name}: touches {what} ({match.group(0)}) outside the edge"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    checks = [
        ("no include against the order of the rooms", against_the_order),
        ("no circle of includes", cycles),
        ("the world is touched at the edge alone", touched_elsewhere),
    ]
    print(f"1..{len(checks)}")
    failed = 0
    for number, (name, check) in enumerate(checks, 1):
        wrong = list(check(root))
        print(("ok" if not wrong else "not ok"), number, "-", name)
        for line in wrong:
            print("#", line)
        failed += bool(wrong)
    return failed


sys.exit(main())
