"""What routes share: the opened parts, and how pages and memories are shown."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from memory.bootstrap import Parts
from memory.errors import BadRequest
from memory.model import Memory, Page, Scope

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
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from None


Opened = Annotated[Parts, Depends(parts)]
Paged = Annotated[Page, Depends(page)]


def owner(tenant: str, user_id: str | None, agent_id: str | None, run_id: str | None) -> Scope:
    """The owner that a query names. Raises BadRequest where it names none."""
    if user_id is None and agent_id is None and run_id is None:
        raise BadRequest("name an owner: at least one of user_id, agent_id and run_id is needed")
    return Scope(tenant=tenant, user_id=user_id, agent_id=agent_id, run_id=run_id)


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
    }
