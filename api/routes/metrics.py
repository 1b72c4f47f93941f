"""Metrics for Prometheus: the books of every tenant, and what models cost them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.auth import Caller
from api.context import Opened
from memory.books import Ledger
from memory.model import Usage

router = APIRouter(tags=["health"])

_STATES = ("accepted", "settled", "waiting", "dead", "erased")
_TOKENS = ("prompt_tokens", "completion_tokens", "embedding_tokens")


@router.get("/metrics")
async def metrics(caller: Caller, parts: Opened) -> Response:
    """The books of every tenant and what models cost them, for Prometheus."""
    tenants = await parts.turns.tenants()
    ledgers, costs = await parts.turns.ledgers(tenants), await parts.turns.usages(tenants)
    registry = CollectorRegistry()
    registry.register(_Told([*_books(ledgers), *_costs(costs)]))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Told(Collector):
    """What was read a moment ago."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """The metrics, once."""
        yield from self._found


def _books(ledgers: Mapping[str, Ledger]) -> Iterator[Metric]:
    turns = GaugeMetricFamily("turnstone_turns", "Turns by state, from the ledger", labels=["tenant", "state"])
    told = "1 when accepted = settled + waiting + dead + erased"
    balanced = GaugeMetricFamily("turnstone_ledger_balanced", told, labels=["tenant"])
    told = "Settled turns that cost no call of a model, as they plainly hold nothing"
    gated = CounterMetricFamily("turnstone_turns_gated", told, labels=["tenant"])
    told = "Facts left out as nobody had said the words that they rest on"
    dropped = CounterMetricFamily("turnstone_facts_dropped", told, labels=["tenant"])
    for tenant, ledger in ledgers.items():
        for state in _STATES:
            turns.add_metric([tenant, state], getattr(ledger, state))
        balanced.add_metric([tenant], float(ledger.balanced))
        gated.add_metric([tenant], ledger.gated)
        dropped.add_metric([tenant], ledger.dropped_facts)
    yield from (turns, balanced, gated, dropped)


def _costs(costs: Mapping[str, Mapping[str, Usage]]) -> Iterator[Metric]:
    calls = CounterMetricFamily("turnstone_model_calls", "Answered calls of models", labels=["tenant", "model"])
    tokens = CounterMetricFamily("turnstone_model_tokens", "Tokens billed", labels=["tenant", "model", "kind"])
    money = CounterMetricFamily("turnstone_model_cost_usd", "What they cost, in USD", labels=["tenant", "model"])
    for tenant, by_model in costs.items():
        for model, usage in by_model.items():
            calls.add_metric([tenant, model], usage.calls + usage.embeddings)
            for kind in _TOKENS:
                tokens.add_metric([tenant, model, kind.removesuffix("_tokens")], getattr(usage, kind))
            if usage.cost_usd is not None:
                money.add_metric([tenant, model], usage.cost_usd)
    yield from (calls, tokens, money)
