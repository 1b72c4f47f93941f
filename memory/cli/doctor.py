"""`turnstone doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from memory.books import SAFE_SETTINGS
from memory.cli.common import DEFAULT_URL, AsJson, Key, Url, call, out, show_json, table, when
from memory.cli.diagnosis import Findings, problems, read
from memory.client import TurnstoneClient
from memory.errors import TurnstoneError

app = typer.Typer()

_MOST_BOOKS = 50
_STATES = ("accepted", "settled", "waiting", "dead", "erased")
_MEGABYTE = 1_000_000


@app.command(epilog="Example: turnstone doctor --url http://127.0.0.1:8000")
def doctor(as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Ask every part how it is, and whether the books agree; exit status 1 when something is wrong."""
    is_ready, health, found = call(url, key, examine)
    wrong = problems(health.get("parts", {}), found)
    is_well = is_ready and not wrong
    if as_json:
        books = {tenant: {**one.model_dump(include=set(_STATES)), "balanced": one.balanced}
                 for tenant, one in found.ledgers.items()}  # fmt: skip
        told = {"oldest_waiting_seconds": found.oldest_seconds, "settings": {s.name: s.value for s in found.settings}}
        inbox = {**found.inbox, **told}
        show_json({"well": is_well, "problems": wrong, "health": health, "inbox": inbox, "ledgers": books})
    else:
        show(url, health, found, wrong)
    if not is_well:
        raise typer.Exit(1)


async def examine(client: TurnstoneClient) -> tuple[bool, dict[str, Any], Findings]:
    """Whether the service is ready, what it says of its parts, and what its metrics say if they can be read."""
    is_ready, health = await client.ready()
    if is_ready:
        return True, health, read(await client.metrics())
    try:  # while only the model is away, all of this can still be read
        return False, health, read(await client.metrics())
    except TurnstoneError:
        return False, health, Findings()


def show(url: str, health: dict[str, Any], found: Findings, wrong: list[str]) -> None:
    """Three tables: the parts, the inbox and the books; then what is wrong."""
    rows = [("api", f"ok, at {url}")]
    rows += [(name, part.get("error") or "ok") for name, part in health.get("parts", {}).items()]
    rows += [(f"{part} in use", health[part]) for part in ("extractor", "embedder") if part in health]
    out().print(table(rows, "part", ""))
    if found.inbox:
        out().print()
        out().print(table(inbox_rows(found), "inbox", ""))
    if found.ledgers:
        out().print()
        out().print(table(book_rows(found), "tenant", *_STATES, "agree"))
    if wrong:
        out().print()
        out().print(table([(sentence,) for sentence in wrong], "what is wrong"))


def inbox_rows(found: Findings) -> list[tuple[str, str]]:
    """The inbox as a whole."""
    used, most = found.gauge("redis_used_bytes"), found.gauge("redis_max_bytes")
    memory = f"{used / _MEGABYTE:,.0f} MB of " + (f"{most / _MEGABYTE:,.0f} MB" if most else "as much as there is")
    if "redis_used_bytes" not in found.inbox:
        memory = "unknown: the Redis user may not run INFO (grant it +info)"
    audit = (
        f"{found.gauge('ledger_audits_total')}, the last one at {when(found.audited_at)}"
        if found.audited_at
        else "none"
    )
    oldest = "none waits" if found.oldest_seconds is None else f"{found.oldest_seconds:,.0f} s"
    return [
        ("backlog", f"{found.gauge('backlog')} of at most {found.gauge('backlog_limit')} turns"),
        ("oldest waiting turn", oldest),
        ("lanes with work", f"{found.gauge('lanes_awake')}, of them overdue {found.gauge('lanes_overdue')}"),
        ("audits of the books", audit),
        ("redis memory", memory),
        *((f"redis {one.name}", one.value) for one in found.settings),
        *((f"redis {name}", f"unknown: the Redis user may not run {command}") for name, command in _untold(found)),
    ]


def _untold(found: Findings) -> Iterator[tuple[str, str]]:
    """The settings that Redis does not tell, each with the command that would have to be allowed."""
    known = {one.name for one in found.settings}
    for name in SAFE_SETTINGS:
        if name not in known:
            yield name, "CONFIG GET" if name == "appendfsync" else "INFO"


def book_rows(found: Findings) -> list[tuple[object, ...]]:
    """The books of each tenant; of very many tenants only those that do not agree."""
    shown = {
        tenant: one for tenant, one in found.ledgers.items() if len(found.ledgers) <= _MOST_BOOKS or not one.balanced
    }
    rows: list[tuple[object, ...]] = [
        (tenant, *(getattr(one, state) for state in _STATES), "yes" if one.balanced else "NO")
        for tenant, one in shown.items()
    ]
    if len(shown) < len(found.ledgers):
        rows.append((f"and {len(found.ledgers) - len(shown)} more that agree",))
    return rows
