"""Importing: take in memories that were made elsewhere, with their ids, owners, times and metadata.

An import only ever makes memories. What stands under an id stays as it is, whosesoever it is: the store puts a memory
where nothing is, in the same step as it looks. So the same memories may be sent again, and an id that another tenant
has can neither be written to nor be looked at. It is refused as taken, in the same words whoever has it.

What an erase covers is not brought back: a memory that was made before its owner was forgotten here is refused, as long
as the erase is known, which is as long as its receipt is kept.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scrubjay.erase.tombstones import is_forgotten, take_back
from scrubjay.errors import LaneBusy, LeaseLost, Misdated
from scrubjay.llm.usage import paid_by
from scrubjay.model import Lane, Lease, Memory, Scope, Vector, Write
from scrubjay.model.arrival import Arrival, Became, Outcome
from scrubjay.model.clock import OWN_CLOCK, from_us, to_us
from scrubjay.model.memory import POSITIONS_PER_ORDER
from scrubjay.model.versions import NAMESPACE
from scrubjay.ports import Clock, Embedder, Lanes, MemoryStore
from scrubjay.safety.injection import Quarantine, judged
from scrubjay.validation import is_misdated

_LANES_AT_ONCE = 8
_BUSY_SECONDS = 1  # so long one lane is waited for; the others of the batch must not wait for it longer

_FIRST = from_us(0)
_A_SECOND = 999_999_937  # thousandths of microseconds, and a prime: ids of any kind are spread evenly

_TWICE = "this id stands more than once in the request"
_TAKEN = "this id cannot be used here: give the memory another one, or none"
_ANOTHER = "there is a memory with this id, which never said this of this owner; it is left as it is"
_OUT_OF_TIME = "created_at and updated_at must not lie before 1970"
_FORGOTTEN = "its owner was forgotten here after it was made; what was forgotten is not brought back"
_BUSY = "its owner's memories are being written just now; send it again"


@dataclass(frozen=True, kw_only=True)
class ImportServices:
    """What an import needs.

    Args:
        lanes: taken while memories are written.
        store: of memories.
        embedder: makes the vectors of their texts.
        clock: tells which times cannot be true.
        quarantine: what becomes of texts that read like instructions to a prompt.
    """

    lanes: Lanes
    store: MemoryStore
    embedder: Embedder
    clock: Clock = OWN_CLOCK
    quarantine: Quarantine = Quarantine.MARK


@dataclass(frozen=True)
class _Prepared:
    """What is worked out of the texts before any lane is taken: their vectors, and which read like an instruction."""

    vectors: Mapping[str, Vector]
    reads: Callable[[str], bool]


async def bring_in(arrivals: Sequence[Arrival], reach: Scope, services: ImportServices) -> list[Outcome]:
    """Take memories in, each under its owner's lane, which no worker has meanwhile.

    Args:
        arrivals: all within reach, and bounded by whoever asks: their texts are embedded in one call.
        reach: all that the caller may see and change.
        services: what an import needs.

    Returns one outcome an arrival, in order. Raises StoreUnavailable, InboxUnavailable or ModelUnavailable: a part of
    them may have come in, so send all of them again.
    """
    ids = [arrival.id or _made_up(arrival) for arrival in arrivals]
    often = Counter(memory_id for memory_id, arrival in zip(ids, arrivals, strict=True) if arrival.id)
    arrivals_by_id = {
        memory_id: arrival for memory_id, arrival in zip(ids, arrivals, strict=True) if often[memory_id] < 2
    }
    there = await services.store.standing_at(reach, list(arrivals_by_id))
    outcomes = {
        memory_id: await _beside(arrivals_by_id[memory_id], memory, services.store, reach)
        for memory_id, memory in there.items()
    }
    coming = {memory_id: arrival for memory_id, arrival in arrivals_by_id.items() if memory_id not in there}
    outcomes |= await _written(coming, reach, services)
    seen, results = set[str](), list[Outcome]()
    for memory_id in ids:
        outcome = outcomes.get(memory_id) or Outcome(id=memory_id, became=Became.REFUSED, reason=_TWICE)
        again = memory_id in seen and outcome.became is Became.IMPORTED
        results.append(outcome.model_copy(update={"became": Became.THERE}) if again else outcome)
        seen.add(memory_id)
    return results


def _made_up(arrival: Arrival) -> str:
    """The id of a memory that came without one: the tenant is part of it, so two tenants' never meet."""
    owner = "\0".join(f"{field}={name}" for field, name in arrival.scope.ids.items())
    made = arrival.created_at or arrival.updated_at
    identity = (arrival.scope.tenant, owner, made.isoformat() if made else "", arrival.text)
    return str(uuid.uuid5(NAMESPACE, "import\0" + "\0".join(identity)))


async def _beside(arrival: Arrival, memory: Memory, store: MemoryStore, reach: Scope) -> Outcome:
    """What an arrival is beside the memory that has its id: the same one, also when that has changed since."""
    same = _says(memory, arrival) or any(_says(version, arrival) for version in await store.history(reach, memory.id))
    if same:
        return Outcome(id=memory.id, became=Became.THERE, held=memory.held)
    return Outcome(id=memory.id, became=Became.REFUSED, reason=_ANOTHER)


def _says(memory: Memory, arrival: Arrival) -> bool:
    return (memory.text, memory.scope) == (arrival.text, arrival.scope)


async def _written(coming: Mapping[str, Arrival], reach: Scope, services: ImportServices) -> dict[str, Outcome]:
    """Write what is not there yet, some lanes at a time."""
    texts = list(dict.fromkeys(arrival.text for arrival in coming.values()))
    with paid_by(reach.tenant):
        vectors = dict(zip(texts, await services.embedder.embed(texts), strict=True)) if texts else {}
    by_lane = defaultdict[Lane, dict[str, Arrival]](dict)
    for memory_id, arrival in coming.items():
        by_lane[arrival.scope.lane][memory_id] = arrival
    queue = asyncio.Semaphore(_LANES_AT_ONCE)
    judging = services.quarantine is not Quarantine.OFF
    prepared = _Prepared(vectors, await judged(texts) if judging else lambda text: False)

    async def one_lane(lane: Lane, of_lane: Mapping[str, Arrival]) -> dict[str, Outcome]:
        async with queue:
            return await _in_lane(lane, of_lane, prepared, reach, services)

    tasks = [one_lane(lane, of_lane) for lane, of_lane in by_lane.items()]
    outcomes = dict[str, Outcome]()
    for found_there in await asyncio.gather(*tasks, return_exceptions=True):  # none goes on once this has ended
        if isinstance(found_there, BaseException):
            raise found_there
        outcomes |= found_there
    return outcomes


async def _in_lane(
    lane: Lane, coming: Mapping[str, Arrival], prepared: _Prepared, reach: Scope, services: ImportServices
) -> dict[str, Outcome]:
    """Write what belongs to one lane.

    An erase that does not know this lane takes no lease from us. So its epoch is looked at before and after writing:
    one of the two sees it, and what was written beneath it goes again.
    """
    memories: dict[str, Memory] = {}
    try:
        async with services.lanes.edit(lane, _BUSY_SECONDS) as lease:
            memories, refused = await _fit(coming, prepared, lease, services)
            vectors = {memory.id: tuple(prepared.vectors[memory.text]) for memory in memories.values()}
            writes = [
                Write(point_id=memory.id, memory=memory, vector=vectors[memory.id]) for memory in memories.values()
            ]
            seen = await services.lanes.confirm(lease, ())
            await services.store.insert(lease, writes, seen.good_until)
            await services.lanes.confirm(lease, ())
            if await _covered(memories, services.lanes):
                raise LeaseLost("this owner is being forgotten just now")
    except LaneBusy:
        return _busy(coming)
    except LeaseLost:
        await take_back([memory.scope for memory in memories.values()], services.lanes, services.store)
        return _busy(coming)
    return refused | await _looked_at(memories, coming, reach, services.store)


def _busy(coming: Mapping[str, Arrival]) -> dict[str, Outcome]:
    return {memory_id: Outcome(id=memory_id, became=Became.BUSY, reason=_BUSY) for memory_id in coming}


async def _fit(
    coming: Mapping[str, Arrival], prepared: _Prepared, lease: Lease, services: ImportServices
) -> tuple[dict[str, Memory], dict[str, Outcome]]:
    """The memories that may come in, and the refusals of the others."""
    memories, dated, refused = dict[str, Memory](), dict[str, Memory](), dict[str, str]()
    for number, (memory_id, arrival) in enumerate(coming.items()):
        try:
            arrived = await _dated(arrival, services.clock)
        except Misdated as error:
            refused[memory_id] = str(error)
            continue
        reads = prepared.reads(arrival.text)
        is_held = reads and services.quarantine is Quarantine.HOLD
        memory = _memory(memory_id, arrived, number, lease, reads=reads, is_held=is_held)
        if min(memory.created_at, memory.updated_at) < _FIRST:
            refused[memory_id] = _OUT_OF_TIME
        else:
            memories[memory_id] = memory
            if arrived.created_at or arrived.updated_at:
                dated[memory_id] = memory
    for memory_id in await _forgotten(dated, services.lanes):
        refused[memory_id] = _FORGOTTEN
        del memories[memory_id]
    return memories, {
        memory_id: Outcome(id=memory_id, became=Became.REFUSED, reason=reason) for memory_id, reason in refused.items()
    }


async def _dated(arrival: Arrival, clock: Clock) -> Arrival:
    """Clear the times of a memory to be imported (created_at and others) that cannot be true. Raises Misdated."""
    times = ("created_at", "updated_at", "valid_from")
    return arrival.model_copy(
        update={field: None for field in times if await is_misdated(field, getattr(arrival, field), clock)}
    )


def _memory(memory_id: str, arrival: Arrival, number: int, lease: Lease, *, reads: bool, is_held: bool) -> Memory:
    """Build the Memory that an import writes, with its times from elsewhere, but not made after the lease's time."""
    now = lease.taken_at  # nothing was made after it came
    created = min(arrival.created_at or arrival.updated_at or now, now)
    updated = min(arrival.updated_at or created, now)
    return Memory(
        id=memory_id,
        scope=arrival.scope,
        text=arrival.text,
        categories=arrival.categories,
        metadata=arrival.metadata,
        created_at=created,
        updated_at=updated,
        valid_from=arrival.valid_from or updated,
        expires_at=arrival.expires_at,
        order=lease.token,
        topic=str(uuid.uuid5(NAMESPACE, f"topic\0{lease.token}\0{memory_id}")),  # compared with nothing: it joins none
        position=to_us(created) * POSITIONS_PER_ORDER + _place(memory_id, created, number),
        current=not is_held,
        marked=reads,
        held=is_held,
    )


def _place(memory_id: str, created: datetime, number: int) -> int:
    """What keeps memories of one moment apart in a list: the order in which they came.

    Where only the second is known, many batches may hold some of one second: they are spread over all of it by their
    ids, as no list may show one of them twice and leave another one out.
    """
    return number if created.microsecond else uuid.UUID(memory_id).int % _A_SECOND


async def _forgotten(memories: Mapping[str, Memory], lanes: Lanes) -> list[str]:
    """Which of these were made before their owner was forgotten. Elsewhere there is no order of ours, but times.

    What came without a time is not to be asked about: it was made as it came, whatever the clock showed at the erase.
    """
    scopes = {memory.scope for memory in memories.values()}
    epochs = {scope: [epoch for _, epoch in await lanes.epochs(scope)] for scope in scopes}
    return [
        memory_id
        for memory_id, memory in memories.items()
        if any(memory.updated_at <= epoch.at for epoch in epochs[memory.scope])
    ]


async def _covered(memories: Mapping[str, Memory], lanes: Lanes) -> bool:
    """Whether an erase has come in since these were given their place in the order."""
    return any([await is_forgotten(memory, lanes) for memory in memories.values()])


async def _looked_at(
    memories: Mapping[str, Memory], coming: Mapping[str, Arrival], reach: Scope, store: MemoryStore
) -> dict[str, Outcome]:
    """What became of what was written, as a look afterwards tells."""
    standing, outcomes = await store.standing_at(reach, list(memories)), dict[str, Outcome]()
    for memory_id, ours in memories.items():
        stands = standing.get(memory_id)
        if stands == ours:
            outcomes[memory_id] = Outcome(id=memory_id, became=Became.IMPORTED, held=ours.held)
        elif stands is not None:  # somebody else was faster, or has changed it already
            outcomes[memory_id] = await _beside(coming[memory_id], stands, store, reach)
        else:
            outcomes[memory_id] = Outcome(id=memory_id, became=Became.REFUSED, reason=_TAKEN)
    return outcomes
