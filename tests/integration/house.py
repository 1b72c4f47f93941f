"""A whole house over a real Redis and the real Qdrant engine; only the model is fake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.inbox import RedisInbox
from scrubjay.adapters.redis.lanes import RedisLanes
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.ingest.drain import Remembering, drain
from scrubjay.model import Memory, Message, Page, Role, Scope, Submission, TurnStatus
from scrubjay.ports import Reconciler
from scrubjay.search.recall import Asked, Recall, recall
from tests.fakes import EchoExtractor, ScriptedReconciler, WordEmbedder
from tests.redis_keys import keys

ANA = Scope(tenant="default", user_id="ana")
BOB = Scope(tenant="default", user_id="bob")
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class House:
    """Everything opened, with the fakes in reach."""

    inbox: RedisInbox
    lanes: RedisLanes
    turns: RedisTurns
    store: QdrantStore
    extractor: EchoExtractor = field(default_factory=EchoExtractor)
    reconciler: ScriptedReconciler = field(default_factory=ScriptedReconciler)
    embedder: WordEmbedder = field(default_factory=WordEmbedder)
    weigher: Reconciler | None = None  # in place of the scripted one

    @property
    def remembering(self) -> Remembering:
        return Remembering(
            lanes=self.lanes, store=self.store, extractor=self.extractor, reconciler=self.weigher or self.reconciler,
            embedder=self.embedder, batch_turns=4,
        )  # fmt: skip

    async def say(self, text: str, scope: Scope = ANA, **more: Any) -> str:
        submission = Submission(scope=scope, messages=(Message(role=Role.USER, content=text),), **more)
        return (await self.inbox.accept(submission)).id

    async def drain(self, scope: Scope = ANA) -> int:
        return await drain(scope.lane, self.remembering)

    async def memories(self, scope: Scope = ANA) -> list[Memory]:
        return (await self.store.page(scope, Page())).items[::-1]

    async def texts(self, scope: Scope = ANA) -> list[str]:
        return [memory.text for memory in await self.memories(scope)]

    async def status(self, turn_id: str) -> TurnStatus:
        status = await self.turns.get(Scope(tenant="default"), turn_id)
        assert status is not None
        return status

    async def ask(self, text: str, **more: Any) -> Recall:
        question = Asked(scope=ANA, text=text, **more)
        return await recall(question, store=self.store, embedder=self.embedder, turns=self.turns)


async def make_removals_due(redis: Redis) -> None:
    """As if half a minute had passed since something was removed."""
    noted: list[Any] = await redis.zrange(keys.removals, 0, -1)
    for removal in noted:
        await redis.zadd(keys.removals, {removal: 0})
