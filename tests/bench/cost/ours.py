"""Scrubjay's side: the whole embedded stack is given the turns over HTTP, by turn or in bursts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from scrubjay.client import ScrubjayClient
from tests.bench.cost.conversations import Conversation, Exchange, turns_of
from tests.bench.cost.figures import Replay, templates
from tests.model_server.control import ModelServer
from tests.running import Running, scrubjay_up
from tests.support import wait_until

SETTLED_SECONDS = 60


@dataclass(frozen=True)
class Ours:
    """A running stack whose model is the scripted server."""

    stack: Running
    model: ModelServer

    def replay(self, conversations: Sequence[Conversation], burst: int, tick: Callable[[int], None]) -> Replay:
        """Give it every turn, `burst` at once, going on when all of them are settled.

        Args:
            conversations: each becomes one user of its own.
            burst: 1 for turn by turn.
            tick: told how many turns were settled.

        Raises RuntimeError when a turn is dead, AssertionError when one does not settle.
        """
        self.model.reset()
        start = perf_counter()
        memories = asyncio.run(_replay(self.stack.url, conversations, burst, tick))
        mode = "turn by turn" if burst == 1 else f"bursts of {burst}"
        seconds = perf_counter() - start
        traffic = self.model.counts().traffic
        return Replay("Scrubjay", mode, turns_of(conversations), memories, seconds, traffic, templates())


def settings(model: ModelServer, embedder: str) -> dict[str, str]:
    """The environment of a stack that asks the scripted server."""
    return {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "scripted", "SCRUBJAY_EMBEDDER": embedder}


def replays(
    conversations: Sequence[Conversation],
    model: ModelServer,
    data: Path,
    *,
    bursts: Sequence[int],
    embedder: str,
    tick: Callable[[int], None],
) -> list[Replay]:
    """One replay for each size of burst, on one stack with two workers.

    Args:
        conversations: what is replayed.
        model: the scripted server.
        data: the stack's data directory.
        bursts: how many turns are posted at once.
        embedder: "openai" lets the scripted server embed, "local" the machine.
        tick: told how many turns were settled.
    """
    with scrubjay_up(data, workers=2, environment=settings(model, embedder)) as stack:
        return [Ours(stack, model).replay(conversations, burst, tick) for burst in bursts]


async def _replay(url: str, conversations: Sequence[Conversation], burst: int, tick: Callable[[int], None]) -> int:
    memories = 0
    async with ScrubjayClient(url) as client:
        for conversation in conversations:
            user = f"{conversation.name}-by-{burst}"
            for turns in conversation.bursts(burst):
                await _settle(client, user, turns)
                tick(len(turns))
            memories += (await client.memories(user_id=user, page_size=1)).count
    return memories


async def _settle(client: ScrubjayClient, user: str, turns: Sequence[Exchange]) -> None:
    """Post turns at once, and wait until the last of them is settled."""
    posts = (client.add_turn(turn.messages, timestamp=turn.said_at, user_id=user) for turn in turns)
    ids = [queued.id for queued in await asyncio.gather(*posts)]

    async def settled() -> bool:
        seen = [await client.turn(turn_id) for turn_id in ids]
        dead = next((turn for turn in seen if turn.status == "dead"), None)
        if dead:
            raise RuntimeError(f"the turn {dead.id} of {user} is dead: {dead.error}")
        return all(turn.status == "settled" for turn in seen)

    await wait_until(settled, deadline_seconds=SETTLED_SECONDS, what="the turns being settled")
