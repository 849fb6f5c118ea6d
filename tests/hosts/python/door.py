"""The only way out (duties 14 to 17): decides by School Settings whether a request may leave, puts the campus's key where the
component named the campus, and sends the request."""

import http.client
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

KEPT = ("accept", "content-type", "user-agent")
ANSWER_BYTES = 4 << 20
SECONDS = {"connect": 5, "first-byte": 20, "between-bytes": 5}
_pool = ThreadPoolExecutor(max_workers=16)


class Denied(Exception):
    """The request may not leave."""


class Failure(Exception):
    """The request brought no answer; the error-code of WASI says why."""


class ClosedDoor:
    """The door of every call but a tick."""

    def admit(self, request):
        raise Denied


class Door:
    """The door of a tick. `leaves` is told of each request that is about to leave. `route` says to which address a name leads,
    as a resolver would, so that a name can lead to a server of this machine."""

    def __init__(self, settings, keys, route, leaves, fault):
        self.base = urlsplit(settings["coursekey-url"])
        self.schools = {campus["id"]: campus["coursekey-school-id"] for campus in settings["campuses"]}
        self.keys, self.route, self.leaves, self.fault = keys, route, leaves, fault

    def admit(self, request):
        """Answers the function that sends the request with its body."""
        written = [(name, value.decode()) for name, value in request.headers.lines]
        campus = dict(written).get("gegi-campus")
        path = request.path.split("?")[0]
        if campus not in self.schools or campus not in self.keys or not self._may_leave(request, path, campus):
            raise Denied
        kept = written if self.fault == "headers-leaked" else [line for line in written if line[0] in KEPT]
        headers = {**dict(kept), "authorization": f"Bearer {self.keys[campus]}"}
        self.leaves({"method": request.method, "path": path})
        address = self.route.get(self.base.netloc)
        connection = http.client.HTTPConnection if address else http.client.HTTPSConnection

        def send(body, seconds, answer):
            work = (connection, address or self.base.netloc, request.method, request.path, headers, body)
            _pool.submit(_settle, answer, *work, {name: seconds.get(name) or most for name, most in SECONDS.items()})

        return send

    def _may_leave(self, request, path, campus):
        granted = f"{self.base.path.rstrip('/')}/schools/{self.schools[campus]}"
        below = path[len(granted):] if path.startswith(granted) else None
        plain = lambda segment: re.fullmatch(r"[A-Za-z0-9._~-]+", segment) and not re.fullmatch(r"\.+", segment)
        return (
            request.method in ("GET", "PUT")
            and request.scheme == self.base.scheme.upper()
            and request.authority == self.base.netloc
            and (below == "" or below is not None and below.startswith("/") and all(map(plain, below[1:].split("/"))))
        )


def _settle(answer, *work):
    try:
        answer.set_result(_exchange(*work))
    except Exception as error:
        answer.set_exception(error if isinstance(error, Failure) else Failure({"tag": "HTTP-protocol-error", "val": None}))


def _exchange(kind, address, method, path, headers, body, seconds):
    """One request on a connection of its own; follows no redirect."""
    connection = kind(address, timeout=seconds["connect"])
    try:
        connection.connect()
        connection.sock.settimeout(seconds["first-byte"])
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        # An answer that closes the connection has taken the socket over.
        if connection.sock:
            connection.sock.settimeout(seconds["between-bytes"])
        content = response.read(ANSWER_BYTES + 1)
        if len(content) > ANSWER_BYTES:
            raise Failure({"tag": "HTTP-response-body-size", "val": ANSWER_BYTES})
        if response.length:
            raise Failure({"tag": "HTTP-response-incomplete", "val": None})
        return response.status, response.getheaders(), content
    except ConnectionRefusedError:
        raise Failure({"tag": "connection-refused", "val": None})
    except socket.gaierror:
        raise Failure({"tag": "destination-not-found", "val": None})
    except TimeoutError:
        raise Failure({"tag": "HTTP-response-timeout", "val": None})
    except (OSError, http.client.HTTPException):
        raise Failure({"tag": "HTTP-response-incomplete", "val": None})
    finally:
        connection.close()
