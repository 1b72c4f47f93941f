"""`Memory` and `AsyncMemory`: long-term memory in this process."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from scrubjay.library.bridge import Bridge
from scrubjay.library.calls import Calls
from scrubjay.library.config import Configuration
from scrubjay.library.delegation import awaited, waiting
from scrubjay.library.inprocess import Local


class AsyncMemory:
    """Long-term memory in this process, with the calls of Mem0's `AsyncMemory`.

    What it needs is opened at the first call, or by `async with`. Turns are accepted in Redis, memories kept in Qdrant:
    those that the configuration or the environment names (SCRUBJAY_REDIS_URL, SCRUBJAY_QDRANT_URL), and otherwise
    servers of our own, which keep their data in the directory `data` (`$XDG_DATA_HOME/scrubjay`) and
    end with this process. One process at a time owns that directory; several share memories over a Redis and a Qdrant
    that they name, also with a fleet of workers. It belongs to one event loop, and does not survive a fork.

    Args:
        config: as `from_config` takes it; None: as the environment says, and without a key by rules and a local
            embedder.

    Raises BadConfiguration.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._calls = Calls(Local(Configuration.read(config)))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A memory by Mem0's configuration: docs/library.md tells what is taken. Raises BadConfiguration."""
        return cls(config)

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


class Memory:
    """The same for code that is not async: safe to use from many threads, opened when it is made.

    It is closed by `close`, by leaving `with`, or at the end of the process.

    Args:
        config: see `AsyncMemory`.

    Raises what opening raises: BadConfiguration, StackRefused, PartFailed, InboxUnavailable, StoreUnavailable.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._bridge = Bridge(lambda: Calls(Local(Configuration.read(config))))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A memory by Mem0's configuration: docs/library.md tells what is taken. Raises as the constructor does."""
        return cls(config)

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
