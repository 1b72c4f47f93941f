"""Metrics for Prometheus: the books of every tenant, what models cost them, and how the inbox as a whole is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.auth import Admin
from api.context import Opened
from api.routing import Route
from memory.books import SAFE_SETTINGS, InboxState, Ledger
from memory.model import DeliveryCounts, Usage

router = APIRouter(route_class=Route, tags=["health"])

_STATES = ("accepted", "settled", "waiting", "dead", "erased")
_TOKENS = ("prompt_tokens", "completion_tokens", "embedding_tokens")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(caller: Admin, parts: Opened) -> Response:
    """For Prometheus: every tenant's books and costs, and how the inbox is; with a tenant's key only the tenant's."""
    state, tenants = None, [caller.tenant]
    if caller.operator:
        state, tenants = await parts.watch.state(), await parts.turns.tenants()
    ledgers, costs = await parts.turns.ledgers(tenants), await parts.turns.usages(tenants)
    told = await parts.deliveries.counts(tenants)
    # Aside: of very many tenants it takes seconds, and turns are to be accepted meanwhile.
    text = await asyncio.to_thread(_written, state, ledgers, costs, told, await parts.clock.now())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _written(
    state: InboxState | None,
    ledgers: Mapping[str, Ledger],
    costs: Mapping[str, Mapping[str, Usage]],
    told: Mapping[str, DeliveryCounts],
    now: datetime,
) -> bytes:
    registry = CollectorRegistry()
    found = [*(_inbox(state) if state else ()), *_books(ledgers, now), *_costs(costs), *_webhooks(told)]
    registry.register(_Told(found))
    return generate_latest(registry)


class _Told(Collector):
    """What was read a moment ago."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """The metrics, once."""
        yield from self._found


_INBOX = {
    "turnstone_backlog": "Turns that wait, of all tenants",
    "turnstone_backlog_limit": "New turns are refused when so many wait",
    "turnstone_backlog_drift": "How much more the backlog said than waited when last compared; 0 is right",
    "turnstone_ledger_audited_timestamp_seconds": "When the books were last looked through; 0: never",
    "turnstone_ledger_audit_late": "1 when they have not been for several sweeps: nobody sweeps",
    "turnstone_lanes_awake": "Lanes in which turns wait or are worked on",
    "turnstone_lanes_overdue": "Lanes that should have been rung for several sweeps ago: no worker runs",
    "turnstone_redis_used_bytes": "What Redis uses of its memory",
    "turnstone_redis_max_bytes": "maxmemory of Redis; 0 without a limit",
    "turnstone_clock_jumped_seconds": "By how much Redis' clock last jumped within a day; negative: back; 0: not",
    "turnstone_clock_ahead_seconds": "How far Redis' clock is ahead of this API's; negative: behind",
}


def _inbox(state: InboxState) -> Iterator[Metric]:
    audited_at = state.audited_at.timestamp() if state.audited_at else 0
    values = [state.backlog, state.max_backlog, state.backlog_drift, audited_at, state.audit_is_late]
    values += [state.lanes_awake, state.lanes_overdue, state.used_bytes, state.max_bytes]
    values += [state.clock_jumped_seconds, (state.read_at - datetime.now(UTC)).total_seconds()]
    for (name, told), value in zip(_INBOX.items(), values, strict=True):
        yield GaugeMetricFamily(name, told, value=float(value))
    told = "How often the sweep looked through the books, of a few tenants each time"
    yield CounterMetricFamily("turnstone_ledger_audits", told, value=state.audits)
    told = "How often Redis' clock was seen to jump by more than a second"
    yield CounterMetricFamily("turnstone_clock_jumps", told, value=state.clock_jumps)
    told = "1 when Redis is set as it must be; a setting that it does not tell is left out"
    settings = GaugeMetricFamily("turnstone_redis_setting_safe", told, labels=["name", "value", "safe"])
    for name, found in state.settings.items():
        settings.add_metric([name, found, SAFE_SETTINGS[name]], float(found == SAFE_SETTINGS[name]))
    yield settings


def _books(ledgers: Mapping[str, Ledger], now: datetime) -> Iterator[Metric]:
    turns = GaugeMetricFamily("turnstone_turns", "Turns by state, from the ledger", labels=["tenant", "state"])
    told = "1 when accepted = settled + waiting + dead + erased"
    balanced = GaugeMetricFamily("turnstone_ledger_balanced", told, labels=["tenant"])
    told = "Settled turns that cost no call of a model, as they plainly hold nothing"
    gated = CounterMetricFamily("turnstone_turns_gated", told, labels=["tenant"])
    told = "Facts left out as nobody had said the words that they rest on"
    dropped = CounterMetricFamily("turnstone_facts_dropped", told, labels=["tenant"])
    told = "For how long the turn has waited that was accepted first of those that wait"
    oldest = GaugeMetricFamily("turnstone_oldest_waiting_seconds", told, labels=["tenant"])
    for tenant, ledger in ledgers.items():
        if ledger.oldest_waiting_at:
            oldest.add_metric([tenant], max(0.0, (now - ledger.oldest_waiting_at).total_seconds()))
        for state in _STATES:
            turns.add_metric([tenant, state], getattr(ledger, state))
        balanced.add_metric([tenant], float(ledger.balanced))
        gated.add_metric([tenant], ledger.gated)
        dropped.add_metric([tenant], ledger.dropped_facts)
    yield from (turns, balanced, oldest, gated, dropped)


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


def _webhooks(told: Mapping[str, DeliveryCounts]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("turnstone_webhook_waiting", "Deliveries to webhooks that wait", labels=["tenant"])
    about = "Deliveries to webhooks that are done: delivered, or failed for good"
    done = CounterMetricFamily("turnstone_webhook_deliveries", about, labels=["tenant", "outcome"])
    for tenant, counts in told.items():
        waiting.add_metric([tenant], counts.waiting)
        for outcome in ("delivered", "failed"):
            done.add_metric([tenant, outcome], getattr(counts, outcome))
    yield from (waiting, done)
