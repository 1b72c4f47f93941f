"""What routes share: the opened parts, and how pages and memories are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from memory.bootstrap import Parts
from memory.model import Memory, Page

LARGEST_PAGE = 200

M = TypeVar("M", bound=BaseModel)


async def parts(request: Request) -> Parts:
    """Everything opened."""
    opened: Parts = request.app.state.parts
    return opened


async def page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 100,
) -> Page:
    """Which slice is asked for."""
    return Page(number=page, size=page_size)


def read(kind: type[M], body: bytes) -> M:
    """A body, checked straight from its bytes. Raises RequestValidationError like any other route."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


def checked(kind: type[M], body: Mapping[str, Any]) -> M:
    """The same for a body that was changed since it was checked."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> RequestValidationError:
    return RequestValidationError(
        [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_input=False)]
    )


Opened = Annotated[Parts, Depends(parts)]
Paged = Annotated[Page, Depends(page)]


def paged(request: Request, at: Page, count: int, results: list[Any]) -> dict[str, Any]:
    """A page with the addresses of its neighbours."""
    following = at.offset + at.size < count
    return {
        "count": count,
        "next": str(request.url.include_query_params(page=at.number + 1)) if following else None,
        "previous": str(request.url.include_query_params(page=at.number - 1)) if at.number > 1 else None,
        "results": results,
    }


def shown(memory: Memory) -> dict[str, Any]:
    """A memory as clients see it."""
    return {
        "id": memory.id,
        "memory": memory.text,
        "categories": list(memory.categories),
        "metadata": dict(memory.metadata),
        "user_id": memory.scope.user_id,
        "agent_id": memory.scope.agent_id,
        "run_id": memory.scope.run_id,
        "created_at": memory.created_at,
        "updated_at": memory.updated_at,
        "valid_from": memory.valid_from,
        "marked": memory.marked,
    }
