"""WASI, as far as `wit/deps` says that the component uses it: an empty environment, a clock that the caller sets, and HTTP.
wasmtime's own `wasi:http` lets a Python host look at no request, so all of it is made here."""

import itertools
from concurrent.futures import FIRST_COMPLETED, Future, wait

from door import Denied, Failure

NOTHING_MORE = {"tag": "closed", "val": None}
UNCHECKED_WRITE = 1 << 16


class Err(Exception):
    """The `err` of a function's result, in the form of JSON."""


class Resource:
    _reps = itertools.count(1)

    def __init__(self):
        self.rep = next(self._reps)


class Fields(Resource):
    def __init__(self):
        super().__init__()
        self.lines = []

    def append(self, name, value):
        self.lines.append((name.lower(), value))

    def get(self, name):
        return [value for known, value in self.lines if known == name.lower()]


class OutgoingRequest(Resource):
    def __init__(self, headers):
        super().__init__()
        self.headers, self.method, self.scheme, self.authority, self.path = headers, "GET", "HTTPS", "", "/"
        self.body = OutgoingBody()

    def set(self, name, value):
        setattr(self, name, value)


class OutgoingBody(Resource):
    def __init__(self):
        super().__init__()
        self.bytes = bytearray()
        self.send = None  # What sends the request, once the door has let it through.

    def finish(self, trailers):
        if self.send:
            self.send(bytes(self.bytes))


class RequestOptions(Resource):
    def __init__(self):
        super().__init__()
        self.seconds = {}

    def set(self, name, nanoseconds):
        self.seconds[name] = nanoseconds and nanoseconds / 1e9


class OutputStream(Resource):
    def __init__(self, into):
        super().__init__()
        self.into = into

    def write(self, contents):
        if self.into is not None:
            self.into.extend(contents)


class InputStream(Resource):
    def __init__(self, content):
        super().__init__()
        self.left = memoryview(content)

    def read(self, length):
        if not self.left:
            raise Err(NOTHING_MORE)
        piece, self.left = self.left[:length], self.left[length:]
        return bytes(piece)


class Pollable(Resource):
    def __init__(self, future=None):
        super().__init__()
        self.future = future  # None: it is ready.

    @staticmethod
    def poll(pollables):
        waited = [pollable.future for pollable in pollables if pollable.future]
        if len(waited) == len(pollables):
            wait(waited, return_when=FIRST_COMPLETED)
        return [index for index, pollable in enumerate(pollables) if not pollable.future or pollable.future.done()]


class FutureIncomingResponse(Resource):
    def __init__(self):
        super().__init__()
        self.answer = Future()

    def get(self):
        if not self.answer.done():
            return None
        try:
            answer = {"tag": "ok", "val": IncomingResponse(*self.answer.result())}
        except Failure as failure:
            answer = {"tag": "err", "val": failure.args[0]}
        return {"tag": "ok", "val": answer}


class IncomingResponse(Resource):
    def __init__(self, status, headers, body):
        super().__init__()
        self.status, self.content, self.headers = status, body, Fields()
        for name, value in headers:
            self.headers.append(name, value.encode("latin-1"))


class IncomingBody(Resource):
    def __init__(self, content):
        super().__init__()
        self.content = content


class TerminalInput(Resource):
    pass


class TerminalOutput(Resource):
    pass


class Error(Resource):
    pass


RESOURCES = {
    "fields": Fields, "headers": Fields, "trailers": Fields, "outgoing-request": OutgoingRequest, "outgoing-body": OutgoingBody,
    "request-options": RequestOptions, "future-incoming-response": FutureIncomingResponse, "incoming-response": IncomingResponse,
    "incoming-body": IncomingBody, "input-stream": InputStream, "output-stream": OutputStream, "pollable": Pollable,
    "error": Error, "terminal-input": TerminalInput, "terminal-output": TerminalOutput,
}


def _handle(door, request, options):
    future = FutureIncomingResponse()
    try:
        send = door.admit(request)
    except Denied:
        raise Err({"tag": "HTTP-request-denied", "val": None})
    request.body.send = lambda body: send(body, options.seconds if options else {}, future.answer)
    return future


def functions(call):
    """The functions of WASI by interface and name. `call` answers the call that runs: its `now` and its `door`."""

    def leave(status):
        raise RuntimeError("the component ended itself")

    timeouts = {f"[method]request-options.set-{name}-timeout": name for name in ("connect", "first-byte", "between-bytes")}
    return {
        "wasi:clocks/wall-clock": {"now": lambda: {"seconds": call().now, "nanoseconds": 0}},
        # The virtual clock stands still while a call runs, so that no moment that the component waits for ever comes.
        "wasi:clocks/monotonic-clock": {
            "now": lambda: call().now * 10**9,
            "subscribe-instant": lambda when: Pollable(Future()),
        },
        "wasi:cli/environment": {"get-environment": lambda: []},
        "wasi:cli/exit": {"exit": leave},
        "wasi:cli/stdin": {"get-stdin": lambda: InputStream(b"")},
        "wasi:cli/stdout": {"get-stdout": lambda: OutputStream(None)},
        "wasi:cli/stderr": {"get-stderr": lambda: OutputStream(None)},
        "wasi:cli/terminal-stdin": {"get-terminal-stdin": lambda: None},
        "wasi:cli/terminal-stdout": {"get-terminal-stdout": lambda: None},
        "wasi:cli/terminal-stderr": {"get-terminal-stderr": lambda: None},
        "wasi:io/poll": {
            "poll": Pollable.poll,
            "[method]pollable.block": lambda pollable: pollable.future and wait([pollable.future]) and None,
        },
        "wasi:io/streams": {
            "[method]input-stream.read": InputStream.read,
            "[method]input-stream.blocking-read": InputStream.read,
            "[method]input-stream.subscribe": lambda stream: Pollable(),
            "[method]output-stream.check-write": lambda stream: UNCHECKED_WRITE,
            "[method]output-stream.write": OutputStream.write,
            "[method]output-stream.blocking-write-and-flush": OutputStream.write,
            "[method]output-stream.flush": lambda stream: None,
            "[method]output-stream.blocking-flush": lambda stream: None,
            "[method]output-stream.subscribe": lambda stream: Pollable(),
        },
        "wasi:http/types": {
            "[constructor]fields": Fields,
            "[method]fields.get": Fields.get,
            "[method]fields.append": Fields.append,
            "[constructor]outgoing-request": OutgoingRequest,
            "[method]outgoing-request.body": lambda request: request.body,
            "[method]outgoing-request.set-method": lambda request, method: request.set("method", method["tag"].upper()),
            "[method]outgoing-request.set-scheme": lambda request, scheme: request.set("scheme", scheme["tag"]),
            "[method]outgoing-request.set-authority": lambda request, authority: request.set("authority", authority),
            "[method]outgoing-request.set-path-with-query": lambda request, path: request.set("path", path),
            "[constructor]request-options": RequestOptions,
            **{name: lambda options, time, what=what: options.set(what, time) for name, what in timeouts.items()},
            "[method]outgoing-body.write": lambda body: OutputStream(body.bytes),
            "[static]outgoing-body.finish": OutgoingBody.finish,
            "[method]future-incoming-response.subscribe": lambda future: Pollable(future.answer),
            "[method]future-incoming-response.get": FutureIncomingResponse.get,
            "[method]incoming-response.status": lambda response: response.status,
            "[method]incoming-response.headers": lambda response: response.headers,
            "[method]incoming-response.consume": lambda response: IncomingBody(response.content),
            "[method]incoming-body.stream": lambda body: InputStream(body.content),
        },
        "wasi:http/outgoing-handler": {"handle": lambda request, options: _handle(call().door, request, options)},
    }
