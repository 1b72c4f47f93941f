"""Many owners forgotten under load, each while turns of theirs wait and run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from scrubjay.client import Owner
from tests.chaos.erase.owners import Speaker
from tests.chaos.erase.proof import COUNTS, Seen, check_receipt
from tests.chaos.scene import Scene

_AT_ONCE = 4
_SETTLED, _MORE = 2, 4
_AGENT_EVERY = 4
_PATIENCE_SECONDS = 90


async def forget_many(scene: Scene, erases: int, seen: Seen, tell: Callable[[], object]) -> None:
    """Forget so many owners, a few at once; every fourth is an agent with turns in the lanes of two users.

    Args:
        scene: with workers, and load on it.
        erases: how many.
        seen: gets what is found.
        tell: called after each.
    """
    numbers = iter(range(erases))

    async def one_after_the_other() -> None:
        for number in numbers:
            await _forget(scene, number, seen)
            tell()

    await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))


async def _forget(scene: Scene, number: int, seen: Seen) -> None:
    token, name = f"many-word-{number}-{scene.mark}", scene.id_of(f"many-{number}")
    owner: Owner = {"user_id": name}
    speakers = [Speaker(scene, token, owner)]
    if number % _AGENT_EVERY == 0:
        owner = {"agent_id": name}
        users = [scene.id_of(f"guest-{number}-{place}") for place in range(2)]
        speakers = [Speaker(scene, f"{token}-{n}", {"user_id": user, **owner}) for n, user in enumerate(users)]
    early = [turn_id for speaker in speakers for turn_id in await speaker.say(count=_SETTLED)]
    await scene.settled(early, _PATIENCE_SECONDS)
    for speaker in speakers:
        await speaker.say(count=_MORE)
    start = monotonic()
    receipt = await scene.client.owners.forget(**owner)
    seen.seconds.append(monotonic() - start)
    seen.secrets |= {token, name}
    posted, kept = len(speakers) * (_SETTLED + _MORE), len(speakers) * _SETTLED
    right = receipt.turns == posted == sum(receipt.counts.turns.values()) and kept <= receipt.memories <= posted
    settled = receipt.counts.turns.get("settled", 0)
    right = right and kept <= settled <= receipt.counts.versions and receipt.counts.texts == posted
    seen.note(COUNTS, [] if right else [f"{name}: {receipt}"])
    ids = {field: str(value) for field, value in owner.items()}
    seen.receipts.append((receipt, ids))
    await check_receipt(scene, receipt, ids, seen)
