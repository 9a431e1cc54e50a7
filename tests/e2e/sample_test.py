"""State directories that earlier programs left, killed as they ran: this one finds every call."""

import pathlib
import subprocess
import tempfile
import unittest

import tap
from engine import API, Engine, wait_until

SAMPLES = pathlib.Path(__file__).parent / "samples"
ENDED = {"Succeeded", "Failed", "Expired"}


class Samples(unittest.TestCase):
    def test_every_kept_state_is_opened_with_all_its_calls(self):
        samples = sorted(SAMPLES.glob("state-*.tar.xz"))
        self.assertTrue(samples)
        for sample in samples:
            with self.subTest(sample.name):
                self.open(sample)

    def open(self, sample):
        state = pathlib.Path(tempfile.mkdtemp(prefix="convoke-e2e-"))
        subprocess.run(["tar", "-C", str(state), "-xJf", str(sample)], check=True)
        with Engine(state=state) as engine:
            engine.owns_state = True
            calls = lambda function: f"{API}/services/e2e/functions/{function}/stateful-async-invocations"
            found = engine.request("GET", f"{calls('still')}?limit=100").json()["invocations"]
            names = {f"queued-{i}" for i in range(20)} | {"delayed"}
            self.assertEqual({one["invocationId"] for one in found}, names)
            self.assertEqual({one["status"] for one in found}, {"Enqueued"})
            retrying = engine.request("GET", f"{calls('fail')}/retrying").json()
            self.assertEqual((retrying["status"], retrying["alreadyRetriedTimes"]), ("Retrying", 1))
            # Those that have become too old by now expire; the others run.
            limit = f"{API}/services/e2e/functions/still/on-demand-config"
            self.assertEqual(engine.request("DELETE", limit).status, 204)
            left = names - {"delayed"}
            status = lambda name: engine.request("GET", f"{calls('still')}/{name}").json()["status"]
            wait_until(lambda: all(status(name) in ENDED for name in left), "all have ended", every=0.05)


if __name__ == "__main__":
    tap.main()
