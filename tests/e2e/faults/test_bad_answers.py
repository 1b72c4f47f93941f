"""Answers that go wrong: asked again once with the error named, then bisected, then dead with their text; never lost.

To add a kind: a `Kind` in tests/model_server/wire.py, what the model then says in wrong.py, and a row here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
import pytest

from memory.client import TurnstoneClient
from tests.e2e.faults.house import ASKED_AGAIN, asked, books, come_to, grown, posted, remembered
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind, Route
from tests.running import Running
from tests.support import wait_until

# What is said to somebody who wants to know why a turn is dead fits on a line.
LONGEST_ERROR = 400
# Of facts or characters, in answers that are asked for again and again; those that are given once have millions.
TOO_LARGE = 2_000


@dataclass(frozen=True)
class Row:
    """A bad answer to one kind of question, and what the model and a person are told about it."""

    route: Route
    kind: Kind
    told: str = ""

    def __str__(self) -> str:
        return f"{self.route}-{self.kind}"

    def fault(self, contains: str, *, calls: int | None = None, size: int = 0) -> Fault:
        return Fault(kind=self.kind, route=self.route, contains=contains, calls=calls, size=size)


UNFINISHED = "it was refused or cut off before its end"
ROWS = [
    Row("extraction", Kind.NOT_JSON, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.EMPTY, "Invalid JSON: EOF while parsing a value"),
    Row("extraction", Kind.TRUNCATED, UNFINISHED),
    Row("extraction", Kind.REFUSAL, UNFINISHED),
    Row("extraction", Kind.CONTENT_FILTER, UNFINISHED),
    Row("extraction", Kind.NO_CHOICES, UNFINISHED),
    Row("extraction", Kind.WRONG_TYPES, "facts.0.fact: Input should be a valid string"),
    Row("extraction", Kind.LIST, "Input should be an object"),
    Row("extraction", Kind.NULL, "facts: Input should be a valid array"),
    Row("extraction", Kind.HUGE_TEXT, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.HUGE_BLANK, "Invalid JSON: expected value at line 1 column 1"),
    Row("extraction", Kind.HUGE_FACT, "facts.0.fact: String should have at most 1000 characters"),
    Row("extraction", Kind.MANY, "facts: List should have at most 300 items"),
    Row("reconciliation", Kind.NOT_JSON, "Invalid JSON: expected value at line 1 column 1"),
    Row("reconciliation", Kind.EMPTY, "Invalid JSON: EOF while parsing a value"),
    Row("reconciliation", Kind.TRUNCATED, UNFINISHED),
    Row("reconciliation", Kind.REFUSAL, UNFINISHED),
    Row("reconciliation", Kind.CONTENT_FILTER, UNFINISHED),
    Row("reconciliation", Kind.NO_CHOICES, UNFINISHED),
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


async def knows_something(client: TurnstoneClient, user: str) -> str:
    """An owner about whom something is known: only then is there anything to reconcile."""
    known = "I like green tea."
    await come_to(client, "settled", [await posted(client, user, known)])
    return known


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_one_bad_answer_costs_one_more_call_which_names_the_error(
    model: ModelServer, client: TurnstoneClient, row: Row
) -> None:
    user, said = f"once-{row}", f"I like green apples, {row}."
    known = await knows_something(client, user)
    model.fault(row.fault(str(row), calls=1))
    [turn] = await come_to(client, "settled", [await posted(client, user, said)])

    assert (turn.attempts, turn.error) == (1, None)
    assert [(event.event, event.memory) for event in turn.events] == [("ADD", said)]
    assert await remembered(client, user) == [known, said]
    other: Route = "reconciliation" if row.route == "extraction" else "extraction"
    assert len(asked(model, other, str(row))) == 1
    first, second = asked(model, row.route, str(row))
    assert ASKED_AGAIN not in first
    assert f"{ASKED_AGAIN}{row.told}" in second


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_an_answer_that_stays_bad_costs_its_own_turn_alone_which_a_replay_brings_back(
    model: ModelServer, client: TurnstoneClient, http: httpx.AsyncClient, row: Row
) -> None:
    user, poison = f"stays-{row}", f"poison {row}"
    known, before = await knows_something(client, user), await books(http)
    model.fault(Fault(kind=Kind.HELD, route="extraction", contains="first", calls=1), row.fault(poison, size=TOO_LARGE))
    things = ["first", "apples", "pears", poison, "plums", "grapes"]
    said = [f"I like green {thing}." for thing in things]
    turns = [await posted(client, user, said[0])]
    await wait_until(lambda: model.counts().held, what="the lane being busy, so that the others wait together")
    turns += [await posted(client, user, words) for words in said[1:]]
    model.release()

    [dead] = await come_to(client, "dead", turns[3:4])
    await come_to(client, "settled", turns[:3] + turns[4:])
    assert await remembered(client, user) == [known, *said[:3], *said[4:]]
    error = dead.error or ""
    assert error.startswith(f"bad_answer: The model's answer to the {row.route} was invalid twice, at last because ")
    assert row.told in error
    assert len(error) < LONGEST_ERROR
    calls = asked(model, row.route, poison)
    assert [ASKED_AGAIN in told for told in calls] == [False, True] * (len(calls) // 2)
    letter = (await http.get("/dead")).json()["results"][0]
    assert (letter["id"], letter["error"]) == (dead.id, error)
    assert grown(before, await books(http)) == {"accepted": len(said), "settled": len(said) - 1, "dead": 1}

    model.heal()
    assert (await http.post("/dead/replay", json={"ids": [dead.id]})).json() == {"count": 1}
    [replayed] = await come_to(client, "settled", [dead.id])
    assert replayed.error is None
    assert await remembered(client, user) == [known, *said]
    assert grown(before, await books(http)) == {"accepted": len(said), "settled": len(said)}


@pytest.mark.parametrize("row", GOOD_ENOUGH, ids=str)
async def test_an_answer_that_says_more_than_was_asked_is_used_at_once(
    model: ModelServer, client: TurnstoneClient, row: Row
) -> None:
    user, said = f"enough-{row}", f"I like green apples, {row}."
    known = await knows_something(client, user)
    model.fault(row.fault(str(row)))
    await come_to(client, "settled", [await posted(client, user, said)])

    assert model.counts().faults == {row.kind: 1}
    assert [len(asked(model, route, str(row))) for route in ("extraction", "reconciliation")] == [1, 1]
    assert await remembered(client, user) == [known, said]


async def test_a_fact_whose_quote_nobody_said_is_dropped_and_counted_and_the_others_are_kept(
    model: ModelServer, client: TurnstoneClient, faulty: Running
) -> None:
    true = {"fact": "User likes green tea.", "category": "preference", "quote": "I like green tea"}
    false = {"fact": "User owns a yacht.", "category": "personal", "quote": "I own a yacht"}
    model.say(Canned(route="extraction", contains="green tea", answer={"facts": [false, true]}))
    before = dropped(faulty)
    await come_to(client, "settled", [await posted(client, "quotes", "I like green tea.")])

    assert await remembered(client, "quotes") == ["User likes green tea."]
    assert dropped(faulty) - before == 1
    assert len(asked(model, "extraction", "green tea")) == 1


def dropped(faulty: Running) -> int:
    """How many facts were dropped, by the workers' logs."""
    lines = [line for log in faulty.data.glob("logs/worker-*.log") for line in log.read_text().splitlines()]
    settled = [json.loads(line) for line in lines if '"turns_settled"' in line]
    return sum(line["dropped"] for line in settled)
