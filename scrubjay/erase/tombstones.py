"""Removals that hold against writes in flight: take back what we wrote too late, remove once more what was removed."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

import structlog

from scrubjay.errors import LaneBusy, LeaseLost
from scrubjay.model import Lane, Lease, Memory, Notification, Scope, Write
from scrubjay.model.topics import arranged
from scrubjay.model.versions import version_id
from scrubjay.ports import Lanes, MemoryStore

log = structlog.get_logger(__name__)

_TOPICS_AT_ONCE = 256


async def erase(scope: Scope, until: int, *, leases: Sequence[Lease], lanes: Lanes, store: MemoryStore) -> int:
    """Remove every version in scope up to a place in the order; returns how many.

    Where that is only a part of an owner (what was said to one agent), memories of other scopes that its memories stood
    for are shown again. That is written first: whoever asks again after a failure finds what is still to be done.

    Raises StoreUnavailable, InboxUnavailable, LeaseLost of one that is held, or LaneBusy.
    """
    if set(scope.ids) != {"user_id"}:
        for lane, topics in (await store.topics(scope, until)).items():
            await _shown_again(lane, topics, scope, until, leases=leases, lanes=lanes, store=store)
    return await store.erase(scope, until)


async def _shown_again(
    lane: Lane,
    topics: Collection[str],
    scope: Scope,
    until: int,
    *,
    leases: Sequence[Lease],
    lanes: Lanes,
    store: MemoryStore,
) -> None:
    """Arrange what stays of some topics of a lane, as if what is erased had never been said."""
    ordered, ours = sorted(topics), next((lease for lease in leases if lease.lane == lane), None)
    for start in range(0, len(ordered), _TOPICS_AT_ONCE):
        chunk = ordered[start : start + _TOPICS_AT_ONCE]
        members = await store.members(lane, chunk)
        staying = [member for member in members if member.order > until or not scope.covers(member.scope)]
        if not staying:
            continue
        # All of them, also those that do not change: a worker that has lost its lane must not mark them any more.
        writes = [*rearranged(staying, all_of_them=True), *await _past_shown(lane, chunk, staying, store)]
        async with contextlib.nullcontext(ours) if ours else lanes.edit(lane) as lease:
            try:
                seen = await lanes.confirm(lease, ())
                await store.apply(lease, writes, seen.good_until)
            except LeaseLost as error:  # by another erase beside this one, or as this one took too long
                if ours:
                    raise
                raise LaneBusy("somebody else has taken this owner's lane; ask again", retry_after_seconds=1) from error


async def show_others_again(lease: Lease, memory: Memory, lanes: Lanes, store: MemoryStore) -> None:
    """Before a memory is deleted, show again what it stands for, under its lane's lease. Raises LaneBusy."""
    members = [member for member in await store.members(lease.lane, [memory.topic]) if member.id != memory.id]
    if writes := [*rearranged(members), *await _past_shown(lease.lane, [memory.topic], members, store)]:
        await write_under(lease, writes, lanes, store)


async def _past_shown(lane: Lane, topics: Sequence[str], staying: Sequence[Memory], store: MemoryStore) -> list[Write]:
    """The writes that take the marks from past versions of what stays: they may be of what goes."""
    ids = {memory.id for memory in staying}
    past = [memory for memory in await store.marked_past(lane, topics) if memory.id in ids]
    bare = (memory.model_copy(update={"hidden": {}}) for memory in past)
    return [Write(point_id=version_id(memory.id, memory.version), memory=memory) for memory in bare]


async def arrange_anew(leases: Sequence[Lease], lanes: Lanes, store: MemoryStore) -> None:
    """Show again what memories stood for that are gone, in lanes that were lost and taken again during an erase.

    A worker may have settled meanwhile what it had compared with them. Raises LeaseLost, StoreUnavailable.
    """
    for lease in leases:
        topics = sorted(await store.hidden_topics(lease.lane))
        for start in range(0, len(topics), _TOPICS_AT_ONCE):
            writes = rearranged(await store.members(lease.lane, topics[start : start + _TOPICS_AT_ONCE]))
            if writes:
                seen = await lanes.confirm(lease, ())
                await store.apply(lease, writes, seen.good_until)


def rearranged(members: Iterable[Memory], *, all_of_them: bool = False) -> list[Write]:
    """The writes after which the right memory of each topic stands for the others.

    Args:
        members: all that stand of some topics of a lane, as they are stored.
        all_of_them: also of those that stay as they are, under a new fencing token.
    """
    topics, before = defaultdict[str, list[Memory]](list), dict[str, Memory]()
    for member in members:
        topics[member.topic].append(member)
        before[member.id] = member
    after = [member for siblings in topics.values() for member in arranged(siblings)]
    return [
        Write(point_id=memory.id, memory=memory)
        for memory in after
        if all_of_them or memory.hidden != before[memory.id].hidden
    ]


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
async def notify_webhooks(lease: Lease, notification: Notification, lanes: Lanes) -> AsyncIterator[None]:
    """Let webhooks be told of a change or deletion by hand that is made within, if no erase has taken the lease.

    It is noted first, so that none is lost; whether it was made is looked at when it is delivered. Raises LaneBusy.
    """
    try:
        noted = await lanes.note(lease, notification)
    except LeaseLost as error:
        raise LaneBusy("this owner's memories were being changed just then", retry_after_seconds=1) from error
    yield
    await lanes.tell(lease.lane.tenant, noted)


async def take_back(scopes: Sequence[Scope], lanes: Lanes, store: MemoryStore) -> None:
    """After writing under a lease that was lost: if an erase covers it, nothing of what we wrote may stay.

    Where the erase still holds the lane it removes that itself, or the sweep does.
    """
    epochs = dict([pair for scope in dict.fromkeys(scopes) for pair in await lanes.epochs(scope)])
    for scope, epoch in epochs.items():
        try:
            await erase(scope, epoch.order, leases=(), lanes=lanes, store=store)
        except LaneBusy:
            log.warning("not_taken_back", reason="the lane is held; what we wrote goes with the erase or the sweep")
