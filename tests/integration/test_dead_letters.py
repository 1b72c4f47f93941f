"""Dead letters over the API, a real Redis and the real Qdrant engine: which are meant, replays, discards, dry runs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from scrubjay.errors import BadAnswer, ModelRejected
from scrubjay.model import DeadFilter, Event, Scope, Status
from tests.integration.dead_letters import Desk, desk_in
from tests.integration.service import ANA, BOB, Service
from tests.redis_keys import lane_keys

BERLIN, LISBON, PORTO = "I live in Berlin", "I moved to Lisbon", "I moved to Porto"
ANA_BOT = Scope(tenant="default", user_id="ana", agent_id="bot", run_id="r1")
ELSEWHERE = Scope(tenant="elsewhere", user_id="ana")
TOO_LONG = ModelRejected("the request is too long")


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    async with desk_in(service) as desk:
        yield desk


async def three(desk: Desk) -> list[str]:
    """One of ana's, one of ana's with her bot, one of bob's that died of something else."""
    return [await desk.let_die("a"), await desk.let_die("b", ANA_BOT), await desk.let_die("c", BOB, TOO_LONG)]


@pytest.mark.parametrize(
    ("meant", "expected"),
    [
        ({}, "abc"),
        ({"error": "bad_answer"}, "ab"),
        ({"error": "bad_answer: the answer was no JSON"}, "ab"),
        ({"error": "bad"}, ""),
        ({"user_id": "ana"}, "ab"),
        ({"agent_id": "bot"}, "b"),
        ({"run_id": "r1", "user_id": "ana"}, "b"),
        ({"user_id": "bob", "error": "bad_answer"}, ""),
        ({"user_id": "bob", "error": "model_rejected"}, "c"),
    ],
)
async def test_dead_letters_are_listed_and_replayed_by_what_holds_for_them_together(
    desk: Desk, meant: dict[str, str], expected: str
) -> None:
    ids = dict(zip("abc", await three(desk), strict=True))
    assert await desk.listed(**meant) == [ids[name] for name in expected]
    body: dict[str, Any] = {**meant} or {"all": True}
    assert await desk.post("replay", **body) == {"count": len(expected), "left": 0, "reason": None}
    assert await desk.listed() == [turn_id for name, turn_id in ids.items() if name not in expected]


async def test_dead_letters_are_named_by_ids_and_by_when_they_were_accepted(desk: Desk) -> None:
    first, second, third = await three(desk)
    at = (await desk.service.status(second)).accepted_at
    assert await desk.listed(accepted_after=at.isoformat()) == [third]
    assert await desk.listed(accepted_before=at.isoformat()) == [first]
    within = {"accepted_after": (at - timedelta(microseconds=1)).isoformat(),
              "accepted_before": (at + timedelta(microseconds=1)).isoformat()}  # fmt: skip
    assert await desk.listed(**within) == [second]
    assert await desk.listed(ids=[third, first, first, "nobody"]) == [first, third]
    assert await desk.post("discard", ids=[first, third, "nobody"], user_id="ana") == {"count": 1}
    assert await desk.listed() == [second, third]


async def test_a_long_list_of_dead_letters_is_shown_page_by_page(desk: Desk) -> None:
    ids = [await desk.let_die(f"t{number}") for number in range(3)]
    page = (await desk.http.get("/dead", params={"user_id": "ana", "page": 2, "page_size": 2})).json()
    assert (page["count"], [result["id"] for result in page["results"]]) == (3, ids[:1])
    assert "user_id=ana" in page["previous"]
    first = (await desk.http.get("/dead", params={"user_id": "ana", "page_size": 2})).json()
    by_cursor = (await desk.http.get("/dead", params={"page_size": 2, "cursor": first["cursor"]})).json()
    assert "page=2" in first["next"]
    assert by_cursor == {"count": 3, "next": None, "previous": None, "cursor": None, "results": page["results"]}
    one_each = (await desk.http.get("/dead", params={"page_size": 1})).json()
    second = (await desk.http.get("/dead", params={"page_size": 1, "cursor": one_each["cursor"]})).json()
    third = (await desk.http.get(second["next"])).json()
    assert [result["id"] for part in (one_each, second, third) for result in part["results"]] == ids[::-1]


async def test_more_dead_letters_than_fit_a_page_of_redis_are_all_found_in_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.adapters.redis.turn_log.dead_letters._CHUNK", 2)
    monkeypatch.setattr("scrubjay.adapters.redis.turn_log.lists._CHUNK", 2)
    ids = [await desk.let_die(f"t{number}", BOB if number % 2 else ANA) for number in range(7)]
    await desk.service.intake._core.redis.zadd("sj:status:default:dead", dict.fromkeys(ids[1:6], 5))
    assert sorted(await desk.listed(error="bad_answer")) == sorted(ids)
    assert await desk.service.turns.dead("default", DeadFilter(error="bad_answer")) == ids


@pytest.mark.parametrize("deed", ["replay", "discard"])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "say which dead turns"),
        ({"all": False}, "say which dead turns"),
        ({"user_id": None}, "say which dead turns"),
        ({"dry_run": True}, "say which dead turns"),
        ({"all": True, "user_id": "ana"}, "give either all: true or some of"),
        ({"ids": []}, "ids: "),
        ({"user_id": "ana", "limit": 5}, "limit is for a dry run"),
        ({"all": True, "dry_run": True, "limit": 101}, "limit: "),
        ({"accepted_after": "yesterday"}, "accepted_after: "),
        ({"accepted_after": "2026-03-01T00:00:00"}, "accepted_after: "),
        ({"user": "ana"}, "user: is not a field of this request"),
    ],
)
async def test_nobody_replays_or_discards_more_than_was_named(
    desk: Desk, deed: str, body: dict[str, Any], says: str
) -> None:
    turn_id = await desk.let_die("a")
    answer = await desk.post(deed, 422, **body)
    assert says in answer["detail"]
    assert await desk.listed() == [turn_id]


async def test_a_filter_that_makes_no_sense_is_refused(desk: Desk) -> None:
    for query in ({"accepted_after": "soon"}, {"user_id": ""}, {"page": "0"}):
        answer = await desk.http.get("/dead", params=query)
        assert answer.status_code == 422, query


async def test_no_tenant_reaches_the_dead_letters_of_another(desk: Desk) -> None:
    service = desk.service
    service.extractor.faults["theirs"] = BadAnswer("no")
    theirs = await service.say("theirs", ELSEWHERE)
    await service.drain(ELSEWHERE)
    assert await desk.listed() == []
    assert await desk.post("discard", ids=[theirs]) == {"count": 0}
    assert await desk.post("discard", all=True) == {"count": 0}
    assert (await desk.http.get(f"/turns/{theirs}")).status_code == 404
    left = await service.turns.get(Scope(tenant="elsewhere"), theirs)
    assert left is not None
    assert (left.status, left.counts.failed) == (Status.DEAD, 1)


async def test_many_dead_turns_of_one_lane_are_replayed_in_their_order_however_they_are_named(desk: Desk) -> None:
    ids = [await desk.let_die(f"fact {number}") for number in range(12)]
    assert await desk.post("replay", ids=ids[::-1]) == {"count": 12, "left": 0, "reason": None}
    redis = desk.service.intake._core.redis
    lane = await lane_keys(redis, Scope(tenant="default", user_id="ana").lane)
    assert await redis.lrange(lane.waiting, 0, -1) == [turn_id.encode() for turn_id in ids]
    while await desk.service.drain():
        pass
    assert await desk.service.texts() == [f"fact {number}" for number in range(12)]


@pytest.mark.parametrize("dated", [False, True])
async def test_a_dead_turn_replayed_late_leaves_the_newer_fact_standing(desk: Desk, dated: bool) -> None:
    service = desk.service
    dead = await desk.let_die(BERLIN)
    service.reconciler.table |= {BERLIN: Event.UPDATE, LISBON: Event.ADD}
    at = (await service.status(dead)).accepted_at
    later: dict[str, Any] = {"timestamp": at + timedelta(days=1)} if dated else {}
    await service.say(LISBON, **later)
    await service.drain()
    (lisbon,) = await service.memories()

    assert await desk.post("replay", ids=[dead]) == {"count": 1, "left": 0, "reason": None}
    await service.drain()

    assert (await service.status(dead)).status is Status.SETTLED
    assert (await service.status(dead)).accepted_at == at
    assert await service.texts() == [LISBON]
    versions = await service.store.history(Scope(tenant="default"), lisbon.id)
    assert [(version.text, version.valid_from, version.valid_to, version.current) for version in versions] == [
        (BERLIN, at, lisbon.valid_from, False), (LISBON, lisbon.valid_from, None, True),
    ]  # fmt: skip
    assert [result.memory.text for result in (await service.ask("where", as_of=at)).results] == [BERLIN]


async def test_a_dead_turn_replayed_late_does_not_bring_back_what_was_taken_back_since(desk: Desk) -> None:
    service = desk.service
    await service.say(BERLIN)
    await service.drain()
    dead = await desk.let_die(f"{BERLIN} still")
    gone = "I no longer live in Berlin"
    service.reconciler.table |= {gone: Event.DELETE, f"{BERLIN} still": Event.NONE}
    await service.say(gone)
    await service.drain()
    assert await service.texts() == []
    assert await desk.post("replay", ids=[dead]) == {"count": 1, "left": 0, "reason": None}
    await service.drain()
    assert await service.texts() == []


async def test_dead_turns_replayed_together_take_their_places_before_what_was_said_since(desk: Desk) -> None:
    service = desk.service
    first, second = await desk.let_die(BERLIN), await desk.let_die(PORTO)
    service.reconciler.table |= {BERLIN: Event.UPDATE, PORTO: Event.UPDATE}
    await service.say(LISBON)
    await service.drain()
    (lisbon,) = await service.memories()
    assert await desk.post("replay", error="bad_answer") == {"count": 2, "left": 0, "reason": None}
    while await service.drain():
        pass
    assert {(await service.status(turn)).status for turn in (first, second)} == {Status.SETTLED}
    assert [memory.text for memory in await service.store.history(Scope(tenant="default"), lisbon.id)] == [
        BERLIN,
        PORTO,
        LISBON,
    ]
    assert await service.texts() == [LISBON]


async def test_a_turn_that_waits_is_discarded_over_http_and_one_that_does_not_is_a_409(desk: Desk) -> None:
    waits = await desk.service.say(BERLIN)
    answer = await desk.http.delete(f"/turns/{waits}")
    assert (answer.status_code, answer.json()) == (200, {"id": waits, "status": "erased"})
    assert (await desk.turn(waits))["messages"] is None
    assert await desk.service.drain() == 0
    again = await desk.http.delete(f"/turns/{waits}")
    assert (again.status_code, again.json()["error"]) == (409, "turn_finished")
    assert (await desk.http.delete(f"/turns/{uuid.uuid4()}")).status_code == 404
    assert (await desk.http.delete("/turns/nowhere")).status_code == 422
    dead = await desk.let_die(LISBON)
    assert (await desk.http.delete(f"/turns/{dead}")).status_code == 200
    assert await desk.listed() == []
