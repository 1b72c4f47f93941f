"""`python -m tests.evals.llm`: read the data, tell the cost, ask, run, report."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.prompt import Confirm

from memory.client import TurnstoneClient
from memory.embedded.failures import PartFailed, StackRefused
from memory.settings import Settings
from tests.evals.llm.datasets import LOADERS
from tests.evals.llm.estimate import Estimate, estimated
from tests.evals.llm.figures import report
from tests.evals.llm.halt import BUDGET, INTERRUPTED, Halt, on_signals
from tests.evals.llm.material import BadData, Conversation, cut
from tests.evals.llm.meter import Meter
from tests.evals.llm.options import Options, read
from tests.evals.llm.prices import Prices
from tests.evals.llm.progress import Bars
from tests.evals.llm.run import Run, models, stack
from tests.evals.llm.state import State, opened
from tests.evals.llm.tables import show_estimate, show_figures

DONE, FAILED, NOT_BEGUN, OVER_BUDGET, CTRL_C = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    console, settings = Console(), Settings()
    options = read(arguments, settings)
    try:
        conversations = cut(
            LOADERS[options.dataset](options.data), options.conversations, options.questions, options.limit
        )
    except BadData as error:
        return _refused(str(error))
    prices = Prices(settings.openai_base_url, options.price_in, options.price_out)
    meter, state = Meter(prices, options.budget_usd), opened(options, settings)
    meter.replay([*state.relayed.rows, *state.spent.rows])
    estimate = estimated(conversations, state, options, settings)
    show_estimate(console, estimate, options, prices, meter.total_usd)
    if options.estimate:
        return DONE
    if problem := _problem(options, settings, prices, estimate) or _not_wanted(options, estimate):
        return _refused(problem)
    try:
        figures = asyncio.run(_run(conversations, state, options, settings, meter, estimate))
    except (StackRefused, PartFailed) as error:
        return _refused(str(error))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("Interrupted. What was paid for is written down; the same command goes on from here.", file=sys.stderr)
        return CTRL_C
    options.report.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    show_figures(console, figures)
    console.print(f"written to {options.report}")
    return _status(figures)


async def _run(
    conversations: Sequence[Conversation],
    state: State,
    options: Options,
    settings: Settings,
    meter: Meter,
    estimate: Estimate,
) -> dict[str, object]:
    halt = Halt()
    failures: dict[str, str] = {}
    if estimate.questions:
        failures = await _examine(conversations, state, options, settings, meter, estimate, halt)
    return report(conversations, state, options, meter, halt, failures, estimate)


async def _examine(
    conversations: Sequence[Conversation],
    state: State,
    options: Options,
    settings: Settings,
    meter: Meter,
    estimate: Estimate,
    halt: Halt,
) -> dict[str, str]:
    """Do what is still to be done; why questions stay without a verdict, by their ids."""
    with Bars(Console(stderr=True), estimate) as bars, on_signals(halt, bars.console.print):
        async with (
            stack(options, settings, state, meter, halt) as url,
            TurnstoneClient(url, options.key) as client,
            models(options, settings, state, meter) as asked,
        ):
            run = Run(state, client, asked["answer"], asked["judge"], options, halt, meter, bars)
            await run.over(conversations)
    return run.failures


def _problem(options: Options, settings: Settings, prices: Prices, estimate: Estimate) -> str | None:
    if not settings.uses_openai:
        return "No endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for an OpenAI-compatible one."
    unknown = [model for model, usage in estimate.steps.values() if prices.usd(model, usage) is None]
    if options.budget_usd is not None and unknown:
        return f"--budget-usd needs prices, and that of {unknown[0]} is not known: give --price-in and --price-out."
    return None


def _not_wanted(options: Options, estimate: Estimate) -> str | None:
    if options.yes or not estimate.questions:
        return None
    if not sys.stdin.isatty():
        return "Nobody can be asked here: add --yes to begin."
    return None if Confirm.ask("Begin?", default=False) else "Not begun."


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return NOT_BEGUN


def _status(figures: dict[str, object]) -> int:
    stopped = {BUDGET: OVER_BUDGET, INTERRUPTED: CTRL_C}.get(str(figures["stopped"]))
    if stopped is not None:
        return stopped
    return FAILED if figures["unanswered"] or figures["stopped"] else DONE


if __name__ == "__main__":
    sys.exit(main())
