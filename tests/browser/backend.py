"""What happens behind the dashboard, at a test's word."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from scrubjay.bootstrap import Parts
from scrubjay.errors import BadAnswer
from scrubjay.ingest.drain import drain
from scrubjay.model import Event, Message, Role, Scope, Status, Submission
from tests.fakes import EchoExtractor, ScriptedReconciler, with_decision

TENANT = "default"


@dataclass(frozen=True)
class Backend:
    """The parts behind the API, and a worker that works when it is told to."""

    parts: Parts
    redis: Redis

    async def say(self, user: str, text: str) -> str:
        """Accept a turn; returns its id."""
        submission = Submission(scope=_scope(user), messages=(Message(role=Role.USER, content=text),))
        return (await self.parts.intake.accept(submission)).id

    async def remember(self, user: str, text: str, *, instead: bool = False) -> str:
        """Accept a turn and settle it, its text word for word; `instead` of what is nearest, else beside it."""
        turn_id = await self.say(user, text)
        table = {text: Event.UPDATE if instead else Event.ADD}
        decision = {"extractor": EchoExtractor(), "reconciler": ScriptedReconciler(table)}
        await drain(_scope(user).lane, with_decision(self.parts.drain, **decision))
        return turn_id

    async def let_die(self, user: str, text: str, error: str) -> str:
        """Accept a turn and let it die of an error."""
        turn_id = await self.say(user, text)
        await drain(
            _scope(user).lane, with_decision(self.parts.drain, extractor=EchoExtractor({text: BadAnswer(error)}))
        )
        return turn_id

    async def settle(self, user: str) -> int:
        """Work on what waits of a user."""
        return await drain(_scope(user).lane, self.parts.drain)

    async def status(self, turn_id: str) -> Status:
        """Where a turn is."""
        turn = await self.parts.turns.get(Scope(tenant=TENANT), turn_id)
        assert turn is not None
        return turn.status


def _scope(user: str) -> Scope:
    return Scope(tenant=TENANT, user_id=user)
