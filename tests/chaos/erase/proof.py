"""Forgetting one owner in the midst of it all, and what has to be true of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import monotonic

from scrubjay.client.views import ReceiptView
from tests.chaos.erase.owners import CASES, Case, poisoned
from tests.chaos.erase.traces import traces
from tests.chaos.scene import Scene
from tests.support import wait_until

_GONE_SECONDS = 20

Look = Callable[[Collection[str]], Awaitable[tuple[list[str], int]]]
Snapshot = dict[str, tuple[list[str], list[tuple[str, str]]]]


@dataclass
class Seen:
    """What was found out.

    Args:
        wrong: what was promised and is not so, by promise.
        receipts: of the owners who were forgotten, each with the ids that were named.
        secrets: that must be nowhere.
        looked_at: keys, points and lines, in all looks.
        seconds: how long each erase took.
    """

    wrong: dict[str, list[str]] = field(default_factory=dict)
    receipts: list[tuple[ReceiptView, dict[str, str]]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    looked_at: int = 0
    seconds: list[float] = field(default_factory=list)

    def note(self, promise: str, violations: Sequence[str]) -> None:
        """What was looked at under a promise, and what did not hold."""
        self.wrong.setdefault(promise, []).extend(violations)


BLIND = "looks that saw nothing of an owner who was still there"
TRACES = "traces of the forgotten when everything had come to rest"
LATER = "traces of the forgotten after all further work"
COUNTS = "receipts with wrong counts"
HOLDS = "receipts that do not hold"
OTHERS = "things of others that are gone or changed"
UNBALANCED = "books that do not balance"


def looking(scene: Scene, qdrant_url: str) -> Look:
    """How to look for words in everything that a test's own stack holds."""
    return lambda secrets: traces(secrets, scene.redis, qdrant_url)


async def forget_at_the_worst_moment(scene: Scene, waiting: int, others: Sequence[str], look: Look) -> Seen:
    """Let each case come to its worst moment, forget the owner, go on, and look.

    Args:
        scene: with workers.
        waiting: so many turns wait.
        others: users who must not notice.
        look: for words in everything.
    """
    seen = Seen()
    poisoned(scene)
    before = await snapshot(scene, others)
    for made in CASES:
        await _forgotten(scene, await made(scene, waiting), look, seen)
    after = await snapshot(scene, others)
    seen.note(OTHERS, [user for user in before if before[user] != after[user]])
    return seen


async def _forgotten(scene: Scene, case: Case, look: Look, seen: Seen) -> None:
    places, _ = await look(case.secrets)
    seen.note(BLIND, [] if any(place.startswith("Redis") for place in places) else [case.name])
    start = monotonic()
    receipt = await scene.client.owners.forget(**case.owner)
    seen.seconds.append(monotonic() - start)
    counts = receipt.counts.model_dump()
    seen.note(COUNTS, [] if counts == case.counts else [f"{case.name}: {counts} instead of {case.counts}"])
    if case.hold is not None:
        case.hold.release()
    scene.model.heal()
    poisoned(scene)
    await scene.settled(case.stays)
    seen.note(TRACES, await rests(case.secrets, look, seen))
    seen.secrets |= set(case.secrets)
    ids = {name: str(value) for name, value in case.owner.items()}
    seen.receipts.append((receipt, ids))
    await check_receipt(scene, receipt, ids, seen)


async def rests(secrets: Collection[str], look: Look, seen: Seen) -> list[str]:
    """What is left when whoever was stopped in the midst of a write has finished it, and taken it back."""
    last: list[str] = []

    async def nothing() -> bool:
        nonlocal last
        last, looked_at = await look(secrets)
        seen.looked_at += looked_at
        return not last

    try:
        await wait_until(nothing, deadline_seconds=_GONE_SECONDS, what="the last trace going", poll_seconds=0.2)
    except AssertionError:
        return last
    return []


async def check_receipt(scene: Scene, receipt: ReceiptView, ids: dict[str, str], seen: Seen) -> None:
    """Whether a receipt holds, is about just this owner, and nothing is left."""
    owner = {"user_id": ids.get("user_id"), "agent_id": ids.get("agent_id"), "run_id": ids.get("run_id")}
    verdict = await scene.client.receipts.verify(receipt, **owner)
    left = verdict.left.model_dump() if verdict.left else {"left": -1}
    holds = receipt.verified and verdict.signature and verdict.owner and not any(left.values())
    seen.note(HOLDS, [] if holds else [f"{receipt.id}: {verdict} {receipt.left}"])


async def snapshot(scene: Scene, users: Sequence[str]) -> Snapshot:
    """Every memory and every turn of these users, as they are told."""
    owners: Snapshot = {}
    for user in users:
        memories = (await scene.client.memories(user_id=user, page_size=200)).results
        turns = (await scene.client.turns(user_id=user, page_size=200)).results
        owners[user] = (
            [memory.model_dump_json() for memory in memories],
            [(turn.id, turn.model_dump_json()) for turn in turns],
        )
    return owners
