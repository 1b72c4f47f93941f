"""Trimming: the sets of turns by status forget those whose hashes have ended. Part of each sweep."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.scripts import Argument, answered
from scrubjay.model import Status

_TENANTS_A_SWEEP = 10
_CHUNKS_A_LOOK = 10
_CHUNK = 1_000  # looked at in one step: about a millisecond of Redis's time

Run = Callable[[str, Sequence[str], Sequence[Argument]], Awaitable[Any]]


async def trim_some(redis: Redis, run: Run, keys: Keys, oldest_us: int, seconds: float) -> int:
    """Trim the sets of a few tenants, taken by chance; returns how many turns were dropped.

    Args:
        redis: an open client.
        run: runs a script.
        keys: the names of the keys.
        oldest_us: only turns accepted before can have ended; microseconds since 1970.
        seconds: when to stop, though not before one chunk is done.
    """
    deadline, dropped = monotonic() + seconds, 0
    tenants = [tenant.decode() for tenant in await answered(redis.srandmember(keys.tenants, _TENANTS_A_SWEEP))]
    sets = [(tenant, name) for tenant in tenants for name in _trimmed(keys, tenant)]
    for tenant, name in random.sample(sets, len(sets)):  # in no order: a large one does not hide those behind it
        old = int(await answered(redis.zcount(name, "-inf", f"({oldest_us}")))
        if old:
            dropped += await _Trimming(run, name, keys.turn_prefix(tenant), oldest_us, deadline).all(old)
        if monotonic() > deadline:
            break
    return dropped


async def trim_ended(redis: Redis, run: Run, name: str, turn_prefix: str, oldest_us: int) -> None:
    """Drop from one set the turns whose hashes have ended; of very many the rest goes with the next call.

    Args:
        redis: an open client.
        run: runs a script.
        name: a set of turns by time.
        turn_prefix: what their keys start with.
        oldest_us: only turns accepted before can have ended; microseconds since 1970.
    """
    if await answered(redis.zcount(name, "-inf", f"({oldest_us}")):
        rank = 0
        for _ in range(_CHUNKS_A_LOOK):
            seen, ended = await run("trim", [name], [turn_prefix, oldest_us, rank, _CHUNK])
            rank += seen - ended
            if seen < _CHUNK:
                return


def _trimmed(keys: Keys, tenant: str) -> tuple[str, ...]:
    """The sets in which a turn stays until its hash ends; a turn leaves the others when its status changes."""
    return keys.status(tenant, Status.SETTLED), keys.status(tenant, Status.ERASED), keys.gated(tenant)


class _Trimming:
    """One set, walked by rank, as a turn that was settled late lives on among those that have ended."""

    def __init__(self, run: Run, name: str, turn_prefix: str, oldest_us: int, deadline: float) -> None:
        self._run = run
        self._name = name
        self._args: list[Argument] = [turn_prefix, oldest_us]
        self._deadline = deadline

    async def all(self, old: int) -> int:
        """Trim it all, beginning anywhere: when there is no time for the whole, no part is always left out.

        Args:
            old: how many turns are old enough.
        """
        start = random.randrange(old) if old > _CHUNK else 0
        return await self._walk(start, old) + await self._walk(0, start)

    async def _walk(self, rank: int, end: int) -> int:
        dropped = 0
        while rank + dropped < end:
            most = min(_CHUNK, end - rank - dropped)
            seen, ended = await self._run("trim", [self._name], [*self._args, rank, most])
            dropped += ended
            rank += seen - ended
            if seen < most or monotonic() > self._deadline:
                break
        return dropped
