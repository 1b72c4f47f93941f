"""Recalling: the few memories that matter for a question, and what is known of a turn or an owner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from scrubjay.llm.asking import asked_by
from scrubjay.llm.usage import paid_by
from scrubjay.model import Recalled, Scope, Status, Value
from scrubjay.model.filters import Condition
from scrubjay.ports import Embedder, MemoryStore, Query, TurnLog
from scrubjay.search.filters import named

_DONE = (Status.SETTLED, Status.DEAD, Status.ERASED)
_FIRST_PAUSE_SECONDS, _GROWTH, _LONGEST_PAUSE_SECONDS = 0.02, 1.5, 0.25
_MOST_LOOKS_A_SECOND = 1_000  # of one process, however many wait in it
_waiting = set[object]()


@dataclass(frozen=True, kw_only=True)
class RecallServices:
    """What a recall needs.

    Args:
        store: of memories.
        embedder: makes the vector of the question.
        turns: tells how many turns are not settled yet.
    """

    store: MemoryStore
    embedder: Embedder
    turns: TurnLog


class Recall(Value):
    """What was recalled, and how many accepted turns of this owner are not settled yet."""

    results: tuple[Recalled, ...]
    pending: int


class Asked(Value):
    """A recall as it is asked for.

    Args:
        limit: at most so many memories.
        threshold: leave out what scores below, in [0, 1].
        as_of: recall what held at that moment instead of now.
        filters: what else must hold; they name an owner where the scope names none (see `filters.narrowed`).
        show_expired: also what has expired by then.
    """

    scope: Scope
    text: str
    limit: int = 5
    threshold: float | None = None
    as_of: datetime | None = None
    filters: Condition | None = None
    show_expired: bool = False


async def recall(question: Asked, services: RecallServices) -> Recall:
    """Find the memories that matter most for a text. Raises StoreUnavailable, InboxUnavailable, ModelUnavailable."""
    with paid_by(question.scope.tenant), asked_by(question.scope):
        waiting = pending(question.scope, question.filters, services.turns)
        count, vectors = await asyncio.gather(waiting, services.embedder.embed([question.text]))
    query = Query(**dict(question), vector=tuple(vectors[0]))
    return Recall(results=tuple(await services.store.search(query)), pending=count)


async def pending(scope: Scope, filters: Condition | None, turns: TurnLog) -> int:
    """How many accepted turns may yet change what is found. A turn waits in one lane: of several owners they add up."""
    return await turns.pending(*named(scope, filters))


async def wait_until_settled(reach: Scope, turn_id: str, wait_seconds: float, turns: TurnLog) -> bool:
    """Wait, before memories are searched or a turn is shown, for that turn to come to its end, at most so long.

    Returns whether it did (an unknown turn has). Only the status is read, in pauses that grow, and that are longer the
    more callers wait in this process.
    """
    clock, waiter, pause = asyncio.get_running_loop().time, object(), _FIRST_PAUSE_SECONDS
    deadline = clock() + wait_seconds
    _waiting.add(waiter)
    try:
        while (status := await turns.status(reach, turn_id)) is not None and status not in _DONE:
            left = deadline - clock()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, max(pause, len(_waiting) / _MOST_LOOKS_A_SECOND)))
            pause = min(_LONGEST_PAUSE_SECONDS, pause * _GROWTH)
    finally:
        _waiting.discard(waiter)
    return True
