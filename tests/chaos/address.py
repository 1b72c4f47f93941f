"""One address before several servers: what a DNS name or a balancer is to a client of a primary and its replicas."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

_CHUNK_BYTES = 1 << 16


class Address:
    """Passes connections on to one server, later to another. See `address_of` and `address_in_thread`.

    A connection stays with the server that it was made to, as with a DNS name.

    Args:
        target: the port of the server, on loopback.

    `connections` counts those that were made. `answers_to_lose` may be set: the wire is cut instead of the next ones.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        self.answers_to_lose = 0

    @property
    def url(self) -> str:
        """For a client of Redis."""
        return f"redis://127.0.0.1:{self.port}/0"

    def lead_to(self, target: int) -> None:
        """Where connections lead that are made from now on."""
        self.target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with contextlib.suppress(OSError), contextlib.closing(writer):
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
            with contextlib.closing(server_writer):
                passing = [
                    asyncio.ensure_future(self._pass_on(reader, server_writer)),
                    asyncio.ensure_future(self._pass_on(server_reader, writer, are_answers=True)),
                ]
                try:
                    await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in passing:
                        task.cancel()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, are_answers: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK_BYTES):
                if are_answers and self.answers_to_lose:
                    self.answers_to_lose -= 1
                    return
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def address_of(target: int) -> AsyncIterator[Address]:
    """An address on the caller's event loop."""
    address = Address(target)
    server = await asyncio.start_server(address.serve, "127.0.0.1", 0)
    try:
        address.port = server.sockets[0].getsockname()[1]
        yield address
    finally:
        server.close()


@contextmanager
def address_in_thread(target: int) -> Iterator[Address]:
    """An address on an event loop of its own, which is there whatever the caller's is busy with."""
    address, loop = Address(target), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(address.serve, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    address.port = server.sockets[0].getsockname()[1]
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
