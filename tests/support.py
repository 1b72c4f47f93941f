"""What tests of every kind share: waiting for something to become true, and looking at processes."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar, overload

import httpx

from scrubjay.devstack.sockets import free_port as free_port

T = TypeVar("T")
KEPT_COLLECTIONS = (
    "scrubjay-memories-words-",
    "scrubjay-memories-all-minilm-l6-v2-int8-",
)  # of the tests' embedder, and the local one
# Who waits for long looks less often: on a busy machine the looks would take what is waited for its time.
POLL_SECONDS, RAREST_SECONDS, SHARE = 0.02, 0.1, 0.1


@overload
async def wait_until(
    look: Callable[[], Awaitable[T | None]],
    *,
    deadline_seconds: float = 30,
    what: str = "it",
    poll_seconds: float | None = ...,
) -> T: ...
@overload
async def wait_until(
    look: Callable[[], T | None], *, deadline_seconds: float = 30, what: str = "it", poll_seconds: float | None = ...
) -> T: ...
async def wait_until(
    look: Callable[[], Any], *, deadline_seconds: float = 30, what: str = "it", poll_seconds: float | None = None
) -> Any:
    """Look again and again until what is seen is true, and return it.

    Args:
        look: a plain or an async function.
        deadline_seconds: how long to go on; then AssertionError.
        what: named in that error.
        poll_seconds: between two looks; None for a tenth of what was waited, between 0.02 and 0.1 s.
    """
    begun = monotonic()
    while True:
        seen = look()
        value = await seen if inspect.isawaitable(seen) else seen
        if value:
            return value
        waited = monotonic() - begun
        if waited > deadline_seconds:
            raise AssertionError(f"{what} did not come true within {deadline_seconds:g} s; last seen: {value!r}")
        await asyncio.sleep(_pause(waited) if poll_seconds is None else poll_seconds)


def _pause(waited_seconds: float) -> float:
    return min(RAREST_SECONDS, max(POLL_SECONDS, SHARE * waited_seconds))


async def without_memories(qdrant_url: str) -> None:
    """Remove what other tests have left in Qdrant: an erase covers the memories of every embedding model.

    The collections that nearly every test needs are only emptied: to make one with all its indexes takes long.
    """
    async with httpx.AsyncClient(base_url=qdrant_url, trust_env=False, verify=False) as http:
        collections = (await http.get("/collections")).raise_for_status().json()["result"]["collections"]
        for name in (collection["name"] for collection in collections):
            if name.startswith(KEPT_COLLECTIONS):
                every = {"filter": dict[str, object]()}
                answer = await http.post(f"/collections/{name}/points/delete?wait=true", json=every)
            else:
                answer = await http.delete(f"/collections/{name}")
            answer.raise_for_status()


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended but was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def read_pids(data: Path) -> dict[str, int]:
    """The pid files of a stack's data directory, by name; a file caught while it is replaced is left out."""
    pids = {}
    for path in (data / "run").glob("*.pid"):
        try:
            pids[path.stem] = int(path.read_text())
        except (FileNotFoundError, ValueError):
            continue
    return pids


def kill(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def on_loopback(app: Any) -> Any:
    """An app in this process, called as by a server on 127.0.0.1; httpx takes the address from the URL."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "server": ("127.0.0.1", 8000)}, receive, send)

    return called
