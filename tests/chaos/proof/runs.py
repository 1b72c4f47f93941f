"""Running tests in the copy, and telling a failed assertion from a program that is broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

_REPORT = "proof.xml"
_BY_ASSERTION = ("AssertionError", "assert ", "Failed: DID NOT RAISE")
_LONGEST_SECONDS = 900  # a slow, busy machine takes four times as long as a quiet one


@dataclass(frozen=True)
class Run:
    """What came of it.

    Args:
        verdict: `passed`, `failed` (by an assertion, every test that failed) or `broken` (anything else).
        message: the first line of the first failure; empty when all passed.
        seconds: how long it took.
    """

    verdict: str
    message: str
    seconds: float


def run(folder: Path, tests: Sequence[str]) -> Run:
    """Run some tests of the tree in a folder.

    Args:
        folder: the tree.
        tests: node ids.
    """
    begun, report = monotonic(), folder / _REPORT
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    log = folder / "proof.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            return Run("broken", f"it did not end within {_LONGEST_SECONDS} s", monotonic() - begun)
        finally:
            _end(process)
    seconds = monotonic() - begun
    if not report.exists():
        return Run("broken", (log.read_text().strip().splitlines() or ["it said nothing"])[-1], seconds)
    return _read(ElementTree.parse(report).getroot(), len(tests), seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The servers that the tests started are in the same group: none outlives the run."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(report: ElementTree.Element, tests: int, seconds: float) -> Run:
    cases = list(report.iter("testcase"))
    errors = [error for case in cases for error in case.iter("error")]
    failures = [failure for case in cases for failure in case.iter("failure")]
    first = next((case.get("message", "") for case in [*errors, *failures]), "")
    first_line = (first.splitlines() or [""])[0]
    by_assertion = all(failure.get("message", "").startswith(_BY_ASSERTION) for failure in failures)
    if errors or not by_assertion or len(cases) < tests or any(case.find("skipped") is not None for case in cases):
        return Run("broken", first_line or "not every test was run", seconds)
    return Run("failed" if failures else "passed", first_line, seconds)
