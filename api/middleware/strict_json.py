"""How bodies are read: one JSON reader for every route, the strict one."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

from scrubjay.errors import BadRequest
from scrubjay.model import OWNERS

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _Strict(Request):
    """A request whose body is JSON in UTF-8 or refused.

    Python's own reader would also take UTF-16 and UTF-32, a byte order mark, half of a surrogate pair, and NaN.
    """

    async def json(self) -> Any:
        """The body. Raises json.JSONDecodeError, which the framework answers like any other invalid body."""
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class Route(APIRoute):
    """A route that reads its body so, and names an owner once in its query: `APIRouter(route_class=Route)`."""

    def get_route_handler(self) -> Handler:
        """Wrap the framework's handler of a route: check the query's owner ids, then read the body as strict JSON."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            _check_owners(request)
            return await handler(_Strict(request.scope, request.receive))

        return strict


def _check_owners(request: Request) -> None:
    """Refuse a request, before its route runs, whose query string gives `user_id` or another owner id more than once.

    Raises BadRequest: whoever means two owners would reach one of them.
    """
    for field in OWNERS if request.scope["query_string"] else ():
        if len(request.query_params.getlist(field)) > 1:
            raise BadRequest(f"name one owner: {field} stands here more than once")
