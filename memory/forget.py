"""Forgetting an owner: take the lanes, raise the epoch, then turns and plans, then every version; verified."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence

import structlog

from memory.books import Erased, Erasure, Left, Places
from memory.errors import StoreUnavailable
from memory.model import DeadFilter, Lane, Lease, Scope
from memory.ports import Embedder, Inbox, Lanes, MemoryStore, TurnLog
from memory.removals import erase

log = structlog.get_logger(__name__)


async def forget(
    scope: Scope, *, inbox: Inbox, lanes: Lanes, turns: TurnLog, store: MemoryStore, embedder: Embedder
) -> Erasure:
    """Erase everything of a scope: what waits, what is being worked on, what is dead, settled or remembered.

    Whoever works on one of the owner's lanes loses its lease at once: only then the epoch is raised, so that no worker
    settles as erased what is to be counted here. The lanes are ours until the store is clean, so nothing accepted
    afterwards is weighed against memories that are about to go. A worker that was stopped in the midst of a write may
    still finish it: therefore the sweep removes once more, shortly after.

    Where only a part of an owner is forgotten (what was said to one agent), a memory that it had changed holds again as
    it was before, and what other turns quote of it goes as well.

    Raises InboxUnavailable, StoreUnavailable or LaneBusy; then ask again: what is gone stays gone.
    """
    held, parts = dict[Lane, Lease](), list[Erased]()
    try:
        memories, versions = await _taken(scope, held, inbox, turns, store)
        epoch = await inbox.raise_epoch(scope)
        later = await lanes_of(scope, turns, store)  # what was accepted before the epoch is in one of these by now
        every = list(dict.fromkeys([*(lane for lane in later if lane not in held), *held]))
        dead = await turns.dead(scope.tenant, DeadFilter(**scope.ids))  # what dies from now on is in its lane's index
        for lane in every:
            held[lane], part = await inbox.erase(scope, lane, epoch.order, dead)
            plans = await _unquoted(held[lane], scope, epoch.order, inbox, store)
            parts.append(part.model_copy(update={"plans": part.plans + plans}))
        bells = await inbox.hush(every)
        untold = await inbox.untell(scope)
        leases = list(held.values())
        removed = await erase(scope, epoch.order, held=leases, lanes=lanes, store=store, embedder=embedder)
    finally:  # a lane that cannot be handed back is free again when its lease ends
        await asyncio.gather(*(lanes.hand_back(lease) for lease in held.values()), return_exceptions=True)
    left = await what_is_left(scope, every, epoch.order, [one for part in parts for one in part.ids], inbox, store)
    counts = _places(parts, memories, max(versions, removed))
    erasure = Erasure(scope=scope, erased_at=epoch.at, watermark=epoch.order, counts=counts, left=left)
    log.info("owner_erased", bells=bells, untold=untold, verified=left.nothing, **erasure.counts.model_dump())
    return erasure


async def _taken(
    scope: Scope, held: dict[Lane, Lease], inbox: Inbox, turns: TurnLog, store: MemoryStore
) -> tuple[int, int]:
    """Take every lane of the scope's; returns how many memories stand and how many versions there are.

    They are counted while nobody removes: whoever loses a lane takes back what it wrote as soon as the epoch stands.
    Without Qdrant the erase fails, but only later, when the epoch stands: then the sweep finishes it in any case.
    """
    lanes, counts = await turns.lanes(scope), (0, 0)
    with contextlib.suppress(StoreUnavailable):
        lanes = [*lanes, *await store.lanes(scope)]
    for lane in dict.fromkeys(lanes):
        held[lane] = await inbox.seize(lane)
    with contextlib.suppress(StoreUnavailable):
        counts = await store.current(scope), await store.left(scope)
    return counts


async def lanes_of(scope: Scope, turns: TurnLog, store: MemoryStore) -> list[Lane]:
    """Every lane that holds a turn or a memory in scope."""
    found = [*await turns.lanes(scope), *await store.lanes(scope)]
    return list({lane.key: lane for lane in found}.values())


async def what_is_left(
    scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None, inbox: Inbox, store: MemoryStore
) -> Left:
    """Look in Redis and in Qdrant for what is there of a scope up to a place in the order. Arguments: `Inbox.left`."""
    found = await inbox.left(scope, lanes, before, ids)
    return found.model_copy(update={"versions": await store.left(scope, before)})


async def _unquoted(lease: Lease, scope: Scope, epoch: int, inbox: Inbox, store: MemoryStore) -> int:
    """Take out what the lane's other turns quote of what is being erased; returns how many plans went."""
    told = {event.id for event in await inbox.quotes(lease.lane) if event.id}
    texts = await store.texts(scope, epoch, told) if told else frozenset()
    return await inbox.unquote(lease, scope, epoch, texts)


def _places(parts: Sequence[Erased], memories: int, versions: int) -> Places:
    turns: Counter[str] = Counter()
    for part in parts:
        turns.update(part.turns)
    plans, texts = sum(part.plans for part in parts), sum(part.texts for part in parts)
    return Places(turns=turns, plans=plans, texts=texts, memories=memories, versions=versions)
