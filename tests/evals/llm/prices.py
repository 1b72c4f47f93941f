"""What calls cost: prices given on the command line, else those that the genai-prices package knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from scrubjay.adapters.openai.prices import listed_price
from scrubjay.model import Usage

_MILLION = Decimal(1_000_000)
_listed = cache(listed_price)


@dataclass(frozen=True)
class Prices:
    """Turns tokens into US dollars.

    Args:
        base_url: the endpoint: the same model costs differently elsewhere; None for OpenAI's own.
        per_million_in: dollars for a million tokens of prompt, for every model; None to look the model up.
        per_million_out: the same for what the model says.
    """

    base_url: str | None = None
    per_million_in: Decimal | None = None
    per_million_out: Decimal | None = None

    def usd(self, model: str, usage: Usage) -> Decimal | None:
        """The price of calls; None when nobody knows it."""
        if self.per_million_in is not None and self.per_million_out is not None:
            spent = self.per_million_in * usage.prompt_tokens + self.per_million_out * usage.completion_tokens
            return spent / _MILLION
        price = _listed(model, self.base_url or None)
        return None if price is None else Decimal(str(price.of(usage)))
