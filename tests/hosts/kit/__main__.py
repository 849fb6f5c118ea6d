"""The conformance kit. `../README.md` says how to run it and what it checks."""

import argparse
import sys
from pathlib import Path

import demo

arguments = argparse.ArgumentParser(prog="kit", description="Checks a host of the component.")
arguments.add_argument("--harness", required=True, help="the program host-harness")
arguments.add_argument("--school", required=True, type=Path, help="the school directory to play")
arguments.add_argument("command", nargs="+", help="the command that starts the host under test, after --")
given = arguments.parse_args()

ours = demo.of_our_host(given.harness, given.school)
theirs = demo.play(given.harness, given.school, given.command)
different = list(demo.differences(ours, theirs))
print("\n".join(different[:40]))
print({name: len(value) if isinstance(value, list) else value for name, value in theirs.items()})
sys.exit(bool(different))
