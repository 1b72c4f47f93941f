"""The API over real parts with a receiver before it, and a worker's two deeds to be done when a test wants them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis

from scrubjay.bootstrap import Parts
from scrubjay.ingest.drain import drain
from scrubjay.model import Scope
from scrubjay.model.names import QUEUE
from scrubjay.webhooks.delivery import deliver
from tests.chaos.scan import all_of_redis
from tests.integration.front import ADMIN_KEY, Front, fronts
from tests.receiver import Receiver, receiving
from tests.redis_keys import keys

TENANT = "default"
# A pause outlasts its test, unless the test ends it.
QUICK = {"webhook_private": "on", "webhook_attempts": 3, "webhook_retry_max_seconds": 100}


@dataclass
class Hooked:
    """A front, a receiver, and what a worker works with."""

    front: Front
    receiver: Receiver
    redis: Redis

    @property
    def parts(self) -> Parts:
        return self.front.parts

    async def ask(self, method: str, path: str, status: int = 200, key: str = ADMIN_KEY, **more: Any) -> Any:
        answer = await self.front.ask(method, path, key, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def webhook(self, key: str = ADMIN_KEY, **more: Any) -> dict[str, Any]:
        """One more webhook of the receiver's."""
        body = {"url": self.receiver.url, **more}
        answer: dict[str, Any] = await self.ask("POST", "/webhooks", 201, key, json=body)
        return answer

    async def say(self, text: str, key: str = ADMIN_KEY, tenant: str = TENANT, **owner: str) -> str:
        """A turn that is remembered word for word, settled on return."""
        ids = owner or {"user_id": "ana"}
        body = {"messages": [{"role": "user", "content": text}], "infer": False, **ids}
        turn_id: str = (await self.ask("POST", "/turns", 202, key, json=body))["id"]
        await drain(Scope(tenant=tenant, **ids).lane, self.parts.drain)
        return turn_id

    async def memories(self, user_id: str = "ana") -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await self.ask("GET", f"/memories?user_id={user_id}"))["results"]
        return results

    async def deliver(self, webhook: dict[str, Any], tenant: str = TENANT, **other: Any) -> int:
        """As a worker does that has heard the bell, and is set up otherwise where that is said."""
        return await deliver(tenant, webhook["id"], replace(self.parts.delivery, **other))

    async def rung(self) -> int:
        """How many bells for webhooks wait."""
        messages: Any = await self.redis.lrange(QUEUE, 0, -1)
        return sum(b"scrubjay.deliver" in message for message in messages)

    async def told_keys(self) -> list[str]:
        """The names of all keys that have to do with webhooks."""
        return [name for name in await all_of_redis(self.redis) if name.startswith(("sj:hook", "sj:delivery"))]

    async def log(self, webhook: dict[str, Any]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await self.ask("GET", f"/webhooks/{webhook['id']}/deliveries"))["results"]
        return results

    async def make_due(self, webhook: dict[str, Any], tenant: str = TENANT) -> None:
        """As if every pause had passed."""
        own = keys.hook(tenant, webhook["id"])
        lanes: Any = await self.redis.zrange(f"sj:hook_due:{own}", 0, -1)
        for lane in lanes:
            await self.redis.zadd(f"sj:hook_due:{own}", {lane: 0})

    async def clear(self) -> None:
        """Nobody is known, and nothing was ever sent."""
        await self.redis.flushall()
        await self.parts.store.erase(Scope(tenant=TENANT), sys.maxsize)
        self.receiver.got.clear()
        self.receiver.always(204)


@asynccontextmanager
async def hooked(redis_url: str, qdrant_url: str) -> AsyncIterator[Hooked]:
    """All of it, with pauses that outlast a test: `make_due` ends them."""
    async with fronts(1, redis_url, qdrant_url, **QUICK) as (front,), Redis.from_url(redis_url) as redis:
        with receiving() as receiver:
            yield Hooked(front, receiver, redis)
