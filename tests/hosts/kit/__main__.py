"""The conformance kit: `python3 tests/hosts/kit --help`. `../README.md` says what it needs of a host."""

import argparse
import sys
from pathlib import Path

import checks
import demo
from school import Failed, School
from under_test import Unable


def check(given, check, more=()):
    """What a host breaks of a duty; none: nothing."""
    try:
        with School(given.harness, given.school, [*given.command, *more]) as school:
            check(school)
    except Exception as error:
        return told(error)
    return None


def told(error):
    """What the kit knows how to say, or an answer of the host that is not of the form that the kit expects."""
    return str(error) if isinstance(error, (checks.Broken, Failed, Unable)) else f"{type(error).__name__}: {error}"


def say(holds, what, why=""):
    print(f"{'ok    ' if holds else 'FAILED'} {what}{f': {why}' if why else ''}", flush=True)
    return holds


def compare(given):
    with demo.with_a_push(given.school) as school:
        ours = demo.of_our_host(given.harness, school)
        try:
            different = list(demo.differences(ours, demo.play(given.harness, school, given.command)))
        except Exception as error:
            different = [told(error)]
    ends = ", ".join(f"{len(value) if isinstance(value, list) else value} {name}" for name, value in ours.items())
    return say(not different, f"the demo school ends as at our host: {ends}", "\n  ".join(["", *different[:40]]) if different else "")


def main():
    arguments = argparse.ArgumentParser(prog="kit", description="Checks a host of the component against wit/HOST.md.")
    arguments.add_argument("--harness", required=True, help="the program host-harness")
    arguments.add_argument("--school", required=True, type=Path, help="the school directory to play")
    arguments.add_argument("--faults", action="store_true", help="start the host with each --fault too, which has to be caught")
    arguments.add_argument("command", nargs="+", help="the command that starts the host under test, after --")
    given = arguments.parse_args()

    holds = [say(not (why := check(given, each)), each.__doc__, why) for each in checks.CHECKS]
    if given.faults:
        for fault, each in checks.FAULTS.items():
            why = check(given, each, ["--fault", fault])
            holds.append(say(why, f"the fault {fault} is caught", why or f"nothing was found by: {each.__doc__}"))
    holds.append(compare(given))
    failed = sum(not held for held in holds)
    print(f"{len(holds) - failed} passed, {failed} failed")
    return min(failed, 1)


sys.exit(main())
