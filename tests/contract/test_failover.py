"""Another server becomes the primary behind the address of Redis: the client follows, and says meanwhile why not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.client import open_redis
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import InboxUnavailable
from tests.chaos.pair import Pair, command, redis_pair
from tests.chaos.servers import OwnRedis
from tests.contract.desk import Desk, desk_on
from tests.redis_keys import keys
from tests.support import wait_until

Scene = tuple[Pair, Desk, OwnRedis]
AT_ONCE = 8


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A pair behind one address, and a desk on the service's own client of it; the first turn is accepted."""
    async with redis_pair(tmp_path) as (pair, first, _), open_redis(pair.address.url) as client:
        desk = desk_on(client, InboxLimits())
        await desk.post("one")
        yield pair, desk, first


async def accepted_by_all_connections(desk: Desk) -> set[int]:
    """What the books say over several connections at once, which are idle afterwards."""
    reads = (answered(desk.redis.hget(keys.ledger("default"), "accepted")) for _ in range(AT_ONCE))
    return {int(accepted or 0) for accepted in await asyncio.gather(*reads)}


async def accepted_on(port: int) -> int:
    async with Redis(port=port) as redis:
        return int((await desk_on(redis, InboxLimits()).turns.ledger("default")).accepted)


async def test_after_a_planned_failover_reads_and_writes_go_to_the_new_primary(scene: Scene) -> None:
    pair, desk, _ = scene
    before = pair.primary
    assert await accepted_by_all_connections(desk) == {1}
    await pair.fail_over()
    assert pair.primary != before
    await command(before, "REPLICAOF", "127.0.0.1", 1)  # what it knows is old from now on
    await goes_on(desk)
    assert await accepted_by_all_connections(desk) == {2}
    assert await accepted_on(pair.primary) == 2


async def goes_on(desk: Desk) -> None:
    """At most one call is refused: the one that finds out."""
    refused = 0
    for _ in range(3):
        try:
            await desk.post("two")
            break
        except InboxUnavailable:
            refused += 1
    assert refused <= 1


async def test_a_process_that_only_reads_leaves_a_demoted_server(scene: Scene) -> None:
    pair, desk, _ = scene
    assert await accepted_by_all_connections(desk) == {1}
    old = pair.primary
    await pair.switch_over()
    await command(old, "REPLICAOF", "127.0.0.1", 1)  # what it knows is old from now on, and it answers every read
    async with Redis(port=pair.primary) as redis:
        await desk_on(redis, InboxLimits()).post("two")

    async def sees_the_second() -> bool:
        with contextlib.suppress(InboxUnavailable):
            return await accepted_by_all_connections(desk) == {2}
        return False

    await wait_until(sees_the_second, deadline_seconds=10, what="reading from the new primary")


async def test_while_no_server_takes_writes_a_caller_and_the_readiness_probe_are_told_so(scene: Scene) -> None:
    pair, desk, _ = scene
    await command(pair.primary, "REPLICAOF", "127.0.0.1", 1)
    for call in (desk.post, desk.intake.ping):
        with pytest.raises(InboxUnavailable, match="read-only replica just now"):
            await call()
    await command(pair.primary, "CONFIG", "SET", "replica-serve-stale-data", "no")
    with pytest.raises(InboxUnavailable, match="a replica that has lost its primary"):
        await desk.turns.ledger("default")
    await command(pair.primary, "REPLICAOF", "NO", "ONE")
    await desk.post("two")
    await desk.intake.ping()


async def test_a_worker_that_heard_a_bell_while_nobody_took_writes_has_the_lane_as_soon_as_somebody_does(
    scene: Scene,
) -> None:
    pair, desk, _ = scene
    await command(pair.primary, "REPLICAOF", "127.0.0.1", 1)

    async def held() -> bool:
        async with desk.lanes.claim() as lease:
            return lease is not None

    with pytest.raises(InboxUnavailable):
        await desk.post("two")
    holding = asyncio.create_task(held())
    await asyncio.wait([holding], timeout=0.2)
    assert not holding.done()
    await command(pair.primary, "REPLICAOF", "NO", "ONE")
    assert await holding


async def test_when_the_primary_is_killed_the_promoted_replica_has_what_was_accepted_and_takes_more(
    scene: Scene,
) -> None:
    pair, desk, first = scene
    await pair.pause_until_in_step()
    first.kill()
    await pair.promote()
    await goes_on(desk)
    assert await accepted_on(pair.primary) == 2
