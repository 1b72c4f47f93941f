"""A proxy before the API that cuts connections by a plan: before, between and in the midst of request and answer."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(rb"^idempotency-key: *(\S+)", re.IGNORECASE | re.MULTILINE)


class Cut(StrEnum):
    """What becomes of one request."""

    NONE = "none"  # it is answered
    BEFORE = "before"  # the API never hears of it
    HALF = "half"  # the API reads half of it
    UNHEARD = "unheard"  # the API hears it, and nobody waits for the answer
    AFTER = "after"  # the API has answered, and the answer is lost
    MIDST = "midst"  # half of the answer arrives

    @property
    def reaches_the_api(self) -> bool:
        """Whether the API has the whole request."""
        return self not in (Cut.BEFORE, Cut.HALF)


@dataclass
class FlakyProxy:
    """Passes one request a connection on, as far as its plan lets it. See `flaky_proxy`.

    Args:
        port: the API's.
        plan: asked for every request, with its Idempotency-Key (empty without one).

    `requests` lists the keys in the order in which the requests came, each with what became of its request.
    """

    port: int
    plan: Callable[[str], Cut]
    url: str = ""
    requests: list[tuple[str, Cut]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length, key = _LENGTH.search(head), _KEY.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            name = key[1].decode() if key else ""
            cut = self.plan(name)
            self.requests.append((name, cut))
            if cut is not Cut.BEFORE:
                answer = await self._passed_on(head, body, cut)
                writer.write(answer if cut is Cut.NONE else answer[: len(answer) // 2] if cut is Cut.MIDST else b"")
                await writer.drain()

    async def _passed_on(self, head: bytes, body: bytes, cut: Cut) -> bytes:
        """The API's answer; nothing where the plan does not wait for one."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.closing(writer):
            sent = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body
            writer.write(sent if cut.reaches_the_api else sent[: -len(body) // 2])
            await writer.drain()
            return await reader.read() if cut not in (Cut.HALF, Cut.UNHEARD) else b""


@asynccontextmanager
async def flaky_proxy(port: int, plan: Callable[[str], Cut]) -> AsyncIterator[FlakyProxy]:
    """A proxy on loopback, on the caller's event loop, for as long as it is needed.

    Args:
        port: the API's.
        plan: what becomes of each request, by its key.
    """
    proxy = FlakyProxy(port, plan)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy
