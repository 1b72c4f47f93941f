"""Schemathesis over every operation: valid and invalid data, at the bounds, at random and along chains of calls."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.fuzz import checks
from tests.fuzz.system import OPERATOR_KEY, Known
from tests.fuzz.tally import HUNG_UP, Failure, Tally

LONGEST_ANSWER = 300
_FED = {
    "memories": ("path.memory_id",),
    "turns": ("path.turn_id", "body.wait_for"),
    "owners": ("query.user_id", "body.user_id"),
    "dead": ("query.ids", "body.ids[*]"),
    "keys": ("path.key_id",),
    "receipts": ("path.receipt_id",),
    "hooks": ("path.webhook_id",),
    "deliveries": ("path.delivery_id",),
}
CHECKS = (checks.refusal_has_its_shape, checks.healthy_stack_is_there)  # importing them makes Schemathesis call them
PHASES = ("coverage", "fuzzing", "stateful")


def fuzz(
    url: str, known: Callable[[], Known], *, requests: int, seed: int, tally: Tally, tick: Callable[[int], None],
    phases: Sequence[str] = PHASES, examples: int = 30,
) -> None:  # fmt: skip
    """Round after round until so many requests were made.

    Args:
        url: where the API is.
        known: called at the start of each round, as rounds also delete; returns what exists.
        requests: how many at least, where the phases end; fewer where `stop` is reached before.
        seed: of the first round; each round has the next.
        tally: takes what was seen.
        tick: told how many requests were made since the last call.
        phases: of Schemathesis: coverage takes what lies at the bounds, fuzzing what is random, stateful makes chains.
        examples: random cases for an operation and a round.
    """
    first = tally.requests
    while tally.requests - first < requests:
        before = tally.requests
        _round(url, known(), requests - (before - first), seed, tally, tick, phases, examples)
        assert tally.requests > before, "Schemathesis made no request"
        # What lies at the bounds is always the same: it is tried once.
        phases, seed = [phase for phase in phases if phase != "coverage"] or phases, seed + 1


def _round(
    url: str, known: Known, requests: int, seed: int, tally: Tally, tick: Callable[[int], None],
    phases: Sequence[str], examples: int,
) -> None:  # fmt: skip
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=_config(url, known, seed, phases, examples))
    stream, made = from_schema(schema).execute(), 0
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            count = _take(event.recorder, tally)
            made += count
            tick(count)
            if made >= requests:
                stream.stop()
        elif isinstance(event, events.NonFatalError):
            what = f"Schemathesis: {event.info.title}"
            trace = "".join(traceback.format_exception(event.value))
            tally.failed(Failure(event.label, what, trace, event.info.code_sample or ""))
        elif isinstance(event, events.FatalError):
            raise event.exception


def _config(url: str, known: Known, seed: int, phases: Sequence[str], examples: int) -> schemathesis.Config:
    fed = {name: list(values) for name, values in asdict(known).items() if values}
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {OPERATOR_KEY}"},
            "continue-on-failure": True,
            "request-timeout": 60,
            "workers": 2,
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in ("examples", *PHASES)},
            "checks": {
                "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", 501]},
                "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422, "5xx"]},
            },
            "output": {"sanitization": {"enabled": False}},
            "dictionaries": {name: {"values": values} for name, values in fed.items()},
            "parameters": {place: {"dictionary": name, "probability": 0.7} for name in fed for place in _FED[name]},
        }
    )


def _take(recorder: ScenarioRecorder, tally: Tally) -> int:
    for case_id, seen in recorder.interactions.items():
        status = str(seen.response.status_code) if seen.response else HUNG_UP
        tally.answered(recorder.cases[case_id].value.operation.label, status)
    for failure in _failures(recorder):
        tally.failed(failure)
    return len(recorder.interactions)


def _failures(recorder: ScenarioRecorder) -> Iterator[Failure]:
    for case_id, checked in recorder.checks.items():
        operation = recorder.cases[case_id].value.operation.label
        seen = recorder.interactions.get(case_id)
        answer = seen.response if seen else None
        shown_answer = f"{answer.status_code} {answer.text[:LONGEST_ANSWER]}" if answer else HUNG_UP
        for check in checked:
            if check.failure_info is not None:
                info = check.failure_info
                status = answer.status_code if answer else HUNG_UP
                what = f"{check.name} ({status}): {info.failure.title}"
                more = f"{shown_answer}\n{info.failure.message}"[: 2 * LONGEST_ANSWER]
                yield Failure(operation, what, more, info.code_sample)
