"""A real Redis Cluster of a test's own: three masters on loopback, each with a third of the slots."""

import socket
import subprocess
import time

from redis_server import RedisServer

SLOTS = 16384


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node(RedisServer):
    def __init__(self, *options):
        self.port, self.bus = free_port(), free_port()
        cluster = ["--cluster-enabled", "yes", "--cluster-port", str(self.bus), "--cluster-node-timeout", "2000"]
        super().__init__("--port", str(self.port), "--bind", "127.0.0.1", *cluster, *options)
        self.id = self.text("CLUSTER", "MYID")

    def text(self, *words):
        """The reply, which is a string."""
        return self.ask(*words).partition(b"\r\n")[2].strip().decode()


class RedisCluster:
    def __init__(self, *options, masters=3):
        self.nodes = [Node(*options) for _ in range(masters)]
        for i, node in enumerate(self.nodes):
            first, last = SLOTS * i // masters, SLOTS * (i + 1) // masters - 1
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
        for node in self.nodes[1:]:
            self.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
        self.wait_until_whole()

    def add_replica_of(self, master):
        node = Node("--cluster-replica-no-failover", "no")
        self.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
        self.nodes.append(node)
        self.wait_until_whole()
        assert node.ask("CLUSTER", "REPLICATE", master.id) == b"+OK\r\n"
        while b"master_link_status:up" not in node.ask("INFO", "replication"):
            time.sleep(0.01)
        return node

    @property
    def queue(self):
        return f"redis://127.0.0.1:{self.nodes[0].port}"

    def wait_until_whole(self):
        ends = time.monotonic() + 60
        known = f"cluster_known_nodes:{len(self.nodes)}".encode()
        for node in self.nodes:
            while b"cluster_state:ok" not in (info := node.ask("CLUSTER", "INFO")) or known not in info:
                assert time.monotonic() < ends, info
                time.sleep(0.01)

    def slot(self, key):
        return int(self.nodes[0].ask("CLUSTER", "KEYSLOT", key).lstrip(b":"))

    def owner(self, key):
        """The node that has the key's slot."""
        return next(node for node in self.nodes if not node.ask("EXISTS", key).startswith(b"-MOVED"))

    def ask(self, *words):
        return self.owner(words[1]).ask(*words)

    def move(self, key):
        """The key's slot to the next node, with all that lies in it, as redis-cli does it."""
        slot, source = self.slot(key), self.owner(key)
        target = self.nodes[(self.nodes.index(source) + 1) % len(self.nodes)]
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        while (one := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1)) != b"*0\r\n":
            name = one.split(b"\r\n")[2].decode()
            moved = source.ask("MIGRATE", "127.0.0.1", target.port, name, 0, 5000)
            assert moved in (b"+OK\r\n", b"+NOKEY\r\n"), moved
        for node in [target, *self.nodes]:
            assert node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id) == b"+OK\r\n"

    def reshard(self, source, target, slots):
        """So many slots from one node to another, by redis-cli."""
        command = ["redis-cli", "--cluster", "reshard", f"127.0.0.1:{self.nodes[0].port}", "--cluster-yes"]
        command += ["--cluster-from", source.id, "--cluster-to", target.id, "--cluster-slots", str(slots)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for node in self.nodes:
            node.remove()
