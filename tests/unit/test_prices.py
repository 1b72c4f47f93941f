"""Prices: as listed where they are known, and never guessed."""

from __future__ import annotations

from scrubjay.adapters.openai.prices import Price, listed_price, priced
from scrubjay.model import Usage


def test_the_default_models_have_their_listed_price() -> None:
    chat, embedding = listed_price("gpt-4o-mini", None), listed_price("text-embedding-3-small", None)
    assert chat is not None
    assert 0 < chat.input_usd < chat.output_usd
    assert embedding is not None
    assert embedding.input_usd > 0


def test_a_model_that_no_list_knows_has_no_price() -> None:
    assert listed_price("our-own-model", None) is None
    assert listed_price("gpt-4o-mini", "http://127.0.0.1:8100/v1") is None
    assert priced(Usage(calls=1, prompt_tokens=5), None).cost_usd is None


def test_a_usage_costs_what_its_tokens_cost() -> None:
    price = Price(input_usd=1.0, output_usd=4.0)
    assert priced(Usage(prompt_tokens=1_000_000, completion_tokens=500_000), price).cost_usd == 3.0
    assert priced(Usage(embedding_tokens=2_000_000), price).cost_usd == 2.0
