"""Turns posted over a connection that breaks at every possible point: each exists once, in its place."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from scrubjay.client import ScrubjayClient, ServerUnreachable
from scrubjay.devstack.parts import Setup
from tests.chaos.flaky import Cut, FlakyProxy, flaky_proxy
from tests.chaos.scene import Scene
from tests.chaos.servers import front, own_redis
from tests.support import wait_until

SEEDS = (1, 2, 3)
TIMES = 3
BROKEN = [cut for cut in Cut if cut is not Cut.NONE]


def by_chance(seed: int) -> Callable[[str], Cut]:
    chance = random.Random(seed)
    return lambda _: chance.choice(list(Cut))


@asynccontextmanager
async def callers(port: int, plan: Callable[[str], Cut]) -> AsyncIterator[tuple[FlakyProxy, httpx.AsyncClient]]:
    """A flaky proxy, and a client that tries nothing twice by itself."""
    async with (
        flaky_proxy(port, plan) as proxy,
        httpx.AsyncClient(base_url=proxy.url, trust_env=False, timeout=20) as http,
    ):
        yield proxy, http


def text(key: str) -> str:
    return f"I am {key}."


async def sent(http: httpx.AsyncClient, user: str, key: str) -> str | None:
    """The turn's id; None when no answer came, or one that asks to come again."""
    body = {"user_id": user, "messages": [{"role": "user", "content": text(key)}]}
    try:
        answer = await http.post("/turns", json=body, headers={"Idempotency-Key": key})
    except httpx.TransportError:
        return None
    return str(answer.json()["id"]) if answer.status_code == 202 else None


async def sent_until_answered(http: httpx.AsyncClient, user: str, key: str) -> str:
    return await wait_until(lambda: sent(http, user, key), what=f"an answer to {key}")


async def in_place(client: ScrubjayClient, user: str) -> list[str]:
    """The ids of the user's turns in the order of their acceptance."""
    return [turn.id for turn in reversed((await client.turns(user_id=user, page_size=200)).results)]


def one_id_a_key(answers: Sequence[Sequence[str | None]]) -> list[str | None]:
    """Each key's id, None where no answer ever came."""
    id_sets = [{answer for answer in of_key if answer} for of_key in answers]
    assert all(len(ids) <= 1 for ids in id_sets), "a key was answered with two ids"
    return [next(iter(ids), None) for ids in id_sets]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_turn_that_is_sent_three_times_whatever_comes_back_exists_once(scene: Scene, seed: int) -> None:
    user, keys = scene.id_of("ana"), [f"thrice-{seed}-{scene.mark}-{number}" for number in range(20)]
    async with callers(port_of(scene), by_chance(seed)) as (proxy, http):
        ids = one_id_a_key([[await sent(http, user, key) for _ in range(TIMES)] for key in keys])
    assert {cut for _, cut in proxy.requests} == set(Cut), "not every kind of cut was met"
    stored_ids = await in_place(scene.client, user)
    assert [turn_id for turn_id in stored_ids if turn_id in ids] == [turn_id for turn_id in ids if turn_id]
    texts = [await said_in(scene, turn_id) for turn_id in stored_ids]
    assert len(set(texts)) == len(texts), "a turn exists twice"
    answered = {key for key, cut in proxy.requests if cut in (Cut.NONE, Cut.AFTER, Cut.MIDST)}
    reached = {key for key, cut in proxy.requests if cut not in (Cut.BEFORE, Cut.HALF)}
    assert {text(key) for key in answered} <= set(texts) <= {text(key) for key in reached}


def port_of(scene: Scene) -> int:
    return httpx.URL(scene.client.url).port or 0


async def said_in(scene: Scene, turn_id: str) -> str:
    async with httpx.AsyncClient(base_url=scene.client.url, trust_env=False) as http:
        return str((await http.get(f"/turns/{turn_id}")).json()["messages"][0]["content"])


async def test_users_who_try_again_until_they_are_answered_find_each_turn_once_and_in_order(scene: Scene) -> None:
    async with callers(port_of(scene), by_chance(7)) as (_, http):

        async def talk(user: str) -> list[str]:
            return [await sent_until_answered(http, user, f"{user}-{number}") for number in range(10)]

        users = [scene.id_of(f"user-{number}") for number in range(5)]
        answered = await asyncio.gather(*map(talk, users))
    assert [await in_place(scene.client, user) for user in users] == answered


async def test_the_same_key_from_three_connections_at_once_is_one_turn(scene: Scene) -> None:
    user, keys = scene.id_of("ana"), [f"at-once-{scene.mark}-{number}" for number in range(20)]
    plan = cycle([Cut.NONE, Cut.AFTER, Cut.NONE])
    async with callers(port_of(scene), lambda _: next(plan)) as (_, http):
        answers = [await asyncio.gather(*(sent(http, user, key) for _ in range(TIMES))) for key in keys]
    assert await in_place(scene.client, user) == one_id_a_key(answers)


async def test_a_key_whose_answer_was_lost_is_refused_with_another_body(scene: Scene) -> None:
    user, key = scene.id_of("ana"), f"reused-{scene.mark}"
    plan = cycle([Cut.AFTER, Cut.NONE])
    async with callers(port_of(scene), lambda _: next(plan)) as (_, http):
        assert await sent(http, user, key) is None
        other = {"user_id": user, "messages": [{"role": "user", "content": "I am another."}]}
        refused = await http.post("/turns", json=other, headers={"Idempotency-Key": key})
        assert (refused.status_code, refused.json()["error"]) == (409, "idempotency_conflict")
        assert await sent(http, user, key) is None
        again = await sent(http, user, key)
    assert await in_place(scene.client, user) == [again]


@pytest.mark.parametrize("cut", BROKEN)
async def test_the_client_sends_one_key_however_often_it_tries_a_turn(scene: Scene, cut: Cut) -> None:
    user, plan = scene.id_of("ana"), cycle([cut, cut, Cut.NONE])
    messages = [{"role": "user", "content": "I like green tea."}]
    async with flaky_proxy(port_of(scene), lambda _: next(plan)) as proxy, ScrubjayClient(proxy.url) as client:
        turns = [(await client.add_turn(messages, user_id=user)).id for _ in range(2)]
    keys = [key for key, _ in proxy.requests]
    assert len(keys) == 2 * TIMES
    assert len(set(keys[:TIMES])) == len(set(keys[TIMES:])) == 1
    assert keys[0] != keys[-1], "saying the same twice is two turns"
    assert await in_place(scene.client, user) == turns


async def test_the_client_says_so_when_no_try_was_answered_and_the_same_key_finds_the_turn(scene: Scene) -> None:
    user, key = scene.id_of("ana"), f"given-up-{scene.mark}"
    plan = iter([Cut.AFTER, Cut.AFTER, Cut.NONE])
    messages = [{"role": "user", "content": "I like green tea."}]
    async with (
        flaky_proxy(port_of(scene), lambda _: next(plan)) as proxy,
        ScrubjayClient(proxy.url, retries=1) as client,
    ):
        with pytest.raises(ServerUnreachable):
            await client.add_turn(messages, user_id=user, idempotency_key=key)
        turn = await client.add_turn(messages, user_id=user, idempotency_key=key)
    assert await in_place(scene.client, user) == [turn.id]


def more_than(proxy: FlakyProxy, requests: int) -> bool:
    return len(proxy.requests) > requests


async def test_while_redis_is_killed_and_started_again_each_turn_is_accepted_once_and_in_order(
    stack_setup: Setup, qdrant_url: str, tmp_path: Path
) -> None:
    qdrant_port = httpx.URL(qdrant_url).port or 0
    with own_redis(tmp_path) as redis, front(stack_setup, redis_port=redis.port, qdrant_port=qdrant_port) as api:
        await redis.answers()
        await asyncio.to_thread(api.serves)
        async with callers(api.at.api, by_chance(11)) as (proxy, http), ScrubjayClient(api.url) as client:

            async def talk(user: str) -> list[str]:
                return [await sent_until_answered(http, user, f"{user}-{number}") for number in range(30)]

            talking = asyncio.gather(talk("ana"), talk("bob"))
            for seen in (40, 120):
                await wait_until(partial(more_than, proxy, seen), what="turns being posted")
                redis.kill()
                await redis.start_again()
            assert not talking.done(), "Redis was killed when all was over"
            answered = list(await talking)
            assert [await in_place(client, user) for user in ("ana", "bob")] == answered
