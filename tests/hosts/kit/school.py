"""A school at a host under test: GEGI, CourseKey, the host, and the clock that they share."""

from coursekey import CourseKey, push_key
from gegi import Directory, Gegi
from under_test import HostUnderTest

import base64

# Many items, so that batches are full, and many seconds.
BUDGET = {"items": 20_000, "seconds": 120}
ATTEMPTS = 10


class Failed(Exception):
    """A call failed that should not fail."""


class School:
    def __init__(self, harness, folder, command):
        self.directory = Directory(folder)
        self.now = self.directory.start
        self.gegi = Gegi(self.directory)
        self.coursekey = CourseKey(harness, folder, self.now)
        try:
            self.host = HostUnderTest(command)
        except OSError:
            self.coursekey.__exit__()
            raise
        self.host.answer = self.gegi.answer
        push_keys = {campus: base64.b64encode(push_key(campus)).decode() for campus in self.coursekey.keys}
        route = self.coursekey.route()
        self.host.do("open", **{"keys": self.coursekey.keys, "push-keys": push_keys, "route": route})

    def advance_to(self, now):
        if now > self.now:
            self.now = now
            self.coursekey.set_clock(now)

    def call(self, export, *input):
        return self.host.do("call", export=export, now=self.now, input=list(input))

    def give_courses(self):
        """Stores the courses of the start in GEGI, and tells the host of each."""
        for course in self.directory.courses:
            self.gegi.courses[course["id"]] = course
        for course in self.directory.courses:
            self.save(course)

    def save(self, course):
        self.gegi.courses[course["id"]] = course
        answer = self.expect_ok(self.call("on-course-changed", {"tag": "saved", "val": course}))
        self.deliver()
        return answer

    def push(self, campus, push):
        """A push as it reaches the endpoint of a campus."""
        return self.host.do("push", now=self.now, campus=campus, push=push)

    def deliver(self):
        return self.expect_ok(self.host.do("deliver"))

    def tick(self, **budget):
        return self.call("on-tick", {**BUDGET, **budget})

    def turn(self):
        """Ticks until nothing more is due, and delivers after each; answers when the next turn is due."""
        while True:
            for _ in range(ATTEMPTS):
                answer = self.tick()
                if "ok" in answer:
                    break
            report = self.expect_ok(answer)
            self.deliver()
            if not report["more-work"]:
                return report["next-due"]

    def statuses(self):
        page = {"tag": "page", "val": {"after": None, "limit": 500}}
        return self.expect_ok(self.call("get-status", page))

    def state(self):
        return self.expect_ok(self.host.do("state"))

    @staticmethod
    def expect_ok(answer):
        if "ok" not in answer:
            raise Failed(f"a call failed: {answer}")
        return answer["ok"]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.host.__exit__(*error)
        finally:
            self.coursekey.__exit__()
