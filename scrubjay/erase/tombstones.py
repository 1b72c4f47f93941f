"""Removals that hold against writes in flight: take back what we wrote too late, remove once more what was removed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import structlog

from scrubjay.errors import LaneBusy, LeaseLost
from scrubjay.model import Event, Lane, Lease, Memory, Scope, Telling, Write
from scrubjay.model.versions import in_order, is_retracted, version_id
from scrubjay.ports import Inbox, Lanes, MemoryStore

log = structlog.get_logger(__name__)


async def erase(scope: Scope, until: int, *, held: Sequence[Lease], lanes: Lanes, store: MemoryStore) -> int:
    """Remove every version in scope up to a place in the order; returns how many.

    Where that is only a part of an owner (what was said to one agent), a memory that the part had changed holds again
    as it was before. That is written first: whoever asks again after a failure finds what is still to be done.

    Raises StoreUnavailable, InboxUnavailable, LeaseLost of one that is held, or LaneBusy.
    """
    replaced = 0
    if is_part(scope):
        for memory_id in await store.standing(scope, until):
            versions = await store.history(Scope(tenant=scope.tenant), memory_id)
            again = _held_before(versions, scope, until)
            if again is not None:
                replaced += await _put_back(again, held, lanes, store)
    return replaced + await store.erase(scope, until)


def is_part(scope: Scope) -> bool:
    """Whether others may have changed or repeated the scope's memories: nobody has where a whole user is meant."""
    return set(scope.ids) != {"user_id"}


async def take_out_quotes(lease: Lease, scope: Scope, until: int, inbox: Inbox, store: MemoryStore) -> int:
    """Take out what a lane's turns quote of memories that say it no longer once the scope is erased.

    It goes by what remains, not by what is erased: somebody else may have removed that before us. Returns how many
    plans went for it. Raises LeaseLost, InboxUnavailable, StoreUnavailable.
    """
    if is_part(scope):
        async for quoting in inbox.quotes(lease.lane):
            gone = await _unsaid(quoting.texts, scope, until, store)
            if gone:
                await inbox.unquote(lease, quoting.turns, gone)
    planned = await inbox.planned(lease.lane)
    return await inbox.unplan(lease, scope, until, await _unsaid(planned, scope, until, store))


async def quotes_left(lane: Lane, scope: Scope, until: int, inbox: Inbox, store: MemoryStore) -> int:
    """Count what a lane's turns quote of memories that say it no longer."""
    if not is_part(scope):
        return 0
    return sum([len(await _unsaid(one.texts, scope, until, store)) async for one in inbox.quotes(lane)])


async def _unsaid(
    texts: frozenset[tuple[str, str]], scope: Scope, until: int, store: MemoryStore
) -> frozenset[tuple[str, str]]:
    return texts - await store.remaining(scope, until, {memory_id for memory_id, _ in texts}) if texts else texts


def _held_before(versions: Sequence[Memory], scope: Scope, until: int) -> Memory | None:
    """What takes the place of a standing version that is erased: the last one that stays, as if it had never ended."""
    ordered = in_order(versions)
    left = [one for one in ordered if one.order > until or not scope.covers(one.scope)]
    stands = max(ordered, key=lambda one: one.version, default=None)  # none: whoever erases beside us was faster
    if stands is None or not left or stands in left:
        return None
    ending = {"event": Event.DELETE, "current": False, "valid_to": stands.valid_to}  # what was taken back stays so
    going_on = {"event": Event.UPDATE, "current": True, "valid_to": None}
    state = ending if is_retracted(stands) else going_on
    return left[-1].model_copy(update={**state, "superseded_by": None})


async def _put_back(memory: Memory, held: Sequence[Lease], lanes: Lanes, store: MemoryStore) -> bool:
    """After an erase has covered a memory's current version, let the past version that stays stand again.

    It keeps the vector that it has. Returns False where somebody else was faster.
    """
    lane, stood_as_past = memory.scope.lane, version_id(memory.id, memory.version)
    ours = next((lease for lease in held if lease.lane == lane), None)
    async with contextlib.nullcontext(ours) if ours else lanes.edit(lane) as lease:
        vector = await store.vector(Scope(tenant=memory.scope.tenant), stood_as_past)
        if vector is None:
            return False
        try:
            seen = await lanes.confirm(lease, ())
            await store.apply(lease, [Write(point_id=memory.id, memory=memory, vector=vector)], seen.good_until)
        except LeaseLost as error:  # by another erase beside this one, or as this one took too long
            if ours:
                raise
            raise LaneBusy("somebody else has taken this owner's lane; ask again", retry_after_seconds=1) from error
        await store.drop(Scope(tenant=memory.scope.tenant), stood_as_past)
    return True


async def is_forgotten(memory: Memory, lanes: Lanes) -> bool:
    """Whether an erase covers a memory that it has not removed yet."""
    return any(memory.order <= epoch.order for _, epoch in await lanes.epochs(memory.scope))


async def write_under(lease: Lease, writes: Sequence[Write], lanes: Lanes, store: MemoryStore) -> None:
    """Write versions under a lease so that a concurrent erase of their owner removes them too.

    The lease is confirmed before and after the write: an erase may come in before or after the first look, then what
    was written is removed as well. Raises LaneBusy where the lease was lost.
    """
    try:
        seen = await lanes.confirm(lease, ())
        await store.apply(lease, writes, seen.good_until)
        await lanes.confirm(lease, ())
    except LeaseLost as error:
        await take_back([write.memory.scope for write in writes], lanes, store)
        raise LaneBusy("this owner's memories were being changed just then", retry_after_seconds=1) from error


@contextlib.asynccontextmanager
async def telling(lease: Lease, told: Telling, lanes: Lanes) -> AsyncIterator[None]:
    """Let webhooks be told of a change or deletion by hand that is made within, if no erase has taken the lease.

    It is noted first, so that none is lost; whether it was made is looked at when it is delivered. Raises LaneBusy.
    """
    try:
        noted = await lanes.note(lease, told)
    except LeaseLost as error:
        raise LaneBusy("this owner's memories were being changed just then", retry_after_seconds=1) from error
    yield
    await lanes.tell(lease.lane.tenant, noted)


async def take_back(scopes: Sequence[Scope], lanes: Lanes, store: MemoryStore) -> None:
    """After writing under a lease that was lost: if an erase covers it, nothing of what we wrote may stay.

    Where the erase still holds the lane it removes that itself, or the sweep does: until it has put back what holds
    again, it needs the versions.
    """
    epochs = dict([found for scope in dict.fromkeys(scopes) for found in await lanes.epochs(scope)])
    for scope, epoch in epochs.items():
        try:
            await erase(scope, epoch.order, held=(), lanes=lanes, store=store)
        except LaneBusy:
            log.warning("not_taken_back", reason="the lane is held; what we wrote goes with the erase or the sweep")
