"""One part of the stack as a process: started, watched, started again when it dies, stopped in the end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.failures import PartFailed

LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS, MOST_DOUBLINGS = 0.2, 5.0, 5
SETTLED_SECONDS = 10.0
GRACE_SECONDS = 10.0
DEATHS_BEFORE_GIVING_UP = 5
DISK_FULL = "the disk is full"


async def at_once() -> bool:
    """Ready as soon as it is started."""
    return True


@dataclass(frozen=True)
class Part:
    """What to run.

    Args:
        name: also of its pid file and its log.
        command: the program (an absolute path) with its arguments.
        environment: added to ours.
        folder: where it works; None for where we do.
        sockets: file descriptors that it inherits.
        ready: whether it can be used now.
        grace_seconds: between SIGTERM and SIGKILL.
        settled_seconds: a part that lived this long, once the whole stack was up, had started well: its next death is
            the first of a new series.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    sockets: tuple[int, ...] = ()
    ready: Callable[[], Awaitable[bool]] = at_once
    grace_seconds: float = GRACE_SECONDS
    settled_seconds: float = SETTLED_SECONDS


class Child:
    """Keeps one part running until `stop`.

    Args:
        part: what to run.
        directory: where its pid file and log go.
        warn: called with one line whenever it dies.
    """

    def __init__(self, part: Part, directory: DataDirectory, warn: Callable[[str], None]) -> None:
        self.part = part
        self.pid: int | None = None
        self.ready = False
        self.forgiving = False  # once the whole stack has been up, a part is restarted for ever
        self._directory = directory
        self._warn = warn
        self._log_start = 0  # where the log of the running process begins
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self) -> None:
        """Ask the part to end; `supervise` returns when it has."""
        self._stopping.set()

    def hurry(self) -> None:
        """Kill it, whatever it is doing."""
        self._hurry.set()

    async def supervise(self) -> None:
        """Run the part, and run it again whenever it dies, until `stop`.

        Raises PartFailed when it dies five times in a row before the stack was up.
        """
        deaths = 0
        while not self._stopping.is_set():
            started = monotonic()
            try:
                process = await self._start()
            except OSError as error:  # for now: the disk may be full, or there may be too many processes
                deaths += 1
                await self._pause(deaths, f"could not be started: {obstacle(error)}")
                continue
            try:
                await self._first(self._stopping, process)
                if self._stopping.is_set():
                    await self._end(process)
            finally:
                self._forget(process)
            if not self._stopping.is_set():
                # On a busy machine a part may need long to find out that it cannot start.
                is_settled = self.forgiving and monotonic() - started > self.part.settled_seconds
                deaths = 1 if is_settled else deaths + 1
                await self._pause(deaths, cause(process.returncode), process.pid, self._last_output(process))

    async def _start(self) -> Process:
        part = self.part
        with self._directory.open_log(part.name) as log:
            self._log_start = log.seek(0, os.SEEK_END)
            process = await asyncio.create_subprocess_exec(
                *LAUNCHER,
                str(os.getpid()),
                *part.command,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                env={**os.environ, **part.environment},
                cwd=part.folder,
                pass_fds=part.sockets,
                start_new_session=True,  # Ctrl-C is for the supervisor: it stops the parts in their order
            )
        self.pid = process.pid
        try:
            self._directory.write_pid(part.name, process.pid)
        except OSError:  # nobody could find the process: it must not stay
            process.kill()
            await process.wait()
            self.pid = None
            raise
        return process

    async def _first(self, event: asyncio.Event, process: Process) -> None:
        """Return when the event is set or the process has ended."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(process.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _end(self, process: Process) -> None:
        if process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self.part.grace_seconds):
                await self._first(self._hurry, process)
        except TimeoutError:
            self._warn(f"{self.part.name} did not end within {self.part.grace_seconds:g} s and is killed")
        if process.returncode is None:
            process.kill()
        await process.wait()

    def _forget(self, process: Process) -> None:
        if process.returncode is None:  # we were cancelled: nothing may stay behind
            process.kill()
        self.pid = None
        self._directory.forget_pid(self.part.name)

    def _last_output(self, process: Process) -> str:
        """What a process that failed while the stack starts wrote last; empty for any other."""
        has_failed = not self.forgiving and process.returncode is not None and process.returncode > 0
        return self._directory.last_line(self.part.name, self._log_start) if has_failed else ""

    async def _pause(self, failures: int, reason: str, pid: int | None = None, last_output: str = "") -> None:
        """Say what became of the part and pause before the next start, longer each time."""
        name = self.part.name
        if self._directory.is_full and DISK_FULL not in reason:
            reason = f"{reason} ({DISK_FULL})"
        if not self.forgiving and failures >= DEATHS_BEFORE_GIVING_UP:
            sentence = f"{name} cannot start: it {reason} {failures} times in a row."
            raise PartFailed(sentence, self._directory.log_tail(name))
        doublings = min(failures - 1, MOST_DOUBLINGS)
        pause = min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**doublings)
        what = f"{name}{f' (process {pid})' if pid else ''} {reason}{f' ({last_output})' if last_output else ''}"
        self._warn(f"{what}; it is started again in {pause:g} s")
        try:
            async with asyncio.timeout(pause):
                await self._stopping.wait()
        except TimeoutError:
            return


def obstacle(error: OSError) -> str:
    """What keeps this machine from starting a process, for a person."""
    return DISK_FULL if error.errno == errno.ENOSPC else str(error.strerror or error).lower()


def cause(returncode: int | None) -> str:
    """How a process ended, as a verb."""
    if returncode is not None and returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"exited with status {returncode}"
