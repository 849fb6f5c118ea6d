"""Ticks that keep failing (31). The tick that would mail what is wrong is the one that fails, so the host tells it, by an issue
and a mail of the plugin's form. The count lies outside of the plugin's state."""

from time import gmtime, strftime

KEY = "tick-fails/host"
TICKS, SECONDS = 3, 15 * 60
REMEDY = "Ask customer care to read the log of GEGI's host."


class Failing:
    def __init__(self):
        self.since, self.ticks, self.told = None, 0, False

    def failed(self, now, settings):
        """Counts a tick that failed; answers the operation and the mail by which it is told, if it is time."""
        self.since = now if self.since is None else self.since
        self.ticks += 1
        if self.told or self.ticks < TICKS or now - self.since < SECONDS:
            return None
        self.told = True
        sentence = _stopped(self.since)
        issue = {"code": "tick-fails", "course": None, "class": None, "person": None, "sentence": sentence}
        issue |= {"owner": "gegi", "remedy": REMEDY}
        return {"tag": "open-issue", "val": {"key": KEY, "at": now, "issue": issue}}, _mail(settings, [sentence], [])

    def returned(self, now, settings):
        """A tick that returned ends the count; answers what is to be told, if it was told that ticks fail."""
        since, told = self.since, self.told
        self.__init__()
        if not told:
            return None
        return {"tag": "resolve-issue", "val": {"key": KEY, "at": now}}, _mail(settings, [], [_stopped(since)])


def _stopped(since):
    return strftime("the synchronization with CourseKey stopped on %Y-%m-%d %H:%M UTC", gmtime(since))


def _mail(settings, open, resolved):
    """None: the school has no address for such mails, and gets the issue alone."""
    fixed = {"owner": "gegi", "remedy": REMEDY, "code": "tick-fails", "title": "synchronization stopped"}
    rows = lambda told: [list({"sentence": sentence, **fixed, "course": "", "class": "", "person": ""}.items()) for sentence in told]
    variables = [
        ["school", {"tag": "text", "val": settings["name"]}],
        ["open-count", {"tag": "number", "val": len(open)}],
        ["issues", {"tag": "rows", "val": rows(open)}],
        ["resolved-count", {"tag": "number", "val": len(resolved)}],
        ["resolved", {"tag": "rows", "val": rows(resolved)}],
    ]
    recipient = settings["error-email"]
    return recipient and {"template": "synchronization-issues", "recipient": recipient, "variables": variables}
