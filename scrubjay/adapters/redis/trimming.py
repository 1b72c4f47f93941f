"""Trimming: the sets of turns by status forget those whose hashes have ended. Part of each sweep."""

from __future__ import annotations

import random
from time import monotonic

from redis.asyncio import Redis

from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.adapters.redis.scripts.sweeping import trim
from scrubjay.model import Status

_TENANTS_A_SWEEP = 10
_CHUNKS_A_LOOK = 10
_CHUNK = 1_000  # looked at in one step: about a millisecond of Redis's time


async def trim_some(redis: Redis, scripts: RedisScripts, oldest_us: int, seconds: float) -> int:
    """Trim the sets of a few tenants, taken by chance; returns how many turns were dropped.

    Args:
        redis: an open client.
        scripts: runs a script.
        oldest_us: only turns accepted before can have ended; microseconds since 1970.
        seconds: when to stop, though not before one chunk is done.
    """
    keys = scripts.keys
    deadline, dropped = monotonic() + seconds, 0
    tenants = [tenant.decode() for tenant in await answered(redis.srandmember(keys.tenants, _TENANTS_A_SWEEP))]
    sets = [(tenant, name) for tenant in tenants for name in _trimmed(keys, tenant)]
    for tenant, name in random.sample(sets, len(sets)):  # in no order: a large one does not hide those behind it
        old = int(await answered(redis.zcount(name, "-inf", f"({oldest_us}")))
        if old:
            dropped += await _Trimming(scripts, (tenant, name), oldest_us, deadline).all(old)
        if monotonic() > deadline:
            break
    return dropped


async def trim_ended(redis: Redis, scripts: RedisScripts, tenant_set: tuple[str, str], oldest_us: int) -> None:
    """Drop from one set the turns whose hashes have ended; of very many the rest goes with the next call.

    Args:
        redis: an open client.
        scripts: runs a script.
        tenant_set: a tenant, and the key of a set of its turns by time.
        oldest_us: only turns accepted before can have ended; microseconds since 1970.
    """
    if await answered(redis.zcount(tenant_set[1], "-inf", f"({oldest_us}")):
        rank = 0
        for _ in range(_CHUNKS_A_LOOK):
            seen, ended = await trim(scripts, tenant_set, oldest_us, rank=rank, most=_CHUNK)
            rank += seen - ended
            if seen < _CHUNK:
                return


def _trimmed(keys: Keys, tenant: str) -> tuple[str, ...]:
    """The sets in which a turn stays until its hash ends; a turn leaves the others when its status changes."""
    return keys.status(tenant, Status.SETTLED), keys.status(tenant, Status.ERASED), keys.gated(tenant)


class _Trimming:
    """One set, walked by rank, as a turn that was settled late lives on among those that have ended."""

    def __init__(self, scripts: RedisScripts, tenant_set: tuple[str, str], oldest_us: int, deadline: float) -> None:
        self._scripts = scripts
        self._tenant_set = tenant_set
        self._oldest_us = oldest_us
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
            seen, ended = await trim(self._scripts, self._tenant_set, self._oldest_us, rank=rank, most=most)
            dropped += ended
            rank += seen - ended
            if seen < most or monotonic() > self._deadline:
                break
        return dropped
