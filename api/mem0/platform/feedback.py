"""Feedback on a memory."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BeforeValidator

from scrubjay.api.auth import Writer
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.mem0.lenient import Lenient, uuid
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.memories import FeedbackIn
from scrubjay.edit.edits import judge

router = APIRouter(route_class=Route, include_in_schema=False)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class GivenIn(Lenient):
    """What somebody thinks of a memory: POSITIVE, NEGATIVE, VERY_NEGATIVE, or null to take it back."""

    memory_id: str
    feedback: Annotated[str | None, BeforeValidator(_lower)] = None
    feedback_reason: str | None = None


@router.post("/v1/feedback/")
async def give_feedback(body: GivenIn, caller: Writer, parts: Opened) -> Any:
    """Keep it with the memory."""
    feedback = checked(FeedbackIn, {"rating": body.feedback or None, "reason": body.feedback_reason or None})
    reason = parts.mask(feedback.reason) if feedback.reason is not None else None
    memory_id = uuid(body.memory_id)
    await judge(caller.reach, memory_id, feedback.rating, reason, parts.edits)
    rating = feedback.rating.upper() if feedback.rating is not None else None
    return {"id": memory_id, "feedback": rating, "feedback_reason": reason}
