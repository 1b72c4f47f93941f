"""Short reads of hashes. Those made at one moment share a pipeline: however many wait, one connection is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import InboxUnavailable

_LARGEST_PIPELINE = 256

Row = list[bytes | None]


@dataclass(frozen=True, slots=True)
class _Look:
    key: str
    fields: Sequence[str]
    answer: asyncio.Future[Row]


class Looks:
    """Reads fields of hashes.

    Args:
        redis: an open client with undecoded answers.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._looks: list[_Look] = []
        self._reading: asyncio.Task[None] | None = None

    async def row(self, key: str, fields: Sequence[str]) -> Row:
        """Some fields of a hash, None for each that is not there. Raises InboxUnavailable."""
        look = _Look(key, fields, asyncio.get_running_loop().create_future())
        self._looks.append(look)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._work_off())
        return await look.answer

    async def _work_off(self) -> None:
        """Send the reads of hashes that wait to Redis, in pipelines of at most 256; fail those that get no answer."""
        looks: list[_Look] = []
        try:
            while self._looks:
                looks, self._looks = self._looks[:_LARGEST_PIPELINE], self._looks[_LARGEST_PIPELINE:]
                await self._read([look for look in looks if not look.answer.done()])
        finally:  # whatever happens, nobody waits for ever
            unread, self._looks = [*looks, *self._looks], []
            for look in unread:
                if not look.answer.done():
                    look.answer.set_exception(InboxUnavailable("Redis does not answer; try again shortly"))

    async def _read(self, looks: Sequence[_Look]) -> None:
        """Read one batch of hashes with a Redis pipeline of HMGETs, and set each row as the result of its future."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for look in looks:
                    pipeline.hmget(look.key, list(look.fields))
                rows: list[Row] = await answered(pipeline.execute())
        except InboxUnavailable as error:
            for look in looks:
                if not look.answer.done():
                    look.answer.set_exception(error)
            return
        for look, row in zip(looks, rows, strict=True):
            if not look.answer.done():
                look.answer.set_result(row)
