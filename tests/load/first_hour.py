#!/usr/bin/env python3
"""What schools cost that begin together: starts the service and simulated CourseKeys, creates schools with courses, waits
until every course is synchronized, and measures the minutes after it.
Usage: first_hour.py PROGRAM [SCHOOLS] [COURSES] [MINUTES] [STORE]; STORE as in the configuration."""

import concurrent.futures
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from service import ask, memory_mib, metric, processor_seconds, start

# The most campuses of one school directory, of which a simulated CourseKey is made.
CAMPUSES = 100
STUDENTS = 15


def instant(minutes: int) -> str:
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, second=0, minute=0)
    return (now + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(days: int) -> str:
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def course(school: int, number: int) -> dict:
    """A course of the school with ten classes, the first of which is over."""
    key = f"{school:05}-{number:02}"

    def person(kind: str, place: int) -> dict:
        return {
            "id": f"{kind[0]}{key}-{place:02}", "first-name": kind, "last-name": f"{key}-{place:02}",
            "email": f"{kind.lower()}-{key}-{place:02}@example.edu", "revision": 1,
        }

    enrolled = {"stage": "ACTIVE", "agreement": "assigned", "enrolled-from": day(-10), "stopped-on": None}
    return {
        "id": f"C{key}", "revision": 1, "kind": "group-course", "campus": "main", "program": {"id": "P", "name": "P"},
        "group": {"id": "G", "name": "Group"}, "number": f"N-{number:02}", "title": f"Course {number:02}",
        "start-date": day(-10), "end-date": day(60), "completed-date": None, "hours-type": "class-schedule",
        "send-to-coursekey": "on", "program-send-to-coursekey": "inherit", "instructors": [person("Instructor", 0)],
        "students": [person("Student", place) | enrolled for place in range(STUDENTS)],
        "classes": [
            {"id": f"C{key}-{place}", "starts": instant(1440 * place - 300), "ends": instant(1440 * place - 180)}
            for place in range(10)
        ],
    }


def simulate(program: str, folder: pathlib.Path, first: int, campuses: int) -> tuple[subprocess.Popen, str, list[str]]:
    """A simulated CourseKey with so many schools, whose numbers begin after `first`."""
    directory = folder / f"coursekey-{first:05}"
    directory.mkdir()
    text = f'name = "All"\nrun = {{ from = "{instant(-1440)}", until = "{instant(1440)}" }}\n'
    for number in range(first, first + campuses):
        text += f'[[campus]]\nid = "c{number}"\nzone = "America/New_York"\ncoursekey-school-id = {number + 1}\n'
    (directory / "school.toml").write_text(text)
    (directory / "courses.jsonl").write_text("")
    process = subprocess.Popen(
        [program, "simulate-coursekey", "--json", str(directory)], stdout=subprocess.PIPE, text=True
    )
    served = json.loads(process.stdout.readline())
    return process, served["base-url"], [school["key"] for school in served["schools"]]


def main() -> None:
    numbers = [int(text) for text in sys.argv[2:5]]
    schools, courses, minutes = numbers + [1_000, 20, 60][len(numbers):]
    program, store = sys.argv[1], sys.argv[5] if len(sys.argv) > 5 else "sqlite:gegi.sqlite"
    with tempfile.TemporaryDirectory() as name:
        folder, coursekeys = pathlib.Path(name), []
        service, address = start(program, folder, store, "requests-per-second = 100000\n")
        try:
            for first in range(0, schools, CAMPUSES):
                coursekeys.append(simulate(program, folder, first, min(CAMPUSES, schools - first)))

            def create(number: int) -> None:
                _, url, keys = coursekeys[number // CAMPUSES]
                path = f"/v1/schools/school-{number:05}"
                campus = {"id": "main", "zone": "America/New_York", "coursekey-school-id": number + 1}
                ask(address, "PUT", path, {"name": path, "coursekey-url": url, "campuses": [campus]})
                ask(address, "PUT", f"{path}/campuses/main/credentials", {"key": keys[number % CAMPUSES]})
                for place in range(courses):
                    body = course(number, place)
                    ask(address, "PUT", f"{path}/courses/{body['id']}", body)

            begun = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(create, range(schools)))
            print(f"{schools} schools with {courses} courses each were given in {time.monotonic() - begun:.0f} s", flush=True)

            def is_done(number: int) -> bool:
                held = json.loads(ask(address, "GET", f"/v1/schools/school-{number:05}"))["courses"]
                return held["synchronized"] == courses

            waiting = list(range(schools))
            while waiting:
                waiting = [number for number in waiting if not is_done(number)]
            took = time.monotonic() - begun
            print(f"all of them were synchronized {took:.0f} s after the beginning, with "
                  f"{processor_seconds(service.pid):.0f} processor seconds, {memory_mib(service.pid):.0f} MiB and "
                  f"{metric(address, 'gegi_coursekey_requests_total'):.0f} requests", flush=True)
            before, asked = processor_seconds(service.pid), metric(address, "gegi_coursekey_requests_total")
            time.sleep(minutes * 60)
            print(f"then {(processor_seconds(service.pid) - before) / max(minutes, 1):.1f} processor seconds and "
                  f"{(metric(address, 'gegi_coursekey_requests_total') - asked) / max(minutes, 1):.0f} requests a minute, "
                  f"{memory_mib(service.pid):.0f} MiB, {metric(address, 'gegi_marks_written_total'):.0f} marks, "
                  f"{metric(address, 'gegi_schools_stuck'):.0f} schools stuck, "
                  f"lag {metric(address, 'gegi_scheduler_lag_seconds'):.3f} s")
        finally:
            for process in [service] + [coursekey for coursekey, *_ in coursekeys]:
                process.terminate()
            service.wait(20)


if __name__ == "__main__":
    main()
