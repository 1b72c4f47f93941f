"""Parts of the embedded stack as processes of a test's own, to be killed, frozen and thawed at will."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from scrubjay.devstack.managed_process import LAUNCHER, Part
from scrubjay.devstack.parts import Addresses, Setup, child_environment, worker_part
from tests.running import STOP_SECONDS, without_endpoint
from tests.support import wait_until


class PartProcess:
    """One part, started as the embedded stack starts it; nobody starts it again.

    What it logs goes where the test's own output goes, so pytest shows it with a failure.

    Args:
        part: what to run.
    """

    def __init__(self, part: Part) -> None:
        self._process = subprocess.Popen(
            [*LAUNCHER, str(os.getpid()), *part.command],
            stdin=subprocess.DEVNULL,
            env=without_endpoint(part.environment),
            pass_fds=part.sockets,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """`kill -9`; it is gone on return."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP; on return none of its threads runs any more."""
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"process {self.pid} ended instead of stopping"

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    async def stop(self, deadline_seconds: float = STOP_SECONDS) -> int:
        """SIGTERM: it finishes what it is at. Returns its exit status; AssertionError when it does not end in time."""
        self._process.terminate()
        what = f"process {self.pid} ending"
        await wait_until(lambda: self._process.poll() is not None, deadline_seconds=deadline_seconds, what=what)
        return self._process.returncode


class Fleet:
    """Workers that share one Redis and one Qdrant.

    Args:
        setup: how to run them.
        at: where Redis and Qdrant are.
    """

    def __init__(self, setup: Setup, at: Addresses) -> None:
        self._setup = setup
        self._settings = child_environment(setup, at)
        self._workers: list[PartProcess] = []

    def start(self) -> PartProcess:
        """One more worker."""
        part = worker_part(self._setup, len(self._workers) + 1, self._settings)
        self._workers.append(PartProcess(part))
        return self._workers[-1]

    def kill(self) -> None:
        """Kill whoever is left."""
        for worker in self._workers:
            worker.kill()


@contextmanager
def fleet(setup: Setup, at: Addresses, *, qdrant_port: int) -> Iterator[Fleet]:
    """An empty fleet that reaches Qdrant at another port (a proxy's); its workers end when it is left."""
    workers = Fleet(setup, replace(at, qdrant=qdrant_port))
    try:
        yield workers
    finally:
        workers.kill()
