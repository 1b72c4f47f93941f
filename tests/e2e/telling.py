"""Telling a stack something, and waiting until it is remembered."""

from __future__ import annotations

from datetime import UTC, datetime

from scrubjay.client import ScrubjayClient
from tests.support import wait_until

SESSION_1 = datetime(2026, 3, 1, 9, tzinfo=UTC)


async def told(client: ScrubjayClient, user: str, words: str, at: datetime) -> str:
    turn = await client.add_turn([{"role": "user", "content": words}], user_id=user, timestamp=at)

    async def settled() -> bool:
        return (await client.turn(turn.id)).status == "settled"

    await wait_until(settled, what="the turn being settled")
    return turn.id
