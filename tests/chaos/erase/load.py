"""What goes on meanwhile: users who post turns, and are to have each of them remembered."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.client.views import MemoryView
from tests.chaos.erase.owners import Speaker
from tests.chaos.scene import TENANT, Scene
from tests.redis_keys import lane_scripts
from tests.support import wait_until

_QUIET_SECONDS = 600
_PAGE = 200


@dataclass
class Load:
    """Users who post one turn after the other.

    Args:
        scene: where.
        users: how many.
        a_second: turns of all of them together.
    """

    scene: Scene
    users: int
    a_second: float
    speakers: list[Speaker] = field(default_factory=list)
    posted: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(self.users):
            user = self.scene.id_of(f"other-{number}")
            self.speakers.append(Speaker(self.scene, f"other-word-{number}", {"user_id": user}))
            self.posted[user] = []

    @property
    def turns(self) -> int:
        """How many were accepted."""
        return sum(map(len, self.posted.values()))

    async def say_once(self) -> None:
        """One turn each, settled."""
        for speaker in self.speakers:
            self.posted[str(speaker.ids["user_id"])] += await speaker.say()
        await self.scene.settled([turn_id for ids in self.posted.values() for turn_id in ids], _QUIET_SECONDS)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Post until left."""
        posting = asyncio.create_task(self._post())
        try:
            yield
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)

    async def _post(self) -> None:
        chance = random.Random(0)
        while True:
            speaker = chance.choice(self.speakers)
            self.posted[str(speaker.ids["user_id"])] += await asyncio.shield(speaker.say())
            await asyncio.sleep(1 / self.a_second)

    async def quiet(self) -> None:
        """Return when nothing waits any more."""
        turns = RedisTurns(self.scene.redis, lane_scripts(self.scene.redis))

        async def nothing_waits() -> bool:
            return (await turns.ledger(TENANT)).waiting == 0

        await wait_until(nothing_waits, deadline_seconds=_QUIET_SECONDS, what="every turn ending", poll_seconds=0.2)

    async def missing(self) -> list[str]:
        """Turns that are not settled, and memories that are not there once each."""
        wrong = list[str]()
        for speaker in self.speakers:
            user = str(speaker.ids["user_id"])
            memories = Counter(memory.memory for memory in await self._memories(user))
            wanted = {f"I own the thing {speaker.token}-{number}.": 1 for number in range(1, speaker.posted_turns + 1)}
            if memories != wanted:
                wrong.append(f"{user}: {sum(memories.values())} memories, of {speaker.posted_turns} things said")
            states = Counter([(await self.scene.client.turn(turn_id)).status for turn_id in self.posted[user][-5:]])
            wrong += [f"{user}: {count} turns are {state}" for state, count in states.items() if state != "settled"]
        return wrong

    async def _memories(self, user: str) -> list[MemoryView]:
        memories, page = list[MemoryView](), 1
        while True:
            answer = await self.scene.client.memories(user_id=user, page=page, page_size=_PAGE)
            memories += answer.results
            if len(memories) >= answer.count or not answer.results:
                return memories
            page += 1


async def unbalanced(scene: Scene) -> list[str]:
    """What is wrong with the books."""
    ledger = await RedisTurns(scene.redis, lane_scripts(scene.redis)).ledger(TENANT)
    return [] if ledger.balanced and not ledger.waiting else [str(ledger)]


async def unsettled(scene: Scene, ids: Sequence[str]) -> list[str]:
    """Which of these turns are not settled."""
    return [turn_id for turn_id in ids if (await scene.client.turn(turn_id)).status != "settled"]
