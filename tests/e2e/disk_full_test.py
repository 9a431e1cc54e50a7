"""A full disk refuses new calls with a 503, loses none that was accepted, and is over when there is room.
What the registry needs is left free on it: a full queue is the moment for a kill switch.

On a small file system of its own; skipped where this user may not mount one.
"""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import tap
from engine import API, Engine, wait_until

MEGABYTES = 392  # six segments of 64, and hardly more
EVENT_BYTES = 100_000
IN_A_ROW = 50  # refusals that show that it stays so
RESERVE_MEGABYTES = MEGABYTES / 16  # core/loop/disk_reserve.h
DATABASES_MEGABYTES = 12  # what the registry and the history may have taken of it
INVOKE = f"{API}/services/e2e/functions/note/invocations"
LIMIT = f"{API}/services/e2e/functions/note/on-demand-config"
ASYNC_CONFIG = f"{API}/services/e2e/functions/note/async-invoke-config"
FUNCTION = {
    "index.py": """
import os

LOG = os.open(os.environ["OUT"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def handler(event, context):
    os.write(LOG, event.split()[0] + b"\\n")
"""
}


class SmallDisk:
    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="convoke-e2e-disk-"))
        command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(self.path)]
        try:
            mounted = subprocess.run(command, capture_output=True).returncode == 0
        except FileNotFoundError:
            mounted = False
        if not mounted:
            self.path.rmdir()
            raise unittest.SkipTest("this user may not mount a file system")
        return self.path

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.path)], check=True)
        self.path.rmdir()


class DiskFull(unittest.TestCase):
    def change_the_registry(self, engine):
        """All that one may want to on a disk that the queue has filled."""
        for limit in (1, 0):
            self.assertEqual(engine.request("PUT", LIMIT, {"maximumInstanceCount": limit}).status, 200)
        retries = {"maxAsyncRetryAttempts": 1}
        self.assertEqual(engine.request("PUT", ASYNC_CONFIG, retries).status, 200)
        self.assertEqual(engine.request("DELETE", ASYNC_CONFIG).status, 204)
        engine.deploy("other", "basics", handler="index.echo")
        self.assertEqual(engine.invoke("other", b"called").body, b"called")
        self.assertEqual(engine.request("DELETE", f"{API}/services/e2e/functions/other").status, 204)

    def test_new_calls_are_refused_clearly_none_is_lost_and_service_comes_back(self):
        out = pathlib.Path(tempfile.mkdtemp(prefix="convoke-e2e-out-"))
        self.addCleanup(shutil.rmtree, out)
        with SmallDisk() as disk, Engine(state=disk / "state") as engine:
            engine.deploy("note", FUNCTION, environment={"OUT": str(out / "ran")}, limit=0)
            send = lambda name: engine.client().request(
                "POST", INVOKE, name.encode().ljust(EVENT_BYTES), headers={"X-Fc-Invocation-Type": "Async"}
            )
            accepted, refused = [], []
            while len(refused) < IN_A_ROW:
                name = f"call-{len(accepted) + len(refused)}"
                answer = send(name)
                (accepted if answer.status == 202 else refused).append(name)
                if answer.status != 202:
                    self.assertEqual((answer.status, answer.json()["ErrorCode"]), (503, "ServiceUnavailable"))
                    self.assertIn("disk full", answer.json()["ErrorMessage"])
            words = answer.json()["ErrorMessage"]
            self.assertEqual(engine.request("GET", "/healthz").status, 200)
            free = shutil.disk_usage(disk).free / 2**20
            self.assertGreaterEqual(free, RESERVE_MEGABYTES - DATABASES_MEGABYTES)
            self.change_the_registry(engine)
            engine.kill()
            engine.start()
            self.change_the_registry(engine)
            self.assertEqual(engine.request("PUT", LIMIT, {"maximumInstanceCount": 4}).status, 200)
            ran = lambda: (out / "ran").read_text().split() if (out / "ran").exists() else []
            wait_until(lambda: set(accepted) <= set(ran()), lambda: f"{len(set(ran()))} of {len(accepted)} ran", 120)
            self.assertFalse(set(refused) & set(ran()), "a refused call ran")
            back = wait_until(lambda: send("back").status == 202, "calls are accepted again")
            wait_until(lambda: "back" in ran(), "and run")
        tap.note(
            f"{MEGABYTES} MB, events of {EVENT_BYTES} bytes: accepted {len(accepted)}, then refused with 503 \"{words}\"; "
            f"{free:.0f} MB left free; "
            f"after a kill -9 on the full disk run {len(set(accepted) & set(ran()))}, lost 0, accepted again by itself: {back}"
        )


if __name__ == "__main__":
    tap.main()
