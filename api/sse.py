"""Answers that are sent while they are made: server-sent events, and work that ends when nobody listens any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

import orjson
import structlog
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from scrubjay.api.errors import UNFORESEEN, refusal
from scrubjay.errors import ScrubjayError
from scrubjay.model import Value

log = structlog.get_logger(__name__)

T = TypeVar("T")

PING_SECONDS = 15.0
_END = object()
_WORKING: set[asyncio.Task[None]] = set()  # a loop holds its tasks but weakly


class Event(Value):
    """One event: its name, and data that goes as one line of JSON."""

    name: str
    data: Mapping[str, Any]


async def working(
    source: AsyncGenerator[T, None], ping_seconds: float = PING_SECONDS
) -> AsyncGenerator[T | None, None]:
    """What a source gives, from a task of its own; None where it gave nothing for so long.

    Closing this cancels the task, once, and does not wait for it: a caller who hangs up has the framework cancel
    whatever waits, over and over, and the source could not even report how its call ended. Whoever listens slowly does
    not hold the source up.

    Raises what the source raises.
    """
    queue: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(_work(source, queue))
    _WORKING.add(task)
    task.add_done_callback(_WORKING.discard)
    task.add_done_callback(lambda _: queue.put_nowait(_END))
    try:
        while (item := await _next(queue, ping_seconds)) is not _END:
            yield item
        task.result()
    finally:
        task.cancel()


async def _work(source: AsyncGenerator[T, None], queue: asyncio.Queue[Any]) -> None:
    async with aclosing(source):
        async for item in source:
            queue.put_nowait(item)


async def _next(queue: asyncio.Queue[Any], patience_seconds: float) -> Any:
    """Wait for the next item of a streamed answer; None after the ping interval, so that a keep-alive is sent."""
    try:
        async with asyncio.timeout(patience_seconds):
            return await queue.get()
    except TimeoutError:
        return None


def event_stream(events: AsyncGenerator[Event | None, None]) -> EventSourceResponse:
    """The response that sends events while they come; what goes wrong on the way is the last one, named `error`.

    The framework's own routes for events begin to answer before they know whether they can, and answer nothing else;
    from it are the response and how an event is written.
    """
    return EventSourceResponse(_sent(events), headers={"X-Accel-Buffering": "no"})  # proxies may not gather it up


async def _sent(events: AsyncGenerator[Event | None, None]) -> AsyncIterator[bytes]:
    """Encode events as bytes of a server-sent event stream: a keep-alive comment for None, `error` for an exception."""
    async with aclosing(events):
        try:
            async for event in events:
                yield KEEPALIVE_COMMENT if event is None else _written(event.name, event.data)
        except ScrubjayError as error:
            yield _written("error", refusal(error))
        except Exception:
            log.exception("stream_failed")
            yield _written("error", UNFORESEEN)


def _written(name: str, data: Mapping[str, Any]) -> bytes:
    return format_sse_event(event=name, data_str=orjson.dumps(data).decode())
