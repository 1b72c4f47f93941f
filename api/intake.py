"""What comes in by whichever surface: a turn with whose it is and its idempotency key, a change; both are masked."""

from __future__ import annotations

from fastapi import Request

from api.context import owner
from api.memories import ChangeIn
from api.schemas import TurnIn
from memory.bootstrap import Parts
from memory.dating import dated
from memory.errors import BadRequest
from memory.masking import masked_guidance, masked_messages, masked_values
from memory.model import Message, Principal, Role, Scope, Submission
from memory.ports import Mask
from memory.revise import Change

LONGEST_KEY = 256


async def accept(request: Request, caller: Principal, turn: TurnIn) -> str:
    """Accept a checked turn; returns its id. Raises Forbidden, BadRequest, Misdated and what the inbox raises."""
    parts: Parts = request.app.state.parts
    scope = owner(caller, turn.ids)
    submission = await dated(_submission(turn, scope, parts.mask), parts.clock)
    accepted = await parts.inbox.accept(submission, idempotency_key=_key(request, caller))
    return accepted.id


def _key(request: Request, caller: Principal) -> str | None:
    """The turn's idempotency key; whoever is limited to one user has keys apart from those of the others."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise BadRequest(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters")
    if key is None or caller.user_id is None:
        return key
    return f"{len(caller.user_id)}:{caller.user_id}:{key}"


def _submission(turn: TurnIn, scope: Scope, mask: Mask) -> Submission:
    """What was checked at the door is not checked again on its way in; what must not be remembered does not get in."""
    said = tuple(
        Message.model_construct(role=Role(message.role), content=message.content, name=message.name)
        for message in turn.messages
    )
    return Submission.model_construct(
        scope=scope,
        messages=masked_messages(said, mask),
        metadata=masked_values(turn.metadata, mask),
        timestamp=turn.timestamp,
        expires_at=turn.expires_at,
        infer=turn.infer,
        guidance=masked_guidance(turn.guidance, mask),
    )


def change(given: ChangeIn, mask: Mask) -> Change:
    """A change of a memory, without what must not be remembered."""
    text = mask(given.text) if given.text is not None else None
    metadata = masked_values(given.metadata, mask) if given.metadata is not None else None
    return Change(text=text, metadata=metadata, **given.end)
