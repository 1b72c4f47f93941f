"""Removals repeated: each by itself, a few at a time, and what fails again after a pause that grows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from scrubjay.erase.tombstones import erase, show_others_again
from scrubjay.errors import InboxUnavailable, StoreUnavailable, reason_of
from scrubjay.logging_setup import attempted
from scrubjay.model import Scope
from scrubjay.model.erasure import Removal
from scrubjay.ports import Lanes, MemoryStore, RemovalNotes

log = structlog.get_logger(__name__)

_ROUNDS = 25  # of as many removals as `unfinished` gives: what is left is for the next sweep
_LONGEST_SECONDS = 30.0  # for one: what it has done by then stays done, and it goes on later


@dataclass(frozen=True, kw_only=True)
class RemovalServices:
    """What repeating removals needs.

    Args:
        removal_notes: where removals are noted.
        lanes: taken to write what is shown again.
        store: what is removed from.
    """

    removal_notes: RemovalNotes
    lanes: Lanes
    store: MemoryStore


async def repeat_forever(every_seconds: float, services: RemovalServices) -> None:
    """Repeat the removals that are due, again and again. Whoever sweeps does not wait for it."""
    while True:
        await asyncio.sleep(every_seconds)
        repeated = await attempted("removals", finish_removals(services))
        if repeated:
            log.info("removals_repeated", removals=repeated)


async def finish_removals(services: RemovalServices, *, longest_seconds: float = _LONGEST_SECONDS) -> int:
    """Remove once more what was removed a while ago, now that nobody can still be writing it; returns how many.

    One that fails, or takes too long, is put back and holds up no other.

    Args:
        services: what repeating removals needs.
        longest_seconds: how long one may take.

    Raises StoreUnavailable or InboxUnavailable where all that were tried together failed by it: each of the others
    would wait for the same server.
    """
    finished = 0
    for _ in range(_ROUNDS):
        due = await services.removal_notes.unfinished()
        if not due:
            break
        tries = (_finish(name, removal, longest_seconds, services) for name, removal in due)
        failures = await asyncio.gather(*tries, return_exceptions=True)  # whatever fails, the others do not wait for it
        for (name, removal), error in zip(due, failures, strict=True):
            if error is None:
                finished += 1
            else:
                pause = await services.removal_notes.put_back(name)
                tenant = removal.scope.tenant
                log.warning("removal_put_back", reason=reason_of(error), tenant=tenant, seconds=pause)
        away = [error for error in failures if isinstance(error, StoreUnavailable | InboxUnavailable)]
        if len(away) == len(failures):
            raise away[0]
    return finished


async def _finish(name: str, removal: Removal, longest_seconds: float, services: RemovalServices) -> None:
    async with asyncio.timeout(longest_seconds):
        await _repeat(removal, services.lanes, services.store)
    await services.removal_notes.finished(name)


async def _repeat(removal: Removal, lanes: Lanes, store: MemoryStore) -> None:
    if removal.memory_id is not None:
        everything = Scope(tenant=removal.scope.tenant)
        there = (await store.standing_at(everything, [removal.memory_id])).get(removal.memory_id)
        if there is not None and there.scope == removal.scope and not there.in_quarantine:
            async with lanes.edit(removal.scope.lane) as lease:
                await show_others_again(lease, there, lanes, store)
        # What was imported under its id since then is another memory.
        await store.delete(everything, removal.memory_id, removal.until)
    elif removal.until is not None:
        await erase(removal.scope, removal.until, leases=(), lanes=lanes, store=store)
