#!/usr/bin/env python3
"""How much schools at rest cost: starts the service, creates schools without courses, waits until each has had its first
tick, and measures a minute. Usage: idle_schools.py PROGRAM [SCHOOLS] [STORE]; STORE as in the configuration."""

import concurrent.futures
import pathlib
import sys
import tempfile
import time

from service import ask, memory_mib, metric, processor_seconds, start


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
