"""The whole embedded stack as one context: `async with Stack(Setup(data)) as stack: … stack.url …`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib.util import find_spec
from types import TracebackType
from typing import Self

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.parts import Addresses, Setup, operator_key, stages
from scrubjay.devstack.process_group import ProcessGroup
from scrubjay.devstack.sockets import base_url, free_port, http_get, listen

_NEEDED = {
    "server": ("celery", "fastapi", "onnxruntime", "qdrant_client", "redis", "uvicorn"),
    "embedded": ("qdrant_edge", "starlette"),
}


def ignore_report(line: str) -> None:
    """Drop a line that the embedded stack reports about its processes: for callers who want no reports."""


class Stack:
    """Redis, the Qdrant engine server, the API and the workers: processes of their own, reached over sockets.

    What is in its directory is served again. Entering it raises StackRefused when it may not start,
    PartFailed when a part cannot; leaving it ends every process.

    Args:
        setup: what to run, and where.
        tell: called with one line for each event worth reporting.
    """

    def __init__(self, setup: Setup, tell: Callable[[str], None] = ignore_report) -> None:
        self.setup = replace(setup, data=setup.data.absolute())
        self._directory = DataDirectory(self.setup.data)
        self._tell = tell
        self._addresses: Addresses | None = None
        self._processes: ProcessGroup | None = None
        self._closing = AsyncExitStack()

    @property
    def addresses(self) -> Addresses:
        """Where the parts are. Raises RuntimeError before the stack is entered."""
        if self._addresses is None:
            raise RuntimeError("the stack is not running")
        return self._addresses

    @property
    def url(self) -> str:
        """Where the API is."""
        return base_url(self.setup.host, self.addresses.api)

    @property
    def pids(self) -> dict[str, int]:
        """The running processes by name: redis, qdrant, api, worker-1 …"""
        return self._directory.pids()

    @property
    def unready(self) -> list[str]:
        """The parts that cannot be used yet, while it starts."""
        return [child.part.name for child in self._processes.children if not child.ready] if self._processes else []

    def log_tail(self, name: str) -> str:
        """The last lines that a part wrote."""
        return self._directory.log_tail(name)

    async def readiness(self) -> bytes:
        """What `/health/ready` says now."""
        _, body = await http_get(self.setup.host, self.addresses.api, "/health/ready", operator_key(self.setup))
        return body

    async def __aenter__(self) -> Self:
        check_installed()
        async with AsyncExitStack() as opening:
            self._directory.acquire()
            opening.callback(self._directory.release)
            listener = listen(self.setup.host, self.setup.port)
            opening.callback(listener.close)
            for name in self._directory.kill_orphans():
                self._tell(f"{name} was left behind by an earlier run and was killed")
            api_port = listener.getsockname()[1]
            self._addresses = Addresses(free_port(), free_port(), api_port, listener.fileno())
            parts = stages(self.setup, self._addresses)
            self._processes = ProcessGroup(parts, self._directory, tell=self._tell)
            opening.push_async_callback(self._processes.stop)
            # Left first: once the API has let go of its copy, a new caller is refused, not kept waiting.
            opening.callback(listener.close)
            await self._processes.start()
            self._closing = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    async def failed(self) -> None:
        """Never return; raise what keeps a part from being started again (a full disk, no more processes)."""
        await (self._processes.failed() if self._processes else asyncio.Event().wait())

    def hurry(self) -> None:
        """While it stops: wait for nothing more, kill what is left."""
        if self._processes:
            self._processes.hurry()


def check_installed() -> None:
    """Raises StackRefused, which names the extras to install, where a package that the stack runs is missing."""
    missing = {extra: name for extra, names in _NEEDED.items() for name in names if find_spec(name) is None}
    if missing:
        extras = " and ".join(f"`{extra}`" for extra in missing)
        first = next(iter(missing.values()))
        needs = f"install Scrubjay with its extra {extras}"
        raise StackRefused(f"The server is not installed here ({first} is missing): {needs}.")
