"""CourseKey: `host-harness simulate-coursekey` in a process of its own, and a front before it on a port, through which the
requests of the host under test go. The front orders faults, and writes down what it is sent."""

import base64
import hashlib
import hmac
import http.client
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

from gegi import COURSEKEY, rfc3339


def push_key(campus):
    """The key with which the simulator signs; no secret."""
    return hashlib.sha256(f"simulated-push-key-of-{campus}".encode()).digest()


def sign(campus, id, now, body):
    """A push in the manner of Standard Webhooks."""
    made = hmac.new(push_key(campus), f"{id}.{now}.{body}".encode(), hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(made).decode()
    return {"webhook-id": id, "webhook-timestamp": str(now), "webhook-signature": signature, "body": body}


class CourseKey:
    def __init__(self, harness, folder, now):
        command = [harness, "simulate-coursekey", folder, "--at", rfc3339(now), "--speed", "0", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        served = json.loads(self.process.stdout.readline())
        self.simulator = urlsplit(served["base-url"]).netloc
        self.schools = {school["campus"]: school for school in served["schools"]}
        self.keys = {campus: school["key"] for campus, school in self.schools.items()}
        self.requests, self.faults = [], []
        self.lock = threading.Lock()
        self.front = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.front.daemon_threads = True
        threading.Thread(target=self.front.serve_forever, daemon=True).start()

    def route(self):
        """Where the name of CourseKey leads."""
        return {urlsplit(COURSEKEY).netloc: f"127.0.0.1:{self.front.server_port}"}

    def set_clock(self, now):
        self._simulated("PUT", "/clock", json.dumps({"now": rfc3339(now)}).encode(), {})

    def listed(self, campus, kind):
        """Everything that CourseKey lists of a kind at a campus."""
        school, items = self.schools[campus], []
        query = {"updatedSince": rfc3339(0)} if kind == "attendance" else {}
        while True:
            path = f"/v1/schools/{school['school']}/{kind}?{urlencode(query)}"
            page = json.loads(self._simulated("GET", path, None, {"authorization": f"Bearer {school['key']}"})[2])
            items += page["records" if kind == "attendance" else "items"]
            if page["next"] is None:
                return items
            query["after"] = page["next"]

    def push(self, ids, now):
        """The pushes that CourseKey sends for these attendance records, by campus."""
        pushes = {}
        for campus in self.schools:
            newest = {record["id"]: record for record in self.listed(campus, "attendance") if record["id"] in ids}
            if newest:
                body = json.dumps({"records": [newest[id] for id in ids if id in newest]})
                pushes[campus] = sign(campus, f"push-{campus}-{now}", now, body)
        return pushes

    def order_fault(self, fault):
        with self.lock:
            self.faults += [fault] * fault.get("times", 1)

    def _simulated(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.simulator, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _meet(self, kind):
        """The status of a fault that was ordered for the next request of this kind; none: the request goes through."""
        with self.lock:
            fault = next((fault for fault in self.faults if fault["on"] == kind), None)
            if fault is None:
                return None
            self.faults.remove(fault)
            return fault["status"]

    def _handler(self):
        coursekey = self

        class Front(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer leaves in one piece: a second piece would wait until the host acknowledges the first.
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def body(self):
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def do_GET(self):
                body, path = self.body(), self.path.split("?")[0]
                headers = {name.lower(): value for name, value in self.headers.items()}
                with coursekey.lock:
                    coursekey.requests.append({"method": self.command, "path": path, "headers": headers, "body": body})
                status = coursekey._meet(path.rsplit("/", 1)[-1])
                if status is not None:
                    error = {"error": {"code": "unavailable", "message": "try again later"}}
                    self.reply(status, [("content-type", "application/json")], json.dumps(error).encode())
                    return
                kept = {name: headers[name] for name in ("authorization", "content-type") if name in headers}
                self.reply(*coursekey._simulated(self.command, self.path, body or None, kept))

            def reply(self, status, headers, body):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() in ("content-type", "retry-after"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST = do_DELETE = do_GET

        return Front

    def close(self):
        self.front.shutdown()
        self.front.server_close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
