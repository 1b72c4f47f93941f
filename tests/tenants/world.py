"""Four tenants with look-alike names, the same owners in each, and in every text a mark that tells whose it is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from scrubjay.bootstrap import Parts
from scrubjay.ingest.drain import drain
from scrubjay.model import OWNERS as MODEL_OWNERS
from scrubjay.model import Scope
from scrubjay.ports import Query
from tests.chaos.scan import all_of_qdrant
from tests.integration.front import Front

TENANTS = ("acme", "acme-2", "Acme", "globex")
OWNERS: tuple[Mapping[str, str], ...] = (
    {"user_id": "alice"},
    {"user_id": "bob", "agent_id": "bot"},
    {"agent_id": "bot", "run_id": "r1"},
    {"run_id": "acme:user:alice"},
)
QUESTION = "Who keeps a number in Berlin?"
FEWEST = 4  # memories that a tenant has at least, so that there is something to see
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TENANT, _USER = re.compile(r"§(.*?)§"), re.compile(r"¤(.*?)¤")


class Leak(AssertionError):
    """Somebody has seen or changed what is another tenant's."""


def said(tenant: str, user: str | None, number: int) -> str:
    """A text that nobody but the tenant, and of those limited to a user nobody but the user, may ever see."""
    return f"I keep §{tenant}§ of ¤{user}¤ number {number} in Berlin"


@dataclass(repr=False)  # it would be long, and shown with every case that fails
class World:
    """A front whose tenants have memories, a dead turn and keys.

    Args:
        front: the API over real parts.
        qdrant_url: where the memories are.
        seen: how often each kind of request told a tenant something of its own.
    """

    front: Front
    qdrant_url: str
    keys: dict[str, str] = field(default_factory=dict)
    limited: dict[str, str] = field(default_factory=dict)
    memories: dict[str, list[str]] = field(default_factory=dict)
    turns: dict[str, list[str]] = field(default_factory=dict)
    spare: dict[str, str] = field(default_factory=dict)
    hooks: dict[str, str] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    posted: int = 0
    question: tuple[float, ...] = ()  # its vector

    @property
    def parts(self) -> Parts:
        """What the front has opened."""
        return self.front.parts

    async def settle_down(self) -> None:
        """Give every tenant its keys, memories and a dead letter."""
        for tenant in TENANTS:
            admin = await self.front.key("admin", tenant=tenant)
            limited = await self.front.key("write", tenant=tenant, user_id="alice")
            self.keys[tenant], self.limited[tenant] = admin["key"], limited["key"]
            await self.look_around("settling down", tenant)

    async def refill(self, tenant: str) -> None:
        """See to it that the tenant has memories, a dead letter, a webhook, and a key that nobody uses."""
        if not (await self.parts.turns.ledger(tenant)).dead:
            await self.let_die(tenant)
        if await self.parts.api_keys.keyring.find(self.spare.get(tenant, "")) is None:
            self.spare[tenant] = (await self.front.key("read", tenant=tenant))["id"]
        if await self.parts.webhooks.registry.get(tenant, self.hooks.get(tenant, "")) is None:
            body = {"url": "https://127.0.0.1:9/", "name": f"§{tenant}§"}
            made = await self.front.ask("POST", "/webhooks", self.keys[tenant], json=body)
            self.hooks[tenant] = made.json()["id"]
        self.look_up(tenant, await self.points())
        marked = {"app_id": f"§{tenant}§"}  # so that an entity tells whose it is
        for owner in (*OWNERS, marked) if len(self.memories[tenant]) < FEWEST else ():
            await self.tell(tenant, {**owner, "metadata": {"tenant": "globex", "k": self.posted % 3}})

    async def tell(
        self, tenant: str, more: Mapping[str, Any], limited: bool = False, path: str = "/turns"
    ) -> httpx.Response:
        """Post a turn and have it remembered word for word."""
        self.posted += 1
        user = "alice" if limited else more.get("user_id")
        messages = [{"role": "user", "content": said(tenant, user, self.posted)}]
        body = {"messages": messages, "infer": False, **more}
        answer = await self.front.ask("POST", path, self.key_of(tenant, limited), json=body)
        if answer.is_success:
            self.turns.setdefault(tenant, []).append(_UUID.findall(answer.text)[0])
            ids = {**{name: more.get(name) for name in MODEL_OWNERS}, "user_id": user}
            await drain(Scope(tenant=tenant, **ids).lane, self.parts.drain)
        return answer

    async def bring(
        self, tenant: str, whose: str | None, number: int, owner: Mapping[str, Any], limited: bool
    ) -> httpx.Response:
        """Import a memory, under the id of one that the other tenant has, or without one."""
        self.posted += 1
        identity = {"id": self.memories[whose][-1 - number % len(self.memories[whose])]} if whose else {}
        memory = {"memory": said(tenant, owner.get("user_id"), self.posted), **owner, **identity}
        return await self.front.ask("POST", "/import", self.key_of(tenant, limited), json={"memories": [memory]})

    async def let_die(self, tenant: str) -> None:
        """A dead letter."""
        scope = Scope(tenant=tenant, user_id="dead")
        body = {"user_id": "dead", "messages": [{"role": "user", "content": said(tenant, "dead", 0)}]}
        answer = await self.front.ask("POST", "/turns", self.keys[tenant], json=body)
        self.turns.setdefault(tenant, []).append(answer.json()["id"])
        async with self.parts.lanes.lease(scope.lane) as lease:
            assert lease is not None
            await self.parts.lanes.take(lease, 1, 1000)
            await self.parts.lanes.fail(lease, "bad_answer: it was no JSON")

    async def points(self) -> list[dict[str, Any]]:
        """The payload of every point."""
        return [json.loads(line) for line in await all_of_qdrant(self.qdrant_url)]

    async def scores(self, tenant: str) -> dict[str, float]:
        """How well each of a user's memories answers a fixed question, by id: others' memories must not change it."""
        if not self.question:
            self.question = tuple((await self.parts.embedder.embed([QUESTION]))[0])
        scope = Scope(tenant=tenant, user_id="alice")
        query = Query(scope=scope, text=QUESTION, vector=self.question, limit=50)
        return {result.memory.id: round(result.score, 5) for result in await self.parts.store.search(query)}

    async def look_around(self, kind: str, tenant: str) -> None:
        """After something that may change things. Raises Leak when anything of another tenant has changed."""
        await self.refill(tenant)
        points, keyring = await self.points(), await self.parts.api_keys.keyring.all(None)
        for other in TENANTS:
            theirs = sorted(json.dumps(point, sort_keys=True) for point in points if point["tenant"] == other)
            ledger, guidance = await self.parts.turns.ledger(other), await self.parts.guidance.of(other)
            hooks, deliveries = (
                await self.parts.webhooks.registry.all(other),
                await self.parts.webhooks.deliveries.counts([other]),
            )
            keys = [key for key in keyring if key.tenant == other]
            state = (theirs, ledger, guidance, keys, hooks, deliveries, await self.scores(other))
            if other != tenant and self.state.get(other, state) != state:
                raise Leak(f"{kind} as {tenant} changed something of {other}")
            self.state[other] = state
        self.look_up(tenant, points)

    def look_up(self, tenant: str, points: list[dict[str, Any]]) -> None:
        """Note down which memories of a tenant stand."""
        mine = [point for point in points if point["tenant"] == tenant and point["state"] == "current"]
        self.memories[tenant] = [point["memory_id"] for point in mine]

    async def clear(self) -> None:
        """Remove every memory."""
        for tenant in TENANTS:
            await self.parts.store.erase(Scope(tenant=tenant), sys.maxsize)

    def key_of(self, tenant: str, limited: bool) -> str:
        """The tenant's key; that of one user, or of an admin."""
        return self.limited[tenant] if limited else self.keys[tenant]

    def look_at(self, kind: str, tenant: str, limited: bool, answer: httpx.Response) -> None:
        """Raises Leak when an answer tells of another tenant, or one user of another."""
        marks, users = set(_TENANT.findall(answer.text)), set(_USER.findall(answer.text))
        if marks - {tenant} or (limited and users - {"alice"}):
            raise Leak(f"{kind} as {tenant} told of {marks} and {users}: {answer.text[:500]}")
        if tenant in marks:
            self.seen[kind] = self.seen.get(kind, 0) + 1
