"""A real redis-server of a test's own: on a Unix socket in a directory of its own, and gone with it."""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class RedisServer:
    """Started when made. What it has answered it keeps through kill() and start()."""

    def __init__(self, *options):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="convoke-redis-"))
        self.socket = self.directory / "s"
        self.options = options
        self.process = None
        self.start()

    @property
    def queue(self):
        """What --queue says of it."""
        return f"unix:{self.socket}"

    def start(self):
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--dir", str(self.directory), "--logfile", str(self.directory / "log")]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always", *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        ends = time.monotonic() + 60
        while not self._serves():
            assert self.process.poll() is None, "redis-server: " + (self.directory / "log").read_text()
            assert time.monotonic() < ends, "redis-server does not begin to serve"
            time.sleep(0.005)

    def _serves(self):
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def ask(self, *words):
        """The raw reply, if it is short."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.socket))
            parts = [str(word).encode() for word in words]
            connection.sendall(
                b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
            )
            return connection.recv(65536)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
