"""What `scrubjay doctor` reads out of the metrics, and what it makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from scrubjay.health import lane_trouble
from scrubjay.model import QueueState, Thresholds
from scrubjay.model.ledger import Ledger

_NEARLY_FULL = 0.8
_AGREED_SECONDS = 60


@dataclass(frozen=True)
class Setting:
    """A setting of Redis, as it is and as it must be."""

    name: str
    value: str
    safe: str


@dataclass(frozen=True)
class Findings:
    """What the metrics say.

    Args:
        ledgers: the turn counters by tenant.
        inbox: the inbox's gauges by name, without `scrubjay_`.
        settings: those of Redis that it tells.
        oldest_seconds: for how long the turn has waited that was accepted first; None when none waits.
    """

    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    inbox: Mapping[str, float] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    oldest_seconds: float | None = None

    @property
    def queue(self) -> QueueState | None:
        """How the queue is; None where the server does not tell this caller."""
        if "lanes_backing_off" not in self.inbox:
            return None
        return QueueState(
            lanes=self.gauge("lanes_awake"),
            backing_off=self.gauge("lanes_backing_off"),
            oldest_due_seconds=self.inbox.get("oldest_due_seconds"),
            workers=self.gauge("workers"),
        )

    def gauge(self, name: str) -> int:
        """One of the inbox's figures; 0 where the server does not tell it."""
        return int(self.inbox.get(name, 0))

    @property
    def audited_at(self) -> datetime | None:
        """When the ledgers were last audited, by the Prometheus gauge that `scrubjay doctor` has read."""
        stamp = self.inbox.get("ledger_audited_timestamp_seconds")
        return datetime.fromtimestamp(stamp, UTC) if stamp else None


def read(metrics: str) -> Findings:
    """The findings, from the metrics' text."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    inbox: dict[str, float] = {}
    settings, oldest = list[Setting](), list[float]()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            labels = sample.labels
            if family.name == "scrubjay_turns":
                counts[labels["tenant"]][labels["state"]] = int(sample.value)
            elif family.name == "scrubjay_redis_setting_safe":
                settings.append(Setting(labels["name"], labels["value"], labels["safe"]))
            elif family.name == "scrubjay_oldest_waiting_seconds":
                oldest.append(sample.value)
            elif not labels:
                inbox[sample.name.removeprefix("scrubjay_")] = sample.value
    ledgers = {tenant: Ledger(**states) for tenant, states in counts.items()}
    return Findings(ledgers, inbox, tuple(settings), max(oldest, default=None))


def problems(health: Mapping[str, Any], findings: Findings, thresholds: Thresholds) -> list[str]:
    """What is wrong, each in one sentence that says what to do.

    Args:
        health: as `/health/ready` tells it.
        findings: what the metrics say.
        thresholds: from when on the queue is degraded, instead of the server's own where the metrics have its figures.
    """
    parts = health.get("parts", {})
    down = [
        _of_part(name, part) for name, part in parts.items() if not part["ok"] and not _is_judged_here(name, findings)
    ]
    if not parts and health.get("status") in ("unready", "degraded"):
        down.append(f"The server is {health['status']} and tells why only to callers with a key: give one with --key.")
    return [
        *down,
        *_of_queue(findings, thresholds),
        *_of_ledgers(findings),
        *_of_work(findings),
        *_of_clocks(findings),
        *_of_redis(findings),
    ]


def warnings(health: Mapping[str, Any]) -> list[str]:
    """The warnings of `scrubjay doctor`: what parts cannot do as they are set up; they work all the same."""
    return [f"{name}: {limit}" for name, part in health.get("parts", {}).items() for limit in part.get("limits", ())]


_ADVICE = {
    "redis": "see that Redis runs, takes writes and has room.",
    "store": "see that Qdrant runs and can be reached, and look at SCRUBJAY_QDRANT_URL and SCRUBJAY_QDRANT_API_KEY.",
    "extractor": "see what the provider says of its state, your key and your quota; turns are kept meanwhile.",
    "embedder": "see what the provider says of its state, your key and your quota; turns are kept meanwhile.",
    "workers": "start workers, or see why those that run do not reach Redis.",
    "lanes": "see the errors of the waiting turns with `scrubjay turns --status retrying`, or add workers.",
}


def _of_part(name: str, part: Mapping[str, Any]) -> str:
    """The sentence of `scrubjay doctor` on a part that does not work: since when, why, and what to do."""
    since = f" since {part['since'][:19].replace('T', ' ')} UTC" if part.get("since") else ""
    reason = str(part.get("reason") or "no reason is given").rstrip(".")
    advice = _ADVICE.get(name, "see the server's log.")
    return f"{name} does not work{since} ({reason}): {advice}"


def _is_judged_here(name: str, findings: Findings) -> bool:
    return name == "lanes" and findings.queue is not None


def _of_queue(findings: Findings, thresholds: Thresholds) -> Iterator[str]:
    """What `scrubjay doctor` reports as wrong with the queue: many lanes back off, or a due turn waits too long."""
    queue = findings.queue
    trouble = lane_trouble(queue, thresholds) if queue else None
    if queue and trouble:
        figures = f"{queue.backing_off} of {queue.lanes} lanes back off, the oldest due turn is due for "
        figures += f"{queue.oldest_due_seconds or 0:,.0f} s"
        yield f"{trouble.reason.rstrip('.')} ({figures}): {_ADVICE['lanes']}"


def _of_ledgers(findings: Findings) -> Iterator[str]:
    """What `scrubjay doctor` reports as wrong with the ledgers: they do not balance, or their audit is late."""
    for tenant, ledger in findings.ledgers.items():
        if not ledger.balanced:
            yield (
                f"Ledger mismatch for tenant {tenant}: {ledger.accepted} turns accepted, "
                f"{ledger.accounted} accounted for; report it with the lines `ledger_unbalanced` of the workers' logs."
            )
        if ledger.lost:
            yield (
                f"{ledger.lost} waiting turns of {tenant} are lost, as Redis no longer had them when their "
                "time came: see maxmemory-policy and the append-only file; their ids stand in the lines `turn_lost` of "
                "the workers' logs."
            )
    if drift := findings.gauge("backlog_drift"):
        yield (
            f"The backlog's counter is wrong by {drift:+}: report it with the lines `backlog_wrong` of the "
            "workers' logs, and mind that new turns are refused by this counter."
        )
    if findings.gauge("ledger_audit_late"):
        yield "The ledgers have not been audited for several sweeps: see that a worker runs and reaches Redis."


def _of_work(findings: Findings) -> Iterator[str]:
    """What `scrubjay doctor` reports as wrong with the work: lanes are overdue, or the backlog is nearly full."""
    if overdue := findings.gauge("lanes_overdue"):
        yield (
            f"{overdue} of {findings.gauge('lanes_awake')} lanes with work are overdue: start workers, or see why "
            "those that run do not reach Redis."
        )
    backlog, limit = findings.gauge("backlog"), findings.gauge("backlog_limit")
    if limit and backlog > _NEARLY_FULL * limit:
        yield (
            f"The backlog is {backlog} of at most {limit} turns, beyond which new ones are refused: add workers, or "
            "raise SCRUBJAY_MAX_BACKLOG."
        )


def _of_clocks(findings: Findings) -> Iterator[str]:
    """What `scrubjay doctor` reports as wrong with the clocks: Redis' has jumped, or differs from the API's."""
    if jump := findings.inbox.get("clock_jumped_seconds", 0):
        yield (
            f"Redis' clock has jumped within a day, last by {jump:+.1f} s: let it be slewed and not stepped; what that "
            "ends early stands in docs/troubleshooting.md."
        )
    ahead = findings.inbox.get("clock_ahead_seconds", 0)
    if abs(ahead) > _AGREED_SECONDS:
        yield (
            f"Redis' clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the API's: set both by NTP; "
            "until then no timestamp of a caller that is more than a day ahead is refused."
        )


def _of_redis(findings: Findings) -> Iterator[str]:
    """What `scrubjay doctor` reports as wrong with Redis: its memory is nearly full, or a setting can lose turns."""
    used, most = findings.gauge("redis_used_bytes"), findings.gauge("redis_max_bytes")
    if most and used > _NEARLY_FULL * most:
        yield (
            f"Redis uses {used / most:.0%} of its maxmemory, and when it is full new turns are refused: raise "
            "maxmemory, or lower SCRUBJAY_RETENTION_SECONDS."
        )
    for setting in findings.settings:
        if setting.value != setting.safe:
            yield (
                f"Redis has {setting.name} {setting.value}, so what was accepted can be lost: set "
                f"`{setting.name} {setting.safe}` in its configuration."
            )
