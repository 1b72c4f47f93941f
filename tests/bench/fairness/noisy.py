"""Noisy lanes: filled as fast as turns are taken, and how far apart they are done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from tests.bench.fairness.figures import Spread
from tests.bench.load import load, request, so_many
from tests.support import wait_until

WORDS = ("tea", "violin", "garden", "chess", "cello", "bread", "sailing", "opera", "pottery", "judo", "maps", "yoga")
_POSTERS = 16
_LONGEST_SECONDS = 120
_LOOK_SECONDS = 0.5


async def fill(url: str, users: Sequence[str], turns: int) -> None:
    """Post turns as fast as they are taken, the users in turn. Raises RuntimeError when one is refused."""

    def turn(number: int) -> bytes:
        word = WORDS[number % len(WORDS)]
        said = {"role": "user", "content": f"I like {word} and my number {number} is on the list."}
        body = {"user_id": users[number % len(users)], "messages": [said]}
        return request("POST", f"{url}/turns", json.dumps(body).encode())

    outcome = await load(url, _POSTERS, so_many(turns, turn))
    if outcome.refused:
        raise RuntimeError(f"{outcome.refused} of {turns} turns were refused")


async def contend(client: ScrubjayClient, threads: int, lanes: int, turns: int) -> Spread:
    """Fill lanes evenly, and see when each is done.

    Args:
        client: of the stack.
        threads: lanes that its workers can work on at once.
        lanes: how many are filled.
        turns: in each; at most 200, as many as one page of turns.
    """
    users = [f"contender-{threads}-{number}" for number in range(lanes)]
    await fill(client.url, users, lanes * turns)

    ends, posted = list[datetime](), list[datetime]()
    for user in users:
        seen = await _all_settled(client, user, turns)
        ends.append(max(turn.settled_at for turn in seen if turn.settled_at))
        posted.append(max(turn.accepted_at for turn in seen))
    return Spread(threads, [(end - max(posted)).total_seconds() for end in ends])


async def _all_settled(client: ScrubjayClient, user: str, turns: int) -> Sequence[TurnView]:
    async def done() -> Sequence[TurnView] | None:
        found = (await client.turns(user_id=user, page_size=turns)).results
        return found if len(found) == turns and all(turn.status == "settled" for turn in found) else None

    return await wait_until(
        done, deadline_seconds=_LONGEST_SECONDS, what=f"{user} being done", poll_seconds=_LOOK_SECONDS
    )
