"""The python3 runtime: calls `module.function(event, context)` for the engine.

Started as `python3 python.py SOCKET`, in the directory of the code. Speaks the frames of
workers/frames.h. One call at a time runs on the main thread; a function with a higher instance
concurrency has a thread for each call. Output goes to stdout and stderr, which the engine reads by
line.
"""

import importlib
import io
import json
import logging
import os
import queue
import socket
import struct
import sys
import threading
import time
import traceback
import urllib.parse

SETUP, READY, INITIALIZE, INITIALIZED, INVOKE, RESULT, ERROR = range(1, 8)
NO_CREDENTIALS = {"access_key_id": "", "access_key_secret": "", "security_token": ""}
FRAME_HEAD = struct.Struct("<IB3xQ")  # payload size, kind, call
INVOKE_HEAD = struct.Struct("<I")  # size of the JSON before the event

_current = threading.local()  # .request_id: what a logger's line names


class Values:
    """Attributes and nothing else: context.function.name."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def __repr__(self):
        return json.dumps(self.__dict__, default=lambda value: getattr(value, "__dict__", str(value)))


class Peer:
    """The engine's end of the socket. Reading is the main thread's; sending is everyone's."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._sending = threading.Lock()

    def receive(self):
        size, kind, call = FRAME_HEAD.unpack(self._exactly(FRAME_HEAD.size))
        return kind, call, self._exactly(size)

    def send(self, kind, call=0, payload=b""):
        with self._sending:
            self._socket.sendall(FRAME_HEAD.pack(len(payload), kind, call) + payload)

    def _exactly(self, size):
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._socket.recv_into(view)
            if count == 0:
                os._exit(0)  # the engine has gone
            view = view[count:]
        return bytes(data)


class LogFormat(logging.Formatter):
    """2023-10-23 15:43:19 REQUESTID [INFO] message"""

    converter = time.gmtime

    def __init__(self):
        super().__init__("%(asctime)s %(request_id)s [%(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")

    def format(self, record):
        record.request_id = getattr(_current, "request_id", "-")
        return super().format(record)


def set_up_output():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LogFormat())
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def say(line):
    try:
        print(line, file=sys.__stdout__)
    except (OSError, ValueError):
        pass  # the function has closed it


def flush_output():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # the function has closed or replaced it


class Missing(Exception):
    """A handler that cannot be called: its error body says what is missing."""

    def __init__(self, message, kind, stack=()):
        super().__init__(message)
        self.body = error_body(message, kind, stack)


def error_body(message, kind, stack):
    body = {"errorMessage": message, "errorType": kind, "stackTrace": list(stack)}
    return json.dumps(body).encode()


def text_of(error):
    try:
        return str(error)
    except Exception:  # a __str__ of the function's own that fails
        return type(error).__name__


def show(error):
    """The traceback, without this file's frames."""
    try:
        stack = traceback.extract_tb(error.__traceback__)
        users = [frame for frame in stack if frame.filename != __file__]
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(users)]
        lines += traceback.format_exception_only(type(error), error)
        sys.stderr.write("".join(lines))
    except Exception:
        say(type(error).__name__)


def stack_of(error):
    """[['File "/code/index.py"', 'line 3', 'in handler', 'raise ...'], ...], the user's frames only."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
        for frame in frames
        if frame.filename != __file__ and not frame.filename.startswith("<frozen importlib")
    ]


def load(name, what):
    """The callable that `name`, "module.function", stands for; raises Missing."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot or not module_name or not function_name:
        raise Missing(f"{what} '{name}' is not of the form 'module.function'", "InvalidHandlerName")
    module_name = module_name.replace("/", ".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            message = f"Unable to import module '{module_name}': the code has no such module"
            raise Missing(message, "ModuleNotFoundError") from None
        raise import_failed(module_name, error) from None
    except BaseException as error:  # SystemExit, too: the calls shall say what happened
        raise import_failed(module_name, error) from None
    function = getattr(module, function_name, None)
    if not callable(function):
        raise Missing(f"{what} '{function_name}' is missing on module '{module_name}'", "HandlerNotFound")
    return function


def import_failed(module_name, error):
    show(error)
    message = f"Unable to import module '{module_name}': {text_of(error)}"
    return Missing(message, type(error).__name__, stack_of(error))


class HttpCall:
    """A request through an HTTP trigger, for a WSGI handler: (environ, start_response)."""

    def __init__(self, event, context, concurrency):
        head, _, body = event.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target = first.split(" ", 1)
        headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            name = name.lower()
            headers[name] = headers[name] + "," + value if name in headers else value
        self.environ = self._environ(method, target, headers, body, context)
        self.environ["wsgi.multithread"] = concurrency > 1
        self._status = None
        self._headers = []
        self._written = []

    @staticmethod
    def _environ(method, target, headers, body, context):
        path, _, query = target.partition("?")
        path = path[len(headers.pop("x-fc-base-path", "")) :] or "/"
        host, _, port = headers.get("host", "localhost").partition(":")
        items = [item if "=" in item else item + "=" for item in query.split("&") if item]
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": urllib.parse.unquote(path, "latin-1"),
            "QUERY_STRING": "&".join(items),
            "CONTENT_TYPE": headers.pop("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "",
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "fc.context": context,
            "fc.request_uri": target,
        }
        environ.update(("HTTP_" + name.upper().replace("-", "_"), value) for name, value in headers.items())
        # What a framework forwards is this call's lineage, not its client's.
        for name, value in (context.trace_headers or {}).items():
            key = "HTTP_" + name.upper().replace("-", "_")
            theirs = environ.get(key, "") if name == "tracestate" else ""
            environ[key] = f"{value},{theirs}" if theirs and "convoke=" not in theirs else value
        return environ

    def start_response(self, status, headers, exc_info=None):
        if self._status is not None and exc_info is None:
            raise RuntimeError("start_response was called twice")
        self._status, self._headers = str(status).split(" ", 1)[0], list(headers)
        return self._written.append

    def to_bytes(self, result):
        """What was returned, or written, behind the head that start_response was told."""
        if isinstance(result, (bytes, bytearray, memoryview)):
            result = [bytes(result)]
        try:
            chunks = list(result or ())
        finally:
            if hasattr(result, "close"):
                result.close()
        if self._status is None:
            raise RuntimeError("the handler has not called start_response")
        lines = [self._status, *(f"{name}: {value}" for name, value in self._headers)]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header has a line feed in it")
        return "".join(line + "\r\n" for line in [*lines, ""]).encode("latin-1") + b"".join(self._written + chunks)


class Runtime:
    def __init__(self, peer, setup):
        self._peer = peer
        self._setup = setup
        self._credentials = setup.get("credentials", NO_CREDENTIALS)
        self._handler = self._load(setup["handler"], "Handler")
        self._initializer = self._load(setup["initializer"], "Initializer") if setup["initializer"] else None
        self._calls = queue.SimpleQueue()
        self._threads = 0
        self._idle = 0
        self._counting = threading.Lock()

    @staticmethod
    def _load(name, what):
        try:
            return load(name, what)
        except Missing as missing:
            return missing

    def serve(self):
        self._peer.send(READY)
        while True:
            kind, call, payload = self._peer.receive()
            if kind == INITIALIZE:
                self._initialize(json.loads(payload))
            elif kind == INVOKE:
                self._take(call, payload)
            else:
                raise RuntimeError(f"frame of kind {kind}")

    def _take(self, call, payload):
        if self._setup["concurrency"] == 1:
            return self._invoke(call, payload)
        with self._counting:
            if self._idle > 0:
                self._idle -= 1
            else:
                self._threads += 1
                threading.Thread(target=self._work, name=f"call-{self._threads}", daemon=True).start()
        self._calls.put((call, payload))

    def _work(self):
        while True:
            call, payload = self._calls.get()
            self._invoke(call, payload)

    def _thread_is_free(self):
        with self._counting:
            self._idle += 1

    def _initialize(self, head):
        context = self._context(head)
        _current.request_id = context.request_id
        say(f"FC Initialize Start RequestId: {context.request_id}")
        body = self._guarded(self._initializer, context, convert=lambda result: b"")[1]
        failed = ", Error: Unhandled initialization error" if body else ""
        flush_output()
        say(f"FC Initialize End RequestId: {context.request_id}{failed}")
        self._peer.send(INITIALIZED, 0, body)

    def _invoke(self, call, payload):
        (head_size,) = INVOKE_HEAD.unpack_from(payload)
        event_at = INVOKE_HEAD.size + head_size
        head = json.loads(payload[INVOKE_HEAD.size : event_at])
        context = self._context(head)
        _current.request_id = context.request_id
        say(f"FC Invoke Start RequestId: {context.request_id}")
        result, error = self._run(payload[event_at:], context, head.get("http", False))
        failed = ", Error: Unhandled function error" if error else ""
        flush_output()
        say(f"FC Invoke End RequestId: {context.request_id}{failed}")
        if self._setup["concurrency"] > 1:
            self._thread_is_free()  # before the answer: the next call may come at once
        self._peer.send(ERROR if error else RESULT, call, error or result)

    def _run(self, event, context, is_http):
        if not is_http:
            return self._guarded(self._handler, event, context, convert=to_bytes)
        call = HttpCall(event, context, self._setup["concurrency"])
        return self._guarded(self._handler, call.environ, call.start_response, convert=call.to_bytes)

    def _guarded(self, function, *arguments, convert):
        """(result bytes, b"") or (b"", error body)."""
        if isinstance(function, Missing):
            say(function)
            return b"", function.body
        try:
            result = convert(function(*arguments))
        except SystemExit as leaving:
            flush_output()
            os._exit(leaving.code if isinstance(leaving.code, int) else leaving.code is not None)
        except BaseException as error:
            show(error)
            return b"", error_body(text_of(error), type(error).__name__, stack_of(error))
        limit = self._setup["reply_bytes_max"]
        if len(result) > limit:
            message = f"the result has {len(result)} bytes; at most {limit} are allowed"
            return b"", error_body(message, "ResultTooLarge", [])
        return result, b""

    def _context(self, head):
        setup = self._setup
        if "credentials" in head:
            self._credentials = head["credentials"]
        lineage = head.get("lineage", setup.get("lineage", ""))
        return Values(
            request_id=head["request_id"],
            credentials=credentials_with(lineage, **self._credentials),
            trace_headers=trace_headers(lineage, head.get("traceparent", "")),
            function=Values(handler=setup["handler"], initializer=setup["initializer"], **setup["function"]),
            service=Values(
                log_project="",
                log_store="",
                qualifier=head.get("qualifier", ""),
                version_id="LATEST",
                **setup["service"],
            ),
            region=setup["region"],
            account_id=setup["account_id"],
            retry_count=head.get("retry_count", 0),
            logger=logging.getLogger(),
            tracing=Values(span_context="", span_baggages={}, jaeger_endpoint=""),
            attempt=head.get("attempt", 1),
            fencing_token=head.get("fencing_token"),
            maybe_repeated=head.get("maybe_repeated", False),
        )


def credentials_with(lineage, security_token, **keys):
    """SDKs send the token back, and with it whose call it is."""
    if security_token and lineage:
        security_token += "." + lineage
    return Values(security_token=security_token, **keys)


def trace_headers(lineage, traceparent):
    """For code that calls on by HTTP without an SDK, to be sent along."""
    if not (lineage and traceparent):
        return {}
    return {"traceparent": traceparent, "tracestate": "convoke=" + lineage}


def to_bytes(result):
    if isinstance(result, (bytes, bytearray, memoryview)):
        return bytes(result)
    if isinstance(result, str):
        return result.encode()
    return json.dumps(result).encode()


def main():
    set_up_output()
    peer = Peer(sys.argv[1])
    kind, _, payload = peer.receive()
    if kind != SETUP:
        raise RuntimeError(f"frame of kind {kind} instead of the set-up")
    setup = json.loads(payload)
    sys.argv = sys.argv[:1]
    if sys.path and sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    sys.path.insert(0, setup["code_directory"])
    Runtime(peer, setup).serve()


if __name__ == "__main__":
    main()
