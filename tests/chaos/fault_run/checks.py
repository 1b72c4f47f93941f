"""The ten invariants, checked from outside: what the clients were promised against what is there when all is quiet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scrubjay.client.views import MemoryView, TurnView
from tests.chaos.fault_run import words
from tests.chaos.fault_run.fault_run import FaultRun
from tests.chaos.fault_run.record import Sent

_AT_ONCE = 8
_PAGE = 200
GRACE_SECONDS = 10.0


@dataclass
class Finding:
    """One invariant.

    Args:
        number: as in the list of ten; 0 for the books and what the parts logged.
        promise: in a few words.
        looked_at: how many things were looked at, and what they are.
        violations: what was seen that may not be.
    """

    number: int
    promise: str
    looked_at: str = ""
    violations: list[str] = field(default_factory=list)


@dataclass
class Lane:
    """Everything that the service tells about a lane's user.

    Args:
        sent: what its client knows.
        turns: by acceptance.
        texts: what was said, of the turns that the client does not know by id.
        memories: the current ones, oldest first.
        history: the versions of the lucky number, by time.
        standing: the lucky number that stands.
    """

    sent: Sequence[Sent]
    turns: list[TurnView]
    texts: dict[str, str]
    memories: list[MemoryView]
    history: list[str]
    standing: int | None

    def numbers(self) -> list[tuple[int, TurnView]]:
        """The turns with their numbers, by acceptance; -1 for what nobody has sent."""
        known = {turn.id: turn.number for turn in self.sent if turn.id is not None}
        return [(known.get(turn.id, self._said(turn.id)), turn) for turn in self.turns]

    def _said(self, turn_id: str) -> int:
        place = words.widget(self.texts.get(turn_id, ""))
        return place[1] if place and place[1] <= len(self.sent) and place[0] == self.sent[0].lane else -1


async def gather(fault_run: FaultRun) -> dict[int, Lane]:
    """Read every lane back."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(lane: int) -> Lane:
        async with limit:
            return await _read(fault_run, lane)

    lanes = sorted(fault_run.record.sent)
    answers = await asyncio.gather(*(one(lane) for lane in lanes))
    return dict(zip(lanes, answers, strict=True))


async def _read(fault_run: FaultRun, lane: int) -> Lane:
    client, user, sent = fault_run.client, words.user(lane), fault_run.record.sent[lane]
    turns, page = list[TurnView](), 1
    while True:
        page_of_turns = await client.turns(user_id=user, page=page, page_size=_PAGE)
        turns += page_of_turns.results
        page += 1
        if len(turns) >= page_of_turns.count or not page_of_turns.results:
            break
    memories, page = list[MemoryView](), 1
    while True:
        kept = await client.memories(user_id=user, page=page, page_size=_PAGE)
        memories += kept.results
        page += 1
        if len(memories) >= kept.count or not kept.results:
            break
    known = {turn.id for turn in sent}
    unknown = [await client.turn(turn.id) for turn in turns if turn.id not in known]
    texts = {turn.id: " ".join(message["content"] for message in turn.messages or []) for turn in unknown}
    lucky = next((memory for memory in memories if words.lucky_number(memory.memory) is not None), None)
    history = [str(version["memory"]) for version in await client.history(lucky.id)] if lucky else []
    orders = await _orders(fault_run, turns)
    return Lane(
        sent,
        sorted(turns, key=lambda turn: orders[turn.id]),
        texts,
        memories[::-1],
        history,
        words.lucky_number(lucky.memory) if lucky else None,
    )


async def _orders(fault_run: FaultRun, turns: Sequence[TurnView]) -> dict[str, int]:
    """The places of turns in the order of acceptance; the times do not tell it, as Redis' clock was moved."""
    async with fault_run.system.redis.pipeline(transaction=False) as pipeline:
        for turn in turns:
            pipeline.hget(f"sj:turn:default:{turn.id}", "order")
        return {turn.id: int(order or 0) for turn, order in zip(turns, await pipeline.execute(), strict=True)}


def nothing_lost(fault_run: FaultRun, lanes: dict[int, Lane]) -> Finding:
    """1: every 202 has its turn, settled (dead where it is poisoned), with its memory; and nothing else is there."""
    finding = Finding(1, "accepted = settled + dead + erased in the end, settled within sent")
    accepted = 0
    for number, lane in lanes.items():
        there = {turn.id: turn for turn in lane.turns}
        kept = Counter(at[1] for memory in lane.memories if (at := words.widget(memory.memory)))
        for sent in lane.sent:
            if sent.id is None:
                continue
            accepted += 1
            status = there[sent.id].status if sent.id in there else "gone"
            if status != ("dead" if sent.poisoned else "settled"):
                finding.violations.append(f"lane {number}, turn {sent.number}: accepted and {status}")
            elif not sent.poisoned and not kept[sent.number]:
                finding.violations.append(f"lane {number}, turn {sent.number}: settled without its memory")
        counts_by_place = Counter(at for at, _ in lane.numbers())
        finding.violations += [f"lane {number}: a turn that nobody has sent"] * counts_by_place[-1]
    finding.looked_at = f"{accepted:,} accepted turns"
    return finding


def nothing_twice(lanes: dict[int, Lane]) -> Finding:
    """2: each turn has one id, one memory and one version."""
    finding, memories = Finding(2, "no fact twice, no turn twice"), 0
    for number, lane in lanes.items():
        memories += len(lane.memories)
        turns = Counter(at for at, _ in lane.numbers() if at >= 0)
        kept = Counter(at[1] for memory in lane.memories if (at := words.widget(memory.memory)))
        lucky = Counter(lane.history)
        for what, counts in (("turn", turns), ("memory of turn", kept), ("version", lucky)):
            finding.violations += [f"lane {number}: {what} {at} {n} times" for at, n in counts.items() if n > 1]
        standing = [memory.memory for memory in lane.memories if words.lucky_number(memory.memory) is not None]
        if len(standing) > 1:
            finding.violations.append(f"lane {number}: {len(standing)} lucky numbers at once")
    finding.looked_at = f"{memories:,} memories"
    return finding


def in_order(fault_run: FaultRun, lanes: dict[int, Lane]) -> Finding:
    """3: accepted in the order of posting, applied in the order of acceptance, each change on top of the one before."""
    finding, looked = Finding(3, "applied in the order of acceptance"), 0
    for number, lane in lanes.items():
        given_up = {turn.number for turn in lane.sent if turn.id is None}
        posted = [at for at, _ in lane.numbers() if at not in given_up]
        if posted != sorted(posted):
            finding.violations.append(f"lane {number}: accepted in another order than posted")
        replayed = fault_run.record.replayed
        plain = [(at, turn) for at, turn in lane.numbers() if turn.status == "settled" and turn.id not in replayed]
        looked += len(plain)
        # Where the clock was moved, the times tell nothing: then the changes and the versions alone do.
        ends = [turn.settled_at for _, turn in plain if turn.settled_at and not fault_run.system.clock.jumps]
        if ends != sorted(ends):
            finding.violations.append(f"lane {number}: settled in another order than accepted")
        finding.violations += [f"lane {number}: {what}" for what in _changes(plain)]
        finding.violations += [f"lane {number}: {what}" for what in _versions(lane, bool(fault_run.system.clock.jumps))]
    finding.looked_at = f"{looked:,} turns settled without a replay"
    return finding


def _changes(turns: Sequence[tuple[int, TurnView]]) -> list[str]:
    """Each change of the lucky number must have met the one before it; a replayed one comes later, at its own time."""
    last: int | None = None
    wrong = list[str]()
    for at, turn in turns:
        for event in turn.events:
            value, before = words.lucky_number(event.memory), words.lucky_number(event.previous or "")
            if value is None:
                continue
            if (value, before) != (at, last):
                wrong.append(f"turn {at} changed {before} to {value} when {last} was applied last")
            last = value
    return wrong


def _versions(lane: Lane, clock_jumped: bool) -> list[str]:
    """The history must hold each lucky number of a settled turn, by acceptance, and the last one must stand.

    The history goes by the times at which things were said: where the clock was moved, only what stands goes by
    acceptance.
    """
    numbers = [number for text in lane.history if (number := words.lucky_number(text)) is not None]
    right = [at for at, turn in lane.numbers() if turn.status == "settled" and words.has_lucky_number(at)]
    wrong = list[str]()
    if (sorted(numbers) if clock_jumped else numbers) != right:
        wrong.append(f"the lucky number's history is {numbers}, said was {right}")
    if right and lane.standing != right[-1]:
        wrong.append(f"the lucky number {lane.standing} stands, {right[-1]} was said last")
    return wrong
