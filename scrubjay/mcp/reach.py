"""How a call reaches Scrubjay: with whose key, and about whose memories where it names nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from mcp.server.mcpserver import Context

from scrubjay.client import Owner, ScrubjayClient
from scrubjay.errors import ScrubjayError
from scrubjay.model import OWNERS

_SCHEMES = ("bearer", "token")


class Unanswerable(ScrubjayError):
    """A call that Scrubjay need not be asked about."""

    code = "bad_request"


@dataclass(frozen=True)
class Reach:
    """What every call shares.

    Args:
        url: of the Scrubjay server.
        key: our own, for callers who bring none.
        user_id: whose memories are meant where a call names nobody; nobody's if not given.
        lends_key: whether callers who bring no key may use ours.
    """

    url: str
    key: str | None = None
    user_id: str | None = None
    lends_key: bool = True

    def client(self, headers: Mapping[str, str] | None) -> ScrubjayClient:
        """A client with the caller's own key, else with ours if that is lent.

        Args:
            headers: of the caller's request; None where there are none, as over stdio.
        """
        key = key_in(headers or {}) or (self.key if self.lends_key else None)
        return ScrubjayClient(self.url, key, retries=1)

    def owner(self, ids: Owner, filters: Mapping[str, Any] | None = None) -> Owner:
        """Whose memories a call is about. Raises Unanswerable where neither it nor we name anybody."""
        if any(ids.values()) or (filters is not None and _names_an_owner(filters)):
            return ids
        if self.user_id is None:
            fields = f"{', '.join(OWNERS[:-1])} or {OWNERS[-1]}"
            raise Unanswerable(f"Say whose memories: give {fields}, or start `scrubjay mcp` with --user-id.")
        return {"user_id": self.user_id}


Call = Context[Reach, Any]


def reach_of(call: Call) -> Reach:
    """What the server was started with."""
    return call.request_context.lifespan_context


def client_for(call: Call) -> ScrubjayClient:
    """A client for this call, to be used in `async with`."""
    return reach_of(call).client(call.headers)


def key_in(headers: Mapping[str, str]) -> str | None:
    """The API key in the headers of a request to the MCP server, in any of the ways that Scrubjay itself takes it:
    `Authorization: Bearer …`, `Authorization: Token …` or `X-API-Key`.
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    text = (key.strip() if scheme.lower() in _SCHEMES else "") or headers.get("x-api-key", "")
    # A header takes ASCII only. What is no key at all stays one that Scrubjay refuses.
    return text.encode("ascii", "replace").decode() or None


def _names_an_owner(filters: Mapping[str, Any]) -> bool:
    """Whether the filters that an MCP tool is called with speak of an owner anywhere (`user_id`, `agent_id`, …).

    Whether they demand one is the server's to judge.
    """
    text = orjson.dumps(filters)
    return any(b'"%b":' % field.encode() in text for field in OWNERS)
