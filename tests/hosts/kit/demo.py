"""Plays a school directory at a host under test and compares the end with that of our host, which plays the same directory
with `host-harness run`: the same moments, the same virtual time, but CourseKey in its own process and no HTTP."""

import base64
import contextlib
import json
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from gegi import course_of, rfc3339
from school import School


# The demo school has no push, so it is played with one more change. The push comes between two ticks, so that the poll finds
# the records taken.
PUSH = {"at": "2023-11-03T16:07:00Z", "push": ["a-1-3", "a-1-5", "a-1-12"]}


@contextlib.contextmanager
def with_a_push(folder):
    """A copy of the school directory with the push."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(folder, Path(scratch, "school"))
        changes = (copy / "changes.jsonl").read_text(encoding="utf-8").splitlines() + [json.dumps(PUSH)]
        ordered = sorted(changes, key=lambda line: json.loads(line)["at"])
        (copy / "changes.jsonl").write_text("\n".join(ordered) + "\n", encoding="utf-8")
        yield copy


def play(harness, folder, command):
    """What the school ends in, by name."""
    with School(harness, folder, command) as school:
        _play(school)
        gegi = school.gegi
        return {
            "statuses": [_status(status) for status in school.statuses()],
            "marks": gegi.mark_lines(),
            "rows of the attendance log": gegi.row_lines(),
            "issues": gegi.issue_lines(),
            "lines of the journal": gegi.journal_lines(),
            "mails": len(gegi.mails),
            "bytes of the state": school.state(),
        }


def _status(status):
    line = {name: status[name] for name in ("course", "status", "reason")}
    return {**line, "locked": status["option-locked"], "complete-until": rfc3339(status["complete-until"])}


def _play(school):
    """As `host-harness/lab/src/run/driver.rs`: a change comes before a tick of the same moment, ticks lie on a grid, and no
    tick is made before something is due."""
    directory, coming = school.directory, list(school.directory.changes)
    school.give_courses()
    due, last = school.now, None
    while True:
        step = school.gegi.settings["update-every-minutes"] * 60
        earliest = None if due is None else max(due, school.now, -1 if last is None else last + 1)
        tick = None if earliest is None else directory.start + -(-(earliest - directory.start) // step) * step
        change = max(coming[0]["at"], school.now) if coming else None
        at = min((moment for moment in (tick, change) if moment is not None), default=directory.end)
        if at >= directory.end:
            break
        school.advance_to(at)
        if at == change:
            _apply(school, coming.pop(0))
            due = school.now
        else:
            due, last = school.turn(), at
    school.advance_to(directory.end)


def _apply(school, change):
    if "course" in change:
        school.save(course_of(change["course"]))
    elif "hand-mark" in change:
        hand = change["hand-mark"]
        school.gegi.write_by_hand(hand["class"], hand["student"], hand["mark"])
    elif "push" in change:
        for campus, push in school.coursekey.push(change["push"], school.now).items():
            school.expect_ok(school.push(campus, push))
            school.deliver()
    elif "fault" in change and change["fault"]["kind"] == "status":
        school.coursekey.order_fault(change["fault"])
    else:
        raise NotImplementedError(f"the kit does not play {sorted(change)}")


def of_our_host(harness, folder):
    """The same of `host-harness run`: from the files of its output and, for the state, from its storage."""
    with tempfile.TemporaryDirectory() as scratch:
        out, store = Path(scratch, "out"), Path(scratch, "store")
        command = [harness, "run", folder, "--out", out, "--store", store, "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        def lines(name):
            return [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]

        connection = sqlite3.connect(store / "host.sqlite")
        state = connection.execute("SELECT key, value FROM state WHERE school = 'school' ORDER BY key").fetchall()
        connection.close()
        marks = lines("marks.jsonl")
        for mark in marks:
            # The file's own words for the first and the last of the visits.
            del mark["basis"]["check-in"], mark["basis"]["check-out"]
        return {
            "statuses": lines("status.jsonl"),
            "marks": marks,
            "rows of the attendance log": lines("attendance-log.jsonl"),
            "issues": lines("issues.jsonl"),
            "lines of the journal": lines("journal.jsonl"),
            "mails": len(list((out / "mails").iterdir())),
            "bytes of the state": [[key.decode(), base64.b64encode(value).decode()] for key, value in state],
        }


def differences(ours, theirs):
    """The lines that differ, each after `-` for ours and `+` for the host under test."""
    for name in ours:
        if ours[name] == theirs[name]:
            continue
        if not isinstance(ours[name], list):
            yield f"{name}: - {ours[name]} + {theirs[name]}"
            continue
        yield from (f"{name}: - {json.dumps(line)}" for line in ours[name] if line not in theirs[name])
        yield from (f"{name}: + {json.dumps(line)}" for line in theirs[name] if line not in ours[name])
        if sorted(map(json.dumps, ours[name])) == sorted(map(json.dumps, theirs[name])):
            yield f"{name}: in another order"
