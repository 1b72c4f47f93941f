"""The table of scope_cases.py over a real Redis and the real Qdrant engine; only the model's mind is a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import Change, delete, undo, update
from scrubjay.erase.forget import forget
from scrubjay.ingest.drain import drain
from scrubjay.model import Event, Memory, Page, Scope, Status, TurnEvent
from scrubjay.model.clock import OwnClock
from scrubjay.search.filters import narrowed, parse
from scrubjay.search.recall import RecallRequest, recall
from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.integration.scope_answers import AnswersOfTurns
from tests.integration.scope_cases import CASES
from tests.integration.scope_steps import (
    ANYBODY,
    Case,
    Delete,
    Edit,
    Forget,
    History,
    Metadata,
    Provenance,
    Say,
    Sees,
    Step,
    Told,
    Undo,
    Wait,
)
from tests.integration.service import Service

DAY_0 = datetime(2026, 3, 1, tzinfo=UTC)
_MOST_AT_ONCE = 50


class MovableClock(OwnClock):
    """This process' own clock, moved on by a test."""

    ahead = timedelta()

    async def now(self) -> datetime:
        return await super().now() + self.ahead


class Story:
    """A service, and the steps of one case done in it."""

    def __init__(self, service: Service, redis: Redis, qdrant_url: str, *, batched: bool) -> None:
        self.service, self.redis, self.qdrant_url, self.batched = service, redis, qdrant_url, batched
        self.clock, self.reconciler = MovableClock(), AnswersOfTurns()
        service.store = QdrantStore(service.store.collection.client, service.embedder, self.clock)
        service.weigher = self.reconciler
        self.turn_ids: list[str] = []
        self.waiting: list[Say] = []
        self.ids: dict[tuple[str, Scope], str] = {}  # what a client was told, by what it said and with which ids
        self.owners: dict[str, set[Scope]] = {}  # of the turns that told of a memory, by its id
        self.heard: set[tuple[str, Scope]] = set()

    async def tell(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, Say):
                await self.say(step)
            else:
                await self.drain()
                await self.do(step)
        await self.drain()

    async def say(self, turn: Say) -> None:
        stamp = None if turn.day is None else DAY_0 + timedelta(days=turn.day)
        turn_id = await self.service.say(
            turn.text, turn.scope, timestamp=stamp, expires_at=await self.in_hours(turn.hours),
            metadata=dict(turn.metadata), infer=turn.infer,
        )  # fmt: skip
        self.reconciler.turns[turn_id] = turn
        self.turn_ids.append(turn_id)
        self.waiting.append(turn)
        if turn.by and turn.by.merged and (turn.by.of, turn.scope) in self.heard:  # never of two scopes
            self.heard.add((turn.by.merged, turn.scope))
        self.heard.add((turn.text, turn.scope))
        if not self.batched:
            await self.drain()

    async def drain(self) -> None:
        parts = replace(self.service.drain_services, batch_turns=8)
        settled = sum([await drain(lane, parts) for lane in dict.fromkeys(turn.scope.lane for turn in self.waiting)])
        assert settled == len(self.waiting)
        said_last = self.turn_ids[len(self.turn_ids) - len(self.waiting) :]
        for turn, turn_id in zip(self.waiting, said_last, strict=True):
            (event,) = await self.events(turn_id)
            self.owners.setdefault(event.id, set()).add(turn.scope)
            self.ids |= {(text, turn.scope): event.id for text in (turn.text, event.memory)}
        self.waiting = []

    async def events(self, turn_id: str) -> tuple[TurnEvent, ...]:
        status = await self.service.status(turn_id)
        assert status.status is Status.SETTLED
        return status.events

    async def do(self, step: Step) -> None:
        match step:
            case Wait():
                self.clock.ahead += timedelta(hours=step.hours)
            case Forget():
                await self.forget(step)
            case Delete():
                await delete(ANYBODY, self.ids[step.text, step.scope], self.service.edits)
            case Edit():
                await self.edit(step)
            case Undo():
                memory = await undo(ANYBODY, self.ids[step.text, step.scope], self.service.edits)
                self.ids[memory.text, step.scope] = memory.id
            case _:
                await self.look(step)

    async def look(self, step: Step) -> None:
        match step:
            case Sees():
                await self.look_around(step)
            case Told():
                await self.look_at_event(step)
            case History():
                versions = await self.service.store.history(ANYBODY, self.ids[step.text, step.scope])
                assert [version.text for version in versions] == list(step.versions), step
            case Provenance():
                memory = await self.memory(step.text, step.scope)
                assert memory.turn_ids == tuple(self.turn_ids[number - 1] for number in step.turns), step
            case Metadata():
                assert (await self.memory(step.text, step.scope)).metadata == step.metadata, step

    async def forget(self, step: Forget) -> None:
        receipt = await forget(step.scope, self.service.forget_services)
        assert receipt.verified
        assert step.memories in (None, receipt.memories)
        elsewhere = [text for text, scope in self.heard if not step.scope.covers(scope)]
        covered = {text for text, scope in self.heard if step.scope.covers(scope)}
        self.heard = {(text, scope) for text, scope in self.heard if not step.scope.covers(scope)}
        values = [*await all_of_qdrant(self.qdrant_url), *(await all_of_redis(self.redis)).values()]
        for text in (text for text in covered if not any(text in other for other in elsewhere)):
            assert [value for value in values if text in value] == [], f"{text} is left"

    async def edit(self, step: Edit) -> None:
        body = {"text": step.to, "metadata": step.metadata, "expires_at": await self.in_hours(step.hours)}
        change = Change(**{name: value for name, value in body.items() if value is not None})
        memory = await update(ANYBODY, self.ids[step.text, step.scope], change, self.service.edits)
        self.ids[memory.text, step.scope] = memory.id
        self.heard.add((memory.text, step.scope))

    async def look_around(self, step: Sees) -> None:
        as_of = None if step.as_of is None else DAY_0 + timedelta(days=step.as_of)
        assert await self.found(step.scope, step.filters, as_of) == sorted(step.texts), f"found: {step}"
        if as_of is None:
            assert await self.listed(step.scope, step.filters) == sorted(step.texts), f"listed: {step}"

    async def look_at_event(self, step: Told) -> None:
        (event,) = await self.events(self.turn_ids[step.turn - 1])
        assert (event.event, event.memory, event.previous) == (step.event, step.text, step.previous), step
        assert event.renewed is step.renewed, step
        if step.same_as is not None:
            (before,) = await self.events(self.turn_ids[step.same_as - 1])
            assert event.id == before.id, step

    async def found(self, scope: Scope, filters: Any = None, as_of: datetime | None = None) -> list[str]:
        """The texts that a search finds, in the order of the alphabet."""
        condition = parse(filters)
        request = RecallRequest(
            scope=narrowed(scope, condition), text="what is known", limit=_MOST_AT_ONCE, filters=condition, as_of=as_of
        )
        answer = await recall(request, self.service.recall_services)
        return sorted(result.memory.text for result in answer.results)

    async def listed(self, scope: Scope, filters: Any = None) -> list[str]:
        """The texts that a list shows, in the order of the alphabet; as many as it counts."""
        condition = parse(filters)
        part = await self.service.store.page(narrowed(scope, condition), Page(size=_MOST_AT_ONCE), condition)
        assert part.count == len(part.items)
        return sorted(memory.text for memory in part.items)

    async def memory(self, text: str, scope: Scope) -> Memory:
        memory = await self.service.store.get(ANYBODY, self.ids[text, scope])
        assert memory is not None
        assert memory.scope == scope
        return memory

    async def in_hours(self, hours: float | None) -> datetime | None:
        return None if hours is None else await self.clock.now() + timedelta(hours=hours)

    async def check(self, steps: Sequence[Step]) -> None:
        """What holds after every case, whatever was said."""
        scopes = {step.scope for step in steps if isinstance(step, Say)}
        for view in {view for scope in scopes for view in scope.covering}:
            texts = await self.found(view)
            assert texts == await self.listed(view), f"{view}: what is found is what is listed"
            strange = set(texts) - {text for text, scope in self.heard if view.covers(scope)}
            assert strange == set(), f"{view} sees what was said only elsewhere"
            for number, step in enumerate(steps):
                if isinstance(step, Say) and view.covers(step.scope) and _must_stand(number, steps, view):
                    assert step.text in texts, f"{view} sees what was said with it and never taken from it: {step}"
        await self.check_versions()

    async def check_versions(self) -> None:
        """All versions of a memory have one scope, and what is stored with a scope was said with it."""
        assert all(len(owners) == 1 for owners in self.owners.values()), "a turn tells of memories of its own scope"
        scopes = dict[str, Scope]()
        async for version in self.service.store.versions(ANYBODY):
            assert scopes.setdefault(version.id, version.scope) == version.scope, "a memory has one scope"
            assert (version.text, version.scope) in self.heard, "what is stored with a scope was said with it"


def _must_stand(number: int, steps: Sequence[Step], view: Scope) -> bool:
    """Whether nothing that the case does can have taken what a turn said out of a view."""
    turn = steps[number]
    assert isinstance(turn, Say)
    is_own_text = turn.by is None or (turn.by.event is Event.UPDATE and turn.by.merged is None)
    is_late = turn.day is not None and any(_said_after(step, turn) for step in steps[:number])
    return is_own_text and not is_late and not any(_touches(turn, step, view) for step in steps[number + 1 :])


def _said_after(step: Step, turn: Say) -> bool:
    return isinstance(step, Say) and turn.day is not None and (step.day is None or step.day > turn.day)


def _touches(turn: Say, step: Step, view: Scope) -> bool:
    match step:
        case Say():
            return view.covers(step.scope) and (step.by is not None or step.text != turn.text)
        case Forget():
            return step.scope.covers(turn.scope)
        case Wait():
            return turn.hours is not None
        case Edit() | Delete() | Undo():
            return step.scope.lane == turn.scope.lane
        case _:
            return False


def _runs() -> list[Any]:
    ways = [(case, batched) for case in CASES for batched in ((False, True) if case.batched else (False,))]
    return [
        pytest.param(case, batched, id=case.name.replace(" ", "-") + ("-in-one-batch" if batched else ""))
        for case, batched in ways
    ]


@pytest.mark.parametrize(("case", "batched"), _runs())
async def test_each_view_sees_what_was_said_in_it(
    service: Service, redis: Redis, qdrant_url: str, case: Case, batched: bool
) -> None:
    story = Story(service, redis, qdrant_url, batched=batched)
    await story.tell(case.steps)
    await story.check(case.steps)


def test_the_table_has_its_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 48
    assert len({case.name for case in CASES}) == len(CASES)
