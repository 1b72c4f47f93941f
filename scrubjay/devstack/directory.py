"""The data directory of an embedded stack: who owns it, which processes belong to it, what they wrote.

`run/` holds the lock and a `NAME.pid` for each part, `logs/` a `NAME.log`; `redis/` and `qdrant/` the data.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import sys
from pathlib import Path
from typing import IO

from scrubjay.devstack.failures import StackRefused

MAX_LOG_BYTES = 10_000_000
TAIL_BYTES = 20_000
LONGEST_LINE = 300  # characters
KILL_SECONDS = 5.0
FULL_BYTES = 1_000_000


def default_directory() -> Path:
    """Where data are kept unless somebody names another place: `$XDG_DATA_HOME/scrubjay` or `~/.local/share/scrubjay`.

    The XDG Base Directory Specification says to pass a relative path in the variable over.

    Raises StackRefused where this user has no home directory.
    """
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        return (base if base.is_absolute() else Path.home() / ".local" / "share") / "scrubjay"
    except RuntimeError as error:
        raise StackRefused("This user has no home directory to keep data in: name a place (XDG_DATA_HOME).") from error


class DataDirectory:
    """One directory, owned by one running supervisor at a time.

    Args:
        root: made if it does not exist.
        option: how another is chosen, for the sentence that refuses this one.
    """

    def __init__(self, root: Path, option: str = "--data") -> None:
        self.root = root.absolute()
        self._option = option
        self._lock: IO[str] | None = None

    @property
    def logs(self) -> Path:
        """Where each part's output goes."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Where the pid files are."""
        return self.root / "run"

    @property
    def is_full(self) -> bool:
        """Whether there is next to no room on its disk."""
        return shutil.disk_usage(self.root).free < FULL_BYTES

    def acquire(self) -> None:
        """Own the directory until `release`. Raises StackRefused when somebody does already."""
        try:
            for folder in (self.run, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            lock = (self.run / "lock").open("a+")
        except OSError as error:
            reason = f"Cannot write to {self.root} ({error.strerror}): choose another with {self._option}."
            raise StackRefused(reason) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise StackRefused(
                f"{self.root} is in use by another Scrubjay (process {owner}): "
                f"stop that one or choose another directory with {self._option}."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def release(self) -> None:
        """Give the directory up."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def write_pid(self, name: str, pid: int) -> None:
        """Tell which process the part is; a reader never sees half a file."""
        fresh = self.run / f".{name}.pid"
        fresh.write_text(f"{pid}\n")
        fresh.replace(self.run / f"{name}.pid")

    def forget_pid(self, name: str) -> None:
        """The part no longer runs."""
        (self.run / f"{name}.pid").unlink(missing_ok=True)

    def pids(self) -> dict[str, int]:
        """The running parts by name; a file that holds no number is passed over."""
        texts = {path.stem: path.read_text().strip() for path in sorted(self.run.glob("*.pid"))}
        return {name: int(text) for name, text in texts.items() if text.isdecimal()}

    def open_log(self, name: str) -> IO[bytes]:
        """The part's log, to be appended to; one older file is kept once it has grown too large."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def log_tail(self, name: str, lines: int = 15) -> str:
        """The last lines that the part wrote."""
        path = self.logs / f"{name}.log"
        if not path.exists():
            return ""
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def last_line(self, name: str, start: int) -> str:
        """The last line that the part wrote behind a place in its log, shortened; nothing where it wrote none."""
        with (self.logs / f"{name}.log").open("rb") as log:
            log.seek(max(start, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = log.read().decode(errors="replace").split("\n")
        return next((line.strip()[:LONGEST_LINE] for line in reversed(lines) if line.strip()), "")

    def kill_orphans(self) -> list[str]:
        """Kill what a supervisor that died without a word left behind, and remove its pid files.

        Returns the names of the parts that were still running. A process is only killed when /proc shows that
        it belongs to this directory: its number may have gone to somebody else meanwhile.
        """
        killed = [name for name, pid in self.pids().items() if self._kill_if_ours(pid)]
        for path in self.run.glob("*.pid"):
            path.unlink()
        return killed

    def _kill_if_ours(self, pid: int) -> bool:
        """Kill the process if it is one of our parts, and wait for its end (its locks are free then)."""
        if sys.platform != "linux":
            return False
        try:
            process = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if not self._owns(pid):
                return False
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [], KILL_SECONDS)
            return True
        finally:
            os.close(process)

    def _owns(self, pid: int) -> bool:
        process = Path("/proc") / str(pid)
        try:
            arguments = (process / "cmdline").read_bytes().decode(errors="replace")
            # Redis rewrites its command line, but it works in its own data directory.
            folder = (process / "cwd").readlink()
        except OSError:
            return False
        return f"={self.root}\0" in arguments or folder.is_relative_to(self.root)
