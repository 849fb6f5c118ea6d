#!/usr/bin/env python3
"""What one school with a hostile component costs the others: a thousand schools, of which one runs a guest that misbehaves in
every call; the others are asked for their statuses, with the hostile school called all the time and without, by turns.
Usage: hostile_guest.py PROGRAM HOSTILE.wasm [SCHOOLS] [MISBEHAVIOUR …]; the misbehaviours are those of tests/guests/hostile."""

import concurrent.futures
import http.client
import pathlib
import random
import sys
import tempfile
import threading
import time

from service import TOKEN, ask, processor_seconds, start

ROUNDS = 4
QUESTIONS = 3_000


def status(address: str, path: str) -> float:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    connection.getresponse().read()
    return time.perf_counter() - begun


def questions(address: str, schools: int, seed: int) -> list[float]:
    dice = random.Random(seed)
    names = [f"school-{dice.randrange(1, schools):05}" for _ in range(QUESTIONS)]
    return [status(address, f"/v1/schools/{name}/status") for name in names]


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1_000


def disturb(address: str, misbehaviours: list[str], stop: threading.Event) -> None:
    while not stop.is_set():
        for misbehaviour in misbehaviours:
            status(address, f"/v1/schools/school-00000/courses/{misbehaviour}/status")


def main() -> None:
    program, hostile = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    schools = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
    misbehaviours = sys.argv[4:] or ["loop", "eat-memory", "trap"]
    with tempfile.TemporaryDirectory() as folder:
        more = f'component-ahead = "{hostile}"\nschools-ahead = ["school-00000"]\n'
        service, address = start(program, pathlib.Path(folder), "sqlite:gegi.sqlite", top=more)
        try:
            def create(number: int) -> None:
                ask(address, "PUT", f"/v1/schools/school-{number:05}", {
                    "name": f"School {number:05}",
                    "coursekey-url": "https://api.example.com/v1",
                    "campuses": [{"id": "main", "zone": "America/New_York", "coursekey-school-id": number + 1}],
                })

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(create, range(1, schools)))
            try:
                create(0)
            except SystemExit:
                # The school is there; what its component says of its courses cannot be used.
                pass
            alone, beside = [], []
            for number in range(ROUNDS):
                alone += questions(address, schools, number)
                stop = threading.Event()
                guests = [threading.Thread(target=disturb, args=(address, misbehaviours, stop)) for _ in range(2)]
                for guest in guests:
                    guest.start()
                beside += questions(address, schools, number)
                stop.set()
                for guest in guests:
                    guest.join()
            for name, share in (("median", 0.5), ("p99", 0.99)):
                one, other = percentile(alone, share), percentile(beside, share)
                print(f"{name}: {one:.2f} ms alone, {other:.2f} ms beside the hostile school, {other / one:.2f} times")
            print(f"{len(alone)} questions each, {schools} schools, {processor_seconds(service.pid):.0f} processor seconds")
        finally:
            service.terminate()
            service.wait()


if __name__ == "__main__":
    main()
