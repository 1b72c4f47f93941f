"""What a test of dying workers needs in one place: post turns, start workers, hold requests, look at what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from scrubjay.model import Scope
from tests.chaos.holding import Hold, HoldingProxy, Moment, Step
from tests.chaos.processes import Fleet, PartProcess
from tests.model_server.control import ModelServer
from tests.redis_keys import lane_keys, lane_scripts
from tests.running import READY_SECONDS
from tests.support import wait_until

TENANT = "default"
Version = tuple[str, str]  # the text and the quote that supports it


@dataclass(frozen=True)
class Scene:
    """A real API process, and behind it workers that are the test's own.

    Args:
        mark: makes the test's users its own.
        client: of the API.
        redis: of the inbox.
        proxy: through which the workers, and they alone, reach Qdrant.
        model: the scripted model.
        workers: none at first.
    """

    mark: str
    client: ScrubjayClient
    redis: Redis
    proxy: HoldingProxy
    model: ModelServer
    workers: Fleet

    def id_of(self, user: str) -> str:
        """The user's id: no two tests have one in common."""
        return f"{user}-{self.mark}"

    def hold(self, step: Step, moment: Moment, user: str) -> Hold:
        """Keep the workers' next request of this kind for a user waiting."""
        return self.proxy.hold(step, moment, f'"{self.id_of(user)}"')

    async def start(self, workers: int) -> list[PartProcess]:
        """So many workers, all of them ready; all but the first one are frozen, for a test to thaw in turn."""
        started = [self.workers.start() for _ in range(workers)]

        async def all_listen() -> bool:
            clients: list[dict[str, str]] = await self.redis.client_list()
            return sum(client["cmd"] == "brpop" for client in clients) == workers

        await wait_until(all_listen, deadline_seconds=READY_SECONDS, what="the workers waiting for a bell")
        for spare in started[1:]:
            spare.freeze()
        # Redis still hands bells to those that it has not seen off yet: they would lie there until the thaw.
        await wait_until(self._listeners_are_awake, what="Redis giving up on those that are frozen")
        return started

    async def _listeners_are_awake(self) -> bool:
        return int((await self.redis.info("clients"))["blocked_clients"]) <= 1

    async def post(self, user: str, *texts: str) -> list[str]:
        """One turn of the user's a text; returns their ids."""
        turns = [[{"role": "user", "content": text}] for text in texts]
        return [(await self.client.add_turn(messages, user_id=self.id_of(user))).id for messages in turns]

    async def turns(self, ids: Sequence[str]) -> list[TurnView]:
        """The turns as they are now."""
        return [await self.client.turn(turn_id) for turn_id in ids]

    async def settled(self, ids: Sequence[str], deadline_seconds: float = 30) -> list[TurnView]:
        """The turns once all of them are settled."""

        async def all_settled() -> bool:
            return all(turn.status == "settled" for turn in await self.turns(ids))

        await wait_until(all_settled, deadline_seconds=deadline_seconds, what="every turn being settled")
        return await self.turns(ids)

    async def remembered(self, user: str) -> list[str]:
        """The user's memories in the order in which they were said."""
        page = await self.client.memories(user_id=self.id_of(user), page_size=200)
        return [memory.memory for memory in reversed(page.results)]

    def extracted(self) -> list[str]:
        """What the model was asked to extract, call by call in order: the messages of the batch as one text."""
        return [
            request["messages"][-1]["content"]
            for request in self.model.requests()
            if request.get("response_format", {}).get("json_schema", {}).get("name") == "extraction"
        ]

    async def histories(self, user: str) -> list[list[Version]]:
        """The user's memories, oldest first, each with all its versions, oldest first."""
        page = await self.client.memories(user_id=self.id_of(user))
        histories = [await self.client.history(memory.id) for memory in reversed(page.results)]
        return [[(version["memory"], version["quote"]) for version in versions] for versions in histories]

    async def has_plan(self, user: str) -> bool:
        """Whether a plan is recorded for the user's lane."""
        lane = Scope(tenant=TENANT, user_id=self.id_of(user)).lane
        return bool(await self.redis.exists((await lane_keys(self.redis, lane)).plan))

    async def ledger_balances(self, accepted: int) -> bool:
        """Whether so many turns were accepted, and all of them are settled."""
        ledger = await RedisTurns(self.redis, lane_scripts(self.redis)).ledger(TENANT)
        return ledger.balanced and ledger.accepted == ledger.settled == accepted

    def paid(self) -> list[dict[str, Any]]:
        """Every request to the model about what was said; a fresh process's look at the vectors' length is none."""
        return [request for request in self.model.requests() if request.get("input") != ["scrubjay"]]

    def calls(self) -> tuple[int, int]:
        """How often the model was asked to extract, and to reconcile."""
        calls = self.model.counts().calls
        return calls.get("extraction", 0), calls.get("reconciliation", 0)
