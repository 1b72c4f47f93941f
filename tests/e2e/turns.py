"""Turns that are posted to a stack and waited for."""

from __future__ import annotations

from datetime import UTC, datetime

from scrubjay.client import ScrubjayClient
from tests.support import wait_until

SESSION_1 = datetime(2026, 3, 1, 9, tzinfo=UTC)


async def settle_turn(client: ScrubjayClient, user: str, text: str, at: datetime) -> str:
    turn = await client.add_turn([{"role": "user", "content": text}], user_id=user, timestamp=at)

    async def settled() -> bool:
        return (await client.turn(turn.id)).status == "settled"

    await wait_until(settled, what="the turn being settled")
    return turn.id
