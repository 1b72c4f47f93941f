"""Invariant 7: Redis is killed and started again, and nothing that it had accepted is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from scrubjay.adapters.redis.client import open_redis
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Scope
from tests.chaos.servers import own_redis
from tests.contract.desk import Desk, desk_on
from tests.support import wait_until

OWNERS = [Scope(tenant="default", user_id=name) for name in ("ana", "bob", "cleo")]
ENOUGH = 50


async def test_a_killed_redis_still_knows_every_accepted_turn_its_place_and_its_key(tmp_path: Path) -> None:
    """Three owners post as fast as they can while it dies."""
    accepted: dict[Scope, list[str]] = {owner: [] for owner in OWNERS}
    with own_redis(tmp_path) as server:
        await server.answers()
        async with open_redis(server.url) as redis:
            desk = desk_on(redis, InboxLimits())
            posting = asyncio.gather(*(post_until_refused(desk, owner, accepted[owner]) for owner in OWNERS))
            await wait_until(lambda: min(map(len, accepted.values())) >= ENOUGH, what="turns being accepted")
            server.kill()
            await posting
            await server.start_again()

            for owner, ids in accepted.items():
                again = [await post(desk, owner, number) for number in range(len(ids))]
                assert again == ids, "a key was forgotten"
                await desk.post("I am still here", owner)
                waiting = await settled(desk, owner)
                # The last one may have been written down without anybody having heard of it.
                assert waiting[: len(ids)] == ids
                assert len(waiting) - len(ids) in (1, 2)
            assert (await desk.turns.ledger("default")).balanced


async def post(desk: Desk, owner: Scope, number: int) -> str:
    return await desk.post(f"I am number {number}", owner, key=f"{owner.user_id}-{number}")


async def post_until_refused(desk: Desk, owner: Scope, ids: list[str]) -> None:
    try:
        while True:
            ids.append(await post(desk, owner, len(ids)))
    except InboxUnavailable:
        return


async def settled(desk: Desk, owner: Scope) -> list[str]:
    """Settle all that waits; returns it in order."""
    async with desk.lanes.lease(owner.lane) as lease:
        assert lease is not None, "nothing waits"
        return await desk.settle_all(lease)
