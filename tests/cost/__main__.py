"""`python -m tests.cost -- COMMAND`: run a command, and say what it cost.

The cost is the processor time of the command and of all processes that it waited for, divided by the processor time
that ten million additions take in Python on the same machine. So it hardly depends on how fast the machine is, or on
what else runs there.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUDGET = Path(__file__).with_name("budget.json")
_ADDITIONS = 10_000_000
_GROWTH = 1.1  # more than this times the number in `budget.json` is too much


def unit_seconds() -> float:
    """The processor time of ten million additions in Python: the least of three tries."""
    return min(_additions() for _ in range(3))


def _additions() -> float:
    begin = time.process_time()
    deque(itertools.accumulate(itertools.repeat(1, _ADDITIONS), lambda total, one: total + one), maxlen=0)
    return time.process_time() - begin


def children_seconds() -> float:
    """The processor time of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Run the command; the exit status is its own, or 1 where it cost too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.cost", description=__doc__)
    parser.add_argument("--budget", metavar="NAME", help="compare with this number in tests/cost/budget.json")
    parser.add_argument("--check", action="store_true", help="fail if the cost is over a tenth above it")
    parser.add_argument("command", nargs="+", help="what to run, after --")
    arguments = parser.parse_args()

    unit, begin = unit_seconds(), time.monotonic()
    status = subprocess.run(arguments.command, cwd=ROOT, check=False).returncode
    seconds, cost = children_seconds(), children_seconds() / unit
    print(
        f"cost: {cost:,.0f} units ({seconds:.0f} s of processor, {unit:.2f} s a unit) "
        f"in {time.monotonic() - begin:.0f} s",
        file=sys.stderr,
    )
    if status or not arguments.budget:
        return status
    budget = json.loads(BUDGET.read_text("utf-8"))[arguments.budget]
    too_much = cost > budget * _GROWTH
    print(f"budget: {budget:,} units; this is {cost / budget:.2f} of it", file=sys.stderr)
    return 1 if too_much and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
