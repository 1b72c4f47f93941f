"""Answers that are sent while they are made: who ends them, and what is told when they end badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from scrubjay.api.sse import Event, event_stream, working
from scrubjay.errors import StoreUnavailable
from tests.support import wait_until


class Source:
    """Gives numbers, and takes its time to clean up."""

    def __init__(self, *numbers: int, then: Exception | None = None) -> None:
        self._numbers = numbers
        self._then = then
        self.reported = ""

    async def give(self) -> AsyncGenerator[int, None]:
        self.reported = "left"
        try:
            for number in self._numbers:
                yield number
            if self._then is not None:
                raise self._then
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # such as a report that goes over the wire
            self.reported = "cancelled"
            raise


async def test_a_source_is_cancelled_when_nobody_listens_any_more_and_has_the_time_to_report_it() -> None:
    source = Source(1, 2)
    async with aclosing(working(source.give())) as numbers:
        assert [await anext(numbers), await anext(numbers)] == [1, 2]
    await wait_until(lambda: source.reported == "cancelled", what="the source's report")


async def test_a_source_that_is_silent_for_long_is_told_apart_from_one_that_has_ended() -> None:
    async with aclosing(working(Source(1).give(), ping_seconds=0.01)) as numbers:
        assert [await anext(numbers), await anext(numbers), await anext(numbers)] == [1, None, None]


async def test_what_a_source_raises_is_raised_after_what_it_gave() -> None:
    numbers = working(Source(1, then=StoreUnavailable("away")).give())
    assert await anext(numbers) == 1
    with pytest.raises(StoreUnavailable):
        await anext(numbers)


async def sent(*events: Event | None, then: Exception | None = None) -> str:
    async def given() -> AsyncGenerator[Event | None, None]:
        for event in events:
            yield event
        if then is not None:
            raise then

    return b"".join([chunk async for chunk in event_stream(given()).body_iterator if isinstance(chunk, bytes)]).decode()


async def test_an_event_is_one_line_of_json_and_silence_is_a_comment() -> None:
    received = await sent(Event(name="delta", data={"text": "one\ntwo\u2028three"}), None)
    assert received == 'event: delta\ndata: {"text":"one\\ntwo\u2028three"}\n\n: ping\n\n'


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (StoreUnavailable("the store\nis away"), '{"detail":"the store is away","error":"store_unavailable"}'),
        (
            KeyError("secret"),
            '{"detail":"internal error; it has been logged","error":"internal"}',
        ),
    ],
)
async def test_a_failure_is_the_last_event_and_tells_no_more_than_any_refusal(error: Exception, data: str) -> None:
    assert await sent(then=error) == f"event: error\ndata: {data}\n\n"
