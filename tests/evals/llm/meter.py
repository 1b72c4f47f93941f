"""The meter: what every step has cost so far, and whether the budget still allows another call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from scrubjay.model import Usage
from tests.evals.llm.prices import Prices


class Meter:
    """Adds up what is spent, earlier runs included.

    Args:
        prices: turns tokens into dollars.
        budget_usd: what may be spent in all; None for no limit.
    """

    def __init__(self, prices: Prices, budget_usd: Decimal | None) -> None:
        self._prices = prices
        self._budget_usd = budget_usd
        self.usage: dict[str, Usage] = {}
        self._usd: dict[str, Decimal | None] = {}

    def add(self, step: str, model: str, usage: Usage) -> None:
        """Count calls of a step."""
        before = counted(self.usage.get(step, Usage()))
        self.usage[step] = Usage(**{name: before[name] + count for name, count in counted(usage).items()})
        so_far, cost = self._usd.get(step, Decimal(0)), self._prices.usd(model, usage)
        self._usd[step] = None if so_far is None or cost is None else so_far + cost

    def replay(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count what a journal says that earlier runs have spent."""
        for row in rows:
            self.add(row["step"], row["model"], Usage.model_validate(row["usage"]))

    def usd(self, step: str) -> Decimal | None:
        """What a step has cost; None when a price is not known."""
        return self._usd[step]

    @property
    def total_usd(self) -> Decimal | None:
        """What everything has cost; None when a price is not known."""
        known = [cost for cost in self._usd.values() if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(self._usd) else None

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget is used up: no further call may be made. Calls in hand are let finish."""
        total = self.total_usd
        return self._budget_usd is not None and (total is None or total >= self._budget_usd)


def spent(step: str, model: str, usage: Usage) -> dict[str, Any]:
    """A journal's line about calls."""
    return {"step": step, "model": model, "usage": counted(usage)}


def counted(usage: Usage) -> dict[str, int]:
    """Calls and tokens, as they are written down."""
    return {name: getattr(usage, name) for name in ("calls", "prompt_tokens", "completion_tokens")}
