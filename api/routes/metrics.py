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
    """For Prometheus: every tenant's books and costs, and how the inbox is; with a tenant's key only the tenant's."""
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
    families = [*(_inbox(state) if state else ()), *_books(ledgers, now), *_costs(costs), *_webhooks(delivery_counts)]
    registry.register(_Told(families))
    return generate_latest(registry)


class _Told(Collector):
    """What was read a moment ago."""

    def __init__(self, families: list[Metric]) -> None:
        self._found = families

    def collect(self) -> Iterator[Metric]:
        """The metrics, once."""
        yield from self._found


_INBOX = {
    "scrubjay_backlog": "Turns that wait, of all tenants",
    "scrubjay_backlog_limit": "New turns are refused when so many wait",
    "scrubjay_backlog_drift": "How much more the backlog said than waited when last compared; 0 is right",
    "scrubjay_ledger_audited_timestamp_seconds": "When the books were last looked through; 0: never",
    "scrubjay_ledger_audit_late": "1 when they have not been for several sweeps: nobody sweeps",
    "scrubjay_lanes_awake": "Lanes in which turns wait or are worked on",
    "scrubjay_lanes_overdue": "Lanes that should have been rung for several sweeps ago: no worker runs",
    "scrubjay_lanes_backing_off": "Lanes with work that sleep after a failure",
    "scrubjay_oldest_due_seconds": "For how long the oldest due turn is due; back-off does not count",
    "scrubjay_workers": "Worker processes that were seen in the last 15 seconds",
    "scrubjay_redis_used_bytes": "What Redis uses of its memory; left out where its user may not run INFO",
    "scrubjay_redis_max_bytes": "maxmemory of Redis; 0 without a limit",
    "scrubjay_clock_jumped_seconds": "By how much Redis' clock last jumped within a day; negative: back; 0: not",
    "scrubjay_clock_ahead_seconds": "How far Redis' clock is ahead of this API's; negative: behind",
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
    help_text = "How often the sweep looked through the books, of a few tenants each time"
    yield CounterMetricFamily("scrubjay_ledger_audits", help_text, value=state.audits)
    help_text = "How often Redis' clock was seen to jump by more than a second"
    yield CounterMetricFamily("scrubjay_clock_jumps", help_text, value=state.clock_jumps)
    help_text = "1 when Redis is set as it must be; a setting that it does not tell is left out"
    settings = GaugeMetricFamily("scrubjay_redis_setting_safe", help_text, labels=["name", "value", "safe"])
    for name, setting in state.settings.items():
        settings.add_metric([name, setting, SAFE_SETTINGS[name]], float(setting == SAFE_SETTINGS[name]))
    yield settings


def _books(ledgers: Mapping[str, Ledger], now: datetime) -> Iterator[Metric]:
    """Collect the Prometheus metrics of each tenant's ledger for `GET /metrics`: turns by state, balance, age."""
    turns = GaugeMetricFamily("scrubjay_turns", "Turns by state, from the ledger", labels=["tenant", "state"])
    help_text = "1 when accepted = settled + waiting + dead + erased + lost"
    balanced = GaugeMetricFamily("scrubjay_ledger_balanced", help_text, labels=["tenant"])
    help_text = "Settled turns that cost no call of a model, as they plainly hold nothing"
    gated = CounterMetricFamily("scrubjay_turns_gated", help_text, labels=["tenant"])
    help_text = "Facts left out as nobody had said the words that they rest on"
    dropped = CounterMetricFamily("scrubjay_facts_dropped", help_text, labels=["tenant"])
    help_text = "For how long the turn has waited that was accepted first of those that wait"
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
    calls = CounterMetricFamily("scrubjay_model_calls", "Answered calls of models", labels=["tenant", "model"])
    tokens = CounterMetricFamily("scrubjay_model_tokens", "Tokens billed", labels=["tenant", "model", "kind"])
    money = CounterMetricFamily("scrubjay_model_cost_usd", "What they cost, in USD", labels=["tenant", "model"])
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
    waiting = GaugeMetricFamily("scrubjay_webhook_waiting", "Deliveries to webhooks that wait", labels=["tenant"])
    about = "Deliveries to webhooks that are done: delivered, or failed for good"
    done = CounterMetricFamily("scrubjay_webhook_deliveries", about, labels=["tenant", "outcome"])
    for tenant, counts in delivery_counts.items():
        waiting.add_metric([tenant], counts.waiting)
        for outcome in ("delivered", "failed"):
            done.add_metric([tenant, outcome], getattr(counts, outcome))
    yield from (waiting, done)
