"""A real redis-server of a test's own, on a Unix socket in a directory of its own; nothing is left of
it, also when the test's process dies."""

import ctypes
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from engine import wait_until

PR_SET_PDEATHSIG = 1


def _ends_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class RedisServer:
    """Started when made. It keeps what it answered through kill() and start()."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="convoke-redis-"))
        self.socket = self.directory / "redis.sock"
        self.process = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def url(self):
        return f"unix:{self.socket}"

    def start(self):
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.directory)]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_ends_with_us
            )
        wait_until(self._serves, lambda: (self.directory / "log").read_text())

    def _serves(self):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
            except OSError:
                return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
