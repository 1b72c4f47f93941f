"""Noise: a backlog of one user or of many, which is kept up as it is worked off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.fairness.figures import Activity
from tests.bench.fairness.tenants import Seen, Tenant, meanwhile, nothing_waits
from tests.model_server.control import ModelServer

_LOOK_SECONDS = 1


class Noisy:
    """A backlog that does not end while the round lasts.

    Args:
        tenant: whose it is.
        users: how many lanes it lies in.
        backlog: turns that wait; what is settled of them is posted anew.
        model: the scripted one.
    """

    def __init__(self, tenant: Tenant, users: int, backlog: int, model: ModelServer) -> None:
        self._tenant = tenant
        self._model = model
        self._users = users
        self._backlog = backlog

    @asynccontextmanager
    async def going_on(self, label: str) -> AsyncIterator[Seen]:
        """As the protocol says: what is left is settled by a model that answers at once."""
        users = [f"{label}-{number}" for number in range(self._users)]
        await self._tenant.fill(users, self._backlog)
        first, posted = await self._tenant.waiting(users), self._backlog

        async def keep_up() -> None:
            nonlocal posted
            while True:
                missing = max(0, self._backlog - await self._tenant.waiting(users))
                await self._tenant.fill(users, missing, first=posted)
                posted += missing
                await asyncio.sleep(_LOOK_SECONDS)

        async def seen() -> Activity:
            return evidence(self._backlog, posted, first, await self._tenant.waiting(users))

        try:
            async with meanwhile(keep_up()):
                yield seen
        finally:
            await asyncio.to_thread(self._model.heal)
            await nothing_waits(self._tenant.redis)
            await asyncio.to_thread(self._model.reset)


def evidence(backlog: int, posted: int, first: int, last: int) -> Activity:
    """How much noise there was.

    Args:
        backlog: turns that should have waited; at least half of them is enough.
        posted: turns until now.
        first: turns that waited when the round began.
        last: turns that wait now.
    """
    counts = {"waiting at the start": first, "waiting at the end": last, "settled": posted - last}
    return Activity(counts, [f"only {count:,} turns waited" for count in (first, last) if count < backlog / 2])
