"""Looks at the books all through a fault run: they must agree every time, and what they said makes the picture."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from time import monotonic

from scrubjay.cli.diagnosis import read
from scrubjay.client import ScrubjayClient
from scrubjay.errors import ScrubjayError
from scrubjay.model.ledger import Ledger

_LOOK_SECONDS = 0.5


@dataclass
class Witness:
    """Every look at the books.

    Args:
        client: of the API.
    """

    client: ScrubjayClient
    start: float = field(default_factory=monotonic)
    seen: list[tuple[float, Ledger]] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    unanswered: int = 0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return monotonic() - self.start

    @property
    def last(self) -> Ledger:
        """The books as they were seen last."""
        return self.seen[-1][1] if self.seen else Ledger(accepted=0, settled=0, waiting=0, dead=0, erased=0)

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once; a service that is away just now has said nothing wrong."""
        try:
            ledger = read(await self.client.metrics()).ledgers.get("default")
        except ScrubjayError:
            self.unanswered += 1
            return
        if ledger is None:
            return
        self.seen.append((self.now, ledger))
        if not ledger.balanced:
            self.unbalanced.append(f"after {self.now:.1f} s: {asdict_of(ledger)}")


def asdict_of(ledger: Ledger) -> dict[str, int]:
    """The five numbers."""
    return {name: getattr(ledger, name) for name in ("accepted", "settled", "waiting", "dead", "erased")}


@dataclass
class Tally:
    """What has struck, and when.

    `tried` counts also what had no effect.
    """

    tried: dict[str, int] = field(default_factory=dict)
    took_effect: dict[str, int] = field(default_factory=dict)
    moments: list[tuple[float, float, str]] = field(default_factory=list)

    def note(self, strike: str, effect: bool, start: float, end: float) -> None:
        """One strike is over."""
        self.tried[strike] = self.tried.get(strike, 0) + 1
        if effect:
            self.took_effect[strike] = self.took_effect.get(strike, 0) + 1
            self.moments.append((start, end, strike))

    def as_json(self) -> dict[str, object]:
        """For the file."""
        return asdict(self)
