"""The command line, read once into a frozen value."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from scrubjay.settings import Settings
from tests.evals.llm.datasets import LOADERS

_ABOUT = "Lets a model answer and judge the questions of a data set, over the memories that Scrubjay made of it."

_EXAMPLES = """examples:
  make evals-llm ARGS="longmemeval --data scrubjay/devstack/demo_data"
  make evals-llm ARGS="locomo --data locomo10.json --conversations 1 --questions 20 --budget-usd 1"
  make evals-llm ARGS="beam --data BEAM/chats/100K --judge-model gpt-4.1-mini --yes"

The endpoint and the key are those of OPENAI_BASE_URL and OPENAI_API_KEY, from the environment or from .env. A second
run with the same settings goes on where the first one stopped. Exit status: 0 all judged, 1 some questions failed,
2 not begun, 3 the budget is used up, 130 interrupted.
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is wanted; each field is explained by `--help`."""

    dataset: str
    data: Path
    model: str
    answer_model: str
    judge_model: str
    embedder: str
    top_k: int
    conversations: int | None
    questions: int | None
    limit: int | None
    price_in: Decimal | None
    price_out: Decimal | None
    budget_usd: Decimal | None
    estimate: bool
    yes: bool
    at_once: int
    workers: int
    retries: int
    stuck_minutes: float
    url: str | None
    key: str | None
    folder: Path

    @property
    def report(self) -> Path:
        """Where the figures are written."""
        return self.folder.with_suffix(".json")


def read(arguments: Sequence[str] | None, settings: Settings) -> Options:
    """The options; ends the process with status 2 and a sentence when they are wrong.

    Args:
        arguments: the words; None for those of the process.
        settings: where defaults come from.
    """
    parser = _parser(settings)
    values = vars(parser.parse_args(arguments))
    for role in ("answer_model", "judge_model"):
        values[role] = values[role] or values["model"]
    options = Options(**values)
    if (options.price_in is None) != (options.price_out is None):
        parser.error("give both --price-in and --price-out, or neither")
    if not options.data.exists():
        parser.error(f"--data: there is no {options.data}")
    return options


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.evals.llm",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dataset", choices=list(LOADERS), help="which data set")
    parser.add_argument("--data", type=Path, required=True, help="its file or folder, see tests/evals/README.md")
    _add_models(parser.add_argument_group("models"), settings)
    _add_slice(parser.add_argument_group("slice"))
    _add_money(parser.add_argument_group("money"))
    _add_running(parser.add_argument_group("running"))
    return parser


def _add_models(group: argparse._ArgumentGroup, settings: Settings) -> None:
    group.add_argument(
        "--model", default=settings.llm_model, help="extracts and reconciles, and does what follows (%(default)s)"
    )
    group.add_argument("--answer-model", help="answers the questions, if it is another")
    group.add_argument("--judge-model", help="judges the answers, if it is another")
    group.add_argument(
        "--embedder",
        choices=["local", "openai"],
        default=settings.embedder_kind,
        help="as SCRUBJAY_EMBEDDER (%(default)s)",
    )
    group.add_argument("--top-k", type=_count, default=20, help="memories recalled for a question (%(default)s)")


def _add_slice(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--conversations", type=_count, help="only so many conversations")
    group.add_argument("--questions", type=_count, help="only so many questions of each conversation")
    group.add_argument("--limit", type=_count, help="only so many questions in all")


def _add_money(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--estimate", action="store_true", help="tell what it would cost, and end")
    group.add_argument("--yes", action="store_true", help="begin without asking")
    group.add_argument(
        "--budget-usd", type=_dollars, help="stop when this much is spent on this evaluation, earlier runs included"
    )
    group.add_argument("--price-in", type=_dollars, help="dollars for a million tokens of prompt, for every model")
    group.add_argument("--price-out", type=_dollars, help="dollars for a million tokens of answer, for every model")


def _add_running(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--at-once", type=_count, default=4, help="conversations, and questions, at a time (%(default)s)"
    )
    group.add_argument("--workers", type=_count, default=2, help="of the stack that is started (%(default)s)")
    group.add_argument(
        "--retries", type=int, default=6, help="how often a call is made again, with growing pauses (%(default)s)"
    )
    group.add_argument(
        "--stuck-minutes",
        type=float,
        default=15,
        help="give a conversation up that settles nothing so long (%(default)g)",
    )
    group.add_argument("--url", help="a running Scrubjay, in place of one of its own; its calls are not measured")
    group.add_argument("--key", help="the API key of that one")
    group.add_argument("--folder", type=Path, default=Path("build/evals-llm"), help="what is kept (%(default)s)")


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars")
    return amount
