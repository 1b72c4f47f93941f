"""The command over tiny data, and the script that its models follow: some answers are wrong, so that figures differ."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned
from tests.running import without_endpoint

DATA = Path(__file__).with_name("data")
LOCOMO = {
    "Does Tom like rain?": ("Not a bit.", True),
    "Which pets do Ines and Tom have?": ("Ines has a parrot and Tom a dog.", True),
    "When did Ines move?": ("In June.", False),
    "Would Tom enjoy a sunny holiday?": ("He probably would.", True),
    "Where does Tom live?": ("In Leeds, of course.", True),
    "What does Ines rent below?": ("I could not say.", False),
    "Which surgery did the parrot have?": ("I know of none.", True),
}
LONGMEMEVAL = {
    "Which tea do I drink now?": ("You drink sencha.", False),
    "What is the name of my boat?": ("You never told me of a boat.", True),
}
BEAM = {"How large will my greenhouse be?": "It will have 15.", "What does my greenhouse cost?": "You did not say."}
NUGGETS = {"should state: 15 square metres": 0.5, "it was 12 before": 0, "no information about the cost": 1}


def script() -> Iterator[Canned]:
    """What the models say, however often they are asked."""
    for question, (answer, correct) in {**LOCOMO, **LONGMEMEVAL}.items():
        yield Canned(route="chat", contains=f"Question: {question}", answer=answer, calls=None)
        verdict = {"reason": "It says so.", "correct": correct}
        yield Canned(contains=f"Answer to grade: {answer}", answer=verdict, calls=None)
    for question, answer in BEAM.items():
        yield Canned(route="chat", contains=f"Question: {question}", answer=answer, calls=None)
    for nugget, score in NUGGETS.items():
        verdict = {"reason": "So it is.", "score": score}
        yield Canned(contains=f"{nugget}\n\nAnswer to grade", answer=verdict, calls=None)


def asked(model: ModelServer, questions: Iterable[str]) -> dict[str, int]:
    """How often each question was put to the answering model."""
    chats = [sent for sent in model.requests() if "messages" in sent and "response_format" not in sent]
    last_messages = [sent["messages"][-1]["content"] for sent in chats]
    return {question: sum(f"Question: {question}" in message for message in last_messages) for question in questions}


class Evaluation:
    """The command, with one worker and one call at a time, and the figures that it writes.

    Args:
        model: plays all models.
        folder: what is kept.
        options: the words that do not change from run to run.
    """

    def __init__(self, model: ModelServer, folder: Path, *options: str) -> None:
        self.environment = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test", "SCRUBJAY_LEASE_SECONDS": "2"}
        self.environment["SCRUBJAY_SWEEP_SECONDS"] = "0.5"
        self.options = [*options, "--folder", str(folder), "--price-in", "1", "--price-out", "2"]
        self.options += ["--workers", "1", "--at-once", "1", "--retries", "1"]
        self._report = folder.with_suffix(".json")

    @contextmanager
    def started(self, *more: str) -> Iterator[subprocess.Popen[str]]:
        """A run as a process, which ends with the context at the latest."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.evals.llm", *self.options, *more],
            env=without_endpoint(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *more: str, status: int = 0) -> str:
        """Run it to its end and return all that it says; fails unless it ends with `status`."""
        with self.started(*more) as process:
            shown, complaints = process.communicate(timeout=90)
        assert process.returncode == status, shown + complaints
        return shown + complaints

    @property
    def figures(self) -> Mapping[str, Any]:
        """The report's file."""
        figures: Mapping[str, Any] = json.loads(self._report.read_text())
        return figures

    @property
    def accuracy(self) -> dict[str, tuple[int, float | None]]:
        """By category: how many were judged, and their mean score to three places."""
        rows = self.figures["accuracy"].items()
        return {name: (row["judged"], row["accuracy"] and round(row["accuracy"], 3)) for name, row in rows}
