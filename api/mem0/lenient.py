"""How requests of Mem0's clients are read: what is unknown is passed over, unless leaving it out changed the answer.

Older clients send fields that the platform has long dropped (`org_id`, `project_id`, `version`), newer ones fields that
say what holds here in any case (`rerank`, `enable_graph`). These are accepted. What is known, not built and would
change what is answered is refused with 501, by name. Numbers and truths may be sent as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict, model_validator

from scrubjay.api.schemas.common import Named
from scrubjay.errors import BadRequest, NotOffered
from scrubjay.mem0.messages import NO_UUID


class Lenient(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)
    not_offered: ClassVar[Mapping[str, str]] = {}  # by name, with what there is instead

    @model_validator(mode="before")
    @classmethod
    def _is_offered(cls, value: Any) -> Any:
        for name, instead in cls.not_offered.items():
            if isinstance(value, dict) and value.get(name):
                raise NotOffered(f"{name} is not offered here: {instead}")
        return value


class Owned(Lenient, Named):
    """The same, with ids of owners in it."""

    model_config = ConfigDict(extra="ignore")


def _memory_id(memory_id: Annotated[str, Path()]) -> str:
    return uuid(memory_id)


MemoryId = Annotated[str, Depends(_memory_id)]  # in a signature it stands after who calls: strangers get a 401


def uuid(text: Any) -> str:
    """Check that the memory id of a Mem0 request is a UUID, and put it in its usual form. Raises BadRequest."""
    try:
        return str(UUID(text))
    except (ValueError, TypeError, AttributeError):
        raise BadRequest(NO_UUID) from None
