"""A host under test: a process that reads commands from standard input and asks questions on standard output, one line of
JSON each. `../README.md` describes the lines."""

import json
import subprocess
import threading

# After this the kit ends a host that says nothing more.
PATIENCE_SECONDS = 600


class Unable(Exception):
    """The host under test broke off the conversation."""


class HostUnderTest:
    """`answer` answers the questions of the host: a dict with `answer`, `unavailable` or `abort`."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.patience = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self.patience.daemon = True
        self.patience.start()
        self.answer = None

    def do(self, what, **more):
        """Gives a command and waits until it is done. While the host waits for an answer, further commands may be given:
        they run beside the call that asked."""
        self._write({"do": what, **more})
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Unable(f"the host ended during {what!r}; its standard error says why")
            said = json.loads(line)
            if "done" in said:
                return said["done"]
            if "ask" not in said:
                raise Unable(f"the host says {line.strip()[:80]}, which is neither an end nor a question")
            self._write(self.answer(said))

    def _write(self, value):
        try:
            self.process.stdin.write(json.dumps(value, ensure_ascii=False) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Unable("the host ended; its standard error says why") from error

    def close(self):
        """The end of standard input ends the host."""
        self.patience.cancel()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
