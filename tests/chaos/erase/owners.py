"""Owners at the worst moment to be forgotten: turns wait, are in extraction, between record and apply, and dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrubjay.client import Owner
from tests.chaos.holding import Hold, Moment, Step
from tests.chaos.scene import Scene
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

POISON = "poison"
POISONED = Fault(kind=Kind.NOT_JSON, route="extraction", contains=POISON)
HELD = "held at the model"


@dataclass
class Case:
    """One owner who is to be forgotten.

    Args:
        name: of the case.
        owner: the ids that are named.
        secrets: that must be nowhere afterwards.
        counts: what the receipt must say.
        stays: turns of others in the same lanes that must be settled afterwards.
        hold: a write to Qdrant that is kept waiting meanwhile.
    """

    name: str
    owner: Owner
    secrets: tuple[str, ...]
    counts: Mapping[str, Any] = field(default_factory=dict)
    stays: Sequence[str] = ()
    hold: Hold | None = None


@dataclass
class Speaker:
    """Posts turns that can be told from all others.

    Args:
        scene: where.
        token: stands in each of them.
        ids: whose turns.
    """

    scene: Scene
    token: str
    ids: Owner
    posted_turns: int = 0

    async def say(self, more: str = "", count: int = 1) -> list[str]:
        """So many turns; returns their ids."""
        turn_ids = []
        for _ in range(count):
            self.posted_turns += 1
            text = f"I own the thing {self.token}-{self.posted_turns}. {more}".strip()
            answer = await self.scene.client.add_turn(
                [{"role": "user", "content": text}], idempotency_key=f"{self.token}/{self.posted_turns}", **self.ids
            )
            turn_ids.append(answer.id)
        return turn_ids

    async def dies(self) -> None:
        """One turn that ends as a dead letter."""
        (turn_id,) = await self.say(f"I drank {POISON}.")

        async def is_dead() -> bool:
            return (await self.scene.client.turn(turn_id)).status == "dead"

        await wait_until(is_dead, what="the poisoned turn dying")

    async def at_the_model(self) -> None:
        """One turn that is in extraction from now on."""
        waiting_before = self.scene.model.counts().held
        self.scene.model.fault(Fault(kind=Kind.HELD, route="extraction", contains=f"{HELD} by {self.token}"))
        await self.say(f"I am {HELD} by {self.token}.")
        await wait_until(lambda: self.scene.model.counts().held > waiting_before, what="a worker being at the model")

    async def recorded(self, user: str) -> Hold:
        """One turn whose plan is recorded and not applied: the write is kept waiting."""
        hold = self.scene.hold(Step.UPSERT, Moment.BEFORE, user)
        await self.say()
        await wait_until(lambda: hold.waits, what="a worker being at its write")
        return hold


def poisoned(scene: Scene) -> None:
    """From now on what is poisoned has no answer."""
    scene.model.fault(POISONED)


async def user_in_extraction(scene: Scene, waiting: int) -> Case:
    """A user with a memory, a dead turn, one turn at the model, and so many that wait behind it."""
    user, token = scene.id_of("solo"), f"solo-word-{scene.mark}"
    speaker = Speaker(scene, token, {"user_id": user})
    await scene.settled(await speaker.say())
    await speaker.dies()
    await speaker.at_the_model()
    await speaker.say(count=waiting)
    turns = {"settled": 1, "dead": 1, "running": 1, "waiting": waiting}
    counts = {"turns": turns, "plans": 0, "texts": waiting + 3, "memories": 1, "versions": 1}
    return Case("a user, one turn in extraction", {"user_id": user}, (user, token), counts)


async def user_before_apply(scene: Scene, waiting: int) -> Case:
    """The same, but the one turn is between record and apply."""
    user, token = scene.id_of("plan"), f"plan-word-{scene.mark}"
    speaker = Speaker(scene, token, {"user_id": user})
    await scene.settled(await speaker.say())
    await speaker.dies()
    hold = await speaker.recorded("plan")
    await speaker.say(count=waiting)
    turns = {"settled": 1, "dead": 1, "running": 1, "waiting": waiting}
    counts = {"turns": turns, "plans": 1, "texts": waiting + 3, "memories": 1, "versions": 1}
    return Case("a user, one turn between record and apply", {"user_id": user}, (user, token), counts, hold=hold)


async def agent_in_many_lanes(scene: Scene, waiting: int) -> Case:
    """An agent: one turn in extraction in one user's lane, one before apply in another's, one dead in a third's.

    So many wait, half of them in each of the first two lanes; and in these lanes are turns without the agent.
    """
    agent, token = scene.id_of("agent"), f"agent-word-{scene.mark}"
    plain = f"plain-word-{scene.mark}"
    lanes = {name: scene.id_of(name) for name in ("one", "two", "three")}
    with_agent = {n: Speaker(scene, f"{token}-{n}", {"user_id": user, "agent_id": agent}) for n, user in lanes.items()}
    alone = {n: Speaker(scene, f"{plain}-{n}", {"user_id": user}) for n, user in lanes.items()}
    for name in lanes:
        await scene.settled(await alone[name].say() + await with_agent[name].say())
    await with_agent["three"].dies()
    await with_agent["one"].at_the_model()
    hold = await with_agent["two"].recorded("two")
    stays = list[str]()
    for name in ("one", "two"):
        await with_agent[name].say(count=waiting // 2)
        stays += await alone[name].say(count=2)
    turns = {"settled": 3, "dead": 1, "running": 2, "waiting": waiting // 2 * 2}
    counts = {"turns": turns, "plans": 1, "texts": sum(turns.values()), "memories": 3, "versions": 3}
    return Case("an agent in three users' lanes", {"agent_id": agent}, (agent, token), counts, stays, hold)


CASES = (user_in_extraction, user_before_apply, agent_in_many_lanes)
