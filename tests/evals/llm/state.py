"""What is kept between runs: memories by what made them, answers and verdicts by what made those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.llm import prompts as product
from scrubjay.settings import Settings
from tests.evals.llm.datasets.files import fingerprint
from tests.evals.llm.journal import Journal
from tests.evals.llm.options import Options
from tests.evals.llm.prompts import ANSWER_VERSION, JUDGE_VERSION


@dataclass(frozen=True)
class State:
    """The journals of an evaluation.

    The slice is no part of what tells evaluations apart: a larger one goes on where a smaller one has ended. Another
    judge, or another number of memories, answers anew but pays for no new memories.

    Args:
        making: what the memories depend on.
        asking: what the answers and verdicts depend on besides.
        stack: the data directory of the stack.
        owners: what the user ids begin with.
        settled: conversations whose turns are all settled.
        relayed: the calls of the stack that were paid for.
        answers: by question.
        verdicts: by question and nugget.
        spent: what answering and judging cost.
    """

    making: Mapping[str, Any]
    asking: Mapping[str, Any]
    stack: Path
    owners: str
    settled: Journal
    relayed: Journal
    answers: Journal
    verdicts: Journal
    spent: Journal

    def user_id(self, conversation: str) -> str:
        """Whose memory a conversation is."""
        return f"{self.owners}-{conversation}"


def opened(options: Options, settings: Settings) -> State:
    """The state that belongs to these options, made if there is none."""
    making, asking = _making(options, settings), _asking(options)
    made_by = _digest(making)
    memories = options.folder / f"{options.dataset}-{made_by}"
    answers = memories / f"answers-{_digest(asking)}"
    state = State(
        making,
        asking,
        memories / "stack",
        f"eval-{made_by}",
        *(Journal(memories / f"{name}.jsonl") for name in ("settled", "relayed")),
        *(Journal(answers / f"{name}.jsonl") for name in ("answers", "verdicts", "spent")),
    )
    for folder, about in ((memories, making), (answers, asking)):
        (folder / "settings.json").write_text(json.dumps(about, indent=2) + "\n")
    return state


def _making(options: Options, settings: Settings) -> dict[str, Any]:
    return {
        "dataset": options.dataset,
        "data": {"name": options.data.name, "sha256": fingerprint(options.data)},
        "model": options.model,
        "endpoint": settings.openai_base_url or "",
        "embedder": options.embedder,
        "embedding_model": settings.embedding_model if options.embedder == "openai" else "",
        "extraction_prompt": product.EXTRACTION.version,
        "reconciliation_prompt": product.RECONCILIATION.version,
        "url": options.url or "",
    }


def _asking(options: Options) -> dict[str, Any]:
    return {
        "answer_model": options.answer_model,
        "judge_model": options.judge_model,
        "top_k": options.top_k,
        "answer_prompt": ANSWER_VERSION,
        "judge_prompt": JUDGE_VERSION,
    }


def _digest(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:12]
