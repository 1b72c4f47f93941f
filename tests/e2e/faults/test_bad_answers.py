"""Answers that go wrong: asked again once with the error named, then bisected, then dead with their text; never lost.

To add a kind: a `Kind` in tests/model_server/wire.py, what the model then says in wrong.py, and a row here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.faults.support import (
    ASKED_AGAIN,
    changes,
    ledger_of,
    memories_of,
    post,
    prompts,
    settled_ledger,
    wait_for_status,
)
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind, Route
from tests.running import Running
from tests.support import wait_until

# What is said to somebody who wants to know why a turn is dead fits on a line.
LONGEST_ERROR = 400
# Of facts or characters, in answers that are asked for again and again; those that are given once have millions.
TOO_LARGE = 2_000
KNOWN = "I like green tea."


@dataclass(frozen=True)
class Row:
    """A bad answer to one kind of question, and the error that the model and a person read."""

    route: Route
    kind: Kind
    error: str = ""
    status: int = 503

    def __str__(self) -> str:
        return f"{self.route}-{self.status if self.kind is Kind.STATUS else self.kind}"

    def fault(self, contains: str, *, calls: int | None = None, size: int = 0) -> Fault:
        return Fault(kind=self.kind, status=self.status, route=self.route, contains=contains, calls=calls, size=size)


CUT_OFF = "it was cut off at the most tokens that an answer may have"
MODEL_REFUSED, FILTERED = "the model refused", "a content filter stopped it"
ROWS = [
    Row("extraction", Kind.NOT_JSON, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.EMPTY, "Invalid JSON: EOF while parsing a value"),
    Row("extraction", Kind.TRUNCATED, CUT_OFF),
    Row("extraction", Kind.REFUSAL, MODEL_REFUSED),
    Row("extraction", Kind.CONTENT_FILTER, FILTERED),
    Row("extraction", Kind.NO_CHOICES, FILTERED),
    Row("extraction", Kind.WRONG_TYPES, "facts.0.fact: Input should be a valid string"),
    Row("extraction", Kind.LIST, "Input should be an object"),
    Row("extraction", Kind.NULL, "facts: Input should be a valid array"),
    Row("extraction", Kind.HUGE_TEXT, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.HUGE_BLANK, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.HUGE_FACT, "facts.0.fact: String should have at most 1000 characters"),
    Row("extraction", Kind.MANY, "facts: List should have at most 300 items"),
    Row("reconciliation", Kind.NOT_JSON, "Invalid JSON: expected value at line 1 column 1"),
    Row("reconciliation", Kind.EMPTY, "Invalid JSON: EOF while parsing a value"),
    Row("reconciliation", Kind.TRUNCATED, CUT_OFF),
    Row("reconciliation", Kind.REFUSAL, MODEL_REFUSED),
    Row("reconciliation", Kind.CONTENT_FILTER, FILTERED),
    Row("reconciliation", Kind.NO_CHOICES, FILTERED),
    Row("reconciliation", Kind.WRONG_TYPES, "decisions.0.candidate: Input should be a valid integer"),
    Row("reconciliation", Kind.LIST, "Input should be an object"),
    Row("reconciliation", Kind.NULL, "decisions: Input should be a valid array"),
    Row("reconciliation", Kind.HUGE_TEXT, "Invalid JSON: expected value at line 1 column 1"),
    Row("reconciliation", Kind.HUGE_BLANK, "Invalid JSON: expected value at line 1 column 1"),
    Row("reconciliation", Kind.HUGE_FACT, "decisions.0.text: String should have at most 1000 characters"),
    Row("reconciliation", Kind.MANY, "it needs exactly one decision for each candidate from 0 to 0"),
    Row("reconciliation", Kind.DUPLICATE, "it needs exactly one decision for each candidate from 0 to 0"),
    Row("reconciliation", Kind.MISSING, "it needs exactly one decision for each candidate from 0 to 0"),
    Row("reconciliation", Kind.UNKNOWN_NUMBER, "the decision for candidate 0 has the unknown target 999"),
]
# Not what was asked for, but nothing is in doubt.
GOOD_ENOUGH = [
    Row("extraction", Kind.FENCED),
    Row("extraction", Kind.EXTRA_KEYS),
    Row("extraction", Kind.DUPLICATE),
    Row("reconciliation", Kind.FENCED),
    Row("reconciliation", Kind.EXTRA_KEYS),
]


# The request itself is refused: to ask the same again would be of no use.
REFUSED = [
    Row("extraction", Kind.STATUS, "refused the request with HTTP 400: a fault was switched on", 400),
    Row("extraction", Kind.STATUS, "refused the request with HTTP 413: a fault was switched on", 413),
    Row("reconciliation", Kind.STATUS, "refused the request with HTTP 422: a fault was switched on", 422),
    Row("embeddings", Kind.STATUS, "refused the request with HTTP 400: a fault was switched on", 400),
]


async def known_before(client: ScrubjayClient, user: str, row: Row) -> list[str]:
    """What an owner's memories are before a turn: only when something is known there is anything to reconcile."""
    if row.route == "extraction":
        return []
    await wait_for_status(client, "settled", [await post(client, user, KNOWN)])
    return [KNOWN]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_one_bad_answer_costs_one_more_call_which_names_the_error(
    model: ModelServer, client: ScrubjayClient, row: Row
) -> None:
    user, text = f"once-{row}", f"I like green apples, {row}."
    known = await known_before(client, user, row)
    model.fault(row.fault(str(row), calls=1))
    [turn] = await wait_for_status(client, "settled", [await post(client, user, text)])

    assert (turn.attempts, turn.error) == (1, None)
    assert [(event.event, event.memory) for event in turn.events] == [("ADD", text)]
    assert await memories_of(client, user) == [*known, text]
    first, second = prompts(model, row.route, str(row))
    assert ASKED_AGAIN not in first
    assert f"{ASKED_AGAIN}{row.error}" in second
    assert sum(len(prompts(model, route, str(row))) for route in ("extraction", "reconciliation")) == 2 + len(known)


class Conversation:
    """Six turns of one owner, posted together; the fourth is the one that the model cannot bear."""

    def __init__(self, client: ScrubjayClient, http: httpx.AsyncClient, row: Row) -> None:
        self._client = client
        self._http = http
        self._user, self.poison = f"stays-{row}", f"poison {row}"
        things = ["first", "apples", "pears", self.poison, "plums", "grapes"]
        self._said = [f"I like green {thing}." for thing in things]
        self._turns: list[str] = []
        self._before: dict[str, int] = {}

    async def post(self, model: ModelServer) -> None:
        """Post the first, and the others while a worker is busy with it: so they are one batch, and it is known."""
        self._before = await settled_ledger(self._http)
        model.fault(Fault(kind=Kind.HELD, route="extraction", contains="first", calls=1))
        self._turns = [await post(self._client, self._user, self._said[0])]
        await wait_until(lambda: model.counts().held, what="the first turn being extracted")
        self._turns += [await post(self._client, self._user, text) for text in self._said[1:]]
        model.release()

    async def is_dead_alone(self) -> str:
        """The fourth is dead and can be seen; the others are remembered in order. Returns the error."""
        [dead] = await wait_for_status(self._client, "dead", self._turns[3:4])
        await wait_for_status(self._client, "settled", self._turns[:3] + self._turns[4:])
        assert await memories_of(self._client, self._user) == self._said[:3] + self._said[4:]
        dead_letter = (await self._http.get("/dead")).json()["results"][0]
        assert (dead_letter["id"], dead_letter["error"], dead_letter["events"]) == (dead.id, dead.error, [])
        assert changes(self._before, await ledger_of(self._http)) == {"accepted": 6, "settled": 5, "dead": 1}
        assert dead.error is not None
        assert len(dead.error) < LONGEST_ERROR
        return dead.error

    async def is_replayed(self) -> None:
        """A replay of the dead turn brings it back to its place among the others."""
        answer = await self._http.post("/dead/replay", json={"ids": self._turns[3:4]})
        assert answer.json()["count"] == 1
        [replayed] = await wait_for_status(self._client, "settled", self._turns[3:4])
        assert replayed.error is None
        assert await memories_of(self._client, self._user) == self._said
        assert changes(self._before, await ledger_of(self._http)) == {"accepted": 6, "settled": 6}


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_an_answer_that_stays_bad_costs_its_own_turn_alone_which_a_replay_brings_back(
    model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient, row: Row
) -> None:
    talk = Conversation(client, http, row)
    model.fault(row.fault(talk.poison, size=TOO_LARGE))
    await talk.post(model)

    error = await talk.is_dead_alone()
    assert error.startswith(f"bad_answer: The model's answer to the {row.route} was invalid twice, at last because ")
    assert row.error in error
    calls = prompts(model, row.route, talk.poison)
    assert [ASKED_AGAIN in prompt for prompt in calls] == [False, True] * (len(calls) // 2)

    model.heal()
    await talk.is_replayed()


@pytest.mark.parametrize("row", REFUSED, ids=str)
async def test_a_request_that_is_refused_for_its_content_costs_its_own_turn_alone_which_a_replay_brings_back(
    model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient, row: Row
) -> None:
    talk = Conversation(client, http, row)
    model.fault(row.fault(talk.poison))
    await talk.post(model)

    error = await talk.is_dead_alone()
    assert error.startswith("model_rejected: The ")
    assert row.error in error
    assert not any(ASKED_AGAIN in prompt for prompt in prompts(model, row.route, talk.poison))

    model.heal()
    await talk.is_replayed()


@pytest.mark.parametrize("row", GOOD_ENOUGH, ids=str)
async def test_an_answer_that_says_more_than_was_asked_is_used_at_once(
    model: ModelServer, client: ScrubjayClient, row: Row
) -> None:
    user, text = f"enough-{row}", f"I like green apples, {row}."
    known = await known_before(client, user, row)
    model.fault(row.fault(str(row)))
    await wait_for_status(client, "settled", [await post(client, user, text)])

    assert model.counts().faults == {row.kind: 1}
    assert [len(prompts(model, route, str(row))) for route in ("extraction", "reconciliation")] == [1, len(known)]
    assert await memories_of(client, user) == [*known, text]


async def test_a_fact_whose_quote_nobody_said_is_dropped_and_counted_and_the_others_are_kept(
    model: ModelServer, client: ScrubjayClient, faulty: Running
) -> None:
    true = {"fact": "User likes green tea.", "category": "preference", "quote": "I like green tea"}
    false = {"fact": "User owns a yacht.", "category": "personal", "quote": "I own a yacht"}
    model.say(Canned(route="extraction", contains="green tea", answer={"facts": [false, true]}))
    before = dropped(faulty)
    await wait_for_status(client, "settled", [await post(client, "quotes", "I like green tea.")])

    assert await memories_of(client, "quotes") == ["User likes green tea."]
    assert dropped(faulty) - before == 1
    assert len(prompts(model, "extraction", "green tea")) == 1


def dropped(faulty: Running) -> int:
    """How many facts were dropped, by the workers' logs."""
    lines = [line for log in faulty.data.glob("logs/worker-*.log") for line in log.read_text().splitlines()]
    settled = [json.loads(line) for line in lines if '"turns_settled"' in line]
    return sum(line["dropped"] for line in settled)
