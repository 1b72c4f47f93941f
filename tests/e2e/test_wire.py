"""What goes over the wire before any route: bytes that are no HTTP, and what the server says of itself."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from tests.running import Running


async def exchange(stack: Running, request: bytes) -> tuple[str, dict[str, str], bytes]:
    """The status line, the headers and the body that bytes are answered with, until the server hangs up."""
    at = urlsplit(stack.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(request)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *rest = head.decode().split("\r\n")
    return first, dict(line.lower().split(": ", 1) for line in rest), body


def asked(method: str, path: str = "/turns") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    "request_", [asked("FROBNICATE"), b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
)
async def test_bytes_that_are_no_http_are_refused_in_the_same_shape(stack: Running, request_: bytes) -> None:
    first, headers, body = await exchange(stack, request_)
    assert first == "HTTP/1.1 400 Bad Request"
    assert json.loads(body) == {"detail": "this is not HTTP that can be read", "error": "bad_request"}
    assert headers["content-length"] == str(len(body))
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_answer_to_a_head_has_no_body(stack: Running) -> None:
    first, headers, body = await exchange(stack, asked("HEAD"))
    assert first.startswith("HTTP/1.1 405")
    assert headers["content-type"] == "application/json"
    assert body == b""


@pytest.mark.parametrize("method", ["GET", "TRACE", "BREW"])
async def test_the_server_does_not_say_what_it_is_made_of(stack: Running, method: str) -> None:
    _, headers, body = await exchange(stack, asked(method, "/nothing"))
    assert "server" not in headers
    assert b"uvicorn" not in body
