"""`Memory` and `AsyncMemory`: long-term memory in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from scrubjay.library.config import Configuration
from scrubjay.library.facade import Calls
from scrubjay.library.inprocess import Local
from scrubjay.library.sync import SyncCalls


class AsyncMemory(Calls):
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
        self._backend = Local(Configuration.read(config))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A memory by Mem0's configuration: docs/library.md tells what is taken. Raises BadConfiguration."""
        return cls(config)


class Memory(SyncCalls):
    """The same for code that is not async: safe to use from many threads, opened when it is made.

    Args:
        config: see `AsyncMemory`.

    Raises what opening raises: BadConfiguration, StackRefused, PartFailed, InboxUnavailable, StoreUnavailable.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(lambda: AsyncMemory(config))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A memory by Mem0's configuration: docs/library.md tells what is taken. Raises as the constructor does."""
        return cls(config)
