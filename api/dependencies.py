"""What routes share: the opened parts, whose memories a request is about, pages of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from scrubjay.api.schemas.common import ExactId, Id, Named, PageOut
from scrubjay.bootstrap import Parts
from scrubjay.errors import BadRequest, Forbidden
from scrubjay.model import DEEPEST, After, Page, Principal, Scope, Slice, spelled
from scrubjay.model.filters import Condition, demanded
from scrubjay.search.filters import narrowed

LARGEST_PAGE = 200
NOBODY = "name an owner: at least one of user_id, agent_id, run_id and app_id is needed"
_ANOTHER = "this key is limited to one user, and user_id names another"

M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", bound=PageOut[Any])
Ids = Mapping[str, str | None]  # of an owner, by field
_OwnerId = Annotated[Id | None, Query()]
_ExactOwnerId = Annotated[ExactId | None, Query()]


async def parts(request: Request) -> Parts:
    """FastAPI dependency that gives an HTTP route the ports that the server opened: inbox, store, model and others."""
    opened: Parts = request.app.state.parts
    return opened


async def page(
    page: Annotated[int, Query(ge=1, le=1_000_000, description=f"Reaches the first {DEEPEST} items.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 100,
    cursor: Annotated[str | None, Query(max_length=500, description="Of the answer before, instead of page.")] = None,
) -> Page:
    """FastAPI dependency of our native list routes: read `page`, `page_size` or `cursor`. Raises BadRequest."""
    if cursor is None:
        return within_depth(page, page_size)
    if page > 1:
        raise BadRequest("cursor and page exclude each other: send one of them")
    try:
        return Page(size=page_size, after=After.parse(cursor))
    except ValueError:
        raise BadRequest("cursor: take it as it stands from the answer before") from None


def within_depth(number: int, size: int) -> Page:
    """Make the page of an HTTP list request from its `page` and `page_size`, on native and Mem0 routes alike.

    Raises BadRequest for what lies so deep that finding it would be work.
    """
    if number * size > DEEPEST:
        raise BadRequest(
            f"page and page_size reach beyond the first {DEEPEST} items: go on with the cursor of an answer where "
            "there is one, or narrow the list by a filter"
        )
    return Page(number=number, size=size)


async def owner_ids(
    user_id: _OwnerId = None, agent_id: _OwnerId = None, run_id: _OwnerId = None, app_id: _OwnerId = None
) -> Ids:
    """The ids that a query names."""
    return {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}


async def forgotten_ids(
    user_id: _ExactOwnerId = None,
    agent_id: _ExactOwnerId = None,
    run_id: _ExactOwnerId = None,
    app_id: _ExactOwnerId = None,
    exact: Annotated[bool, Query(description="Take the ids as they are, to erase what is stored so.")] = False,
) -> Ids:
    """FastAPI dependency of an erase request: read the owner ids from its query string.

    They are put into their one spelling, or with `exact` stay just as they stand there.
    """
    ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
    return ids if exact else checked(Named, ids, "query").ids


def read(kind: type[M], body: bytes) -> M:
    """A body, checked straight from its bytes. Raises RequestValidationError like any other route."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


def checked(kind: type[M], body: Mapping[str, Any], place: str = "body") -> M:
    """Validate values by a Pydantic request model as FastAPI does it, on native and Mem0 routes alike.

    For a body that was changed since it was checked, or for another place of a request. Raises
    RequestValidationError.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise _refusal(error, place) from None


def _refusal(error: ValidationError, place: str = "body") -> RequestValidationError:
    return RequestValidationError(
        [
            {**problem, "loc": (place, *problem["loc"])}
            for problem in error.errors(include_url=False, include_input=False)
        ]
    )


Opened = Annotated[Parts, Depends(parts)]
Paged = Annotated[Page, Depends(page)]
OwnerIds = Annotated[Ids, Depends(owner_ids)]
ForgottenIds = Annotated[Ids, Depends(forgotten_ids)]


def whose(caller: Principal, user_id: str | None) -> str | None:
    """The user that is meant: as named, else whom the caller is limited to. Raises Forbidden for somebody else.

    Whoever may erase a user may also erase what is stored under another spelling of the same id.
    """
    if caller.user_id is not None and user_id is not None and spelled(user_id) != caller.user_id:
        raise Forbidden(_ANOTHER)
    return user_id or caller.user_id


def named_owner(caller: Principal, ids: Ids) -> Scope:
    """The same where the request must say so itself, whoever the caller is limited to: what follows is for good."""
    if not any(ids.values()):
        raise BadRequest(NOBODY)
    return owner(caller, ids)


def owner(caller: Principal, ids: Ids) -> Scope:
    """Resolve the owner that an HTTP request names, native or Mem0's, to a scope within the caller's reach.

    Raises BadRequest for nobody, Forbidden.
    """
    ids_in_reach = {**ids, "user_id": whose(caller, ids.get("user_id"))}
    if not any(ids_in_reach.values()):
        raise BadRequest(NOBODY)
    # The tenant is the server's own and the ids were checked at the door.
    return Scope.model_construct(None, tenant=caller.tenant, **ids_in_reach)


def sought(caller: Principal, ids: Ids, filters: Condition | None) -> Scope:
    """Resolve the scope that an HTTP search or list request reads, native or Mem0's, from its owner ids and filters.

    Filters may name the owner, or several, instead of the request's ids. Raises BadRequest for nobody, Forbidden.
    """
    if filters is None:
        return owner(caller, ids)
    if caller.user_id is not None and caller.user_id not in demanded(filters).get("user_id", {caller.user_id}):
        raise Forbidden(_ANOTHER)
    ids_in_reach = {**ids, "user_id": whose(caller, ids["user_id"])}
    return narrowed(Scope(tenant=caller.tenant, **ids_in_reach), filters)


def paged(request: Request, at: Page, part: Slice[Any], results: Sequence[Any]) -> dict[str, Any]:
    """Build the JSON page that native and Mem0 list routes answer: count, results, URLs of both neighbours."""
    return {
        "count": part.count,
        "next": str(request.url.include_query_params(page=at.number + 1)) if part.after else None,
        "previous": str(request.url.include_query_params(page=at.number - 1)) if at.number > 1 else None,
        "results": results,
    }


def page_of(kind: type[P], request: Request, at: Page, part: Slice[Any], results: Sequence[Any] | None = None) -> P:
    """Build the page that a native list route answers, with a cursor, which reaches what page numbers do not.

    Args:
        kind: the page's class.
        request: of the page; the addresses of its neighbours are made from it.
        at: which page was asked for.
        part: the items of the page, and how many the whole list has.
        results: in place of the items, where their fields have other names than those of the answer.
    """
    fields = paged(request, at, part, part.items if results is None else results)
    cursor = None if part.after is None else part.after.cursor
    if cursor is not None and (at.after is not None or (at.number + 1) * at.size > DEEPEST):
        fields["next"] = str(request.url.remove_query_params("page").include_query_params(cursor=cursor))
    return kind.model_validate({**fields, "cursor": cursor}, from_attributes=True)
