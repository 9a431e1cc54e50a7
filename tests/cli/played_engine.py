"""The program, run against an engine played in Python: what it asks for is kept, its answers are set."""

import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest

CONVOKE = os.environ["CONVOKE"]
OK, FUNCTION_ERROR, USAGE, REFUSED, UNREACHABLE, UNFINISHED = range(6)
FUNCTION = "/2016-08-15/services/default/functions/hello"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"


def error(status, code, message="because"):
    return status, {}, json.dumps({"ErrorCode": code, "ErrorMessage": message}).encode()


def page(**members):
    return 200, {}, json.dumps(members).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        found = self.server.answers.get((self.command, self.path)) or error(500, "NotScripted")
        if isinstance(found, list):
            found = found.pop(0)
        status, headers, content = found
        self.send_response(status)
        for name, value in {"X-Fc-Request-Id": REQUEST_ID, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.engine = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.engine.requests = []
        self.answers = self.engine.answers = {}
        self.engine.daemon_threads = True
        threading.Thread(target=self.engine.serve_forever, daemon=True).start()
        self.addCleanup(self.engine.server_close)
        self.addCleanup(self.engine.shutdown)
        self.endpoint = f"http://127.0.0.1:{self.engine.server_port}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def convoke(self, *arguments, stdin=b"", endpoint=None, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CONVOKE_")}
        environment["CONVOKE_ENDPOINT"] = endpoint or self.endpoint
        done = subprocess.run(
            [CONVOKE, *arguments],
            input=stdin,
            capture_output=True,
            env={**environment, **variables},
            timeout=60,
            check=False,
        )
        self.stdout, self.stderr = done.stdout, done.stderr.decode()
        return done.returncode

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)

    def methods_and_paths(self):
        return [request[:2] for request in self.engine.requests]
