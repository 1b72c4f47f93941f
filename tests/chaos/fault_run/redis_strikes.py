"""What strikes Redis: full, failed over in three ways, its idle connections closed, its clock moved."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import time

from redis.exceptions import RedisError

from scrubjay.devstack.sockets import answers_ping
from tests.chaos.fault_run.crowd import ACCEPTED, AWAY, Poster
from tests.chaos.fault_run.record import Record
from tests.chaos.fault_run.sizes import Strike
from tests.chaos.fault_run.system import System
from tests.chaos.pair import command
from tests.support import wait_until

_ID = re.compile(r"^id=(\d+)", re.MULTILINE)
_FULL_SECONDS = 2.0
_IDLE_TIMEOUT_SECONDS = 1
_UNDER_WAY_SECONDS = 20.0
_HOUR = 3_600
_MOST_AHEAD_SECONDS = 6 * _HOUR  # far less than what is kept for a week, and more than any lease
_CLOSE_SECONDS = 5  # of what a jump was to be


@dataclass
class RedisStrikes:
    """Everything that can strike Redis.

    Args:
        system: what is struck.
        record: of the clients, for what a strike itself posts.
        poster: posts it.
        dice: decides what is left to chance.

    `erasing` and `editing` count what is under way now.
    """

    system: System
    record: Record
    poster: Poster
    dice: random.Random
    erasing: int = 0
    editing: int = 0
    _steady: asyncio.Lock = field(default_factory=asyncio.Lock)

    def by_name(self) -> dict[Strike, Callable[[], Awaitable[bool]]]:
        """What to call for each of them."""
        return {
            Strike.REDIS_FULL: self._fill,
            Strike.REDIS_FAILOVER: lambda: self._hand_over(self.system.pair.fail_over),
            Strike.REDIS_REPLICAOF: lambda: self._hand_over(self.system.pair.switch_over),
            Strike.REDIS_PROMOTED: self._kill_and_promote,
            Strike.REDIS_CONNECTIONS_KILLED: self._kill_connections,
            Strike.REDIS_IDLE_CLOSED: self._close_idle,
            Strike.CLOCK_SLIGHTLY: lambda: self._jump(self._slightly, lambda: 1),
        }

    # Fail-over

    @contextlib.asynccontextmanager
    async def _both_servers(self) -> AsyncIterator[dict[str, int] | None]:
        """Have both servers for oneself, in step, and no jump of the clock meanwhile: it would end a pause early."""
        system = self.system
        with system.taken("redis-a") as first, system.taken("redis-b") as second:
            if first is None or second is None:
                yield None
                return
            async with self._steady:
                try:
                    await system.pair.in_step()
                    yield {"redis-a": first, "redis-b": second}
                finally:
                    await system.redis.connection_pool.disconnect()

    async def _hand_over(self, change: Callable[[], Awaitable[None]]) -> bool:
        """It counts when the other server is the primary, and a turn was accepted there."""
        async with self._both_servers() as pids:
            if pids is None:
                return False
            before = self.system.pair.primary
            with contextlib.suppress(AssertionError, RedisError, OSError):
                await change()
            if self.system.pair.primary == before:
                return False
        return await self._accepts()

    async def _kill_and_promote(self) -> bool:
        """The primary is killed when its replica has all that was acknowledged, and comes back as its replica."""
        system, pair = self.system, self.system.pair
        async with self._both_servers() as pids:
            if pids is None:
                return False
            try:
                await pair.pause_until_in_step()
            except (AssertionError, RedisError, OSError):
                return False
            name, killed = system.primary, pair.primary
            pair.address.lead_to(system.nowhere)  # what is started again there is a primary, too, but not ours
            ending = asyncio.create_task(system.end(name, pids[name], signal.SIGKILL))
            await wait_until(lambda: not_answering(killed), what="the primary being dead")
            await pair.promote()
            await ending
            await wait_until(lambda: answers_ping(killed), what="the killed server answering")
            await pair.replicate()
        return await self._accepts()

    async def _accepts(self) -> bool:
        """Whether a turn is accepted by whoever is the primary now."""
        key = f"probe-{uuid.uuid4().hex}"

        async def accepted() -> bool:
            answer = await self.poster.post("fault-run-probe", f"I own the probe {key}.", key)
            return answer is not None and answer.status_code == ACCEPTED

        await wait_until(accepted, deadline_seconds=60, what="a turn being accepted after a fail-over")
        self.record.probes.append(key)
        return True

    # Connections

    async def _kill_connections(self) -> bool:
        """It counts when there were some."""
        with contextlib.suppress(RedisError, OSError):
            arguments = ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            return int(await command(self.system.pair.primary, *arguments)) > 1
        return False

    async def _close_idle(self) -> bool:
        """Redis closes what is idle for a second; it counts when it has closed some."""
        port = self.system.pair.primary
        with contextlib.suppress(RedisError, OSError):
            before = await _clients(port)
            await command(port, "CONFIG", "SET", "timeout", _IDLE_TIMEOUT_SECONDS)
            try:
                await asyncio.sleep(4 * _IDLE_TIMEOUT_SECONDS)
                return bool(before - await _clients(port))
            finally:
                await command(port, "CONFIG", "SET", "timeout", 0)
        return False

    # The clock

    async def jump_during(self, work: Callable[[], Awaitable[bool]], under_way: Callable[[], int]) -> bool:
        """Move the clock by an hour or more in the midst of some work, and let that go on to its end.

        Args:
            work: begun for this.
            under_way: whether a request of it, or of another's, is being answered just now.
        """
        working = asyncio.ensure_future(work())
        try:
            return await self._jump(self._hours, under_way)
        finally:
            await working

    async def _jump(self, seconds: Callable[[], int], under_way: Callable[[], int]) -> bool:
        """It counts when what is to be under way was so, turns were being worked on, and Redis shows the new time."""
        system = self.system
        with contextlib.suppress(AssertionError):
            await wait_until(under_way, deadline_seconds=_UNDER_WAY_SECONDS, what="it", poll_seconds=0.005)
            async with self._steady:
                if not under_way():
                    return False
                before = await system.redis_ahead()
                wanted = seconds()
                system.clock.jump(wanted)
                was_under_way = bool(under_way())
                after = await system.redis_ahead()
                at_work = await system.in_work()
            if before is None or after is None:
                return False
            return was_under_way and at_work > 0 and abs(after - before - wanted) < _CLOSE_SECONDS
        return False

    def _hours(self) -> int:
        """An hour and more, in both directions by turns, never far from the true time."""
        seconds = self.dice.randint(_HOUR, 2 * _HOUR)
        ahead = self.system.clock.offset_seconds
        back = ahead > _MOST_AHEAD_SECONDS / 2 or (
            ahead > -_MOST_AHEAD_SECONDS / 2 and len(self.system.clock.jumps) % 2
        )
        return -seconds if back else seconds

    def _slightly(self) -> int:
        return self.dice.choice([-1, 1]) * self.dice.choice([self.dice.randint(2, 50), self.dice.randint(61, 900)])

    # Memory

    async def _fill(self) -> bool:
        """Room for nothing more; it counts when a turn was refused for that reason."""
        refused, port = 0, self.system.pair.primary
        with self.system.taken(self.system.primary) as pid:
            if pid is None:
                return False
            try:
                await command(port, "CONFIG", "SET", "maxmemory", 1)
                end = time() + _FULL_SECONDS
                while time() < end:
                    refused += await self._refused_when_full()
            except (RedisError, OSError):
                return False
            finally:
                await self._make_room(port)
        return refused > 0

    async def _make_room(self, port: int) -> None:
        """As much room as before."""

        async def made() -> bool:
            with contextlib.suppress(RedisError, OSError):
                return bool(await command(port, "CONFIG", "SET", "maxmemory", 0))
            return False

        await wait_until(made, what="Redis having room again", poll_seconds=0.2)

    async def _refused_when_full(self) -> bool:
        key = f"full-{uuid.uuid4().hex}"
        answer = await self.poster.post("fault-run-probe", f"I own the probe {key}.", key)
        if answer is not None and answer.status_code == ACCEPTED:
            self.record.false_promises.append(key)
        return answer is not None and answer.status_code == AWAY and "memory" in answer.json()["detail"]


async def _clients(port: int) -> set[str]:
    return set(_ID.findall((await command(port, "CLIENT", "LIST", "TYPE", "normal")).decode()))


async def not_answering(port: int) -> bool:
    """Whether nobody is at a port."""
    return not await answers_ping(port)
