"""A Redis whose clock can be moved while it runs: libfaketime before the real `redis-server`, and nothing else."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

from scrubjay.devstack.redis_server import redis_program

_PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime", "/opt/homebrew/lib/faketime")
_LIBRARY = "libfaketimeMT.so.1"


class FaketimeMissing(Exception):
    """libfaketime is not installed; the message says how to install it."""


def libfaketime() -> Path:
    """The library for programs with threads. Raises FaketimeMissing."""
    for place in _PLACES:
        for library in sorted(Path("/").glob(f"{place.removeprefix('/')}/{_LIBRARY}")):
            return library
    raise FaketimeMissing(
        f"{_LIBRARY} is not installed, and without it no clock can be moved. "
        "Install it with `apt-get install faketime` (Debian, Ubuntu)."
    )


class MovableClock:
    """The clock of every `redis-server` that is started from `folder`/bin. Its monotonic clock is never moved.

    Args:
        folder: where the wrapper and the clock's offset are kept; made if need be.

    Raises FaketimeMissing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = (folder / "bin").absolute()
        self._file = (folder / "clock").absolute()
        self.offset_seconds = 0
        self.jumps: list[int] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()
        settings = {
            "LD_PRELOAD": libfaketime(),
            "FAKETIME_TIMESTAMP_FILE": self._file,
            "FAKETIME_NO_CACHE": 1,
            "FAKETIME_DONT_FAKE_MONOTONIC": 1,
            "DONT_FAKE_MONOTONIC": 1,
        }
        assignments = [f"{name}={shlex.quote(str(value))}" for name, value in settings.items()]
        wrapper = self.folder / "redis-server"
        wrapper.write_text(f'#!/bin/sh\nexec env {" ".join(assignments)} {shlex.quote(redis_program())} "$@"\n')
        wrapper.chmod(0o755)

    @property
    def path(self) -> str:
        """A value of PATH in which the wrapper comes first, for processes that start a Redis."""
        return os.pathsep.join([str(self.folder), os.environ.get("PATH", os.defpath)])

    @contextmanager
    def first_in_path(self) -> Iterator[None]:
        """Whoever looks for `redis-server` in this process, or in one started within, gets the wrapper."""
        before = os.environ.get("PATH", os.defpath)
        os.environ["PATH"] = self.path
        try:
            yield
        finally:
            os.environ["PATH"] = before

    def jump(self, seconds: int) -> None:
        """Move the clock, from what it shows now; negative: back. It holds for the next look at the clock."""
        self.offset_seconds += seconds
        self.jumps.append(seconds)
        self._write()

    def right(self) -> None:
        """Set the clock right again."""
        if self.offset_seconds:
            self.jump(-self.offset_seconds)

    def now(self) -> float:
        """What it shows, in seconds since 1970."""
        return time() + self.offset_seconds

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{self.offset_seconds:+d}\n")
        new.replace(self._file)  # a reader never sees half of a number
