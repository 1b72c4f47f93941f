"""The stack that a fault run strikes: its processes by pid, its Redis, its model, and what its logs say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.chaos.faketime import MovableClock
from tests.chaos.fault_run.stack import REDIS
from tests.chaos.fault_run.words import POISON
from tests.chaos.pair import Pair, command
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_running
from tests.model_server.wire import Fault, Kind
from tests.running import Running
from tests.support import free_port, is_alive, wait_until

BACK_SECONDS = 60
EXPECTED = ("redis_refused",)  # an error to whoever runs it; here Redis was filled and demoted on purpose
# The model never has an answer for what is poisoned, and takes its time for all else.
POISONED = Fault(kind=Kind.NOT_JSON, contains=POISON)
UNHURRIED = Fault(kind=Kind.SLOW, seconds=0.15)


@dataclass
class Logs:
    """Counts the events that the parts log, by part and event.

    Args:
        folder: of the log files.
    """

    folder: Path
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    worst: list[str] = field(default_factory=list)
    _read: dict[str, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> None:
        """Read what is new."""
        for path in self.folder.glob("*.log"):
            inode, offset = path.stat().st_ino, 0
            if self._read.get(path.stem, (0, 0))[0] == inode:
                offset = self._read[path.stem][1]
            with path.open("rb") as log:
                log.seek(offset)
                data = log.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[path.stem] = inode, offset + len(whole)
            for line in whole.splitlines():
                self._count(path.stem, line)

    def _count(self, part: str, line: bytes) -> None:
        if line.startswith(b"{"):
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                self.counts[part][str(entry.get("event"))] += 1
                if entry.get("level") in ("error", "critical") and entry.get("event") not in EXPECTED:
                    self.worst.append(f"{part}: {line.decode(errors='replace')[:600]}")

    def of(self, part: str, event: str) -> int:
        """How often a part has logged an event until now."""
        self.look()
        return self.counts[part][event]

    def total(self, event: str) -> int:
        """How often all parts have."""
        self.look()
        return sum(counts[event] for counts in self.counts.values())


class Model:
    """The scripted model as a process that can be killed; what it did wrong is counted over all its lives."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._server: ModelServer | None = None
        self._faults: tuple[Fault, ...] = ()
        self._past: Counter[str] = Counter()
        self.port = 0
        self.base_url = ""

    def start(self) -> None:
        """Start it, where it was if it has been there."""
        faults = (POISONED, *self._faults, UNHURRIED)
        self._server = self._stack.enter_context(model_running(port=self.port, faults=faults))
        self.port, self.base_url = self._server.port, self._server.base_url

    def kill(self) -> None:
        """`kill -9`."""
        self._past.update(self._counts())
        self._server = None
        self._stack.close()

    def misbehave(self, *faults: Fault) -> None:
        """From now on these faults, and none of before."""
        self._faults = faults
        if self._server is not None:
            self._server.heal()
            self._server.fault(POISONED, *faults, UNHURRIED)

    def hits(self) -> Counter[str]:
        """How many calls each kind of fault has hit."""
        return self._past + self._counts()

    def _counts(self) -> Counter[str]:
        return Counter(dict(self._server.counts().faults)) if self._server is not None else Counter()


@dataclass
class System:
    """The running stack.

    Args:
        running: the stack.
        pair: its two Redis servers behind one address.
        clock: of both of them.
        ports: of both, by the order of their names.
        redis: a client of that address.
        model: what it asks.
        logs: what it says.
        nowhere: a port at which nobody listens.
    """

    running: Running
    pair: Pair
    clock: MovableClock
    ports: tuple[int, int]
    redis: Redis
    model: Model
    logs: Logs
    nowhere: int = field(default_factory=free_port)
    busy: set[str] = field(default_factory=set)
    _born: dict[str, int] = field(default_factory=dict)

    @property
    def workers(self) -> Sequence[str]:
        """The names of the workers."""
        return sorted(name for name in self.running.pids if name.startswith("worker-"))

    @property
    def primary(self) -> str:
        """The name of the part that is the primary now."""
        return REDIS[self.ports.index(self.pair.primary)]

    async def redis_ahead(self) -> float | None:
        """By how much the primary's clock is ahead of the true time, in seconds; None while it does not answer."""
        with contextlib.suppress(RedisError, OSError):
            seconds, _ = await command(self.pair.primary, "TIME")
            return float(seconds) - time()
        return None

    def serves(self, worker: str) -> bool:
        """Whether a worker has opened everything since it was last ended by us."""
        return self.logs.of(worker, "worker_open") > self._born.get(worker, 0)

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[int | None]:
        """Have a part for oneself; its pid, None when another strike has it just now."""
        pid = self.running.pids.get(name)
        if name in self.busy or pid is None or not is_alive(pid):
            yield None
            return
        self.busy.add(name)
        try:
            yield pid
        finally:
            self.busy.discard(name)

    async def end(self, name: str, pid: int, number: int) -> float:
        """Send a part a signal and wait until another process has its place; returns the seconds until it was gone."""
        self._born[name] = self.logs.of(name, "worker_open")
        start = asyncio.get_running_loop().time()
        os.kill(pid, number)
        await wait_until(lambda: not is_alive(pid), deadline_seconds=BACK_SECONDS, what=f"{name} ending")
        gone = asyncio.get_running_loop().time() - start
        await wait_until(
            lambda: self.running.pids.get(name, pid) != pid and is_alive(self.running.pids[name]),
            deadline_seconds=BACK_SECONDS,
            what=f"{name} being started again",
        )
        return gone

    async def freeze(self, name: str, pid: int, seconds: float) -> bool:
        """SIGSTOP, and SIGCONT after a while; whether it has been the same process all the time."""
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return self.running.pids.get(name) == pid and is_alive(pid)

    async def in_work(self) -> int:
        """How many turns are being worked on; 0 while Redis is away."""
        with contextlib.suppress(RedisError, OSError):
            return int(await self.redis.zcard("sj:status:default:running"))
        return 0
