"""A real engine, its clients, and how to wait for what it does.

The program is $CONVOKE_BINARY. Each engine takes a free port and a state directory of its own, and
says where it serves on stderr; nothing here assumes a port or how long anything takes: waits have a
deadline that only a failure reaches.
"""

import base64
import contextlib
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib

import signing
from redis_server import RedisServer

BINARY = os.environ.get("CONVOKE_BINARY", "build/convoke")
FUNCTIONS = pathlib.Path(__file__).parent / "functions"
NODE = pathlib.Path(__file__).parent / "node"
API = "/2016-08-15"
DEADLINE = 60.0  # seconds; a loaded machine with a sanitizer needs some
# "redis": each engine that is not told where its queue lies has it on a server of its own.
QUEUE = os.environ.get("CONVOKE_E2E_QUEUE", "embedded")
SERVING = re.compile(r"serving http://(\S+):(\d+) ")


def wait_until(done, what, deadline=DEADLINE, every=0.005):
    """The first true value of done(), asked again and again; AssertionError after the deadline."""
    ends = time.monotonic() + deadline
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() > ends:
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}")
        time.sleep(every)


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers  # look-ups ignore case
        self.body = body

    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:300]!r}"


class Client:
    """One keep-alive connection. Not for several threads."""

    def __init__(self, host, port, timeout=DEADLINE, key=None):
        """With a key (signing.Key), every request is signed with it."""
        self._key = key
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        headers = headers or {}
        if self._key:
            headers = signing.signed(self._key, method, path, headers)
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return Answer(response, response.read())

    def invoke(self, function, event=b"", service="e2e", **headers):
        """Headers as keywords: log_type="Tail" is X-Fc-Log-Type: Tail."""
        fields = {"X-Fc-" + key.replace("_", "-"): value for key, value in headers.items()}
        path = f"{API}/services/{service}/functions/{function}/invocations"
        return self.request("POST", path, event, fields)

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Engine:
    """Started when made. A context manager: at its end nothing of it is left, its state included."""

    key = None  # what the clients made here sign with, unless they are given another

    def __init__(
        self, state=None, shards=2, options=(), program=BINARY, sockets=(), listen="127.0.0.1:0", meanwhile=None
    ):
        """`sockets`: handed over to it, as an init system does; it then serves at the first one's port.
        `meanwhile`: called with the engine while it starts, before it is waited for."""
        self.owns_state = state is None
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="convoke-e2e-")).resolve()
        self.shards = shards
        self.options = options
        self.program = program
        self.sockets = sockets
        self.listen = listen
        self.meanwhile = meanwhile
        self.redis = None
        if QUEUE == "redis" and "--queue" not in options and "--virtual-clock" not in options:
            self.redis = RedisServer()
            self.options = (*options, "--queue", self.redis.queue)
        try:
            self.start()
        except BaseException:
            self.kill()
            self.remove_state()
            raise

    def start(self):
        command = [self.program, "serve", "--listen", self.listen, "--state", str(self.state)]
        command += ["--shards", str(self.shards)] if self.shards is not None else []
        # Its own group: what the terminal sends to the test is not for the engine.
        self.process = subprocess.Popen(
            [*handing_over(self.sockets), *command, *self.options],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[one.fileno() for one in self.sockets],
        )
        self.lines = []
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        if self.meanwhile:
            self.meanwhile(self)
        serving = wait_until(self._serving, self.output)
        self.host, self.port = serving.group(1), int(serving.group(2))
        self.clients = threading.local()

    def _read(self, stream):
        with stream:
            for line in stream:
                self.lines.append(line.decode(errors="replace").rstrip())

    def _serving(self):
        if self.process.poll() is not None:
            self.reader.join()
            raise AssertionError("the engine did not start:\n" + self.output())
        return next(filter(None, map(SERVING.search, list(self.lines))), None)

    def served(self):
        """Its lines that say where it serves: one for each program that has taken over."""
        return [line for line in list(self.lines) if SERVING.search(line)]

    def output(self):
        return "\n".join(self.lines[-50:])

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def restart(self):
        self.process.send_signal(signal.SIGUSR2)

    @contextlib.contextmanager
    def paused(self):
        """None of its threads runs; the kernel goes on taking connections for it."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: state_of(self.pid) == b"T", "it is stopped")
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.terminate()
        return self.wait()

    def wait(self, deadline=DEADLINE):
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the engine did not end:\n{self.output()}") from None
        self.reader.join()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        try:
            self.kill() if kind else self.stop()
            wait_until(lambda: not self.instances(), lambda: f"instances left: {self.instances()}", 10)
        finally:
            if kind:
                print("# the engine said:", *self.lines[-30:], sep="\n#   ", file=sys.stderr)
            self.remove_state()

    def remove_state(self):
        if self.redis:
            self.redis.remove()
        if self.owns_state:
            shutil.rmtree(self.state, ignore_errors=True)

    # ---- clients ----

    def client(self, timeout=DEADLINE, key=None):
        return Client(self.host, self.port, timeout, key or self.key)

    def own_client(self):
        """This thread's."""
        if not hasattr(self.clients, "one"):
            self.clients.one = self.client()
        return self.clients.one

    def request(self, *arguments, **keywords):
        return self.own_client().request(*arguments, **keywords)

    def invoke(self, *arguments, **keywords):
        return self.own_client().invoke(*arguments, **keywords)

    def deploy(self, function, code, service="e2e", limit=None, environment=None, **settings):
        """Creates the function, or updates it; `code`: a folder of functions/, or {path: text}."""
        definition = {
            "functionName": function,
            "handler": "index.handler",
            "runtime": "python3",
            "timeout": 30,
            "code": {"zipFile": packed(code)},
            "environmentVariables": {"STATE": str(self.state), **(environment or {})},
            **settings,
        }
        self.request("POST", f"{API}/services", {"serviceName": service})
        functions = f"{API}/services/{service}/functions"
        answer = self.request("POST", functions, definition)
        if answer.status == 409:
            answer = self.request("PUT", f"{functions}/{function}", definition)
        if answer.status == 200 and limit is not None:
            set_to = {"maximumInstanceCount": limit}
            answer = self.request("PUT", f"{functions}/{function}/on-demand-config", set_to)
        assert answer.status == 200, answer
        return answer

    def advance(self, seconds, **more):
        """Of an engine with --virtual-clock: time goes on by so much, and all that falls due has run."""
        with self.client(timeout=300) as client:
            answer = client.request("POST", "/convoke/clock/advance", {"seconds": seconds, **more})
        assert answer.status == 200, answer
        assert answer.json()["complete"], answer
        return answer.json()

    # ---- what can be seen from outside ----

    def instances(self):
        """Processes that run a function of this engine or are forks of one, also after its end."""
        return [pid for pid in processes() if str(self.state).encode() in environment_of(pid)]

    def launcher(self):
        return next((pid for pid in children_of(self.pid) if b"convoke-launcher" in command_of(pid)), None)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_kb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def file(self, name):
        """A path that functions reach as $STATE/name."""
        return self.state / name


@contextlib.contextmanager
def secret_file(text):
    """The path of a file that its owner alone can read; gone at the end, with what lies beside it."""
    with tempfile.TemporaryDirectory(prefix="convoke-e2e-secret-") as folder:
        path = pathlib.Path(folder) / "keys"
        path.touch(0o600)
        path.write_text(text)
        yield str(path)


def run_sdk(script, **environment):
    """node/SCRIPT, which prints TAP, with the official Node SDK; its exit code."""
    missing = what_the_sdk_misses()
    if missing and os.environ.get("CI") != "true":
        print(f"1..0 # SKIP {missing}")
        return 0
    if missing:
        print(f"1..1\nnot ok 1 - the SDK can be used\n# {missing}")
        return 1
    return subprocess.run(["node", NODE / script], env={**os.environ, **environment}, check=False).returncode


def what_the_sdk_misses():
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE / "node_modules/@alicloud/fc2").is_dir():
        return f"the SDK is not installed: npm --prefix {NODE} ci"
    return None


def handing_over(sockets):
    """A shell that moves them to descriptors 3, 4, ... and becomes the command behind it."""
    if not sockets:
        return []
    moves = " ".join(f"{n}<&{one.fileno()}" for n, one in enumerate(sockets, 3) if one.fileno() != n)
    return ["sh", "-c", f'exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(sockets)} exec "$0" "$@"']


def packed(code, executable=("bootstrap",)):
    """base64 of a zip; `executable` names the files that have the execute bit."""
    if isinstance(code, str):
        folder = FUNCTIONS / code
        code = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in code.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name in executable else 0o644) << 16
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED, zlib.Z_BEST_SPEED)
    return base64.b64encode(buffer.getvalue()).decode()


# ---- /proc ----


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_of(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""  # it has ended


def environment_of(pid):
    return read_of(pid, "environ")


def command_of(pid):
    return read_of(pid, "cmdline")


def children_of(pid):
    """Those of its threads' too: a parent is a whole process."""
    return [child for child in processes() if parent_of(child) == pid]


def state_of(pid):
    fields = read_of(pid, "stat").rpartition(b")")[2].split()
    return fields[0] if fields else None


def parent_of(pid):
    fields = read_of(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else None
