"""`python -m tests.evals.llm`: read the data, tell the cost, ask, run, report."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.prompt import Confirm

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.failures import PartFailed, StackRefused
from scrubjay.errors import ModelUnavailable
from scrubjay.settings import Settings
from tests.evals.llm.datasets import LOADERS
from tests.evals.llm.figures import report
from tests.evals.llm.halt import BUDGET, INTERRUPTED, on_signals
from tests.evals.llm.job import Job, prepared
from tests.evals.llm.material import BadData, cut
from tests.evals.llm.options import read
from tests.evals.llm.progress import Bars
from tests.evals.llm.run import Run, models, stack
from tests.evals.llm.tables import show_estimate, show_figures

DONE, FAILED, NOT_BEGUN, OVER_BUDGET, CTRL_C = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    console, settings = Console(), Settings.of_service()
    options = read(arguments, settings)
    try:
        conversations = LOADERS[options.dataset](options.data)
    except BadData as error:
        return _refused(str(error))
    job = prepared(options, settings, cut(conversations, options.conversations, options.questions, options.limit))
    show_estimate(console, job)
    if options.estimate:
        return DONE
    if problem := _problem(job) or _not_wanted(job):
        return _refused(problem)
    try:
        failures = asyncio.run(_examined(job)) if job.estimate.questions else {}
    except (StackRefused, PartFailed, ModelUnavailable) as error:
        return _refused(str(error))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("Interrupted. What was paid for is written down; the same command goes on from here.", file=sys.stderr)
        return CTRL_C
    figures = report(job, failures)
    options.report.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    show_figures(console, figures)
    console.print(f"written to {options.report}")
    return _status(figures)


async def _examined(job: Job) -> dict[str, str]:
    """Do what is still to be done; why questions stay without a verdict, by their ids."""
    with Bars(Console(stderr=True), job.estimate) as bars, on_signals(job.halt, bars.console.print):
        async with (
            stack(job) as url,
            ScrubjayClient(url, job.options.key) as client,
            models(job) as (answerer, judge),
        ):
            run = Run(job, client, answerer, judge, bars)
            await run.over_all()
    return run.failures


def _problem(job: Job) -> str | None:
    if not job.settings.uses_openai:
        return "No endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for an OpenAI-compatible one."
    unknown = [model for model, usage in job.estimate.steps.values() if job.prices.usd(model, usage) is None]
    if job.options.budget_usd is not None and unknown:
        return f"--budget-usd needs prices, and that of {unknown[0]} is not known: give --price-in and --price-out."
    return None


def _not_wanted(job: Job) -> str | None:
    if job.options.yes or not job.estimate.questions:
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
