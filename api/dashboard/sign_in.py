"""Signing in and out: a key is exchanged for a session, which a browser sends by itself."""

from __future__ import annotations

import hashlib
import re
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from scrubjay.api import sessions
from scrubjay.api.auth import Gate
from scrubjay.api.dashboard.pages import PageRoute, render
from scrubjay.api.dependencies import Opened
from scrubjay.bootstrap import Parts
from scrubjay.errors import BadRequest, Forbidden, RateLimited
from scrubjay.model import Access

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_TRIES_A_MINUTE = 10
_LARGEST_FORM_BYTES = 16_384
_SITE_BITS = 64  # what one customer has of IPv6 addresses at the least
_OURS = re.compile(r"/dashboard(?:[/?][!-\[\]-~]*)?")  # no backslash, no blank


@router.get("/sign-in")
async def form(request: Request) -> Response:
    """The form that asks for a key; where nobody needs one, the overview."""
    gate: Gate = request.app.state.gate
    return _to(request, "/dashboard") if gate.is_open else render(request, "sign_in", to="/dashboard", detail=None)


@router.post("/sign-in")
async def sign_in(request: Request, parts: Opened) -> Response:
    """Exchange an admin's key for a session, and go to the page that was asked for.

    Raises Forbidden for a page of another site and for other roles, Unauthorized, RateLimited and InboxUnavailable.
    """
    if not sessions.is_ours(request):
        raise Forbidden("this form was not sent by a page of this server")
    form = await _read(request)
    to = request.state.to = ours(form.get("to", ""))
    await _count_a_try(request, parts)
    bond = await parts.admission.bond(form.get("key", "").strip())
    caller = await parts.admission.resumed(bond)
    if not caller.access.covers(Access.ADMIN):
        raise Forbidden(f"the dashboard needs a key with the role admin; yours has the role {caller.access}")
    answer = _to(request, to)
    sessions.begin(request, answer, bond, await parts.admission.session_key())
    log.info("signed_in", key=bond.name, tenant=caller.tenant)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Take the session away from the browser. Raises Forbidden for a page of another site."""
    if not sessions.is_ours(request):
        raise Forbidden("this form was not sent by a page of this server")
    answer = _to(request, "/dashboard/sign-in")
    sessions.end(request, answer)
    return answer


def ours(path: str) -> str:
    """A path of the dashboard as it is, the overview for anything else: nobody is sent to another site."""
    return path if _OURS.fullmatch(path) else "/dashboard"


def _to(request: Request, path: str) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{path}", status_code=303)


async def _read(request: Request) -> dict[str, str]:
    """Parse the URL-encoded HTML form of the dashboard's sign-in page. Raises BadRequest."""
    body = await request.body()
    if len(body) > _LARGEST_FORM_BYTES:
        raise BadRequest("this form is too large")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=8))
    except ValueError:
        raise BadRequest("this form cannot be read") from None


async def _count_a_try(request: Request, parts: Parts) -> None:
    """Ten a minute for one address: enough for a person, few for a guesser. Raises RateLimited, InboxUnavailable."""
    seed = _neighbourhood(request.client.host if request.client else "")
    key = await parts.api_keys.server_key.derived("rates")
    name = hashlib.blake2b(seed.encode(), key=key, digest_size=12).hexdigest()
    rate = await parts.rates.count(f"sign-in-{name}", _TRIES_A_MINUTE)
    if rate.retry_after_seconds is not None:
        wait = rate.retry_after_seconds
        raise RateLimited("too many tries from your address: wait a few seconds", retry_after_seconds=wait)


def _neighbourhood(address: str) -> str:
    """The browser's IP address by which tries to sign in to the dashboard are counted and limited.

    Of an IPv6 address it is the /64 network, the part that whoever has it cannot choose.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((int(ip), _SITE_BITS), strict=False)) if isinstance(ip, IPv6Address) else address
