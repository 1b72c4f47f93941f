"""How a page is made: the templates, its security headers, and the page of a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from scrubjay.api.dashboard import formatting
from scrubjay.api.errors import refusal_of
from scrubjay.api.sessions import is_given
from scrubjay.errors import ScrubjayError

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_CONTENT_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
# A page tells its own server where a form was sent from, and no other one.
HEADERS = {"Content-Security-Policy": _CONTENT_POLICY, "Referrer-Policy": "same-origin"}
_REFUSALS = (ScrubjayError, HTTPException, RequestValidationError)
_UNAUTHORIZED, _UNAVAILABLE = 401, 503
_SIGN_IN = "/dashboard/sign-in"


def _environment() -> Environment:
    """Set up Jinja2 for the dashboard's HTML templates, with filters for numbers, times and plurals."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["number"] = formatting.number
    environment.filters["moment"] = formatting.moment
    environment.filters["plural"] = formatting.plural
    return environment


def _version() -> str:
    """Changes with the stylesheet and the script, so that a browser never mixes an old one with a new page."""
    hasher = hashlib.sha256()
    for path in sorted(_STATIC.iterdir()):
        hasher.update(path.read_bytes())
    return hasher.hexdigest()[:12]


_TEMPLATES = _environment()
_VERSION = _version()


def render(request: Request, name: str, http_status: int = 200, **values: Any) -> HTMLResponse:
    """One page, or one fragment of it.

    Args:
        request: whose page; its root path goes before every link.
        name: the template's name without `.html`.
        http_status: of the answer.
        values: what the template prints.
    """
    root = str(request.scope.get("root_path", ""))
    text = _TEMPLATES.get_template(f"{name}.html").render(
        root=root, version=_VERSION, signed_in=getattr(request.state, "signed_in", False), **values
    )
    return HTMLResponse(text, status_code=http_status)


class PageRoute(APIRoute):
    """A route that answers people: every refusal is a page, by the API's error table, with a page's headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler: refusals become pages, every answer gets the headers."""
        answer = super().get_route_handler()

        async def with_headers(request: Request) -> Response:
            try:
                response = await answer(request)
            except _REFUSALS as error:
                response = _refusal_page(request, error)
            response.headers.update(HEADERS)
            return response

        return with_headers


def _refusal_page(request: Request, error: Exception) -> Response:
    """Make the HTML error page of a refused dashboard request, by the API's error table."""
    refusal = refusal_of(error)
    page = _refused(request, refusal.status, refusal.detail)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in refusal.headers:
            page.headers[header] = refusal.headers[header]
    return page


def _refused(request: Request, status: int, detail: str) -> HTMLResponse:
    """Render the HTML page of a refused dashboard request: a fragment, the error page or the sign-in form."""
    if "fragment" in request.query_params:
        return render(request, "trouble", status, status=status, detail=detail)
    root = str(request.scope.get("root_path", ""))
    path = request.url.path.removeprefix(root)
    if status != _UNAUTHORIZED and path != _SIGN_IN:
        return render(request, "problem", status, status=status, detail=detail, again=status == _UNAVAILABLE)
    query = f"?{request.url.query}" if request.url.query else ""
    tried = path == _SIGN_IN or is_given(request)
    to = getattr(request.state, "to", "/dashboard") if path == _SIGN_IN else f"{path}{query}"
    return render(request, "sign_in", status, to=to, detail=detail if tried else None)


class Assets(StaticFiles):
    """The stylesheet, the script and the icon. They hold nothing secret, and are asked for by version."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file. Raises HTTPException 404 for any other name."""
        response = await super().get_response(path, scope)
        response.headers.update({**HEADERS, "Cache-Control": "public, max-age=3600"})
        return response
