"""The library works lanes off in process: it never tells a success that is none, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay import AsyncMemory
from scrubjay.adapters.redis.limits import MOST_MESSAGES
from scrubjay.bootstrap import Parts, opened
from scrubjay.errors import InboxUnavailable, StoreUnavailable
from scrubjay.library.config import Configuration
from scrubjay.library.failures import StillWaiting, TurnDied
from scrubjay.model import Lane, Status
from scrubjay.model.names import QUEUE
from tests.integration.library import configured
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.support import free_port, wait_until, without_memories

ANA = Lane(tenant="library", kind="user", name="ana")
ADDS_AND_DIES = """
import asyncio, json, sys
from scrubjay import AsyncMemory
async def main():
    async with AsyncMemory(json.loads(sys.argv[1])) as memory:
        print((await memory.add("I live in Lisbon.", user_id="ana", wait=False))["event_id"], flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
async def config(
    redis: Redis, redis_url: str, qdrant_url: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Any]:
    for name, value in {"LEASE_SECONDS": "1", "SWEEP_SECONDS": "0.2", "RETRY_MAX_SECONDS": "0.5"}.items():
        monkeypatch.setenv(f"SCRUBJAY_{name}", value)
    await without_memories(qdrant_url)
    return configured(redis_url, qdrant_url, server, wait_seconds=20)


@pytest.fixture
async def memory(config: Mapping[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(config) as opened:
        yield opened


@pytest.fixture
async def parts(config: Mapping[str, Any]) -> AsyncIterator[Parts]:
    """Somebody else on the same Redis and Qdrant."""
    async with opened(Configuration.read(config).settings()) as opened_parts:
        yield opened_parts


async def texts(memory: AsyncMemory) -> list[str]:
    return sorted(result["memory"] for result in (await memory.get_all(user_id="ana"))["results"])


async def test_few_messages_stay_that_no_worker_hears_and_they_name_nobody(memory: AsyncMemory, redis: Redis) -> None:
    sentences = [f"I own book number {number}." for number in range(40)]
    await asyncio.gather(*(memory.add(text, user_id="ana", infer=False) for text in sentences))
    await asyncio.gather(
        *(memory.add("I live here.", user_id=f"user-{n}", infer=False) for n in range(MOST_MESSAGES + 20))
    )
    assert await texts(memory) == sorted(sentences)
    messages: Any = await redis.lrange(QUEUE, 0, -1)
    assert len(messages) <= MOST_MESSAGES
    assert all(json.loads(base64.b64decode(json.loads(message)["body"]))[0] == [] for message in messages)


async def test_turns_of_one_owner_are_remembered_in_the_order_in_which_they_were_added(memory: AsyncMemory) -> None:
    for number in range(12):
        await memory.add(f"I own book number {number}.", user_id="ana", infer=False, wait=False)
    await memory.add("That is all that I own.", user_id="ana", infer=False)
    texts = [result["memory"] for result in (await memory.get_all(user_id="ana"))["results"]]
    assert texts == ["That is all that I own.", *(f"I own book number {number}." for number in reversed(range(12)))]


async def test_a_turn_that_dies_is_told_with_what_it_died_of(memory: AsyncMemory, server: ModelServer) -> None:
    server.fault(Fault(kind=Kind.NOT_JSON, route="extraction"))
    with pytest.raises(TurnDied, match="is a dead letter now: bad_answer") as died:
        await memory.add("I live in Lisbon.", user_id="ana")
    assert died.value.turn_id
    assert await texts(memory) == []


async def test_a_turn_whose_model_is_away_is_no_success_and_is_remembered_when_the_model_is_back(
    config: Mapping[str, Any], server: ModelServer
) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=503))
    async with AsyncMemory({**config, "wait_seconds": 0.5}) as memory:
        with pytest.raises(StillWaiting, match=r"accepted and waits to be remembered: .*503"):
            await memory.add("I live in Lisbon.", user_id="ana")
        server.heal()

        async def remembered() -> bool:
            return await texts(memory) == ["I live in Lisbon."]

        await wait_until(remembered, what="the turn remembered")


async def test_an_add_waits_through_a_short_outage(memory: AsyncMemory, server: ModelServer) -> None:
    server.fault(Fault(kind=Kind.STATUS, status=503, calls=1))
    assert [result["event"] for result in (await memory.add("I live in Lisbon.", user_id="ana"))["results"]] == ["ADD"]


async def test_what_a_killed_process_had_accepted_is_remembered_by_the_next(
    config: Mapping[str, Any], server: ModelServer, parts: Parts
) -> None:
    server.fault(Fault(kind=Kind.HELD, route="extraction"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ADDS_AND_DIES, json.dumps(config), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    turn_id = (await process.stdout.readline()).decode().strip()
    await wait_until(lambda: server.counts().held == 1, what="the model being asked")
    process.kill()
    await process.wait()
    server.heal()
    async with AsyncMemory(config):

        async def settled() -> bool:
            turn = await parts.turns.get(ANA.scope, turn_id)
            return turn is not None and turn.status is Status.SETTLED

        await wait_until(settled, what="the turn settled")


async def test_a_lane_that_a_worker_of_the_fleet_holds_is_waited_for(memory: AsyncMemory, parts: Parts) -> None:
    async with parts.lanes.edit(ANA):
        adding = asyncio.create_task(memory.add("I live in Lisbon.", user_id="ana"))
        await wait_until(lambda: parts.turns.pending(ANA.scope), what="the turn accepted")
        assert not adding.done()
        assert await texts(memory) == []
    assert [result["event"] for result in (await adding)["results"]] == ["ADD"]


async def test_an_add_that_is_given_up_is_remembered_all_the_same(memory: AsyncMemory, server: ModelServer) -> None:
    server.fault(Fault(kind=Kind.HELD, route="extraction"))
    adding = asyncio.create_task(memory.add("I live in Lisbon.", user_id="ana"))
    await wait_until(lambda: server.counts().held == 1, what="the model being asked")
    adding.cancel()
    server.heal()

    async def remembered() -> bool:
        return await texts(memory) == ["I live in Lisbon."]

    await wait_until(remembered, what="the turn remembered")
    assert server.counts().calls["extraction"] == 1


async def test_closing_hands_lanes_back_at_once(
    config: Mapping[str, Any], server: ModelServer, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUBJAY_LEASE_SECONDS", "600")
    server.fault(Fault(kind=Kind.HELD, route="extraction"))
    async with AsyncMemory(config) as memory:
        await memory.add("I live in Lisbon.", user_id="ana", wait=False)
        await wait_until(lambda: server.counts().held == 1, what="the model being asked")
    async with parts.lanes.edit(ANA, wait_seconds=1):
        assert await parts.turns.pending(ANA.scope) == 1


async def test_a_named_server_that_does_not_answer_is_told_with_what_to_do(config: Mapping[str, Any]) -> None:
    nowhere = free_port()
    store = {"vector_store": {"provider": "qdrant", "config": {"host": "localhost", "port": nowhere}}}
    with pytest.raises(StoreUnavailable, match=rf"No Qdrant can be used at localhost:{nowhere} .*docker run"):
        await AsyncMemory({**config, **store}).get_all(user_id="ana")
    with pytest.raises(InboxUnavailable, match=rf"No Redis can be used at 127.0.0.1:{nowhere} .*SCRUBJAY_REDIS_URL"):
        await AsyncMemory({**config, "redis": {"url": f"redis://127.0.0.1:{nowhere}/0"}}).get_all(user_id="ana")
