"""A way to a server's Unix socket that can be cut: what goes over it is lost, and nobody connects."""

import socket
import threading


class Relay:
    """On a free port of loopback. A context manager: at its end nothing of it is left."""

    def __init__(self, path):
        self.path = str(path)
        self.lock = threading.Lock()
        self.whole = True
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        with self.lock:
            self.whole = False
            for end in self.ends:
                self._end(end)
            self.ends = []

    def mend(self):
        with self.lock:
            self.whole = True

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if not self.whole:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(self.path)
                except OSError:
                    near.close()
                    continue
                self.ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        self._end(one)
        self._end(other)

    @staticmethod
    def _end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self._end(self.listener)
