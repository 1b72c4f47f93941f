"""`MemoryClient` and `AsyncMemoryClient`: the memory of a Scrubjay server."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from scrubjay.client import ScrubjayClient
from scrubjay.library.bridge import Bridge
from scrubjay.library.calls import Calls
from scrubjay.library.delegation import awaited, waiting
from scrubjay.library.remote import Remote
from scrubjay.settings import ClientSettings


class AsyncMemoryClient:
    """A Scrubjay server's memory, with the calls of Mem0's library.

    Args:
        host: the server's address; SCRUBJAY_URL if left out, else http://127.0.0.1:8000.
        api_key: SCRUBJAY_KEY if left out; not needed where the server runs without keys.
        retries: how often a call that may safely be made twice is made again.
        timeout_seconds: how long to wait for one answer.
        wait_seconds: how long `add` waits for its turn to be remembered.

    A refusal that has no error of its own here is an ApiError; ServerUnreachable where nobody answers.
    """

    def __init__(
        self,
        host: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = 3,
        timeout_seconds: float = 30,
        wait_seconds: float = 60,
    ) -> None:
        self._calls = Calls(_remote(host, api_key, retries, timeout_seconds, wait_seconds))

    async def __aenter__(self) -> Self:
        await self._calls.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.close()

    add = awaited(Calls.add)
    search = awaited(Calls.search)
    get = awaited(Calls.get)
    get_all = awaited(Calls.get_all)
    update = awaited(Calls.update)
    delete = awaited(Calls.delete)
    delete_all = awaited(Calls.delete_all)
    history = awaited(Calls.history)
    reset = awaited(Calls.reset)
    close = awaited(Calls.close)


class MemoryClient:
    """The same for code that is not async: safe to use from many threads.

    It is closed by `close`, by leaving `with`, or at the end of the process.

    Args:
        host, api_key, retries, timeout_seconds, wait_seconds: see `AsyncMemoryClient`.
    """

    def __init__(
        self,
        host: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = 3,
        timeout_seconds: float = 30,
        wait_seconds: float = 60,
    ) -> None:
        self._bridge = Bridge(lambda: Calls(_remote(host, api_key, retries, timeout_seconds, wait_seconds)))

    def close(self) -> None:
        """Let go of everything that was opened, and end what was started. See `Bridge.close`."""
        self._bridge.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bridge.close()

    add = waiting(Calls.add)
    search = waiting(Calls.search)
    get = waiting(Calls.get)
    get_all = waiting(Calls.get_all)
    update = waiting(Calls.update)
    delete = waiting(Calls.delete)
    delete_all = waiting(Calls.delete_all)
    history = waiting(Calls.history)
    reset = waiting(Calls.reset)


def _remote(host: str | None, api_key: str | None, retries: int, timeout_seconds: float, wait_seconds: float) -> Remote:
    settings = ClientSettings()
    key = api_key or (settings.key.get_secret_value() if settings.key else None)
    client = ScrubjayClient(host or settings.url, key, retries=retries, timeout_seconds=timeout_seconds)
    return Remote(client, wait_seconds)
