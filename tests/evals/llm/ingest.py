"""Remembering a conversation as a chatbot would let it be remembered: turn by turn, then waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scrubjay.client import ScrubjayClient
from tests.evals.llm.halt import Halt
from tests.evals.llm.material import Conversation
from tests.evals.llm.model import Failed
from tests.evals.llm.prompts import SAID_AT
from tests.support import wait_until

_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Settled:
    """A conversation whose turns have all come to their end.

    Args:
        id: the conversation's.
        turns: how many were posted.
        dead: how many of them could not be remembered.
        memories: how many memories there are now.
        error: of one that could not be remembered.
    """

    id: str
    turns: int
    dead: int
    memories: int
    error: str | None = None


async def remember(
    conversation: Conversation,
    user_id: str,
    client: ScrubjayClient,
    halt: Halt,
    moved: Callable[[int], None],
    stuck_seconds: float,
) -> Settled | None:
    """Post every turn in the order of time and wait until none is on its way; None when the run is to stop.

    A turn carries an idempotency key: posted again by a later run, it is the same turn. Its day is put into the
    metadata as well, because a memory that is found does not tell when it was said.

    Args:
        conversation: what to remember.
        user_id: whose memory it becomes.
        client: of the stack.
        halt: whether to stop.
        moved: told how many turns more have come to their end.
        stuck_seconds: how long nothing may move.

    Raises Failed when nothing moves, ScrubjayError when the stack is away.
    """
    for number, turn in enumerate(conversation.turns):
        if halt.reason:
            return None
        await client.add_turn(
            turn.messages,
            user_id=user_id,
            timestamp=turn.said_at,
            metadata={SAID_AT: turn.said_at.isoformat(), "session": turn.session},
            idempotency_key=f"{user_id}:{number}",
        )
    if not await _settled(len(conversation.turns), user_id, client, halt, moved, stuck_seconds):
        return None
    dead = await client.turns(status="dead", user_id=user_id, page_size=1)
    kept = await client.memories(user_id=user_id, page_size=1)
    error = dead.results[0].error if dead.results else None
    return Settled(conversation.id, len(conversation.turns), dead.count, kept.count, error)


async def _settled(
    total: int, user_id: str, client: ScrubjayClient, halt: Halt, moved: Callable[[int], None], stuck_seconds: float
) -> bool:
    done = 0

    async def more() -> bool:
        nonlocal done
        pages = [await client.turns(status=status, user_id=user_id, page_size=1) for status in ("settled", "dead")]
        before, done = done, sum(page.count for page in pages)
        moved(done - before)
        return done > before or bool(halt.reason)

    while done < total and not halt.reason:
        try:
            await wait_until(more, deadline_seconds=stuck_seconds, what="the next turn", poll_seconds=_LOOK_SECONDS)
        except AssertionError as error:
            raise Failed(f"No turn was settled for {stuck_seconds:g} s; {done} of {total} are.") from error
    return done >= total
