"""The whole memory service over a real Redis and the real Qdrant engine; only the model is fake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import TurnAdapters
from scrubjay.adapters.redis.dead_letters import RedisDeadLetters
from scrubjay.adapters.redis.erase.removal_notes import RedisRemovalNotes
from scrubjay.adapters.redis.erase.turn_erasure import RedisTurnErasure
from scrubjay.adapters.redis.intake import RedisIntake
from scrubjay.adapters.redis.lanes import RedisLanes
from scrubjay.adapters.redis.sweeper import RedisSweeper
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.edit.edits import EditServices
from scrubjay.edit.importing import ImportServices
from scrubjay.erase.forget import ForgetServices
from scrubjay.erase.removals import RemovalServices
from scrubjay.ingest.drain import DrainServices, drain
from scrubjay.ingest.pipeline import DecisionServices
from scrubjay.model import Memory, Message, Page, Role, Scope, Submission, TurnStatus
from scrubjay.ports import Reconciler
from scrubjay.search.recall import Recall, RecallRequest, RecallServices, recall
from tests.fakes import EchoExtractor, ScriptedReconciler, WordEmbedder, with_decision
from tests.redis_keys import keys

ANA = Scope(tenant="default", user_id="ana")
BOB = Scope(tenant="default", user_id="bob")
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Service:
    """Everything opened, with the fakes in reach."""

    adapters: TurnAdapters
    turns: RedisTurns
    store: QdrantStore
    extractor: EchoExtractor = field(default_factory=EchoExtractor)
    reconciler: ScriptedReconciler = field(default_factory=ScriptedReconciler)
    embedder: WordEmbedder = field(default_factory=WordEmbedder)
    weigher: Reconciler | None = None  # in place of the scripted one
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

    @property
    def decision(self) -> DecisionServices:
        return DecisionServices(
            store=self.store,
            extractor=self.extractor,
            reconciler=self.weigher or self.reconciler,
            embedder=self.embedder,
        )

    @property
    def drain_services(self) -> DrainServices:
        return DrainServices(lanes=self.lanes, decision=self.decision, batch_turns=4)

    def drain_with(self, **decision: Any) -> DrainServices:
        """What draining needs, with other services for the decision."""
        return with_decision(self.drain_services, **decision)

    @property
    def edits(self) -> EditServices:
        return EditServices(
            removal_notes=self.removal_notes, lanes=self.lanes, store=self.store, embedder=self.embedder
        )

    @property
    def imports(self) -> ImportServices:
        return ImportServices(lanes=self.lanes, store=self.store, embedder=self.embedder)

    @property
    def forget_services(self) -> ForgetServices:
        return ForgetServices(turn_erasure=self.turn_erasure, lanes=self.lanes, turns=self.turns, store=self.store)

    @property
    def removals(self) -> RemovalServices:
        return RemovalServices(removal_notes=self.removal_notes, lanes=self.lanes, store=self.store)

    @property
    def recall_services(self) -> RecallServices:
        return RecallServices(store=self.store, embedder=self.embedder, turns=self.turns)

    async def say(self, text: str, scope: Scope = ANA, **more: Any) -> str:
        submission = Submission(scope=scope, messages=(Message(role=Role.USER, content=text),), **more)
        return (await self.intake.accept(submission)).id

    async def drain(self, scope: Scope = ANA) -> int:
        return await drain(scope.lane, self.drain_services)

    async def memories(self, scope: Scope = ANA) -> list[Memory]:
        return (await self.store.page(scope, Page())).items[::-1]

    async def texts(self, scope: Scope = ANA) -> list[str]:
        return [memory.text for memory in await self.memories(scope)]

    async def status(self, turn_id: str) -> TurnStatus:
        turn = await self.turns.get(Scope(tenant="default"), turn_id)
        assert turn is not None
        return turn

    async def ask(self, text: str, **more: Any) -> Recall:
        question = RecallRequest(scope=ANA, text=text, **more)
        return await recall(question, self.recall_services)


async def make_removals_due(redis: Redis) -> None:
    """As if half a minute had passed since something was removed."""
    noted: list[Any] = await redis.zrange(keys.removals, 0, -1)
    for removal in noted:
        await redis.zadd(keys.removals, {removal: 0})
