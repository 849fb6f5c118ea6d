"""A host under test: a process that reads commands from standard input and asks questions on standard output, one line of
JSON each. `../README.md` describes the lines."""

import json
import subprocess


class Unable(Exception):
    """The host under test broke off the conversation."""


class HostUnderTest:
    """`answer` answers the questions of the host: a dict with `answer`, `unavailable` or `abort`."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
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
            self._write(self.answer(said))

    def _write(self, value):
        self.process.stdin.write(json.dumps(value, ensure_ascii=False) + "\n")
        self.process.stdin.flush()

    def close(self):
        """The end of standard input ends the host."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            self.process.kill()
        self.close()
