"""What the turns of a lane tell of memories: found, and taken out where the memory is being erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import members
from scrubjay.adapters.redis.codec import encode_events, events_of
from scrubjay.adapters.redis.scripts import RedisScripts, answered
from scrubjay.errors import LeaseLost
from scrubjay.model import Event, Lane, Lease, TurnEvent
from scrubjay.model.erasure import Quoting

_REPEATING = (Event.NONE, Event.DELETE)  # their words are all a memory's


class RedisQuotes:
    """The events of one lane's turns.

    Args:
        redis: an open client with undecoded answers.
        scripts: runs the steps.
        lane: whose turns.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, lane: Lane) -> None:
        self._redis = redis
        self._run = scripts.run
        self._keys = scripts.keys
        self._lane = lane

    async def mentions(self) -> AsyncIterator[Quoting]:
        """The turns that tell of any memory, some at a time. Raises InboxUnavailable."""
        async for turns in members(self._redis, self._keys.owned(self._lane)):
            quoting = await self._events(turns)
            if quoting:
                texts = frozenset(text for kept in quoting.values() for text in quoted(events_of(kept)))
                yield Quoting(turns=tuple(quoting), texts=texts)

    async def _events(self, turns: Sequence[str]) -> dict[str, bytes]:
        """The turns that tell of any memory, each with its events as they are kept."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in turns:
                pipeline.hget(self._keys.turn(self._lane.tenant, turn_id), "events")
            rows = await answered(pipeline.execute())
        return {turn_id: told for turn_id, told in zip(turns, rows, strict=True) if told and told != b"[]"}

    async def take_out(self, lease: Lease, turns: Sequence[str], texts: frozenset[tuple[str, str]]) -> None:
        """Take the texts of these memories out. What only repeated one of them tells nothing any more.

        Args:
            lease: the lane's.
            turns: those that `mentions` gave together.
            texts: of memories, each with the memory's id.

        Raises LeaseLost.
        """
        steps = list[Awaitable[Any]]()
        for turn_id, told in (await self._events(turns)).items():
            before = events_of(told)
            after = [one for event in before if (one := _without(event, texts)) is not None]
            if after != list(before):
                names = [self._keys.lease(self._lane), self._keys.turn(self._lane.tenant, turn_id)]
                steps.append(self._run("unquote", names, [lease.token, told, encode_events(after)]))
        if not all(await asyncio.gather(*steps)):
            raise LeaseLost(f"the lease on a {self._lane.kind} lane was lost while it was erased")


def quoted(events: Iterable[TurnEvent]) -> frozenset[tuple[str, str]]:
    """The texts of memories that events repeat, each with the memory's id."""
    repeated = {(event.id, event.memory) for event in events if event.event in _REPEATING}
    before = {(event.id, event.previous) for event in events if event.previous is not None}
    return frozenset((memory_id, text) for memory_id, text in repeated | before if memory_id)


def _without(event: TurnEvent, texts: frozenset[tuple[str, str]]) -> TurnEvent | None:
    """Take the texts of memories under erasure out of one event of a turn; None where it only repeated one of them."""
    if (event.id, event.memory) in texts and event.event in _REPEATING:
        return None
    quotes = event.previous is not None and (event.id, event.previous) in texts
    return event.model_copy(update={"previous": None}) if quotes else event
