"""The table of version_cases.py over a real Redis and the real Qdrant engine; only the model's mind is a table."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from scrubjay.edit.edits import Change, undo, update
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.model import Event, Memory, Message, Page, Scope
from scrubjay.ports import Answer, Question
from tests.integration.service import Service
from tests.integration.version_cases import CASES, Case

DAY_0 = datetime(2026, 3, 1, tzinfo=UTC)
_NUMBERED = re.compile(r"^\[(\d+)\] (.*?)(?: \(= candidate \d+\))?$", re.MULTILINE)


class TableModel:
    """Decides on a candidate as the table says, whatever the numbers; what the table leaves out is new."""

    name = "table"

    def __init__(self) -> None:
        self.table: dict[str, tuple[str, str, str | None]] = {}

    async def ping(self) -> None:
        """Nothing can be away."""

    async def ask(self, question: Question) -> Answer:
        known, _, candidates = question.user.partition("Candidates:")
        numbers = {text: int(number) for number, text in _NUMBERED.findall(known)}
        decisions = [self._decided(int(n), text, numbers) for n, text in _NUMBERED.findall(candidates)]
        return Answer(text=json.dumps({"decisions": decisions}))

    def _decided(self, number: int, text: str, known: dict[str, int]) -> dict[str, object]:
        event, target, wording = self.table.get(text, ("ADD", "-", None))
        target_number = known[target] if target != "-" else None
        return {"candidate": number, "event": event, "target": target_number, "text": wording}

    async def chat(self, messages: Sequence[Message]) -> str:
        raise AssertionError("nobody talks here")

    def chat_stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        raise AssertionError("nobody talks here")


class Story:
    """A service, and the steps of one case told to it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.model = TableModel()
        service.weigher = ModelReconciler(self.model, related_floor=0.25, rules=RuleReconciler(0.9))

    async def tell(self, step: str) -> None:
        verb, _, rest = step.partition(" ")
        if verb == "undo":
            await undo(Scope(tenant="default"), await self.id_of(rest), self.service.edits)
        elif verb == "edit":
            old, _, new = rest.partition(" = ")
            await update(Scope(tenant="default"), await self.id_of(old), Change(text=new), self.service.edits)
        else:
            self.model.table.clear()
            for turn in step.split(" & "):
                await self.say(turn)
            assert await self.service.drain() == len(step.split(" & "))

    async def say(self, turn: str) -> None:
        day, _, rest = turn.partition(": ")
        fact, _, decision = rest.partition(" > ")
        if decision:
            event, _, target = decision.partition(" ")
            target, _, wording = target.partition(" = ")
            self.model.table[fact] = (event, target or "-", (wording or fact) if event == "UPDATE" else None)
        await self.service.say(fact, timestamp=None if day == "now" else DAY_0 + timedelta(days=int(day)))

    async def id_of(self, text: str) -> str:
        return next(chain[0].id for chain in await self.chains() for version in chain if version.text == text)

    async def chains(self) -> list[list[Memory]]:
        """The versions of each memory of this owner, in the order in which the memories began to hold."""
        turns = (await self.service.turns.page("default", None, "ana", Page(size=200))).items
        ids = {event.id for turn in turns for event in turn.events if event.id}
        chains = [await self.service.store.history(Scope(tenant="default"), memory_id) for memory_id in ids]
        return sorted((chain for chain in chains if chain), key=lambda chain: (chain[0].valid_from, chain[0].text))


def shown(chain: Sequence[Memory]) -> str:
    """Versions as the table writes them."""
    lines = [
        f"{version.text} {day(version.valid_from)}-{day(version.valid_to) if version.valid_to else ''}"
        for version in chain
    ]
    stands = any(version.current for version in chain)
    return " | ".join(lines) + ("" if stands else " x")


def day(moment: datetime) -> str:
    passed = (moment - DAY_0) / timedelta(days=1)
    return f"{passed:g}" if passed.is_integer() else "now"


def texts(memories: Sequence[Memory]) -> str:
    return ", ".join(sorted(memory.text for memory in memories))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
async def test_what_was_said_ends_in_the_right_versions(service: Service, case: Case) -> None:
    story = Story(service)
    for step in case.steps:
        await story.tell(step)

    assert texts(await service.memories()) == case.now
    for line in case.then:
        number, _, expected = line.partition(": ")
        recall = await service.ask("Lives", as_of=DAY_0 + timedelta(days=int(number)), limit=50)
        assert f"{number}: {texts([result.memory for result in recall.results])}" == f"{number}: {expected}"
    chains = await story.chains()
    assert [shown(chain) for chain in chains] == case.versions
    for chain in chains:
        assert len({version.version for version in chain}) == len(chain)  # each version has a number of its own
        assert all(version.quote or not version.turn_ids for version in chain)
        stands = [version for version in chain if version.current or version.event is Event.DELETE]
        assert stands, "one version stands, even if it was retracted"


def test_the_table_has_its_forty_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
