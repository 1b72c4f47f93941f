"""The real command `scrubjay up` as a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import is_alive, read_pids

READY_SECONDS = 90
STOP_SECONDS = 30
OPERATOR_KEY = "the-operators-own-key"
ENDPOINT_SETTINGS = ("OPENAI_API_KEY", "OPENAI_BASE_URL")


@dataclass(frozen=True)
class Running:
    """A running `scrubjay up`.

    Args:
        process: the supervisor.
        url: where the API is.
        data: its data directory.
        stderr: the file that takes what it says besides the ready line.
    """

    process: subprocess.Popen[str]
    url: str
    data: Path
    stderr: Path

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name, as the pid files say now."""
        return read_pids(self.data)

    @property
    def is_whole(self) -> bool:
        """Whether every pid file names a living process."""
        return bool(self.pids) and all(is_alive(pid) for pid in self.pids.values())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def setting(running: Running, name: str) -> str:
    """A setting as the API was given it."""
    environment = Path(f"/proc/{running.pids['api']}/environ").read_text().split("\0")
    return next(line.partition("=")[2] for line in environment if line.startswith(f"{name}="))


def assert_that_a_signal_ends_every_part(running: Running, number: int) -> None:
    """The exit status is 0, and no process and no pid file is left."""
    assert running.is_whole
    pids = running.pids
    assert running.stop(number) == 0
    assert not [name for name, pid in pids.items() if is_alive(pid)]
    assert running.pids == {}


def up_command(data: Path, *, port: int = 0, workers: int = 2) -> list[str]:
    """The command line."""
    options = {"--data": str(data), "--port": str(port), "--workers": str(workers)}
    return [
        sys.executable,
        "-m",
        "scrubjay.cli",
        "up",
        *(argument for option in options.items() for argument in option),
    ]


def without_endpoint(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without whatever names a model's endpoint, and with what is given."""
    kept = {name: value for name, value in os.environ.items() if name not in ENDPOINT_SETTINGS}
    return {**kept, **(more or {})}


@contextmanager
def scrubjay_up(
    data: Path, *, port: int = 0, workers: int = 2, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run the command until left.

    Args:
        data: its data directory.
        port: the API's; 0 picks one.
        workers: how many.
        environment: settings over our own environment.

    Raises AssertionError with what the supervisor said when it does not get ready.
    """
    with started(up_command(data, port=port, workers=workers), data, environment) as running:
        yield running


@contextmanager
def started(command: list[str], data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a supervisor until left: it prints a ready line, and keeps its parts in a data directory. As above."""
    stderr_file = data.parent / f"{data.name}.stderr"
    with stderr_file.open("w") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=without_endpoint(environment),
        )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            select.select([process.stdout], [], [], READY_SECONDS)
            line = process.stdout.readline() if process.poll() is None else ""
            assert line.startswith("ready http://"), f"not ready: {line!r}\n{stderr_file.read_text()}"
            yield Running(process, line.split()[1], data, stderr_file)
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
