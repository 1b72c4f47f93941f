"""The three doors to one Redis, for the tests of the inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.assembly import TurnAdapters, turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.dead_letters import RedisDeadLetters
from scrubjay.adapters.redis.erase.removal_notes import RedisRemovalNotes
from scrubjay.adapters.redis.erase.turn_erasure import RedisTurnErasure
from scrubjay.adapters.redis.intake import RedisIntake
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.lanes import RedisLanes
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.sweeper import RedisSweeper
from scrubjay.adapters.redis.turn_log.owners import RedisOwners
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model import Lane, Lease, Message, Plan, Role, Scope, Submission
from scrubjay.model.erasure import Erased
from scrubjay.model.names import QUEUE

ANA = Scope(tenant="default", user_id="ana")


@dataclass
class Desk:
    """The three doors to one Redis."""

    adapters: TurnAdapters
    turns: RedisTurns
    owners: RedisOwners
    redis: Redis
    intake: RedisIntake = field(init=False)
    sweeper: RedisSweeper = field(init=False)
    dead_letters: RedisDeadLetters = field(init=False)
    turn_erasure: RedisTurnErasure = field(init=False)
    removal_notes: RedisRemovalNotes = field(init=False)
    lanes: RedisLanes = field(init=False)

    def __post_init__(self) -> None:
        adapters = self.adapters
        self.intake, self.sweeper, self.dead_letters = adapters.intake, adapters.sweeper, adapters.dead_letters
        self.turn_erasure, self.removal_notes = adapters.turn_erasure, adapters.removal_notes
        self.lanes = adapters.lanes

    async def post(self, text: str = "I live in Berlin", scope: Scope = ANA, key: str | None = None) -> str:
        submission = Submission(scope=scope, messages=(Message(role=Role.USER, content=text),))
        return (await self.intake.accept(submission, idempotency_key=key)).id

    async def settle_all(self, lease: Lease, size: int = 8) -> list[str]:
        settled: list[str] = []
        while batch := await self.lanes.take(lease, size, 100_000):
            ids = tuple(turn.id for turn in batch.turns)
            await self.lanes.settle(lease, Plan(turn_ids=ids))
            settled += ids
        return settled

    async def erase(
        self, scope: Scope = ANA, lane: Lane | None = None, hand_back: Callable[[Lease], Awaitable[None]] | None = None
    ) -> Erased:
        """Forget what the scope has in one lane; returns all that was removed."""
        steps = list[Erased]()
        async with self.turn_erasure.holding(hand_back or self.lanes.hand_back) as hold:
            await hold.take([lane or scope.lane])
            epoch = await self.turn_erasure.raise_epoch(scope)
            for lease in hold.leases:
                steps += [step async for step in self.turn_erasure.erase(scope, lease, epoch.order)]
        return all_of(steps)

    async def wakeups(self) -> int:
        return int(await self.redis.llen(QUEUE))


def all_of(steps: Sequence[Erased]) -> Erased:
    """What the steps of an erase removed together."""
    turns: Counter[str] = Counter()
    for step in steps:
        turns.update(step.turns)
    ids = tuple(turn_id for step in steps for turn_id in step.ids)
    plans, texts = sum(step.plans for step in steps), sum(step.texts for step in steps)
    return Erased(ids=ids, turns=dict(turns), plans=plans, texts=texts)


async def nothing_stored() -> int:
    """The greatest number of the order in a store that is empty."""
    return 0


def desk_on(redis: Redis, limits: InboxLimits) -> Desk:
    scripts, wakeups, pseudonyms = RedisScripts(redis), CeleryWakeups(), Pseudonyms(RedisServerKey(RedisScripts(redis)))
    lanes, order = LaneScripts(scripts), RedisOrder(scripts, nothing_stored)
    adapters = turn_adapters(RedisCore(redis, lanes, wakeups, limits, pseudonyms, order))
    turns = RedisTurns(redis, lanes)
    return Desk(adapters, turns, RedisOwners(redis, turns, lanes), redis)


def user(tenant: str, name: str | int = "ana") -> Scope:
    """One of the tenant's users."""
    return Scope(tenant=tenant, user_id=str(name))


async def post(desk: Desk, tenant: str, *names: str | int) -> None:
    """Each of these users of the tenant says something."""
    for name in names:
        await desk.post(scope=user(tenant, name))
