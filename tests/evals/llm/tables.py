"""What is printed: the estimate before, the figures after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from tests.evals.llm.job import Job
from tests.evals.llm.meter import counted

_REASONS_SHOWN = 3


def show_estimate(console: Console, job: Job) -> None:
    """What is still to be done and about what it costs."""
    options, estimate = job.options, job.estimate
    console.print(
        f"{options.dataset}: {estimate.conversations} conversations with {estimate.turns:,} turns to remember, "
        f"{estimate.questions:,} questions to judge."
    )
    table = Table("step", "model", *(_right("calls"), _right("tokens in"), _right("tokens out"), _right("USD")))
    costs = []
    for step, (model, usage) in estimate.steps.items():
        costs.append(job.prices.usd(model, usage) if usage.calls else Decimal(0))
        table.add_row(step, model, *_cells(counted(usage), costs[-1]))
    total = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
    table.add_row("all", "", "", "", "", dollars(total), style="bold")
    console.print(table)
    console.print("Guessed from lengths: expect half to twice as much.", _so_far(job.meter.total_usd))
    if total is None:
        console.print("The price of a model is not known: give --price-in and --price-out to see it.")
    if options.url is not None:
        console.print("What the Scrubjay at --url asks of its model is guessed here, and neither measured nor limited.")


def show_figures(console: Console, figures: Mapping[str, Any]) -> None:
    """The two tables, and why questions are unanswered."""
    table = Table("category", *(_right(name) for name in ("n", "accuracy", "unanswered")), title=figures["dataset"])
    for name, row in figures["accuracy"].items():
        percent = "-" if row["accuracy"] is None else f"{row['accuracy']:.1%}"
        style = "bold" if name == "all" else None
        table.add_row(name, str(row["judged"]), percent, str(row["unanswered"]), style=style)
    console.print(table)
    table = Table("step", *(_right(name) for name in ("calls", "tokens in", "tokens out", "USD")))
    for step, row in figures["spent"].items():
        table.add_row(step, *_cells(row, row["usd"]))
    table.add_row("all", "", "", "", dollars(figures["total_usd"]), style="bold")
    console.print(table)
    made = figures["memories"]
    console.print(
        f"{made['memories']:,} memories from {made['turns']:,} turns of {made['conversations']} settled conversations; "
        f"{made['dead']} turns could not be remembered."
    )
    for error in made["errors"][:_REASONS_SHOWN]:
        console.print(f"  {error}", markup=False)
    for reason, count in Counter(figures["unanswered"].values()).most_common(_REASONS_SHOWN):
        console.print(f"{count} unanswered: {reason}", markup=False)
    if figures["stopped"]:
        console.print(f"Stopped: {figures['stopped']}. The same command goes on from here.", markup=False)


def dollars(amount: Decimal | float | None) -> str:
    """An amount as it is shown."""
    return "not known" if amount is None else f"{amount:,.4f}"


def _cells(usage: Mapping[str, Any], cost: Decimal | float | None) -> list[str]:
    return [*(f"{usage[name]:,}" for name in ("calls", "prompt_tokens", "completion_tokens")), dollars(cost)]


def _so_far(spent: Decimal | None) -> str:
    return f"Spent by earlier runs: {dollars(spent)} USD." if spent is None or spent else ""


def _right(name: str) -> Column:
    return Column(name, justify="right")
