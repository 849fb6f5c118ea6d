"""GEGI: a school directory's settings and courses, and the records that a host delivers. It answers the questions of a host
under test in the forms of the WIT."""

import json
import re
import tomllib
from calendar import timegm
from time import gmtime, strftime, strptime

COURSEKEY = "https://coursekey.example/v1"
LETTERS = {"present": "P", "late": "L", "absent": "A"}

# School Settings that a school directory need not name.
DEFAULTS = {
    "enabled": True, "coursekey-url": COURSEKEY, "weeks-before-start": 3, "weeks-after-end": 2,
    "absent-after-start-minutes": 15, "absent-before-end-minutes": 15, "follow-adjustments-days": 7, "error-email": None,
    "send-new-program-courses": False, "initial-user-password": "Welcome1", "update-every-minutes": 5, "settle-minutes": 60,
    "longest-gap-minutes": 90, "never-checked-out": "report", "minimum-attended-percent": 0, "digest-every-minutes": 60,
    "guard-vanished-percent": 10, "guard-vanished-number": 5, "guard-stopped-percent": 50, "guard-stopped-number": 10,
    "saved-at": None,
}

# What a line of courses.jsonl need not name.
COURSE_DEFAULTS = {"groups": []}


def instant(text):
    return timegm(strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def rfc3339(seconds):
    return None if seconds is None else strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def wit(value):
    """A value of a school directory in the form of the WIT: days and instants are no texts there."""
    if isinstance(value, dict):
        return {name: wit(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [wit(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        year, month, day = map(int, value.split("-"))
        return {"year": year, "month": month, "day": day}
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return instant(value)
    return value


def course_of(line):
    """The course of a line of a school directory."""
    return {**COURSE_DEFAULTS, **wit(line)}


class Directory:
    """A school directory, as far as the kit plays one."""

    def __init__(self, folder):
        school = tomllib.loads((folder / "school.toml").read_text(encoding="utf-8"))
        campuses = [{"course-owner": None, "credentials-generation": 1, **campus} for campus in school["campus"]]
        self.settings = {"name": school["name"], **DEFAULTS, "campuses": campuses, **school.get("settings", {})}
        self.start, self.end = instant(school["run"]["from"]), instant(school["run"]["until"])
        self.courses = [course_of(line) for line in self._lines(folder / "courses.jsonl")]
        self.changes = [{**change, "at": instant(change["at"])} for change in self._lines(folder / "changes.jsonl")]

    @staticmethod
    def _lines(file):
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


class Gegi:
    def __init__(self, directory):
        self.settings = directory.settings
        self.courses = {}
        self.marks, self.rows, self.issues, self.journal, self.mails = {}, {}, {}, [], []
        self.taken = {}  # The receipt of each item that was delivered, by its id.

    def answer(self, question):
        return {"answer": getattr(self, question["ask"].replace("-", "_") + "_asked")(question)}

    def settings_asked(self, _):
        return self.settings

    def courses_asked(self, question):
        after = (question["after"] or "").encode()
        ids = sorted(id for id in map(str.encode, self.courses) if id > after)[: question["limit"]]
        return [[id.decode(), self.courses[id.decode()]["revision"]] for id in ids]

    def course_asked(self, question):
        return self.courses.get(question["id"])

    def marks_asked(self, question):
        marks = [mark for (of, _), mark in self.marks.items() if of == question["class"]]
        shown = [{name: mark[name] for name in ("student", "mark", "origin")} for mark in marks]
        return sorted(shown, key=lambda mark: mark["student"].encode())

    def leaves_asked(self, _):
        return None

    def take_mail_asked(self, item):
        if item["id"] not in self.taken:
            self.taken[item["id"]] = "applied"
            self.mails.append(item["message"])

    def take_record_asked(self, item):
        """Takes an operation once, together with its line of the journal, or refuses both."""
        if item["id"] not in self.taken:
            tag, value = item["operation"]["tag"], item["operation"]["val"]
            refused = self._apply(tag, value)
            self.taken[item["id"]] = refused or "applied"
            entry = value if tag == "journal" else value.get("journal")
            if entry and not refused:
                self.journal.append(entry)

    def _apply(self, tag, value):
        if tag in ("set-mark", "withdraw-mark"):
            place = (value["class"], value["student"])
            held = self.marks.get(place)
            if tag == "set-mark":
                if (held and held["mark"]) not in (value["expected"], value["mark"]):
                    return "another mark by now"
                self.marks[place] = {"student": value["student"], "mark": value["mark"], "origin": "coursekey", "basis": value["basis"]}
            elif held and held["origin"] != "coursekey":
                return "GEGI's own mark by now"
            else:
                self.marks.pop(place, None)
        elif tag == "put-log-row":
            self.rows[value["attendance-record"], value["visit"]] = value
        elif tag == "void-log-row":
            self.rows.pop((value["attendance-record"], value["visit"]), None)
        elif tag == "open-issue":
            self.issues[value["key"]] = {**value["issue"], "first-seen": value["at"], "resolved-at": None}
        elif tag == "resolve-issue" and self.issues.get(value["key"], {}).get("resolved-at", 0) is None:
            self.issues[value["key"]]["resolved-at"] = value["at"]
        return None

    def write_by_hand(self, of, student, mark):
        mark = next(word for word, letter in LETTERS.items() if letter == mark)
        self.marks[of, student] = {"student": student, "mark": mark, "origin": "hand", "basis": None}

    # What GEGI holds, in the form of the files of `host-harness run`.

    def mark_lines(self):
        def basis(mark):
            if mark["basis"] is None:
                return {"rule": mark["origin"], "sentence": f"written in GEGI ({mark['origin']})"}
            written = {name: value for name, value in mark["basis"].items()}
            for name in ("starts", "ends", "late-until", "early-from"):
                written[name] = rfc3339(written[name])
            written["visits"] = [
                {"in": rfc3339(visit["checked-in"]), "out": rfc3339(visit["checked-out"])} for visit in written["visits"]
            ]
            return written

        lines = [
            {"class": of, "student": student, "mark": LETTERS[mark["mark"]], "basis": basis(mark)}
            for (of, student), mark in self.marks.items()
        ]
        return sorted(lines, key=lambda line: (line["class"], line["student"]))

    def row_lines(self):
        lines = [
            {
                "course": row["course"], "class": row["class"], "student": row["student"], "record": record, "visit": visit,
                "in": rfc3339(row["checked-in"]), "out": rfc3339(row["checked-out"]), "minutes": row["minutes"],
            }
            for (record, visit), row in self.rows.items()
        ]
        return sorted(lines, key=lambda line: tuple(line.values()))

    def issue_lines(self):
        lines = []
        for issue in self.issues.values():
            line = {**issue, "student": issue["person"]}
            del line["person"]
            lines.append({**line, "first-seen": rfc3339(issue["first-seen"]), "resolved-at": rfc3339(issue["resolved-at"])})
        return sorted(lines, key=lambda line: [str(line[name]) for name in ("code", "course", "class", "student")])

    def journal_lines(self):
        lines = []
        for entry in sorted(self.journal, key=lambda entry: entry["at"]):
            what = "withdrawn" if entry["what"] == "mark-withdrawn" else entry["what"]
            line = {"at": rfc3339(entry["at"]), "what": what, "course": entry["course"], "class": entry["class"]}
            lines.append({**line, "student": entry["person"], "old": entry["old"], "new": entry["new"], "by": entry["by"]})
        return lines
