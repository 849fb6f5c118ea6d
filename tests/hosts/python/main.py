"""Puts the host under the conformance kit: reads commands from standard input, one line of JSON each, and asks the kit what it
would ask GEGI. `../README.md` describes the lines.

    python main.py PLUGIN.wasm [--compiled FILE] [--fault NAME]
"""

import argparse
import json
import sys
from pathlib import Path

import wasi
from component import Component
from school import School, Unavailable


class Aborted(Exception):
    """The kit aborts the call."""


def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def tell(value):
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def ask(question, **input):
    """The kit may give commands before it answers: these are calls that run beside the one that asks (3)."""
    tell({"ask": question, **input})
    while True:
        reply = read()
        if reply is None:
            sys.exit(1)
        if "do" in reply:
            tell({"done": serve(reply)})
        elif "abort" in reply:
            raise Aborted
        elif "unavailable" in reply:
            raise Unavailable(reply["unavailable"])
        else:
            return reply["answer"]


class Gegi:
    settings = staticmethod(lambda: ask("settings"))
    courses = staticmethod(lambda after, limit: ask("courses", after=after, limit=limit))
    course = staticmethod(lambda id: ask("course", id=id))
    marks = staticmethod(lambda of: ask("marks", **{"class": of}))
    take_record = staticmethod(lambda item: ask("take-record", **item))
    take_mail = staticmethod(lambda item: ask("take-mail", **item))


school = None


def serve(command):
    match command["do"]:
        case "open":
            global school
            around = (command["keys"], command["push-keys"], command["route"], lambda request: ask("leaves", **request))
            school = School(Gegi, None, *around, given.fault)
            functions = {**wasi.functions(school.running_call), **school.functions()}
            school.component = Component(given.component, given.compiled, functions)
            return {"ok": None}
        case "call":
            return school.call(command["export"], command["now"], command["input"])
        case "push":
            return school.push(command["now"], command["campus"], command["push"])
        case "deliver":
            return school.deliver()
        case "state":
            return {"ok": school.stored()}
        case unknown:
            raise ValueError(f"the kit gives an unknown command: {unknown}")


arguments = argparse.ArgumentParser(description="A small host, for the conformance kit.")
arguments.add_argument("component")
arguments.add_argument("--compiled", type=Path, help="a file to keep the compiled component in")
arguments.add_argument("--fault", help="a duty to break")
given = arguments.parse_args()
sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(encoding="utf-8")
while (command := read()) is not None:
    tell({"done": serve(command)})
