"""Turns of fifty users through the whole stack: a thousand while a worker is killed, fewer while nothing happens."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter

import pytest

from scrubjay.client import ScrubjayClient
from tests.running import Running
from tests.support import kill, wait_until

USERS, CLIENTS = 50, 20
ITEM = re.compile(r"item-(\d+)")


class Crowd:
    """Fifty users' turns, posted by twenty clients, each user's in order by one of them."""

    def __init__(self, client: ScrubjayClient, label: str, turns: int) -> None:
        self._client = client
        self._label = label
        self._turns = turns
        self.posted: dict[str, list[tuple[str, int]]] = defaultdict(list)

    async def post(self) -> None:
        """Client c posts for the users u with u % 20 = c, so that one client posts all turns of a user."""
        theirs = [[n for n in range(self._turns) if n % USERS % CLIENTS == client] for client in range(CLIENTS)]
        await asyncio.gather(*(self._post(numbers) for numbers in theirs))

    async def _post(self, numbers: list[int]) -> None:
        for number in numbers:
            user = f"{self._label}-{number % USERS}"
            turn = await self._client.add_turn(
                [{"role": "user", "content": f"I like item-{number}"}, {"role": "assistant", "content": "Noted."}],
                user_id=user,
            )
            self.posted[user].append((turn.id, number))

    async def count(self, status: str) -> int:
        """How many of our turns are in a status, counted by asking each."""
        counts = await asyncio.gather(*(self._of(user, status) for user in self.posted))
        return sum(counts)

    async def _of(self, user: str, status: str) -> int:
        page = await self._client.turns(status=status, user_id=user, page_size=1)
        return page.count

    async def all_settled(self) -> bool:
        return await self.count("settled") == self._turns


async def check_user(client: ScrubjayClient, user: str, posted: list[tuple[str, int]]) -> None:
    """Every fact once, in posting order, told by its own turn."""
    page = await client.memories(user_id=user, page_size=200)
    memories = sorted(page.results, key=lambda memory: memory.created_at)
    items = [int(match[1]) for memory in memories if (match := ITEM.search(memory.memory))]
    assert items == [number for _, number in posted]
    assert page.count == len(posted)
    turns = {turn.id: turn for turn in (await client.turns(user_id=user, page_size=200)).results}
    for (turn_id, number), memory in zip(posted, memories, strict=True):
        turn = turns[turn_id]
        assert [(event.event, event.id) for event in turn.events] == [("ADD", memory.id)], number
        assert turn.accepted_at == memory.created_at
    ends = [turns[turn_id].settled_at for turn_id, _ in posted]
    assert all(earlier and later and earlier <= later for earlier, later in pairwise(ends)), "applied out of order"


@pytest.mark.parametrize(("turns", "killed"), [(300, False), (1_000, True)], ids=["undisturbed", "a worker is killed"])
async def test_every_turn_settles_once_and_in_order(
    stack: Running, client: ScrubjayClient, turns: int, killed: bool, record_property: Callable[[str, object], None]
) -> None:
    crowd = Crowd(client, "killed" if killed else "calm", turns)
    start = perf_counter()
    posting = asyncio.create_task(crowd.post())
    if killed:
        await wait_until(lambda: sum(map(len, crowd.posted.values())) > turns // 3, what="a third being posted")
        victim = stack.pids["worker-1"]
        kill(victim, signal.SIGKILL)
        await wait_until(lambda: stack.pids.get("worker-1", victim) != victim, what="the worker being replaced")
    await posting
    await wait_until(crowd.all_settled, deadline_seconds=90, what="every turn being settled", poll_seconds=0.5)
    rate = turns / (perf_counter() - start)
    record_property("turns_a_second", round(rate))
    print(f"\n{turns} turns, worker killed: {killed}: {rate:.0f} turns/s from the first post to the last settled")
    assert sum(map(len, crowd.posted.values())) == turns
    for user, posted in crowd.posted.items():
        await check_user(client, user, posted)


async def test_a_search_never_returns_another_users_memory(client: ScrubjayClient) -> None:
    users = [f"searcher-{number}" for number in range(20)]
    turns = [await client.add_turn([{"role": "user", "content": "I like green tea"}], user_id=user) for user in users]

    async def settled() -> bool:
        return all([(await client.turn(turn.id)).status == "settled" for turn in turns])

    await wait_until(settled, what="the turns being settled")
    for user in users:
        for query in ("green tea", "What do I drink?", f"{users[0]} tea"):
            answer = await client.search(query, user_id=user, limit=50)
            assert [memory.user_id for memory in answer.results] == [user]
