"""The ports that health is judged by: what is opened can be pinged, and processes give signs of life."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scrubjay.model import QueueState, Trouble


class Pingable(Protocol):
    """Anything that is opened can be pinged."""

    async def ping(self) -> None:
        """Return when the part answers; raise a Transient error naming it when it does not."""


class Limited(Pingable, Protocol):
    """A part that may not be able to do everything."""

    async def limits(self) -> Sequence[str]:
        """What it cannot do as it is, one sentence each; it works all the same. Raises what `ping` raises."""


class Provider(Pingable, Protocol):
    """What may be away behind a circuit breaker."""

    async def trouble(self) -> Trouble | None:
        """What keeps calls from being made now, None where nothing does. Makes no call. Raises InboxUnavailable."""


class Pulse(Protocol):
    """Signs of life that all processes share. Raises InboxUnavailable."""

    async def try_writing(self) -> None:
        """Write a little, as accepting a turn does: refused where accepting is refused."""

    async def queue(self) -> QueueState:
        """How the queue is."""

    async def note(self, unwell: Collection[str], recovered: Collection[str]) -> Mapping[str, datetime]:
        """Note which parts do not work and which work again; returns since when each of the first does not."""

    async def beat(self, process: str) -> None:
        """Note that a worker process is alive."""

    async def leave(self, process: str) -> None:
        """Note that a worker process has ended."""
