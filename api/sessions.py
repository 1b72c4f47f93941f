"""Sessions of people with a browser: a signed cookie that names their key, good only for our own pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from scrubjay.model import Bond
from scrubjay.model.loopback import is_loopback

LONGEST_SECONDS = 12 * 3600
SAFE = ("GET", "HEAD", "OPTIONS")
_COOKIE = "scrubjay_session"


def begin(request: Request, response: Response, bond: Bond, key: bytes) -> None:
    """Give a browser the session that an answer opens, signed with a key."""
    value = _seal(key).dumps([bond.name, bond.mark])
    _set(request, response, value if isinstance(value, str) else value.decode(), LONGEST_SECONDS)


def end(request: Request, response: Response) -> None:
    """Take the cookie away."""
    _set(request, response, "", 0)


def is_given(request: Request) -> bool:
    """Whether a browser sends a session, good or not."""
    return bool(request.cookies.get(_name(request)))


def bond_of(request: Request, key: bytes) -> Bond | None:
    """What a browser's session is tied to; None where there is none, it is too old or not signed with this key."""
    value = request.cookies.get(_name(request))
    if not value:
        return None
    try:
        name, mark = _seal(key).loads(value, max_age=LONGEST_SECONDS)
    except BadData:
        return None
    return Bond(name=name, mark=mark)


def is_ours(request: Request) -> bool:
    """Whether a page of this server sends a request, as the browser says: no script can set these headers."""
    headers: dict[bytes, bytes] = dict(request.scope["headers"])
    site = headers.get(b"sec-fetch-site")
    return site == b"same-origin" if site is not None else _is_same(headers)


def is_strangers(request: Request) -> bool:
    """Whether a page of another site may be behind a request (CSRF) that authentication would let in without a key.

    A changing request says so itself, if a browser sends it. A page whose name was made to mean this machine (DNS
    rebinding) is of the same origin to the browser, but calls us by its own name.
    """
    headers: dict[bytes, bytes] = dict(request.scope["headers"])  # read as they came: this stands before every request
    if not _is_local(headers.get(b"host", b"")):
        return True
    if request.scope["method"] in SAFE:
        return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    return b"origin" in headers and not _is_same(headers)


def _is_same(headers: Mapping[bytes, bytes]) -> bool:
    host = headers.get(b"host", b"")
    return host != b"" and headers.get(b"origin", b"").partition(b"://")[2] == host


@lru_cache(256)
def _is_local(host: bytes) -> bool:
    """Whether a request's Host header is safe from DNS rebinding: nobody outside can give this name an address.

    So it is with this machine's own address, or a name without a dot.
    """
    try:
        name = urlsplit(f"//{host.decode('latin-1')}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name) or not {".", ":"} & set(name.removesuffix(".localhost"))


def _seal(key: bytes) -> URLSafeTimedSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(key, salt="scrubjay", signer_kwargs=how)


def _name(request: Request) -> str:
    """By https the prefix keeps a neighbouring host and plain http from setting it (RFC 6265bis)."""
    return f"__Host-{_COOKIE}" if request.url.scheme == "https" else _COOKIE


def _set(request: Request, response: Response, value: str, seconds: int) -> None:
    """Set the session cookie on a response to a browser: HttpOnly, SameSite=Strict, and Secure over https."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        _name(request), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict"
    )
