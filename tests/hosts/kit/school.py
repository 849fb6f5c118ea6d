"""A school at a host under test: GEGI, CourseKey, the host, and the clock that they share."""

import base64

from coursekey import CourseKey, push_key
from gegi import Directory, Gegi
from under_test import HostUnderTest

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
        self.command, self.host = command, None
        self.meddle = lambda question: None  # What a check answers in GEGI's place; none: GEGI answers.

    def open(self):
        self.host = HostUnderTest(self.command)
        self.host.answer = lambda question: self.meddle(question) or self.gegi.answer(question)
        push_keys = {campus: base64.b64encode(push_key(campus)).decode() for campus in self.coursekey.keys}
        self.host.do("open", **{"keys": self.coursekey.keys, "push-keys": push_keys, "route": self.coursekey.route()})

    def advance_to(self, now):
        if now > self.now:
            self.now = now
            self.coursekey.set_clock(now)

    def course(self, id):
        return next(course for course in self.directory.courses if course["id"] == id)

    def call(self, export, *input):
        return self.host.do("call", export=export, now=self.now, input=list(input))

    def give_courses(self, *only):
        """Stores the courses of the start in GEGI, and tells the host of each."""
        given = [course for course in self.directory.courses if not only or course["id"] in only]
        self.gegi.courses = {course["id"]: course for course in given}
        for course in given:
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
                # A commit that is refused, and a GEGI that does not answer, pass. An abort that nobody asked for does not.
                if "conflict" not in answer and answer.get("err", {}).get("tag") != "unavailable":
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
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.host:
            self.host.close()
        self.coursekey.close()
