"""`turnstone doctor`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import typer
from prometheus_client.parser import text_string_to_metric_families

from memory.books import Ledger
from memory.cli.common import DEFAULT_URL, AsJson, Key, Url, call, out, show_json, table
from memory.client import TurnstoneClient

app = typer.Typer()


@app.command(epilog="Example: turnstone doctor --url http://127.0.0.1:8000")
def doctor(as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Ask every part how it is, and whether the books agree; exit status 1 when something is wrong."""
    is_ready, health, ledgers = call(url, key, examine)
    parts = {name: part.get("error") or "ok" for name, part in health.get("parts", {}).items()}
    is_well = is_ready and all(ledger.balanced for ledger in ledgers.values())
    if as_json:
        books = {tenant: {**ledger.model_dump(), "balanced": ledger.balanced} for tenant, ledger in ledgers.items()}
        show_json({"well": is_well, "health": health, "ledgers": books})
    else:
        show(url, parts, health, ledgers)
    if not is_well:
        raise typer.Exit(1)


async def examine(client: TurnstoneClient) -> tuple[bool, dict[str, Any], dict[str, Ledger]]:
    """Whether the service is ready, what it says of its parts, and the books by tenant."""
    is_ready, health = await client.ready()
    return is_ready, health, read_ledgers(await client.metrics()) if is_ready else {}


def read_ledgers(metrics: str) -> dict[str, Ledger]:
    """The books by tenant, from the metrics' text."""
    books: dict[str, dict[str, int]] = defaultdict(dict)
    for family in text_string_to_metric_families(metrics):
        if family.name == "turnstone_turns":
            for sample in family.samples:
                books[sample.labels["tenant"]][sample.labels["state"]] = int(sample.value)
    return {tenant: Ledger(**states) for tenant, states in books.items()}


def show(url: str, parts: dict[str, str], health: dict[str, Any], ledgers: dict[str, Ledger]) -> None:
    """Two tables: the parts and the books."""
    rows = [("api", f"ok, at {url}"), *parts.items()]
    rows += [(f"{part} in use", health[part]) for part in ("extractor", "embedder") if part in health]
    out().print(table(rows, "part", ""))
    columns = ("accepted", "settled", "waiting", "dead", "erased")
    books = [
        (tenant, *(getattr(ledger, column) for column in columns), "yes" if ledger.balanced else "NO")
        for tenant, ledger in ledgers.items()
    ]
    if books:
        out().print()
        out().print(table(books, "tenant", *columns, "agree"))
