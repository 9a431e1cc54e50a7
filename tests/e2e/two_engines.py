"""A Redis server for two engines with a short lease, and a file in which what both run leaves its trace."""

import pathlib
import tempfile
import unittest

from engine import Engine
from redis_server import RedisServer

LEASE = 3  # seconds


class TwoEngines(unittest.TestCase):
    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.remove)
        folder = tempfile.TemporaryDirectory(prefix="convoke-e2e-")
        self.addCleanup(folder.cleanup)
        self.trace = pathlib.Path(folder.name) / "trace"

    def engine(self):
        return Engine(options=["--queue", self.redis.queue, "--engine-lease", str(LEASE)])
