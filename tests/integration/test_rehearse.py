"""Dry runs: what a replay would change, told by the same deciding, without a trace but its cost on the tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from scrubjay.adapters.redis.scripts.batches import _LOST_WORKER
from scrubjay.errors import BadAnswer, ModelUnavailable
from scrubjay.ingest.replay_preview import PreviewServices, rehearse
from scrubjay.llm.usage import payer
from scrubjay.model import DeadFilter, Event, Extraction, Status, Turn
from tests.integration.dead_letters import Desk, desk_in
from tests.integration.service import ANA, BOB, Service
from tests.redis_keys import keys

BERLIN, LISBON = "I live in Berlin", "I moved to Lisbon"
EVERY = {"all": True, "dry_run": True}


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    async with desk_in(service) as desk:
        yield desk


async def everything(service: Service) -> dict[Any, bytes | None]:
    """All that Redis holds, as it would be written to disk."""
    redis = service.intake._core.redis
    return {name: await redis.dump(name) for name in await redis.keys("*")}


async def test_a_dry_run_of_a_replay_tells_what_it_would_change_and_changes_nothing(desk: Desk) -> None:
    service = desk.service
    await service.say(BERLIN)
    await service.drain()
    tea, lisbon = await desk.let_die("I like tea"), await desk.let_die(LISBON)
    service.reconciler.table[LISBON] = Event.UPDATE
    before, memories = await everything(service), await service.memories()

    answer = await desk.post("replay", **EVERY)

    assert (answer["count"], answer["dry_run"], answer["untried"]) == (2, True, 0)
    assert [(result["id"], result["user_id"], result["error"], result["events"]) for result in answer["results"]] == [
        (tea, "ana", None, [{"event": "ADD", "memory": "I like tea", "previous": None}]),
        (lisbon, "ana", None, [{"event": "UPDATE", "memory": LISBON, "previous": BERLIN}]),
    ]
    assert {result["died_of"] for result in answer["results"]} == {"bad_answer: the answer was no JSON"}
    assert await everything(service) == before
    assert await service.memories() == memories


async def test_a_replay_does_what_its_dry_run_told(desk: Desk) -> None:
    service = desk.service
    await service.say(BERLIN)
    await service.drain()
    dead = await desk.let_die(LISBON)
    service.reconciler.table[LISBON] = Event.UPDATE
    (rehearsed,) = (await desk.post("replay", ids=[dead], dry_run=True))["results"]
    await desk.post("replay", ids=[dead])
    await service.drain()
    done = (await desk.turn(dead))["events"]
    assert [{name: event[name] for name in ("event", "memory", "previous")} for event in done] == rehearsed["events"]


async def test_a_dry_run_tells_what_would_only_enter_the_history(desk: Desk) -> None:
    service = desk.service
    dead = await desk.let_die(BERLIN)
    service.reconciler.table[BERLIN] = Event.UPDATE
    await service.say(LISBON)
    await service.drain()
    (rehearsed,) = (await desk.post("replay", ids=[dead], dry_run=True))["results"]
    assert [(event["event"], event["memory"]) for event in rehearsed["events"]] == [("NONE", LISBON)]
    assert rehearsed["into_history"] == [BERLIN]


async def test_a_dry_run_names_the_error_of_what_would_fail_again(desk: Desk) -> None:
    bad, away, good = await desk.let_die("bad"), await desk.let_die("away", BOB), await desk.let_die("good")
    desk.service.extractor.faults["bad"] = BadAnswer("still no JSON")
    desk.service.extractor.faults["away"] = ModelUnavailable("The model is overloaded.")
    results = (await desk.post("replay", **EVERY))["results"]
    assert {result["id"]: result["error"] for result in results} == {
        bad: "bad_answer: still no JSON", away: "model_unavailable: The model is overloaded.", good: None,
    }  # fmt: skip
    assert [(await desk.service.status(turn)).status for turn in (bad, away, good)] == [Status.DEAD] * 3


async def test_a_turn_that_ended_its_workers_is_not_tried_where_it_would_end_the_api(desk: Desk) -> None:
    dead = await desk.let_die("poison")
    await desk.service.intake._core.redis.hset(keys.turn("default", dead), "error", _LOST_WORKER)
    batches = len(desk.service.extractor.batches)
    (rehearsed,) = (await desk.post("replay", **EVERY))["results"]
    assert rehearsed["error"].startswith("worker_lost: not tried here")
    assert len(desk.service.extractor.batches) == batches


async def test_a_dry_run_tries_the_oldest_up_to_its_limit_and_says_how_many_are_left(desk: Desk) -> None:
    ids = [await desk.let_die(f"t{number}") for number in range(22)]
    answer = await desk.post("replay", **EVERY)
    assert ([result["id"] for result in answer["results"]], answer["count"], answer["untried"]) == (ids[:20], 22, 2)
    answer = await desk.post("replay", **EVERY, limit=100)
    assert ([result["id"] for result in answer["results"]], answer["untried"]) == (ids, 0)
    assert len(await desk.listed()) == 22


async def test_a_dry_run_of_a_discard_shows_which_would_go_and_asks_no_model(desk: Desk) -> None:
    ids = [await desk.let_die("a"), await desk.let_die("b")]
    before, batches = await everything(desk.service), len(desk.service.extractor.batches)
    answer = await desk.post("discard", **EVERY, limit=1)
    assert (answer["count"], answer["dry_run"], answer["untried"]) == (2, True, 1)
    assert [(result["id"], result["died_of"], result["events"]) for result in answer["results"]] == [
        (ids[0], "bad_answer: the answer was no JSON", []),
    ]  # fmt: skip
    assert await everything(desk.service) == before
    assert len(desk.service.extractor.batches) == batches


class Watched:
    """An extractor that keeps who pays; what holds "slow" is never answered."""

    name, prompt_version = "watched", None

    def __init__(self, service: Service) -> None:
        self._inner = service.extractor
        self.paying: list[Any] = []

    async def ping(self) -> None:
        """Nothing can be away."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        self.paying.append(payer())
        if any("slow" in message.content for turn in turns for message in turn.messages):
            await asyncio.Event().wait()
        return await self._inner.extract(turns)


def preview(service: Service, extractor: Any) -> PreviewServices:
    return PreviewServices(turns=service.turns, decision=replace(service.decision, extractor=extractor))


async def test_what_a_dry_run_costs_is_booked_on_the_tenant_and_on_no_turn(desk: Desk) -> None:
    watched = Watched(desk.service)
    await desk.let_die("a")
    await rehearse("default", DeadFilter(), preview(desk.service, watched))
    assert [(item.tenant, item.turn_ids) for item in watched.paying] == [("default", ())]


async def test_a_dry_run_ends_in_time_with_what_it_has_tried(desk: Desk) -> None:
    quick, _, behind = await desk.let_die("quick", BOB), await desk.let_die("slow"), await desk.let_die("behind it")
    services = preview(desk.service, Watched(desk.service))
    rehearsal = await rehearse("default", DeadFilter(), services, longest_seconds=0.5)
    assert ([result.turn.id for result in rehearsal.results], rehearsal.count, rehearsal.untried) == ([quick], 3, 2)
    assert behind in await desk.listed(**{"user_id": ANA.user_id})
