"""The calls of the HTTP API, typed.

A call that may safely be made twice is made again when the server is away or asks for patience. An added turn
is safe because it carries an idempotency key.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, Unpack
from urllib.parse import quote

from scrubjay.client.chats import Chats
from scrubjay.client.dead_letters import DeadLetters
from scrubjay.client.keys import Keys
from scrubjay.client.owners import Owner, Owners
from scrubjay.client.readiness import PATH, readiness
from scrubjay.client.receipts import Receipts
from scrubjay.client.views import (
    Guidance,
    ImportView,
    MemoryView,
    Page,
    Part,
    QuarantinedView,
    Queued,
    SearchResults,
    TurnView,
)
from scrubjay.client.webhooks import Webhooks
from scrubjay.client.wire import LAST_PAUSE_SECONDS, Wire

_FIRST: Part = {"page": 1, "page_size": 20}


class ScrubjayClient:
    """The client of one server: turns, search and memories; the rest by its parts.

    The parts are `owners`, `receipts`, `chats`, `dead_letters`, `keys` and `webhooks`. Every method raises ApiError
    when the server refuses, ServerUnreachable when it is away.

    Args:
        url: the server's address.
        key: the API key; not needed when the server runs without.
        retries: how often a safe call is made again, or any that was refused with 429.
        timeout_seconds: how long to wait for one answer.
        patience_seconds: the longest pause after a 429; where the server asks for a longer one, ApiError is raised.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        retries: int = 3,
        timeout_seconds: float = 30,
        patience_seconds: float = LAST_PAUSE_SECONDS,
    ) -> None:
        self.url = url
        wire = Wire(url, key, retries=retries, timeout_seconds=timeout_seconds, patience_seconds=patience_seconds)
        self._wire = wire
        self.owners, self.receipts = Owners(wire), Receipts(wire)
        self.chats, self.dead_letters = Chats(wire), DeadLetters(wire)
        self.keys, self.webhooks = Keys(wire), Webhooks(wire)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close()

    async def add_turn(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        metadata: Mapping[str, Any] | None = None,
        timestamp: datetime | None = None,
        expires_at: datetime | None = None,
        infer: bool = True,
        idempotency_key: str | None = None,
        guidance: Guidance | None = None,
        **owner: Unpack[Owner],
    ) -> Queued:
        """Hand in a conversation turn; the answer comes before it is remembered.

        Args:
            messages: each with `role` and `content`, and `name` if there is one.
            metadata: kept with every memory that the turn makes.
            timestamp: when it was said, with a zone; now if not given.
            expires_at: from when on what it makes is not recalled any more; never if not given.
            infer: False stores each message as it is.
            idempotency_key: the same key is accepted once; made up if not given.
            guidance: added to the extraction prompt for this turn, beside the tenant's.
            owner: user_id, agent_id, run_id, app_id.
        """
        body = {
            "messages": list(messages),
            "metadata": metadata,
            "timestamp": timestamp.isoformat() if timestamp else None,
            "expires_at": expires_at.isoformat() if expires_at else None,
            "infer": infer,
            **(guidance or {}),
            **owner,
        }
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        answer = await self._wire.ask("POST", "/turns", safe=True, json=body, headers=headers)
        return Queued.model_validate(answer)

    async def turn(self, turn_id: str, *, wait_ms: int | None = None) -> TurnView:
        """Where a turn is, and what it did; with `wait_ms` once it has come to its end, or after so long."""
        answer = await self._wire.ask("GET", f"/turns/{_segment(turn_id)}", safe=True, params={"wait_ms": wait_ms})
        return TurnView.model_validate(answer)

    async def turns(
        self, *, status: str | None = None, user_id: str | None = None, **part: Unpack[Part]
    ) -> Page[TurnView]:
        """The turns, newest first; 20 a page unless another size is given."""
        query = {"status": status, "user_id": user_id, **_FIRST, **part}
        return Page[TurnView].model_validate(await self._wire.ask("GET", "/turns", safe=True, params=query))

    async def search(
        self,
        query: str,
        *,
        filters: Mapping[str, Any] | None = None,
        limit: int = 5,
        threshold: float | None = None,
        as_of: datetime | None = None,
        show_expired: bool | None = None,
        wait_for: str | None = None,
        wait_ms: int | None = None,
        **owner: Unpack[Owner],
    ) -> SearchResults:
        """The memories that matter for a query.

        Args:
            query: the text to search for.
            filters: further conditions, such as {"categories": {"in": ["food"]}}; they may name the owner.
            limit: how many at most.
            threshold: leave out what scores lower, in [0, 1].
            as_of: what was known at that time.
            show_expired: also what has expired by then.
            wait_for: the id of a turn that should be settled first.
            wait_ms: how long to wait for it, in milliseconds.
            owner: user_id, agent_id, run_id, app_id.
        """
        body = {
            "query": query,
            "filters": filters,
            "limit": limit,
            "threshold": threshold,
            "as_of": as_of.isoformat() if as_of else None,
            "show_expired": show_expired,
            "wait_for": wait_for,
            "wait_ms": wait_ms,
            **owner,
        }
        return SearchResults.model_validate(await self._wire.ask("POST", "/search", safe=True, json=body))

    async def memories(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        show_expired: bool | None = None,
        page: int = 1,
        page_size: int = 100,
        cursor: str | None = None,
        **owner: Unpack[Owner],
    ) -> Page[MemoryView]:
        """An owner's current memories, newest first; of those that meet the filters, as in `search`."""
        condition = None if filters is None else json.dumps(filters)
        query = {"filters": condition, "show_expired": show_expired, "page": page, "page_size": page_size, **owner}
        answer = await self._wire.ask("GET", "/memories", safe=True, params={**query, "cursor": cursor})
        return Page[MemoryView].model_validate(answer)

    async def memory(self, memory_id: str) -> MemoryView:
        """One memory."""
        return MemoryView.model_validate(await self._wire.ask("GET", _memory(memory_id), safe=True))

    async def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        metadata_patch: Mapping[str, Any] | None = None,
        expires_at: datetime | Literal["never"] | None = None,
    ) -> MemoryView:
        """Give a memory another text, other metadata or another end; what it was stays in its history.

        Args:
            memory_id: which.
            text: the new one; None: as it is.
            metadata: in the place of what was there; None: as it is.
            metadata_patch: joins what is there, in its place: of a key that is there the new value holds.
            expires_at: from when on it is not recalled any more, or "never"; None: as it is.
        """
        fields = {"text": text, "metadata": metadata, "metadata_patch": metadata_patch}
        body: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        if expires_at is not None:
            body["expires_at"] = None if expires_at == "never" else expires_at.isoformat()
        # Given as `json`, a null would be left out.
        as_it_is = {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        answer = await self._wire.ask("PUT", _memory(memory_id), safe=False, **as_it_is)
        return MemoryView.model_validate(answer)

    async def undo(self, memory_id: str) -> MemoryView:
        """Take the last change of a memory back; what is taken back stays in its history."""
        answer = await self._wire.ask("POST", f"{_memory(memory_id)}/undo")
        return MemoryView.model_validate(answer)

    async def delete(self, memory_id: str) -> None:
        """Remove a memory with its history."""
        await self._wire.ask("DELETE", _memory(memory_id))

    async def history(self, memory_id: str) -> list[dict[str, Any]]:
        """Every version of a memory, oldest first, as the server tells it."""
        answer = await self._wire.ask("GET", f"{_memory(memory_id)}/history", safe=True)
        return list(answer)

    async def import_memories(self, memories: Sequence[Mapping[str, Any]]) -> ImportView:
        """Bring in memories that were made elsewhere, at most 500 at once; what is under an id already stays as it is.

        Args:
            memories: each with `memory`, an owner (user_id, agent_id, run_id, app_id), and what else is known: id,
                metadata, categories, created_at, updated_at, valid_from, expires_at.
        """
        answer = await self._wire.ask("POST", "/import", safe=True, json={"memories": list(memories)})
        return ImportView.model_validate(answer)

    async def guidance(self) -> Guidance:
        """What holds for every turn of the tenant."""
        answer: Guidance = await self._wire.ask("GET", "/guidance", safe=True)
        return answer

    async def guide(self, guidance: Guidance) -> Guidance:
        """Set what holds for every turn of the tenant from now on; what is left out holds no longer."""
        answer: Guidance = await self._wire.ask("PUT", "/guidance", json=guidance, safe=True)
        return answer

    async def discard_turn(self, turn_id: str) -> None:
        """Give up a turn that waits or is dead: its text is removed, and its lane goes on without it."""
        await self._wire.ask("DELETE", f"/turns/{_segment(turn_id)}")

    async def quarantine(self, **part: Unpack[Part]) -> Page[QuarantinedView]:
        """The memories that are held back until somebody judges them, newest first; 20 a page as a rule."""
        answer = await self._wire.ask("GET", "/quarantine", safe=True, params={**_FIRST, **part})
        return Page[QuarantinedView].model_validate(answer)

    async def release(self, memory_id: str) -> MemoryView:
        """Let a memory stand that was held back."""
        return MemoryView.model_validate(await self._wire.ask("POST", f"{_quarantined(memory_id)}/release"))

    async def discard(self, memory_id: str) -> None:
        """Remove a memory that was held back."""
        await self._wire.ask("POST", f"{_quarantined(memory_id)}/discard")

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether turns are accepted, and what the server says of its parts. Raises ApiError for no Scrubjay."""
        return readiness(await self._wire.once("GET", PATH))

    async def metrics(self) -> str:
        """The metrics, in Prometheus's text format."""
        return (await self._wire.send("GET", "/metrics", safe=True)).text


def _segment(name: str) -> str:
    # As a dot it would be dropped from the address, and what was to delete one memory would forget a key's whole user.
    return quote(name, safe="").replace(".", "%2E")


def _quarantined(memory_id: str) -> str:
    return f"/quarantine/{_segment(memory_id)}"


def _memory(memory_id: str) -> str:
    return f"/memories/{_segment(memory_id)}"
