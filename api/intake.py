"""What comes in by whichever surface: a turn with whose it is and its idempotency key, a change; both are masked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import Request

from scrubjay.api.dependencies import owner
from scrubjay.api.schemas.memories import ChangeIn
from scrubjay.api.schemas.turns import TurnIn
from scrubjay.bootstrap import Parts
from scrubjay.edit.edits import Change
from scrubjay.errors import BadRequest
from scrubjay.model import Message, Principal, Role, Scope, Submission
from scrubjay.offload import off_loop
from scrubjay.ports import Mask
from scrubjay.safety.masking import masked_guidance, masked_messages, masked_values
from scrubjay.validation import dated

LONGEST_KEY = 256
_BESIDES = 100  # characters that each change may be thought to have besides its texts: many changes are much work


async def accept(request: Request, caller: Principal, turn: TurnIn) -> str:
    """Put the turn of an HTTP request, native or Mem0's, into the inbox with its secrets masked; returns its id.

    The turn is checked already. Raises Forbidden, BadRequest, Misdated and what the inbox raises.
    """
    parts: Parts = request.app.state.parts
    scope = owner(caller, turn.ids)
    submission = await off_loop(_characters(turn), partial(_submission, turn, scope, parts.mask))
    submission = await dated(submission, parts.clock)
    accepted = await parts.intake.accept(submission, idempotency_key=_key(request, caller))
    return accepted.id


def _characters(turn: TurnIn) -> int:
    """Estimate how many characters of text the HTTP request of a turn has, before its secrets are masked."""
    characters = sum(len(message.content) for message in turn.messages)
    texts = (turn.custom_instructions, turn.includes, turn.excludes, *turn.custom_categories.values())
    return characters + sum(len(text) for text in texts if text) + len(str(turn.metadata))


def _key(request: Request, caller: Principal) -> str | None:
    """Read the Idempotency-Key header of an HTTP request that adds a turn, native or Mem0's. Raises BadRequest.

    Whoever is limited to one user has keys apart from those of the others.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise BadRequest(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters")
    if key is None or caller.user_id is None:
        return key
    return f"{len(caller.user_id)}:{caller.user_id}:{key}"


def _submission(turn: TurnIn, scope: Scope, mask: Mask) -> Submission:
    """Make the inbox's Submission of the turn in an HTTP request, native or Mem0's, with its secrets masked.

    What the request's schema has checked is not checked again; what must not be remembered does not get in.
    """
    messages = tuple(
        Message.model_construct(role=Role(message.role), content=message.content, name=message.name)
        for message in turn.messages
    )
    return Submission.model_construct(
        scope=scope,
        messages=masked_messages(messages, mask),
        metadata=masked_values(turn.metadata, mask),
        timestamp=turn.timestamp,
        expires_at=turn.expires_at,
        infer=turn.infer,
        guidance=masked_guidance(turn.guidance, mask),
    )


async def change(body: ChangeIn, mask: Mask) -> Change:
    """Make the Change of a memory from the body of an HTTP request, native or Mem0's, with its secrets masked."""
    return await off_loop(_length(body), partial(_change, body, mask))


async def changes(several: Mapping[str, ChangeIn], mask: Mask) -> dict[str, Change]:
    """Make the Changes of several memories, by id, from the bodies of an HTTP request, with their secrets masked."""
    return await off_loop(
        sum(map(_length, several.values())), lambda: {name: _change(body, mask) for name, body in several.items()}
    )


def _length(body: ChangeIn) -> int:
    return _BESIDES + len(body.text or "") + len(str(body.metadata or ""))


def _change(body: ChangeIn, mask: Mask) -> Change:
    """Convert the HTTP request body ChangeIn to a Change of a memory; secrets in text and metadata are masked."""
    text = mask(body.text) if body.text is not None else None
    metadata = masked_values(body.metadata, mask) if body.metadata is not None else None
    patch = masked_values(body.metadata_patch, mask) if body.metadata_patch is not None else None
    return Change(text=text, metadata=metadata, metadata_patch=patch, **body.end)
