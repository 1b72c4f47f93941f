"""HTTP/1.1 byte by byte: what a library would not send can be sent as well."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from tests.fuzz.document import JSON

ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Sent:
    """What is sent after the request line.

    Args:
        kind: of malformation, in a few words.
        payload: the bytes after the headers.
        headers: all of them but Host, Connection and the key.
        whole: whether all that was announced is sent; if not, the connection's end is what the server sees next.
        certain: it cannot be valid, whatever the payload.
    """

    kind: str
    payload: bytes
    headers: tuple[tuple[str, str], ...]
    whole: bool = True
    certain: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back. `status` is None where the connection was closed without a word."""

    status: int | None
    content_type: str = ""
    content: bytes = b""


def plain(kind: str, payload: bytes, content_type: str | None = JSON, *, certain: bool = False) -> Sent:
    """A body as it is usually sent."""
    type_header = (("Content-Type", content_type),) if content_type is not None else ()
    return Sent(kind, payload, (*type_header, ("Content-Length", str(len(payload)))), certain=certain)


def request(method: str, target: str, key: str, sent: Sent) -> bytes:
    """The bytes of a whole request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"X-API-Key: {key}"]
    lines += [f"{name}: {value}" for name, value in sent.headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent.payload


async def exchange(port: int, data: bytes, *, whole: bool = True) -> Answer:
    """Send bytes to a port of this machine and read the first answer. Raises TimeoutError after a minute."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            received, _ = await asyncio.gather(_received(reader), _send(writer, data, whole=whole))
    finally:
        writer.close()
    return _read(received)


async def _send(writer: asyncio.StreamWriter, data: bytes, *, whole: bool) -> None:
    """What is refused early need not be sent to its end."""
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
        if not whole:
            writer.write_eof()


async def _received(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the other side hangs up, with or without manners."""
    chunks = []
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            chunks.append(chunk)
    return b"".join(chunks)


def _read(received: bytes) -> Answer:
    head, separator, rest = received.partition(b"\r\n\r\n")
    if not separator:
        return Answer(None)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    length = int(headers.get("content-length", len(rest)))
    return Answer(int(first.split()[1]), headers.get("content-type", ""), rest[:length])
