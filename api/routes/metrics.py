"""Metrics for Prometheus: the ledger of each tenant, costs of models, the state of the backlog and the servers."""

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

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened
from scrubjay.api.middleware.strict_json import Route
from scrubjay.model import DeliveryCounts, Usage
from scrubjay.model.ledger import SAFE_SETTINGS, InboxState, Ledger

router = APIRouter(route_class=Route, tags=["health"])

_STATES = ("accepted", "settled", "waiting", "dead", "erased", "lost")
_TOKENS = ("prompt_tokens", "completion_tokens", "embedding_tokens")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(caller: Admin, parts: Opened) -> Response:
    """Metrics for Prometheus: ledgers, costs, backlog and servers. With a tenant's key, only that tenant's."""
    state, tenants = None, [caller.tenant]
    if caller.operator:
        state, tenants = await parts.watch.state(), await parts.turns.tenants()
    ledgers, costs = await parts.turns.ledgers(tenants), await parts.turns.usages(tenants)
    delivery_counts = await parts.webhooks.deliveries.counts(tenants)
    # Aside: of very many tenants it takes seconds, and turns are to be accepted meanwhile.
    text = await asyncio.to_thread(_written, state, ledgers, costs, delivery_counts, await parts.clock.now())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _written(
    state: InboxState | None,
    ledgers: Mapping[str, Ledger],
    costs: Mapping[str, Mapping[str, Usage]],
    delivery_counts: Mapping[str, DeliveryCounts],
    now: datetime,
) -> bytes:
    """Render the body of `GET /metrics` in Prometheus' text format: inbox, ledgers, model costs, webhooks."""
    registry = CollectorRegistry()
    families = [*(_inbox(state) if state else ()), *_ledgers(ledgers, now), *_costs(costs), *_webhooks(delivery_counts)]
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families(Collector):
    """What was read a moment ago."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The metrics, once."""
        yield from self._families


_INBOX = {
    "scrubjay_backlog": "Waiting turns of all tenants",
    "scrubjay_backlog_limit": "Limit of waiting turns; above it, new turns are refused",
    "scrubjay_backlog_drift": "Backlog counter minus waiting turns at the last audit; expected 0",
    "scrubjay_ledger_audited_timestamp_seconds": "Time of the last ledger audit; 0: never",
    "scrubjay_ledger_audit_late": "1 if no audit ran for several sweeps: no worker runs",
    "scrubjay_lanes_awake": "Lanes with waiting or running turns",
    "scrubjay_lanes_overdue": "Lanes that no sweep found for too long: no worker runs",
    "scrubjay_lanes_backing_off": "Lanes that pause after a failure",
    "scrubjay_oldest_due_seconds": "Seconds that the oldest due turn has waited; pauses do not count",
    "scrubjay_workers": "Worker processes seen in the last 15 seconds",
    "scrubjay_redis_used_bytes": "Memory used by Redis; left out if INFO is not allowed",
    "scrubjay_redis_max_bytes": "maxmemory of Redis; 0: no limit",
    "scrubjay_clock_jumped_seconds": "Last jump of Redis' clock within a day, in seconds; negative: backwards",
    "scrubjay_clock_ahead_seconds": "Seconds that Redis' clock is ahead of this API's; negative: behind",
}


def _inbox(state: InboxState) -> Iterator[Metric]:
    """Collect what `GET /metrics` tells Prometheus of the inbox: backlog, lanes, workers, Redis' memory and clock."""
    audited_at = state.audited_at.timestamp() if state.audited_at else 0
    values: list[float | None] = [
        state.backlog,
        state.max_backlog,
        state.backlog_drift,
        audited_at,
        state.audit_is_late,
    ]
    values += [state.lanes_awake, state.lanes_overdue, state.queue.backing_off, state.queue.oldest_due_seconds or 0]
    values += [state.queue.workers, state.used_bytes, state.max_bytes]
    values += [state.clock_jumped_seconds, (state.read_at - datetime.now(UTC)).total_seconds()]
    for (name, help_text), value in zip(_INBOX.items(), values, strict=True):
        if value is not None:
            yield GaugeMetricFamily(name, help_text, value=float(value))
    help_text = "Number of ledger audits; each audits some tenants"
    yield CounterMetricFamily("scrubjay_ledger_audits", help_text, value=state.audits)
    help_text = "Number of jumps of Redis' clock by more than a second"
    yield CounterMetricFamily("scrubjay_clock_jumps", help_text, value=state.clock_jumps)
    help_text = "1 if the Redis setting is safe; settings that Redis does not show are left out"
    settings = GaugeMetricFamily("scrubjay_redis_setting_safe", help_text, labels=["name", "value", "safe"])
    for name, setting in state.settings.items():
        settings.add_metric([name, setting, SAFE_SETTINGS[name]], float(setting == SAFE_SETTINGS[name]))
    yield settings


def _ledgers(ledgers: Mapping[str, Ledger], now: datetime) -> Iterator[Metric]:
    """Collect the Prometheus metrics of each tenant's ledger for `GET /metrics`: turns by state, balance, age."""
    turns = GaugeMetricFamily("scrubjay_turns", "Turns by state, from the ledger", labels=["tenant", "state"])
    help_text = "1 when accepted = settled + waiting + dead + erased + lost"
    balanced = GaugeMetricFamily("scrubjay_ledger_balanced", help_text, labels=["tenant"])
    help_text = "Turns settled without asking the model, because they hold no fact"
    gated = CounterMetricFamily("scrubjay_turns_gated", help_text, labels=["tenant"])
    help_text = "Extracted facts dropped because their quote is not in the turn"
    dropped = CounterMetricFamily("scrubjay_facts_dropped", help_text, labels=["tenant"])
    help_text = "Age of the oldest waiting turn in seconds"
    oldest = GaugeMetricFamily("scrubjay_oldest_waiting_seconds", help_text, labels=["tenant"])
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
    """Collect the Prometheus counters of model calls, tokens and USD for `GET /metrics`, by tenant and model."""
    calls = CounterMetricFamily("scrubjay_model_calls", "Answered model calls", labels=["tenant", "model"])
    tokens = CounterMetricFamily("scrubjay_model_tokens", "Tokens billed", labels=["tenant", "model", "kind"])
    money = CounterMetricFamily("scrubjay_model_cost_usd", "Cost of model calls in USD", labels=["tenant", "model"])
    for tenant, by_model in costs.items():
        for model, usage in by_model.items():
            calls.add_metric([tenant, model], usage.calls + usage.embeddings)
            for kind in _TOKENS:
                tokens.add_metric([tenant, model, kind.removesuffix("_tokens")], getattr(usage, kind))
            if usage.cost_usd is not None:
                money.add_metric([tenant, model], usage.cost_usd)
    yield from (calls, tokens, money)


def _webhooks(delivery_counts: Mapping[str, DeliveryCounts]) -> Iterator[Metric]:
    """Collect the Prometheus metrics of webhook deliveries for `GET /metrics`: waiting, delivered, failed."""
    waiting = GaugeMetricFamily("scrubjay_webhook_waiting", "Waiting webhook deliveries", labels=["tenant"])
    about = "Finished webhook deliveries: delivered or failed"
    done = CounterMetricFamily("scrubjay_webhook_deliveries", about, labels=["tenant", "outcome"])
    for tenant, counts in delivery_counts.items():
        waiting.add_metric([tenant], counts.waiting)
        for outcome in ("delivered", "failed"):
            done.add_metric([tenant, outcome], getattr(counts, outcome))
    yield from (waiting, done)
