"""`scrubjay doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from scrubjay.cli.common import DEFAULT_URL, AsJson, Key, Url, call, out, show_json, table, when
from scrubjay.cli.diagnosis import Findings, problems, read, warnings
from scrubjay.client import ApiError, ScrubjayClient
from scrubjay.errors import ScrubjayError
from scrubjay.model import Readiness, Thresholds
from scrubjay.model.ledger import SAFE_SETTINGS

app = typer.Typer()

_MOST_LEDGERS = 50
_STATES = ("accepted", "settled", "waiting", "dead", "erased", "lost")
_MEGABYTE = 1_000_000
_DEFAULTS = Thresholds()
_NO_METRICS = "What /metrics answers are not the metrics of Scrubjay: see what stands before the server."

LanesPercent = Annotated[
    float, typer.Option("--lanes-percent", min=0, max=100, help="Lanes that may back off, in percent,")
]
Lanes = Annotated[int, typer.Option("--lanes", min=1, help="and at least this many lanes.")]
DueSeconds = Annotated[
    float, typer.Option("--due-seconds", min=0.001, help="Seconds that the oldest due turn may wait.")
]


@app.command(epilog="Example: scrubjay doctor --url http://127.0.0.1:8000 --due-seconds 300")
def doctor(
    as_json: AsJson = False,
    lanes_percent: LanesPercent = _DEFAULTS.lanes_percent,
    lanes: Lanes = _DEFAULTS.lanes_least,
    due_seconds: DueSeconds = _DEFAULTS.due_seconds,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Check every part and the turn counters, and tell how to fix each problem. Exits with 1 if something is wrong.

    The thresholds need the operator's key. With other keys, the server's own thresholds apply.
    """
    health, findings, unlike = call(url, key, examine)
    limits = Thresholds(lanes_percent=lanes_percent, lanes_least=lanes, due_seconds=due_seconds)
    wrong, weak = [*unlike, *problems(health, findings, limits)], warnings(health)
    is_well = health.get("status") != Readiness.UNREADY and not wrong
    if as_json:
        ledgers = {tenant: {**ledger.model_dump(include=set(_STATES)), "balanced": ledger.balanced}
                 for tenant, ledger in findings.ledgers.items()}  # fmt: skip
        summary = {
            "oldest_waiting_seconds": findings.oldest_seconds,
            "settings": {s.name: s.value for s in findings.settings},
        }
        inbox = {**findings.inbox, **summary}
        judged = {"well": is_well, "problems": wrong, "warnings": weak}
        show_json({**judged, "health": health, "inbox": inbox, "ledgers": ledgers})
    else:
        show(url, health, findings, wrong, weak)
    if not is_well:
        raise typer.Exit(1)


async def examine(client: ScrubjayClient) -> tuple[dict[str, Any], Findings, list[str]]:
    """What the service says of its parts, what its metrics say if they can be read, and what is not Scrubjay's."""
    try:
        is_ready, health = await client.ready()
    except ApiError as error:
        return {}, Findings(), [f"{error}: name a server with --url, and see what stands before it."]
    try:
        return health, read(await client.metrics()), []
    except ScrubjayError:
        if is_ready:
            raise
    except (ValueError, LookupError):
        return health, Findings(), [_NO_METRICS]
    return health, Findings(), []


def show(url: str, health: dict[str, Any], findings: Findings, wrong: list[str], weak: list[str]) -> None:
    """Three tables: the parts, the inbox and the ledgers; then what is wrong, and what is limited."""
    rows = [("api", f"{health.get('status', 'unknown')}, at {url}")]
    rows += [(name, "ok" if part["ok"] else part.get("reason")) for name, part in health.get("parts", {}).items()]
    rows += [(f"{part} in use", health[part]) for part in ("extractor", "embedder") if part in health]
    out().print(table(rows, "part", ""))
    if findings.inbox:
        out().print()
        out().print(table(inbox_rows(findings), "inbox", ""))
    if findings.ledgers:
        out().print()
        out().print(table(ledger_rows(findings), "tenant", *_STATES, "balanced"))
    if wrong:
        out().print()
        out().print(table([(sentence,) for sentence in wrong], "what is wrong"))
    if weak:
        out().print()
        out().print(table([(sentence,) for sentence in weak], "limits"))


def inbox_rows(findings: Findings) -> list[tuple[str, str]]:
    """The inbox as a whole."""
    used, most = findings.gauge("redis_used_bytes"), findings.gauge("redis_max_bytes")
    memory = f"{used / _MEGABYTE:,.0f} MB of " + (f"{most / _MEGABYTE:,.0f} MB" if most else "as much as there is")
    if "redis_used_bytes" not in findings.inbox:
        memory = "unknown: the Redis user may not run INFO (grant it +info)"
    audit = (
        f"{findings.gauge('ledger_audits_total')}, the last one at {when(findings.audited_at)}"
        if findings.audited_at
        else "none"
    )
    oldest = "none waits" if findings.oldest_seconds is None else f"{findings.oldest_seconds:,.0f} s"
    return [
        ("backlog", f"{findings.gauge('backlog')} of at most {findings.gauge('backlog_limit')} turns"),
        ("oldest waiting turn", oldest),
        ("lanes with work", f"{findings.gauge('lanes_awake')}, of them overdue {findings.gauge('lanes_overdue')}"),
        *queue_rows(findings),
        ("ledger audits", audit),
        ("redis memory", memory),
        *((f"redis {setting.name}", setting.value) for setting in findings.settings),
        *(
            (f"redis {name}", f"unknown: the Redis user may not run {command}")
            for name, command in _unreadable_settings(findings)
        ),
    ]


def queue_rows(findings: Findings) -> list[tuple[str, str]]:
    """What of the queue counts for readiness."""
    if (queue := findings.queue) is None:
        return []
    return [
        ("lanes that back off", f"{queue.backing_off}"),
        ("oldest due turn", f"due for {queue.oldest_due_seconds or 0:,.0f} s"),
        ("workers", f"{queue.workers}"),
    ]


def _unreadable_settings(findings: Findings) -> Iterator[tuple[str, str]]:
    """The settings that Redis does not tell `scrubjay doctor`, each with the command that would have to be allowed."""
    known = {setting.name for setting in findings.settings}
    for name in SAFE_SETTINGS:
        if name not in known:
            yield name, "CONFIG GET" if name == "appendfsync" else "INFO"


def ledger_rows(findings: Findings) -> list[tuple[object, ...]]:
    """The ledger of each tenant; of very many tenants only those that do not balance."""
    shown = {
        tenant: ledger
        for tenant, ledger in findings.ledgers.items()
        if len(findings.ledgers) <= _MOST_LEDGERS or not ledger.balanced
    }
    rows: list[tuple[object, ...]] = [
        (tenant, *(getattr(ledger, state) for state in _STATES), "yes" if ledger.balanced else "NO")
        for tenant, ledger in shown.items()
    ]
    if len(shown) < len(findings.ledgers):
        rows.append((f"and {len(findings.ledgers) - len(shown)} more that balance",))
    return rows
