"""What the turns of a lane tell of memories: found, and taken out where the memory is being erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.redis_codec import encode_events, events_of
from memory.adapters.redis_scripts import Argument, answered
from memory.model import Event, Lane, Lease, TurnEvent

_CHUNK = 500

Run = Callable[[str, Sequence[str], Sequence[Argument]], Awaitable[Any]]


class RedisQuotes:
    """The events of one lane's turns.

    Args:
        redis: an open client with undecoded answers.
        run: runs a script.
        lane: whose turns.
    """

    def __init__(self, redis: Redis, run: Run, lane: Lane) -> None:
        self._redis = redis
        self._run = run
        self._lane = lane

    async def events(self) -> list[tuple[str, bytes]]:
        """The turns that tell of any memory, each with its events as they are kept. Raises InboxUnavailable."""
        ids = [turn_id.decode() for turn_id in await answered(self._redis.zrange(keys.owned(self._lane), 0, -1))]
        found = list[tuple[str, bytes]]()
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for turn_id in chunk:
                    pipeline.hget(keys.turn(self._lane.tenant, turn_id), "events")
                events = await answered(pipeline.execute())
            found += [(turn_id, told) for turn_id, told in zip(chunk, events, strict=True) if told and told != b"[]"]
        return found

    async def take_out(self, lease: Lease, texts: frozenset[tuple[str, str]]) -> None:
        """Take the texts of these memories out. What only repeated one of them tells nothing any more.

        Args:
            lease: the lane's.
            texts: of memories, each with the memory's id.
        """
        if not texts:
            return
        for turn_id, told in await self.events():
            before = events_of(told)
            after = [one for event in before if (one := _without(event, texts)) is not None]
            if after != list(before):
                names = [keys.lease(self._lane), keys.turn(self._lane.tenant, turn_id)]
                await self._run("unquote", names, [lease.token, told, encode_events(after)])


def _without(event: TurnEvent, texts: frozenset[tuple[str, str]]) -> TurnEvent | None:
    if (event.id, event.memory) in texts and event.event in (Event.NONE, Event.DELETE):
        return None  # its words are all another's
    quotes = event.previous is not None and (event.id, event.previous) in texts
    return event.model_copy(update={"previous": None}) if quotes else event
