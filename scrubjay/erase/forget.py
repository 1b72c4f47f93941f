"""Forgetting an owner: take the lanes, raise the epoch, then turns and plans, then every version; verified."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog

from scrubjay.erase.tombstones import arrange_anew, erase
from scrubjay.errors import LaneBusy, LeaseLost, StoreUnavailable
from scrubjay.model import Lane, Lease, Scope
from scrubjay.model.erasure import Erased, Erasure, Left, Places
from scrubjay.ports import HeldLanes, Lanes, MemoryStore, TurnErasure, TurnLog

log = structlog.get_logger(__name__)

_MOST_ATTEMPTS = 4
_LANES_AT_ONCE = 16  # a step in each of them makes one pipeline


@dataclass(frozen=True, kw_only=True)
class ForgetServices:
    """What an erase needs.

    Args:
        turn_erasure: where turns, plans and notifications are erased.
        lanes: handed back when the erase is done.
        turns: tells which lanes have turns of the owner.
        store: where memories are erased.
    """

    turn_erasure: TurnErasure
    lanes: Lanes
    turns: TurnLog
    store: MemoryStore


@dataclass
class Tally:
    """What was removed until now, in all attempts.

    Args:
        known: whether the owner had been forgotten before.
        lanes: those in which turns were erased. An attempt that begins again would no longer find them.
    """

    known: bool
    lanes: set[Lane] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    turns: Counter[str] = field(default_factory=Counter)
    plans: int = 0
    texts: int = 0
    memories: int = 0
    versions: int = 0
    notifications: int = 0

    def add(self, step: Erased) -> None:
        """What one step has removed."""
        self.ids += step.ids
        self.turns.update(step.turns)
        self.plans += step.plans
        self.texts += step.texts

    @property
    def places(self) -> Places:
        """The same for the receipt."""
        counts = {name: getattr(self, name) for name in ("plans", "texts", "memories", "versions")}
        return Places(turns=dict(self.turns), **counts)

    @property
    def anything(self) -> bool:
        """Whether there was anything at all."""
        return bool(self.known or self.ids or self.plans or self.memories or self.versions or self.notifications)


async def forget(scope: Scope, services: ForgetServices) -> Erasure:
    """Erase everything of a scope: what waits, what is being worked on, what is dead, settled or remembered.

    Whoever works on one of the owner's lanes loses its lease at once: only then the epoch is raised, so that no worker
    settles as erased what is to be counted here. The lanes are ours until the store is clean and has been looked
    through, so nothing accepted afterwards is weighed against memories that are about to go. Where one of them was lost
    meanwhile, all begins again with a new epoch. A worker that was stopped in the midst of a write may still finish it:
    therefore the sweep removes once more, shortly after.

    Where only a part of an owner is forgotten (what was said to one agent), memories of other scopes that its memories
    stood for are shown again.

    Raises InboxUnavailable, StoreUnavailable or LaneBusy; then ask again: what is gone stays gone.
    """
    tally = Tally(known=scope in dict(await services.lanes.epochs(scope)))
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        try:
            erasure, newer = await _attempt(scope, services, tally)
        except LeaseLost as error:
            log.warning("erase_begins_again", attempt=attempt, reason=error.plain)
            continue
        if not newer or attempt == _MOST_ATTEMPTS:
            outcome = {
                "untold": tally.notifications,
                "verified": erasure.verified,
                "known": erasure.known,
            }
            log.info("owner_erased", **outcome, **erasure.counts.model_dump())
            return erasure
    raise LaneBusy("this owner's lanes were taken again and again; ask again", retry_after_seconds=5)


async def _attempt(scope: Scope, services: ForgetServices, tally: Tally) -> tuple[Erasure, int]:
    """Returns also how many of the versions that are left are newer than the epoch. Raises LeaseLost."""
    turn_erasure, store = services.turn_erasure, services.store
    async with turn_erasure.holding(services.lanes.hand_back) as hold:
        lost = set(tally.lanes)  # by the attempt before this one
        memories, versions = await _taken(scope, hold, services, lost)
        epoch = await turn_erasure.raise_epoch(scope)
        # What was accepted before the epoch is in one of these by now.
        await hold.take(await lanes_of(scope, services))
        tally.lanes.update(lease.lane for lease in hold.leases)

        async def purge(lease: Lease) -> None:
            # Plans first: while turns are there, whoever asks again after a failure finds the lane by them.
            tally.plans += await turn_erasure.unplan(lease, scope, epoch.order)
            async for step in turn_erasure.erase(scope, lease, epoch.order):
                tally.add(step)

        await _in_groups(hold.leases, purge)
        every = [lease.lane for lease in hold.leases]
        tally.notifications += await turn_erasure.drop_notifications(scope, epoch.order)
        removed = await erase(scope, epoch.order, leases=hold.leases, lanes=services.lanes, store=store)
        await arrange_anew([lease for lease in hold.leases if lease.lane in lost], services.lanes, store)
        tally.memories, tally.versions = tally.memories + memories, tally.versions + max(versions, removed)
        left = await what_is_left(scope, every, epoch.order, tally.ids, services)
        newer = await store.newer(scope, epoch.order, every)
        await hold.check()
    left = left.model_copy(update={"versions": left.versions + newer})
    facts = {"known": tally.anything, "counts": tally.places, "left": left}
    return Erasure(scope=scope, erased_at=epoch.at, watermark=epoch.order, **facts), newer


async def _taken(scope: Scope, hold: HeldLanes, services: ForgetServices, before: Collection[Lane]) -> tuple[int, int]:
    """Take every lane of the scope's and those of before; returns how many memories stand, and how many versions.

    They are counted while nobody removes: whoever loses a lane takes back what it wrote as soon as the epoch stands.
    Without Qdrant the erase fails, but only later, when the epoch stands: then the sweep finishes it in any case.
    """
    lanes, counts = [*before, *await services.turns.lanes(scope)], (0, 0)
    with contextlib.suppress(StoreUnavailable):
        lanes = [*lanes, *await services.store.lanes(scope)]
    await hold.take(lanes)
    with contextlib.suppress(StoreUnavailable):
        counts = await services.store.current(scope), await services.store.left(scope)
    return counts


async def _in_groups(leases: Sequence[Lease], step: Callable[[Lease], Awaitable[None]]) -> None:
    """A step in each lane, a few at once; raises the first error when all that were begun have ended."""
    for start in range(0, len(leases), _LANES_AT_ONCE):
        group = leases[start : start + _LANES_AT_ONCE]
        for outcome in await asyncio.gather(*map(step, group), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome


async def lanes_of(scope: Scope, services: ForgetServices) -> list[Lane]:
    """Every lane that holds a turn or a memory in scope."""
    lanes = [*await services.turns.lanes(scope), *await services.store.lanes(scope)]
    return list({lane.key: lane for lane in lanes}.values())


async def what_is_left(
    scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None, services: ForgetServices
) -> Left:
    """Look in Redis and Qdrant for what is there of a scope up to a place in the order. As `TurnErasure.left`."""
    left = await services.turn_erasure.left(scope, lanes, before, ids)
    return left.model_copy(update={"versions": await services.store.left(scope, before)})
