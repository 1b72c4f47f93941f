"""Redis closes idle connections (`timeout`, a balancer in between): others take their places, and nobody notices.

redis-py 8.1.0 fails here, see pyproject.toml. A command is never sent twice: one whose answer was lost may have been
done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from redis.asyncio import Connection, Redis

from scrubjay.adapters.redis.client import RedisClient, open_redis
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import InboxUnavailable
from tests.chaos.address import address_of
from tests.contract.desk import Desk, desk_on
from tests.support import wait_until

AT_ONCE = 12


@pytest.fixture
async def client(redis: Redis, redis_url: str) -> AsyncIterator[RedisClient]:
    """The service's own client, of the Redis that `redis` looks at."""
    async with open_redis(redis_url) as opened:
        yield opened


async def connections_of(redis: Redis) -> int:
    """How many there are besides the one that asks."""
    return len(await redis.client_list()) - 1


async def fill_pool(client: Redis) -> None:
    """As many connections as calls at once; each call blocks its own until all have one."""
    await asyncio.gather(*(client.blpop(["sj:nothing"], timeout=0.2) for _ in range(AT_ONCE)))


async def test_more_calls_at_once_than_there_may_be_connections_wait_for_one(redis: Redis, client: RedisClient) -> None:
    others = await connections_of(redis)  # left open by tests that came before
    await asyncio.gather(*(client.blpop(["sj:nothing"], timeout=0.1) for _ in range(250)))
    assert await connections_of(redis) <= others + 100


async def test_every_idle_connection_that_redis_has_closed_is_replaced_without_the_caller_noticing(
    redis: Redis, client: RedisClient
) -> None:
    await fill_pool(client)
    assert await connections_of(redis) >= AT_ONCE
    assert await redis.client_kill_filter(_type="normal", skipme=True) >= AT_ONCE
    await wait_until(lambda: none_left(redis), what="every connection being closed")
    await asyncio.gather(*(client.blpop(["sj:nothing"], timeout=0.2) for _ in range(AT_ONCE)))


async def test_a_turn_is_accepted_after_redis_has_closed_what_was_idle_for_its_timeout(
    redis: Redis, client: RedisClient
) -> None:
    desk = desk_on(client, InboxLimits())
    await desk.post("one")
    await fill_pool(client)
    await redis.config_set("timeout", 1)
    try:
        await wait_until(lambda: none_left(redis), what="the idle connections being closed")
        await asyncio.gather(*(desk.post(f"turn {number}") for number in range(AT_ONCE)))
    finally:
        await redis.config_set("timeout", 0)
    assert (await desk.turns.ledger("default")).accepted == 1 + AT_ONCE


async def none_left(redis: Redis) -> bool:
    """Whether none is open; the client's own look every few seconds opens one now and then."""
    return await connections_of(redis) <= 1


async def test_a_step_whose_answer_is_lost_on_the_wire_is_not_sent_again(redis: Redis, redis_url: str) -> None:
    port = redis.connection_pool.connection_kwargs["port"]
    async with address_of(port) as address, open_redis(address.url) as client:
        desk = desk_on(client, InboxLimits())
        await desk.post("the scripts are loaded")
        address.answers_to_lose = 1
        assert sum(await asyncio.gather(*(refused(desk, number) for number in range(AT_ONCE)))) == AT_ONCE
        assert address.answers_to_lose == 0
        # All of them shared one pipeline, and Redis has done what it had read of it when the wire was cut: once.
        assert 2 <= (await desk.turns.ledger("default")).accepted <= 1 + AT_ONCE


async def refused(desk: Desk, number: int) -> bool:
    with pytest.raises(InboxUnavailable, match="does not answer"):
        await desk.post(f"turn {number}")
    return True


@pytest.mark.parametrize("together", [False, True], ids=["one command", "a pipeline"])
async def test_a_task_that_is_cancelled_just_as_its_command_has_been_sent_ends(
    client: RedisClient, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Connection._send_packed_command

    async def sent_and_cancelled(self: Connection, command: Iterable[bytes]) -> None:
        await send(self, command)
        working.cancel()

    async def work() -> None:
        if together:
            async with client.pipeline(transaction=False) as pipeline:
                pipeline.time()
                await pipeline.execute()
        else:
            await client.time()

    await client.time()  # connected, so that there is but one thing to send
    working = asyncio.create_task(work())
    monkeypatch.setattr(Connection, "_send_packed_command", sent_and_cancelled)
    with pytest.raises(asyncio.CancelledError):
        await working
    monkeypatch.undo()
    assert await client.time()
