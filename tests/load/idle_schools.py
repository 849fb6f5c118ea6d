#!/usr/bin/env python3
"""How much schools at rest cost: starts the service, creates schools without courses, waits until each has had its first
tick, and measures a minute. Usage: idle_schools.py PROGRAM [SCHOOLS] [STORE]; STORE as in the configuration."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TOKEN = "operator-token-000001"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def start(program: str, folder: pathlib.Path, store: str) -> tuple[subprocess.Popen, str]:
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    token = secrets / "operator-token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    (folder / "serve.toml").write_text(
        f'listen = "127.0.0.1:0"\nstore = "{store}"\nsecrets = "secrets"\n'
        '[coursekey]\nallowed-hosts = ["api.example.com:443"]\n'
    )
    service = subprocess.Popen(
        [program, "serve", "--config", str(folder / "serve.toml")], stderr=subprocess.PIPE, text=True
    )
    for line in service.stderr:
        if found := re.search(r"Serving at http://(\S+)", line):
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


def main() -> None:
    program, schools = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    store = sys.argv[3] if len(sys.argv) > 3 else "sqlite:gegi.sqlite"
    ticks = 'gegi_component_call_seconds_count{export="on-tick"'
    with tempfile.TemporaryDirectory() as folder:
        service, address = start(program, pathlib.Path(folder), store)
        try:
            def create(number: int) -> None:
                ask(address, "PUT", f"/v1/schools/school-{number:05}", {
                    "name": f"School {number:05}",
                    "coursekey-url": "https://api.example.com/v1",
                    "campuses": [{"id": "main", "zone": "America/New_York", "coursekey-school-id": number + 1}],
                })

            begun = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(create, range(schools)))
            print(f"{schools} schools created in {time.monotonic() - begun:.0f} s")
            # Each school's update frequency is 5 minutes.
            while metric(address, ticks) < schools:
                time.sleep(1)
            print(f"each had its first tick {time.monotonic() - begun:.0f} s after the beginning")
            time.sleep(300)
            before, made, at = processor_seconds(service.pid), metric(address, ticks), time.monotonic()
            time.sleep(60)
            took, minutes = processor_seconds(service.pid) - before, (time.monotonic() - at) / 60
            print(f"at rest: {took / minutes:.2f} processor seconds a minute, {memory_mib(service.pid):.0f} MiB, "
                  f"{(metric(address, ticks) - made) / minutes:.0f} ticks a minute, "
                  f"lag {metric(address, 'gegi_scheduler_lag_seconds'):.3f} s")
        finally:
            service.terminate()
            service.wait(20)


if __name__ == "__main__":
    main()
