"""Noisy lanes that contend: filled together, and how far apart they are done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scrubjay.client.views import TurnView
from tests.bench.fairness.figures import Spread
from tests.bench.fairness.tenants import Tenant
from tests.support import wait_until

_LONGEST_SECONDS = 120
_LOOK_SECONDS = 0.5


async def contend(tenant: Tenant, threads: int, lanes: int, turns: int) -> Spread:
    """Fill lanes evenly, and see when each is done.

    Args:
        tenant: whose lanes they are.
        threads: lanes that the stack's workers can work on at once.
        lanes: how many are filled.
        turns: in each; at most 200, as many as one page of turns.
    """
    users = [f"contender-{threads}-{number}" for number in range(lanes)]
    await tenant.fill(users, lanes * turns)

    ends, posted = list[datetime](), list[datetime]()
    for user in users:
        seen = await _all_settled(tenant, user, turns)
        ends.append(max(turn.settled_at for turn in seen if turn.settled_at))
        posted.append(max(turn.accepted_at for turn in seen))
    return Spread(threads, [(end - max(posted)).total_seconds() for end in ends])


async def _all_settled(tenant: Tenant, user: str, turns: int) -> Sequence[TurnView]:
    async def done() -> Sequence[TurnView] | None:
        listed = (await tenant.client.turns(user_id=user, page_size=turns)).results
        return listed if len(listed) == turns and all(turn.status == "settled" for turn in listed) else None

    return await wait_until(
        done, deadline_seconds=_LONGEST_SECONDS, what=f"{user} being done", poll_seconds=_LOOK_SECONDS
    )
