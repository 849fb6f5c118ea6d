"""What a host has to do, as checks of a host under test. Each check plays the demo school in a process of its own; a number is
that of the duty in `wit/HOST.md`. A check that fails says what went wrong in terms of that duty."""

import json

from coursekey import sign
from gegi import instant

# What an HTTP client may add by itself.
CLIENTS_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
# The other headers of the component that may leave, and the one of the host.
HEADERS = {"accept", "content-type", "user-agent", "authorization"} | CLIENTS_HEADERS


# When the class `anatomy-1` is over and its attendance is there, and a student of whom CourseKey lists none.
AFTER_THE_CLASS, NOT_LISTED = instant("2023-11-03T18:00:00Z"), "S000011"

NOT_ABORTED = "no call was aborted, although the kit asked for it before a request"


class Broken(Exception):
    """The host under test breaks the duty; the text says how."""


def require(holds, otherwise):
    if not holds:
        raise Broken(otherwise)


def course_saved_while_a_tick_runs(school):
    """5: a course that is saved while a tick runs reaches CourseKey"""
    school.give_courses()
    school.turn()
    second, third = ({**school.course("anatomy"), "revision": revision, "title": f"ANATOMY {revision}"} for revision in (2, 3))
    school.save(second)
    saved = []

    def save_before_the_first_request(question):
        if question["ask"] == "leaves" and not saved:
            saved.append(third)
            school.save(third)

    school.meddle = save_before_the_first_request
    school.turn()
    require(saved, "no request was told before it left")
    school.turn()
    titles = {listed["externalId"]: listed["title"] for listed in school.coursekey.listed("east", "courses")}
    require(titles["anatomy"] == third["title"], f"CourseKey never heard of it; it has the title {titles['anatomy']!r}")


def headers(school):
    """16: CourseKey sees the campus's key, and no header between component and host"""
    school.give_courses()
    school.turn()
    requests = school.coursekey.requests
    require(any(request["method"] == "PUT" for request in requests), "nothing was sent")
    keys = {f"/v1/schools/{served['school']}": served["key"] for served in school.coursekey.schools.values()}
    for request in requests:
        unknown = set(request["headers"]) - HEADERS
        require(not unknown, f"CourseKey saw {sorted(unknown)}")
        key = keys["/".join(request["path"].split("/")[:4])]
        require(request["headers"].get("authorization") == f"Bearer {key}", f"{request['path']} came without its campus's key")


def aborted_work_is_set_aside(school):
    """11 to 13: an abort is noted, and the work that aborts is set aside after three ticks, so that the rest goes on"""
    school.give_courses("anatomy", "night-shift", "first-aid")
    # Whatever is sent to the campus of `night-shift` aborts the tick.
    poison = f"/v1/schools/{school.coursekey.schools['mountain']['school']}/"
    school.meddle = lambda question: _abort_if(
        question["ask"] == "leaves" and question["method"] == "PUT" and question["path"].startswith(poison)
    )
    aborted = 0
    for _ in range(30):
        answer = school.tick()
        aborted += "aborted" in answer
        school.deliver()
        if "ok" in answer and not answer["ok"]["more-work"]:
            break
    require(aborted > 0, NOT_ABORTED)
    statuses = {status["course"]: status["status"] for status in school.statuses()}
    require(statuses["anatomy"] == "synchronized", f"after {aborted} aborted ticks another course is {statuses['anatomy']}")
    set_aside = {issue["course"] for issue in school.gegi.issues.values() if issue["code"] == "aborted-repeatedly"}
    require(set_aside == {"night-shift"}, f"set aside were {sorted(set_aside)}, and not night-shift")


def one_item_after_an_abort(school):
    """13: the tick after an abort takes one item, also if the aborted tick left no note"""
    school.give_courses()
    _tick_until_aborted(school, lambda question: question["method"] == "PUT")
    before = len(school.coursekey.requests)
    school.tick()
    bodies = [json.loads(request["body"]) for request in school.coursekey.requests[before:] if request["body"]]
    courses = {item["externalId"] for body in bodies for item in body["items"] if "title" in item}
    require(len(courses) <= 1, f"the tick after the abort sent {sorted(courses)}")


def outage_of_gegi(school):
    """8 and 12: GEGI that does not answer aborts nothing, and the class is judged once it answers again"""
    school.give_courses()
    school.turn()
    school.advance_to(AFTER_THE_CLASS)
    asked = []

    def no_marks(question):
        if question["ask"] == "marks":
            asked.append(question)
            return {"unavailable": "GEGI is down"}

    school.meddle = no_marks
    for _ in range(8):
        school.tick()
        school.deliver()
    require(asked, "the tick asked for no marks")
    school.meddle = lambda question: None
    school.turn()
    aborted = [issue["sentence"] for issue in school.gegi.issues.values() if issue["code"] == "aborted-repeatedly"]
    require(not aborted, f"the outage was counted as an abort: {aborted}")
    marked = [student for of, student in school.gegi.marks if of == "anatomy-1"]
    require(marked, "the class has no marks although GEGI answers again")


def settings_once_a_call(school):
    """7: School Settings are read once a call"""
    asked = []
    school.meddle = lambda question: asked.append(question["ask"])
    school.give_courses()
    for call in (school.tick, school.statuses):
        asked.clear()
        call()
        require(asked.count("settings") == 1, f"the call read them {asked.count('settings')} times")


def signer_of_a_push(school):
    """18 to 20: a push counts for the campus whose key signed it, in time, and once"""
    school.give_courses()
    school.turn()
    school.advance_to(AFTER_THE_CLASS)
    body = _pushed(version=1, came="2023-11-03T13:00:00Z")
    taken = lambda answer: answer.get("ok", {}).get("taken", 0)
    mark = lambda: school.gegi.marks.get(("anatomy-1", NOT_LISTED), {}).get("mark")
    own = sign("east", "push-1", school.now, body)
    foreign = sign("mountain", "push-2", school.now, body)
    require(not taken(school.push("east", foreign)), "a push that another campus signed was taken for the endpoint's campus")
    late = sign("east", "push-3", school.now - 301, body)
    require("refused" in school.push("east", late), "a push that was signed more than five minutes ago was not refused")
    changed = {**own, "body": body.replace("13:00", "13:01")}
    require("refused" in school.push("east", changed), "a push whose body was changed was not refused")
    # The campus may push, but not about a class of another campus.
    school.expect_ok(school.push("mountain", foreign))
    school.turn()
    require(mark() != "present", "a campus set a mark in a class of another campus")
    require(taken(school.push("east", own)) == 1, "a push that its campus signed was not taken")
    require("repeated" in school.push("east", own), "the same push was taken twice")
    school.turn()
    require(mark() == "present", f"the push that was taken set no mark; the mark is {mark()}")


def outbox_in_order(school):
    """21: what GEGI did not take is delivered again, in order and under the same id"""
    school.give_courses()
    school.tick()
    told = []

    def second_is_not_taken(question):
        if question["ask"] == "take-record":
            told.append(question)
            return {"unavailable": "GEGI is down"} if len(told) == 2 else None

    school.meddle = second_is_not_taken
    require("ok" not in school.host.do("deliver"), "the host says that everything was delivered")
    require(len(told) == 2, f"after an item that was not taken the host went on; it delivered {len(told)} items")
    school.deliver()
    require(told[2] == told[1], "the item that was not taken did not come next, with the same id")
    ids = [item["id"] for item in told[:2] + told[3:]]
    require(len(ids) == len(set(ids)), "two items have one id")


def marks_under_way(school):
    """24: the marks that the component sees are those that GEGI will hold, once everything is delivered"""
    school.give_courses()
    school.turn()
    school.advance_to(AFTER_THE_CLASS)
    # Too late, and then corrected, before anything of it reaches GEGI.
    for version, came in ((1, "2023-11-03T13:40:00Z"), (2, "2023-11-03T13:00:00Z")):
        push = sign("east", f"push-{version}", school.now, _pushed(version, came))
        school.expect_ok(school.push("east", push))
        while school.expect_ok(school.tick())["more-work"]:
            pass
    school.deliver()
    refused = {id: receipt for id, receipt in school.gegi.taken.items() if receipt != "applied"}
    require(not refused, f"GEGI refused what the component wrote: {refused}")
    mark = school.gegi.marks.get(("anatomy-1", NOT_LISTED))
    require(mark and mark["mark"] == "present", f"the mark in the end is {mark and mark['mark']}")


def ticks_that_keep_failing(school):
    """31: ticks that keep failing are told by the host, once, and resolved when one returns"""
    school.give_courses()
    school.meddle = lambda question: {"abort": True} if question["ask"] in ("courses", "leaves") else None
    for _ in range(4):
        require("aborted" in school.tick(), NOT_ABORTED)
        school.deliver()
        school.advance_to(school.now + 8 * 60)
    told = [issue for issue in school.gegi.issues.values() if issue["code"] == "tick-fails"]
    mails = len(school.gegi.mails)
    require(len(told) == 1 and told[0]["resolved-at"] is None, f"after four ticks and 24 minutes {len(told)} issues are open")
    require(mails == 1, f"it was mailed {mails} times")
    school.meddle = lambda question: None
    school.tick()
    school.deliver()
    open = [issue for issue in school.gegi.issues.values() if issue["code"] == "tick-fails" and not issue["resolved-at"]]
    require(not open, "the issue is still open after a tick that returned")


def _tick_until_aborted(school, on_request):
    """Aborts a tick at the first request of this kind."""
    school.meddle = lambda question: {"abort": True} if question["ask"] == "leaves" and on_request(question) else None
    for _ in range(4):
        if "aborted" in school.tick():
            school.meddle = lambda question: None
            return
        school.deliver()
    raise Broken(NOT_ABORTED)


def _abort_if(condition):
    return {"abort": True} if condition else None


def _pushed(version, came):
    """A push about a student of whom CourseKey lists nothing."""
    visit = {"in": came, "out": "2023-11-03T16:00:00Z"}
    record = {"id": "pushed-1", "version": version, "sessionId": "anatomy-1", "userId": NOT_LISTED}
    record |= {"updatedAt": f"2023-11-03T16:0{version}:00Z", "visits": [visit], "adjustment": None}
    return json.dumps({"records": [record]})


CHECKS = [
    course_saved_while_a_tick_runs, settings_once_a_call, outage_of_gegi, aborted_work_is_set_aside,
    one_item_after_an_abort, headers, signer_of_a_push, outbox_in_order, marks_under_way,
    ticks_that_keep_failing,
]

# Duties that the sample hosts can break, each with the check that has to catch it.
FAULTS = {
    "last-writer-wins": course_saved_while_a_tick_runs,
    "headers-leaked": headers,
    "abort-not-noted": aborted_work_is_set_aside,
    "full-budget-after-abort": one_item_after_an_abort,
    "outage-counted-as-abort": outage_of_gegi,
    "push-without-campus": signer_of_a_push,
    "settings-read-again": settings_once_a_call,
    "new-id-at-each-attempt": outbox_in_order,
    "marks-without-outbox": marks_under_way,
    "failures-not-told": ticks_that_keep_failing,
}
