"""Mem0's Python clients, imported so that they tell nobody and write nowhere but into a directory of the tests."""

from __future__ import annotations

import atexit
import importlib
import inspect
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal
from urllib.parse import parse_qsl

import httpx

os.environ["MEM0_TELEMETRY"] = "False"
if "MEM0_DIR" not in os.environ:
    os.environ["MEM0_DIR"] = tempfile.mkdtemp(prefix="scrubjay-mem0-")
    atexit.register(shutil.rmtree, os.environ["MEM0_DIR"], ignore_errors=True)
with warnings.catch_warnings():  # theirs are not ours to mend
    warnings.simplefilter("ignore")
    mem0: Any = importlib.import_module("mem0")
    exceptions: Any = importlib.import_module("mem0.exceptions")
    options: Any = importlib.import_module("mem0.client.types")
    projects: Any = importlib.import_module("mem0.client.project")

Kind = Literal["MemoryClient", "AsyncMemoryClient"]
KINDS: tuple[Kind, ...] = ("MemoryClient", "AsyncMemoryClient")


@dataclass(frozen=True)
class Sent:
    """One request as it went over the wire.

    Args:
        line: method and path, still encoded.
        query: its parameters.
        body: what its JSON says; None without a body.
        headers: by name in small letters.
    """

    line: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class Speaker:
    """One of the two clients, spoken to in one way; what it sends is written down.

    Args:
        client: Mem0's.
        http: its HTTP client.
    """

    client: Any
    http: httpx.Client | httpx.AsyncClient
    sent: list[Sent] = field(default_factory=list)

    async def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method by name, such as `add` or `project.get`."""
        method_result = attrgetter(method)(self.client)(*arguments, **options)
        return await method_result if inspect.isawaitable(method_result) else method_result

    @property
    def last(self) -> Sent:
        """The latest request."""
        return self.sent[-1]

    def write_down(self, request: httpx.Request) -> None:
        """Note a request down, as the hooks of its client do."""
        path, _, query = request.url.raw_path.decode().partition("?")
        body = json.loads(request.content) if request.content else None
        sent = Sent(f"{request.method} {path}", dict(parse_qsl(query, True)), body, dict(request.headers))
        self.sent.append(sent)


@asynccontextmanager
async def speaking(kind: Kind, url: str, key: str) -> AsyncIterator[Speaker]:
    """A client with nothing set but the host and the key."""
    client = getattr(mem0, kind)(api_key=key, host=url)
    http = client.client if kind == "MemoryClient" else client.async_client
    speaker = Speaker(client, http)

    async def written_down(request: httpx.Request) -> None:
        speaker.write_down(request)

    try:
        http.event_hooks = {"request": [speaker.write_down if kind == "MemoryClient" else written_down]}
        yield speaker
    finally:
        if isinstance(http, httpx.Client):
            http.close()
        else:
            await http.aclose()
