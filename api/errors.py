"""The error table: which refusal answers with which status. Every answer is `{"detail": sentence, "error": code}`.

A surface that speaks to others' clients chooses its own words for a refusal, and nothing else: see `Wording`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from scrubjay import errors
from scrubjay.api.middleware.security_headers import SECURITY_HEADERS
from scrubjay.api.schemas.common import WILDCARD_ID

log = structlog.get_logger(__name__)

STATUS: Mapping[type[errors.ScrubjayError], int] = {
    errors.BadRequest: 400,
    errors.Misdated: 422,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.IdempotencyConflict: 409,
    errors.NothingToUndo: 409,
    errors.TurnFinished: 409,
    errors.FilterNotServed: 422,
    errors.InboxFull: 429,
    errors.RateLimited: 429,
    errors.LaneBusy: 503,
    errors.Transient: 503,
    errors.NoModel: 501,
    errors.NotOffered: 501,
    errors.Permanent: 502,
}
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many",
}
UNFORESEEN = {"detail": "internal error; it has been logged", "error": "internal"}
_RETRY_AFTER_SECONDS = 1.0
_LONGEST_SENTENCE = 300
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_PLACES = ("body", "query", "path", "header")
_MESSAGES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is needed",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
}


@dataclass(frozen=True)
class Refusal:
    """What a request is answered that cannot be met: a status, one sentence, a code for programs, and headers.

    Args:
        kind: of the error that was raised, for a surface with sentences of its own.
    """

    status: int
    detail: str
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: type[errors.ScrubjayError] | None = None


Wording = Callable[[Refusal], Refusal]
_WORDING = "wording"  # where a request's scope holds the words of the surface that it came to


def speak(scope: MutableMapping[str, Any], wording: Wording) -> None:
    """Have every refusal of a request put into the wording of a surface, wherever it is refused."""
    scope[_WORDING] = wording


def speaks_otherwise(scope: Mapping[str, Any]) -> bool:
    """Whether the request came to a surface with words of its own."""
    return _WORDING in scope


def problem(
    status: int,
    detail: str,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    scope: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """One refusal in the shape that every client can count on, in the words of the surface that the scope names."""
    return _answer(_refusal(status, detail, code, headers), scope)


def _refusal(
    status: int,
    detail: str,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    kind: type[errors.ScrubjayError] | None = None,
) -> Refusal:
    return Refusal(status, _cut(detail), code or CODES.get(status, "error"), dict(headers or {}), kind)


def _answer(plain: Refusal, scope: Mapping[str, Any] | None) -> JSONResponse:
    """Make the JSON answer of a refusal, in the wording of the surface that the request's scope names."""
    wording: Wording | None = (scope or {}).get(_WORDING)
    refusal = wording(plain) if wording is not None else plain
    body = {"detail": refusal.detail, "error": refusal.error}
    return JSONResponse(body, status_code=refusal.status, headers=dict(refusal.headers))


def refusal_of(error: Exception) -> Refusal:
    """Look an exception up in the table: a ScrubjayError, RequestValidationError or HTTPException.

    Raises any other exception again.
    """
    if isinstance(error, errors.ScrubjayError):
        return _refusal_of_ours(error)
    if isinstance(error, RequestValidationError):
        return _refusal_of_invalid(error)
    if isinstance(error, HTTPException):
        return _refusal(error.status_code, str(error.detail), headers=error.headers)
    raise error


def install(app: FastAPI) -> None:
    """Teach an app the table."""
    app.add_exception_handler(errors.ScrubjayError, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _unforeseen)


def refusal(error: errors.ScrubjayError) -> dict[str, str]:
    """The body of a refusal where its status has been told already."""
    return {"detail": _cut(str(error)), "error": error.code}


def _cut(detail: str) -> str:
    return " ".join(detail.split())[:_LONGEST_SENTENCE]


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """FastAPI exception handler: answer an exception of the table with its HTTP status, JSON error body and headers."""
    return _answer(refusal_of(error), request.scope)


def _refusal_of_ours(error: errors.ScrubjayError) -> Refusal:
    """Look up the refusal of a ScrubjayError: status, code and headers of its class."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    headers = {}
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.Transient):
        headers["Retry-After"] = str(math.ceil(error.retry_after_seconds or _RETRY_AFTER_SECONDS))
    return _refusal(status, str(error), error.code, headers, type(error))


def _refusal_of_invalid(error: RequestValidationError) -> Refusal:
    first = _worst(error.errors())
    if first["type"] == "json_invalid":
        reason = f"the body is not valid JSON: {first.get('ctx', {}).get('error', first['msg'])}"
        return _refusal(400, reason)
    return _refusal(400 if first["type"] == WILDCARD_ID else 422, _sentence(first))


def sentence(error: ValidationError) -> str:
    """Sum up Pydantic's ValidationError as one sentence for an HTTP error, of a value that is validated by itself."""
    return _sentence(_worst(error.errors(include_url=False, include_input=False)))


def _worst(problems: Sequence[Any]) -> Any:
    return next((problem for problem in problems if problem["type"] == WILDCARD_ID), problems[0])


def _sentence(first: Any) -> str:
    """Put one of Pydantic's validation errors into the sentence of an HTTP error's `detail`: field and message."""
    steps = [str(step) for step in first["loc"]]
    place = ".".join(steps[1:] if steps and steps[0] in _PLACES else steps)
    message = _MESSAGES.get(first["type"]) or str(first["msg"]).removeprefix("Value error, ")
    if not place:
        message = message.replace("must be", "the body must be", 1) if message.startswith("must") else message
    return f"{place}: {message}" if place and not place.isdigit() else message


async def _http(request: Request, error: Exception) -> JSONResponse:
    """FastAPI exception handler: answer an HTTPException, such as 404 or 405, with our JSON error body."""
    refusal = refusal_of(error)
    if refusal.status == 405:
        refusal = replace(refusal, headers={**refusal.headers, "Allow": ", ".join(_methods(request))})
    return _answer(refusal, request.scope)


def _methods(request: Request) -> list[str]:
    """What can be done at this path. The framework tells only of the first of its routes."""
    routes, scope = request.app.router.routes, dict(request.scope)
    return [m for m in _METHODS if any(route.matches({**scope, "method": m})[0] is Match.FULL for route in routes)]


async def _left(_: Request, __: Exception) -> JSONResponse:
    """The caller hung up before its request had come: nothing was done, it is no fault of ours, nobody reads this."""
    return problem(400, "the connection ended before the request did")


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", method=request.method, route=_route(request), exc_info=error)
    # The connection is closed after an unforeseen error: the client must not send its next request on it.
    # This answer does not pass the middleware on its way out.
    headers = {name.decode(): value.decode() for name, value in SECURITY_HEADERS}
    return problem(
        500, UNFORESEEN["detail"], UNFORESEEN["error"], {"Connection": "close", **headers}, scope=request.scope
    )


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))
