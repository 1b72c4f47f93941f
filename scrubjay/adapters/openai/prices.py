"""What models cost: by the public price lists that the genai-prices package carries, or as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from genai_prices import Usage as Tokens
from genai_prices import calc_price

from scrubjay.model import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price in USD per million tokens."""

    input_usd: float
    output_usd: float = 0.0

    def of(self, usage: Usage) -> float:
        """What this usage costs, in USD."""
        sent = usage.prompt_tokens + usage.embedding_tokens
        return (sent * self.input_usd + usage.completion_tokens * self.output_usd) / _MILLION


def priced(usage: Usage, price: Price | None) -> Usage:
    """A usage with what it costs; without a price as it is."""
    return usage if price is None else usage.model_copy(update={"cost_usd": price.of(usage)})


def listed_price(model: str, base_url: str | None) -> Price | None:
    """The price by the lists, without discounts; None for a model or an endpoint that they do not know.

    Args:
        model: its name.
        base_url: of the endpoint, None for OpenAI's own.
    """
    try:
        return Price(*(_million(tokens, model, base_url) for tokens in ("input_tokens", "output_tokens")))
    except LookupError:
        return None


def _million(tokens: str, model: str, base_url: str | None) -> float:
    usage = Tokens(**{tokens: _MILLION})
    if base_url is None:
        return float(calc_price(usage, model, provider_id="openai").total_price)
    return float(calc_price(usage, model, provider_api_url=base_url).total_price)
