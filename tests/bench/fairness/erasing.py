"""Erases: a tenant forgets users with memories and waiting turns, and agents with hundreds of users, over and over."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from scrubjay.client.views import ReceiptView
from tests.bench.fairness.figures import Activity
from tests.bench.fairness.tenants import THINGS, Seen, Tenant, meanwhile, said

_MEMORIES_OF_A_USER = 10
_TURNS_OF_A_USER = 4
_TURNS_OF_AN_AGENT = 20
_AGENTS_AT_ONCE = 2  # while one is brought in, another is forgotten


class Erasing:
    """One user after the other is forgotten and, beside that, agents in two rows.

    Args:
        tenant: whose they are; what is to be forgotten it brings in by itself.
        users: of each agent, at most 500; each has one memory.
    """

    def __init__(self, tenant: Tenant, users: int) -> None:
        self._tenant = tenant
        self._users = users

    @asynccontextmanager
    async def going_on(self, label: str) -> AsyncIterator[Seen]:
        """As the protocol says: what was brought in last and not forgotten is forgotten at the end."""
        users, agents = list[ReceiptView](), list[ReceiptView]()

        async def forget_users() -> None:
            while True:
                users.append(await self._forget_user(f"{label}-{len(users)}", label))

        async def forget_agents(first: int) -> None:
            for number in itertools.count(first, _AGENTS_AT_ONCE):
                agents.append(await self._forget_agent(f"{label}-agent-{number}", label))

        async def seen() -> Activity:
            return evidence(users, agents)

        async with meanwhile(forget_users(), *map(forget_agents, range(_AGENTS_AT_ONCE))):
            yield seen
        await self._tenant.client.owners.forget(app_id=f"app-{label}")

    async def _forget_user(self, user: str, label: str) -> ReceiptView:
        owner = {"user_id": user, "app_id": f"app-{label}"}
        memories = [_memory(number, owner) for number in range(_MEMORIES_OF_A_USER)]
        await self._tenant.client.import_memories(memories)
        await self._post(_TURNS_OF_A_USER, owner)
        return await self._tenant.client.owners.forget(user_id=user)

    async def _forget_agent(self, agent: str, label: str) -> ReceiptView:
        owners = [
            {"user_id": f"{agent}-{number}", "agent_id": agent, "app_id": f"app-{label}"}
            for number in range(self._users)
        ]
        await self._tenant.client.import_memories([_memory(number, owner) for number, owner in enumerate(owners)])
        await asyncio.gather(*(self._post(1, owner) for owner in owners[:_TURNS_OF_AN_AGENT]))
        return await self._tenant.client.owners.forget(agent_id=agent)

    async def _post(self, turns: int, owner: Mapping[str, str]) -> None:
        posts = (self._tenant.client.add_turn(said(number), **owner) for number in range(turns))  # type: ignore[arg-type]
        await asyncio.gather(*posts)


def _memory(number: int, owner: Mapping[str, str]) -> dict[str, str]:
    """As it is imported; few texts, so that few are embedded."""
    return {"memory": f"I like {THINGS[number % len(THINGS)]}", **owner}


def evidence(users: Sequence[ReceiptView], agents: Sequence[ReceiptView]) -> Activity:
    """How much was erased.

    Args:
        users: the receipts of users.
        agents: the receipts of agents.
    """
    memories, turns = (sum(getattr(owner, name) for owner in (*users, *agents)) for name in ("memories", "turns"))
    counts = {"users forgotten": len(users), "agents forgotten": len(agents)}
    counts |= {"memories erased": memories, "turns erased": turns}
    return Activity(counts, [f"{name}: none" for name, count in counts.items() if not count])
