"""The turns of a long run: mostly small talk, some facts, some that die, owners that are erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from redis.asyncio import Redis

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.client import ScrubjayClient
from scrubjay.model.ledger import Ledger
from tests.bench.footprint.state import Memory, memory
from tests.bench.load import load, request, so_many
from tests.redis_keys import keys, lane_scripts
from tests.support import wait_until

POISON = "poison"
TENANT = "default"
DEAD_A_LANE = 5
_CONNECTIONS = 64
_CHUNK = 4_000
_MOST_WAITING = 8_000
_SETTLED_SECONDS = 300
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Amount:
    """How much is posted.

    Args:
        turns: to be settled.
        users: whose lanes they are in, one block after the other.
        facts: the share of them in which there is a fact.
        dead: turns besides that die and are discarded, in lanes of their own.
        erased: how many of the users are erased when half of the turns are posted.
    """

    turns: int
    users: int
    facts: float
    dead: int
    erased: int

    def body(self, number: int) -> dict[str, object]:
        """The turn of this number; those from `turns` on are to die."""
        if number >= self.turns:
            user, text = f"dead-{(number - self.turns) // DEAD_A_LANE}", f"I said {POISON} number {number}."
        else:
            user = self.user(number * self.users // self.turns)
            text = f"I have the hobby number {number}." if self.is_fact(number) else "Ok, thanks!"
        return {"user_id": user, "messages": [{"role": "user", "content": text}]}

    def user(self, number: int) -> str:
        """The name of a user."""
        return f"footprint-{number}"

    def is_fact(self, number: int) -> bool:
        """Whether the turn holds one: evenly spread."""
        return int((number + 1) * self.facts) > int(number * self.facts)


async def run(
    client: ScrubjayClient, redis: Redis, amount: Amount, tick: Callable[[int], None]
) -> tuple[Memory, Ledger]:
    """Post everything no faster than it is settled, and wait for the end.

    Returns the largest memory seen on the way, and the books. Raises RuntimeError when a turn was refused.
    """
    largest, total = await memory(redis), amount.turns + amount.dead
    for start in range(0, total, _CHUNK):
        many = min(_CHUNK, total - start)
        await _post(client.url, amount, start, many)
        await _until_waiting(redis, _MOST_WAITING)
        seen = await memory(redis)
        largest = seen if seen.used > largest.used else largest
        if start <= amount.turns // 2 < start + many:
            await _erase(client, amount)
        tick(many)
    await _until_waiting(redis, 0)
    while dead := (await client.dead_letters.page(page_size=200)).results:
        await client.dead_letters.discard([turn.id for turn in dead])
    return largest, await RedisTurns(redis, lane_scripts(redis)).ledger(TENANT)


async def _post(url: str, amount: Amount, start: int, many: int) -> None:
    def turn(number: int) -> bytes:
        return request("POST", f"{url}/turns", json.dumps(amount.body(start + number)).encode())

    outcome = await load(url, _CONNECTIONS, so_many(many, turn))
    if outcome.refused:
        raise RuntimeError(f"{outcome.refused} of {many} turns were refused")


async def _until_waiting(redis: Redis, most: int) -> None:
    async def few() -> bool:
        return int(await redis.get(keys.backlog) or 0) <= most

    await wait_until(few, deadline_seconds=_SETTLED_SECONDS, what="the turns being settled", poll_seconds=_LOOK_SECONDS)


async def _erase(client: ScrubjayClient, amount: Amount) -> None:
    await asyncio.gather(*(client.owners.forget(user_id=amount.user(number)) for number in range(amount.erased)))
