"""A load of HTTP requests from many connections: each sends its next request when the last was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

_LENGTH = b"content-length: "


@dataclass(frozen=True)
class Outcome:
    """What a load saw: answers a second, latencies in seconds, and how many answers were not 2xx."""

    rate: float
    latencies: list[float] = field(repr=False)
    refused: int


def request(method: str, url: str, body: bytes = b"", key: str | None = None) -> bytes:
    """One request as it goes over the wire."""
    parts = urlsplit(url)
    head = f"{method} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    if key is not None:
        head += f"Authorization: Bearer {key}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class _Connection(asyncio.Protocol):
    def __init__(self, following: Callable[[], bytes | None], done: asyncio.Future[None]) -> None:
        self._following = following
        self._done = done
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.latencies: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        data = self._following()
        if data is None:
            self._transport.close()
            return
        self._sent_at = perf_counter()
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        at = head.lower().find(_LENGTH)
        if not blank or at < 0:
            return
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._buffer = body[length:]
        self.latencies.append(perf_counter() - self._sent_at)
        self.refused += head[9:10] != b"2"
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def load(url: str, connections: int, following: Callable[[], bytes | None]) -> Outcome:
    """Send until `following` gives no more requests.

    Args:
        url: the server; http, on this machine.
        connections: how many at once.
        following: the next request, None to end.
    """
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    ends = [loop.create_future() for _ in range(connections)]
    start = perf_counter()
    opened = [(await loop.create_connection(partial(_Connection, following, end), host, port))[1] for end in ends]
    await asyncio.gather(*ends)
    seconds = perf_counter() - start
    latencies = [latency for connection in opened for latency in connection.latencies]
    return Outcome(len(latencies) / seconds, latencies, sum(connection.refused for connection in opened))


def for_seconds(seconds: float, make: Callable[[int], bytes]) -> Callable[[], bytes | None]:
    """Requests number 0, 1, … until so many seconds have passed."""
    end, number = perf_counter() + seconds, iter(range(10**9))
    return lambda: make(next(number)) if perf_counter() < end else None


def so_many(count: int, make: Callable[[int], bytes]) -> Callable[[], bytes | None]:
    """Requests number 0 to `count` - 1."""
    number = iter(range(count))

    def following() -> bytes | None:
        at = next(number, None)
        return None if at is None else make(at)

    return following
