"""Rehearsing a replay: what would dead letters change now? Deciding as a worker does it, without recording anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import structlog

from scrubjay.errors import Permanent, Transient
from scrubjay.ingest.pipeline import DecisionServices, decide
from scrubjay.ingest.planner import final_writes
from scrubjay.llm.usage import paid_by_tenant
from scrubjay.model import DeadFilter, Event, Plan, Scope, Turn, TurnEvent, TurnStatus, Value
from scrubjay.offload import each
from scrubjay.ports import TurnLog

log = structlog.get_logger(__name__)

_Letter = tuple[TurnStatus, Turn]

TRIED_AT_MOST = 20
_LONGEST_SECONDS = 25
_LANES_AT_ONCE = 4
_LOST = "worker_lost"
_NOT_TRIED = f"{_LOST}: not tried here, as it may end the process that tries it; a replay tells"


@dataclass(frozen=True, kw_only=True)
class PreviewServices:
    """What the preview of a replay needs.

    Args:
        turns: the log that the dead turns are in.
        decision: decides what they would change.
    """

    turns: TurnLog
    decision: DecisionServices


class Rehearsed(Value):
    """One dead letter, tried out.

    Args:
        turn: as it is, with what it died of.
        events: what the replay would do to memories.
        into_history: texts that would take their place in the history of a memory, as what stands is newer.
        error: the sentence if it would fail again; None if not.
    """

    turn: TurnStatus
    events: tuple[TurnEvent, ...] = ()
    into_history: tuple[str, ...] = ()
    error: str | None = None


class Rehearsal(Value):
    """The dead letters that are meant, and what became of the first of them when they were tried out.

    Args:
        count: how many are meant.
        results: those that were tried, in the order of acceptance.
    """

    count: int
    results: tuple[Rehearsed, ...]

    @property
    def untried(self) -> int:
        """How many were not tried."""
        return self.count - len(self.results)


async def rehearse(
    tenant: str,
    which: DeadFilter,
    services: PreviewServices,
    *,
    limit: int = TRIED_AT_MOST,
    longest_seconds: float = _LONGEST_SECONDS,
) -> Rehearsal:
    """Try dead letters out, the oldest first; nothing is changed, and what models cost is booked on the tenant alone.

    Each is tried alone against what is stored now, the turns of one lane in their order. So a second turn does not see
    what the first one would change, and a worker, which takes several at once, may word things otherwise.

    A letter that died of losing its workers is not tried: it could end this process too.

    Args:
        tenant: whose dead letters.
        which: the ones that are meant.
        services: what the preview needs.
        limit: at most so many are tried out.
        longest_seconds: what was not tried by then is left.

    Raises InboxUnavailable. Any other part that is away is told as the error of the letters that need it.
    """
    listed = await look(tenant, which, services.turns, limit=limit)
    tried: dict[str, Rehearsed] = {}
    room = asyncio.Semaphore(_LANES_AT_ONCE)
    texts = await each(
        partial(services.turns.text, Scope(tenant=tenant)), [result.turn.id for result in listed.results]
    )
    pairs = [(result.turn, text) for result, text in zip(listed.results, texts, strict=True) if text is not None]

    async def try_lane(letters: Sequence[_Letter]) -> None:
        async with room:
            for status, turn in letters:
                tried[turn.id] = await _tried(status, turn, services.decision)

    try:
        async with asyncio.timeout(longest_seconds), asyncio.TaskGroup() as group:
            for _, letters in groupby(sorted(pairs, key=_lane_key), key=_lane_key):
                group.create_task(try_lane(list(letters)))
    except TimeoutError:
        log.warning("rehearsal_cut_off", tried=len(tried), seconds=longest_seconds)
    results = tuple(tried[status.id] for status, _ in pairs if status.id in tried)
    return Rehearsal(count=listed.count, results=results)


async def look(tenant: str, which: DeadFilter, turns: TurnLog, *, limit: int = TRIED_AT_MOST) -> Rehearsal:
    """The dead letters that are meant, the oldest first, without trying them out. Raises InboxUnavailable."""
    ids = await turns.dead(tenant, which)
    statuses = await each(partial(turns.get, Scope(tenant=tenant)), ids[:limit])
    return Rehearsal(count=len(ids), results=tuple(Rehearsed(turn=status) for status in statuses if status is not None))


def _lane_key(letter: _Letter) -> str:
    return letter[1].scope.lane.key


async def _tried(status: TurnStatus, turn: Turn, services: DecisionServices) -> Rehearsed:
    if (status.error or "").partition(":")[0] == _LOST:
        return Rehearsed(turn=status, error=_NOT_TRIED)
    try:
        with paid_by_tenant(turn.scope.tenant):
            plan = await decide([turn], services)
    except (Permanent, Transient) as error:
        return Rehearsed(turn=status, error=f"{error.code}: {error}")
    return Rehearsed(turn=status, events=plan.events.get(turn.id, ()), into_history=_into_history(plan))


def _into_history(plan: Plan) -> tuple[str, ...]:
    """The texts of the turn that are written, but stand nowhere: no event tells of them."""
    events = [event for events in plan.events.values() for event in events]
    changed = {event.id for event in events if event.event is not Event.NONE}
    return tuple(
        write.memory.text
        for write in final_writes(plan)
        if write.memory.id not in changed and not write.memory.current and write.memory.turn_ids == plan.turn_ids
    )
