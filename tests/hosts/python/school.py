"""One school of a small host: its state, its outboxes, its note of an aborted tick, and the rules of `wit/HOST.md` about them.
Numbers in comments are the numbers of the duties there. Everything is kept in memory; a real host keeps state, outboxes,
pushes that were taken and the note on a disk."""

import base64
import hashlib
import hmac

from door import ClosedDoor, Door
from failing import Failing
from wasi import Err

MIB = 1 << 20
KEY_BYTES, VALUE_BYTES, ENTRIES, READ_BYTES = 512, MIB, 10_000, 32 * MIB
CHANGES, OPERATIONS, MAILS_OF_AN_HOUR = 100_000, 50_000, 60
STATE_BYTES, STATE_KEYS = 512 * MIB, 2_000_000
SHORT_CALL_SECONDS, GRACE_SECONDS = 5, 35
WEEK = 7 * 24 * 3600


class Unavailable(Exception):
    """GEGI does not answer (8)."""


def _too_much(what):
    return Err({"tag": "too-much", "val": f"at most {what}"})


def _by_bytes(key):
    return key.encode()  # 28


class Call:
    """What one call sees, and what it writes until it is committed (2, 4)."""

    def __init__(self, school, now, is_tick, settings):
        self.now, self.is_tick, self.settings = now, is_tick, settings
        self.snapshot, self.before = school.state, school.note  # Committed state is replaced and never changed.
        self.staged, self.changes, self.operations, self.mails, self.note = {}, 0, [], [], None
        # 14
        self.door = Door(settings, school.keys, school.route, school.leaves, school.fault) if is_tick else ClosedDoor()

    def get(self, key):
        return self.staged[key] if key in self.staged else self.snapshot.get(key)

    def usage(self):
        held = {key: self.get(key) for key in {**self.snapshot, **self.staged}}
        sizes = [len(key.encode()) + len(value) for key, value in held.items() if value is not None]
        return {"bytes": sum(sizes), "most-bytes": STATE_BYTES, "keys": len(sizes), "most-keys": STATE_KEYS}


class School:
    """`gegi` answers and receives, `component` calls the component, `leaves` hears of each request, `fault` is a duty to
    break."""

    def __init__(self, gegi, component, keys, push_keys, route, leaves, fault):
        self.gegi, self.component, self.leaves, self.fault = gegi, component, leaves, fault
        self.keys, self.push_keys, self.route = keys, push_keys, route
        self.state, self.note = {}, None  # 11: a note is {note, times}.
        self.records, self.mails, self.mailed_at, self.pushes, self.sequence = [], [], [], {}, 0
        self.failing = Failing()
        self.running = []  # The calls that run, the innermost last.

    # 1 and 2: one call is one fresh instance and one transaction.
    def call(self, export, now, input, also_commit=lambda: None):
        is_tick = export == "on-tick"
        try:
            settings = self.gegi.settings()  # 7
        except Unavailable as error:
            return {"err": {"tag": "unavailable", "val": str(error)}}
        call = Call(self, now, is_tick, settings)
        self.running.append(call)
        try:
            seconds = input[0]["seconds"] + GRACE_SECONDS if is_tick else SHORT_CALL_SECONDS  # 10
            answer = self.component.call(export, input, seconds)
        except Exception as error:  # A trap, or an error of this host's own.
            if is_tick:
                self._after_failed_tick(call, None)
                self._tell(self.failing.failed(now, settings))
            return {"aborted": f"{type(error).__name__}: {error}"}
        finally:
            self.running.pop()
        if answer["tag"] == "err":
            if is_tick:
                self._after_failed_tick(call, answer["val"])
                if answer["val"]["tag"] != "unavailable":
                    self._tell(self.failing.failed(now, settings))
            return {"err": answer["val"]}
        if is_tick:
            self.note = None  # 11
        if not self._commit(call):
            return {"conflict": True}
        also_commit()
        if is_tick:
            self._tell(self.failing.returned(now, settings))
        return {"ok": answer["val"]}

    def _tell(self, told):
        """31: what the host itself tells, through the outboxes of the component's own records and mails."""
        if told and self.fault != "failures-not-told":
            operation, message = told
            self.records.append({"id": self._id("record"), "operation": operation})
            self.mails += [{"id": self._id("mail"), "message": message}] if message else []

    def _after_failed_tick(self, call, refusal):
        """11 and 12: the note stays if the tick was aborted, and goes otherwise."""
        if refusal is not None and refusal["tag"] != "too-much":
            self.note = None
        elif call.note is None:
            self._leave("", call.before)

    def _leave(self, note, before):
        times = before["times"] if before and before["note"] == note else 0
        self.note = None if note is None else {"note": note, "times": times + 1}

    def _commit(self, call):
        state = dict(self.state)
        for key, value in call.staged.items():
            # 5: a tick gives way to what a short call wrote while it ran.
            is_outdated = call.is_tick and self.state.get(key) != call.snapshot.get(key)
            if is_outdated and self.fault != "last-writer-wins":
                if value is not None:
                    return False
            elif value is None:
                state.pop(key, None)
            else:
                state[key] = value
        self.state = state
        self.records += [{"id": self._id("record"), "operation": operation} for operation in call.operations]
        self.mails += [{"id": self._id("mail"), "message": message} for message in call.mails]
        self.mailed_at = [at for at in self.mailed_at if at > call.now - 3600] + [call.now] * len(call.mails)
        return True

    def _id(self, kind):
        self.sequence += 1
        return f"{kind}-{self.sequence}"

    def push(self, now, campus, push):
        """18 to 20: a push as it came, at the endpoint of `campus`."""
        body = push["body"].encode()
        # A host that tries the keys of all campuses believes that any of them may speak for this one.
        keys = self.push_keys.values() if self.fault == "push-without-campus" else [self.push_keys.get(campus)]
        if len(body) > MIB:
            return {"refused": "too large"}
        if not any(key and _is_signed(push, body, key) for key in keys):
            return {"refused": "no key of the campus signed it"}
        if abs(now - int(push["webhook-timestamp"])) > 300:
            return {"refused": "signed too long ago, or in the future"}
        id = hashlib.sha256(repr((campus, push["webhook-id"])).encode() + body).digest()
        self.pushes = {known: at for known, at in self.pushes.items() if at >= now - WEEK}
        if id in self.pushes:
            return {"repeated": True}
        return self.call("on-attendance-received", now, [campus, body], lambda: self.pushes.update({id: now}))

    def deliver(self):
        """21 and 27: in order, at least once, each with its id."""
        try:
            for outbox, take in ((self.records, self.gegi.take_record), (self.mails, self.gegi.take_mail)):
                while outbox:
                    if self.fault == "new-id-at-each-attempt":
                        outbox[0]["id"] = self._id("record")
                    take(outbox[0])
                    del outbox[0]
            return {"ok": None}
        except Unavailable as error:
            return {"err": {"tag": "unavailable", "val": str(error)}}

    def stored(self):
        return [[key, base64.b64encode(self.state[key]).decode()] for key in sorted(self.state, key=_by_bytes)]

    # What the component imports of the host. The call that asks is the innermost that runs.

    def running_call(self):
        return self.running[-1]

    def functions(self):
        return {
            "gegi:coursekey/school": {
                "settings": lambda: self.gegi.settings() if self.fault == "settings-read-again" else self.running_call().settings,
                "courses": lambda after, limit: self._asked(self.gegi.courses, after, min(limit, 1000)),
                "get-course": lambda id: self._asked(self.gegi.course, id),
            },
            "gegi:coursekey/state": {
                "get-many": self._get_many, "scan": self._scan, "apply": self._apply, "breadcrumb": self._breadcrumb,
                "get-usage": lambda: self.running_call().usage(), "last-aborted": self._last_aborted,  # 30
            },
            "gegi:coursekey/records": {"current-marks": self._current_marks, "stage": self._stage},
            "gegi:coursekey/email": {"queue": self._queue},
        }

    def _asked(self, question, *input):
        """8: an outage is an answer. A host that lets the call die of it has courses set aside that are right."""
        try:
            return question(*input)
        except Unavailable as error:
            if self.fault == "outage-counted-as-abort":
                raise
            raise Err({"tag": "unavailable", "val": str(error)})

    def _get_many(self, keys):
        if len(keys) > ENTRIES:
            raise _too_much("10,000 keys a read")
        return self._bounded([self.running_call().get(key) for key in keys])

    def _scan(self, prefix, after, limit):
        """28 and 29."""
        call = self.running_call()
        if limit > ENTRIES:
            raise _too_much("10,000 entries a read")
        keys = {key for key in {**call.snapshot, **call.staged} if key.startswith(prefix) and call.get(key) is not None}
        behind = sorted((key for key in keys if after is None or _by_bytes(key) > _by_bytes(after)), key=_by_bytes)[:limit]
        return list(zip(behind, self._bounded([call.get(key) for key in behind])))

    @staticmethod
    def _bounded(values):
        if sum(len(value) for value in values if value is not None) > READ_BYTES:
            raise _too_much("32 MiB a read")
        return values

    def _apply(self, changes):
        call = self.running_call()
        written = [change["val"] if change["tag"] == "put" else (change["val"], None) for change in changes]
        for key, value in written:
            if not 0 < len(key.encode()) <= KEY_BYTES:
                raise Err({"tag": "bad-key", "val": KEY_BYTES})
            if value is not None and len(value) > VALUE_BYTES:
                raise Err({"tag": "value-too-large", "val": VALUE_BYTES})
        call.changes += len(written)
        if call.changes > CHANGES:
            raise _too_much("100,000 changes a call")
        call.staged.update(written)
        usage = call.usage()
        if usage["bytes"] > STATE_BYTES or usage["keys"] > STATE_KEYS:
            raise Err({"tag": "quota-exceeded", "val": STATE_BYTES})

    def _breadcrumb(self, note):
        """11: durable at once."""
        call = self.running_call()
        if call.is_tick and note != call.note:
            call.note = note
            self._leave(note, call.before)

    def _last_aborted(self):
        """13."""
        call = self.running_call()
        if not call.is_tick or self.fault == "abort-not-noted":
            return None
        # A host that tells of notes alone forgets the ticks that were aborted before they left one.
        forgets = self.fault == "full-budget-after-abort" and not (call.before and call.before["note"])
        return None if forgets else call.before

    def _current_marks(self, of):
        """24: what GEGI will hold. The outbox is read before GEGI, so that no operation is in neither."""
        outbox = [] if self.fault == "marks-without-outbox" else self.records
        under_way = [item["operation"] for item in outbox] + self.running_call().operations
        marks = {mark["student"]: mark for mark in self._asked(self.gegi.marks, of)}
        for operation in (operation for operation in under_way if operation["val"].get("class") == of):
            tag, value = operation["tag"], operation["val"]
            if tag == "set-mark":
                marks[value["student"]] = {"student": value["student"], "mark": value["mark"], "origin": "coursekey"}
            elif tag == "withdraw-mark":
                marks.pop(value["student"], None)
        return [marks[student] for student in sorted(marks, key=_by_bytes)]

    def _stage(self, operations):
        call = self.running_call()
        if len(call.operations) + len(operations) > OPERATIONS:
            raise Err({"tag": "too-many", "val": OPERATIONS})
        call.operations += operations

    def _queue(self, message):
        call = self.running_call()
        if sum(at > call.now - 3600 for at in self.mailed_at) + len(call.mails) >= MAILS_OF_AN_HOUR:
            raise Err({"tag": "quota-exceeded", "val": None})
        call.mails.append(message)


def _is_signed(push, body, key):
    """18: Standard Webhooks, over the bytes as they came."""
    signed = f"{push['webhook-id']}.{push['webhook-timestamp']}.".encode() + body
    made = hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(made).decode()
    return any(hmac.compare_digest(signature, expected) for signature in push["webhook-signature"].split(" "))
