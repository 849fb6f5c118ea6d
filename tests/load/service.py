"""The service under load: starts the real program, asks it, and reads what it costs."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import threading

TOKEN = "operator-token-000001"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def start(
    program: str, folder: pathlib.Path, store: str, more: str = "", top: str = ""
) -> tuple[subprocess.Popen, str]:
    """Starts the service; `top` stands at the beginning of its configuration, `more` at its end, in the table of CourseKey."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    token = secrets / "operator-token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    (folder / "serve.toml").write_text(
        f'{top}listen = "127.0.0.1:0"\nstore = "{store}"\nsecrets = "secrets"\n'
        'loopback-allowed = true\n[coursekey]\nallowed-hosts = ["api.example.com:443"]\n' + more
    )
    service = subprocess.Popen(
        [program, "serve", "--config", str(folder / "serve.toml")], stderr=subprocess.PIPE, text=True
    )
    for line in service.stderr:
        if found := re.search(r"Serving at http://(\S+)", line):
            # A log that nobody reads would stop the service when the pipe is full.
            threading.Thread(target=service.stderr.read, daemon=True).start()
            return service, found[1]
    raise SystemExit("the service does not start")


def ask(address: str, method: str, path: str, body: object = None) -> bytes:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request(method, path, json.dumps(body) if body else None, {"Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
    return text


def metric(address: str, name: str) -> float:
    text = ask(address, "GET", "/metrics").decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def processor_seconds(process: int) -> float:
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory_mib(process: int) -> float:
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
