"""`MemoryClient` and `AsyncMemoryClient`: everything done by a server, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from scrubjay import errors
from scrubjay.client import ApiError, Guidance, Owner, ScrubjayClient
from scrubjay.client.views import MemoryView, ReceiptView, TurnView
from scrubjay.errors import BadRequest, NotFound, ScrubjayError, Transient
from scrubjay.library.arguments import Changed, Handed, Ids, Sought
from scrubjay.library.facade import Calls
from scrubjay.library.sync import SyncCalls
from scrubjay.model import DEEPEST, Status
from scrubjay.settings import ClientSettings

_DONE = (Status.SETTLED, Status.DEAD, Status.ERASED)
_FIRST_LOOK_SECONDS, _LAST_LOOK_SECONDS = 0.05, 1.0
_OWNERS_AT_ONCE = 1_000
_LONGEST_WAIT_MS = 10_000  # less than the client waits for an answer
_KINDS: Mapping[str, type[ScrubjayError]] = {
    kind.code: kind
    for kind in (
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.BadRequest,
        errors.FilterNotServed,
        errors.IdempotencyConflict,
        errors.RateLimited,
        errors.InboxFull,
        errors.InboxUnavailable,
        errors.StoreUnavailable,
        errors.StoreRejected,
        errors.ModelUnavailable,
        errors.ModelRejected,
        errors.LaneBusy,
    )
}
_OF_THE_DOOR = ("invalid", "too_large")  # codes of the server's own, for what is a BadRequest here


@contextmanager
def _typed() -> Iterator[None]:
    """What a server refuses is the same error here as where everything is done in process, where there is one."""
    try:
        yield
    except ApiError as error:
        kind = BadRequest if error.code in _OF_THE_DOOR else _KINDS.get(error.code)
        if kind is None:
            raise
        if issubclass(kind, Transient):
            raise kind(str(error), retry_after_seconds=error.retry_after_seconds) from error
        raise kind(str(error)) from error


class Remote:
    """A server.

    Args:
        client: speaks to it.
        wait_seconds: how long to wait for a turn.
    """

    def __init__(self, client: ScrubjayClient, wait_seconds: float) -> None:
        self._client = client
        self._wait_seconds = wait_seconds

    async def open(self) -> None:
        """Nothing: it is connected when it is asked."""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.__aexit__(None, None, None)

    async def accept(self, turn: Handed, idempotency_key: str | None) -> str:
        """Post a turn; it carries an idempotency key in any case, so it is posted again where no answer came."""
        with _typed():
            queued = await self._client.add_turn(
                [message.model_dump(exclude_none=True) for message in turn.messages],
                metadata=turn.metadata,
                timestamp=turn.timestamp,
                expires_at=turn.expires_at,
                infer=turn.infer,
                idempotency_key=idempotency_key,
                guidance=Guidance(custom_instructions=turn.guidance.instructions),
                **_owner(turn.ids),
            )
        return queued.id

    async def ended(self, turn: Handed, turn_id: str) -> TurnView:
        """What became of a turn."""
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + self._wait_seconds, _FIRST_LOOK_SECONDS
        while True:
            with _typed():
                left_ms = int(1000 * max(0, deadline - clock()))
                view = await self._client.turn(turn_id, wait_ms=min(_LONGEST_WAIT_MS, left_ms))
            if view.status in _DONE or clock() >= deadline:
                return view
            await asyncio.sleep(pause)
            pause = min(_LAST_LOOK_SECONDS, pause * 1.5)

    async def search(self, request: Sought) -> Sequence[MemoryView]:
        """The memories that matter for a query."""
        with _typed():
            answer = await self._client.search(
                request.query,
                filters=request.filters,
                limit=request.limit,
                threshold=request.threshold,
                show_expired=request.show_expired,
                **_owner(request.ids),
            )
        return answer.results

    async def page(
        self, ids: Ids, filters: Mapping[str, Any] | None, cursor: str | None, size: int, *, show_expired: bool
    ) -> tuple[Sequence[MemoryView], str | None]:
        """A part of an owner's memories."""
        with _typed():
            listing = await self._client.memories(
                filters=filters, show_expired=show_expired, cursor=cursor, page_size=size, **_owner(ids)
            )
        return listing.results, listing.cursor

    async def get(self, memory_id: str) -> MemoryView | None:
        """One memory."""
        try:
            with _typed():
                return await self._client.memory(memory_id)
        except NotFound:
            return None

    async def update(self, memory_id: str, change: Changed) -> None:
        """Change a memory."""
        with _typed():
            await self._client.update(
                memory_id, change.text, metadata_patch=change.metadata, expires_at=change.expires_at
            )

    async def delete(self, memory_id: str) -> None:
        """Remove a memory."""
        with _typed():
            await self._client.delete(memory_id)

    async def history(self, memory_id: str) -> Sequence[Mapping[str, Any]]:
        """A memory's versions."""
        try:
            with _typed():
                return await self._client.history(memory_id)
        except NotFound:
            return []

    async def forget(self, ids: Ids) -> ReceiptView:
        """Erase everything of an owner."""
        with _typed():
            return await self._client.owners.forget(
                exact=True, **_owner(ids)
            )  # checked, or as the server itself has listed them

    async def owners(self) -> Sequence[Ids]:
        """Owners who together have every memory of the tenant; of very many those whom page numbers reach."""
        listed = list[Ids]()
        with _typed():
            for number in range(1, DEEPEST // _OWNERS_AT_ONCE + 1):
                page = await self._client.owners.entities(page=number, page_size=_OWNERS_AT_ONCE)
                listed += [{f"{entity.type}_id": entity.id} for entity in page]
                if len(page) < _OWNERS_AT_ONCE:
                    break
        return listed


def _owner(ids: Ids) -> Owner:
    return cast("Owner", dict(ids))


class AsyncMemoryClient(Calls):
    """A Scrubjay server's memory, with the calls of Mem0's library.

    Args:
        host: the server's address; SCRUBJAY_URL if left out, else http://127.0.0.1:8000.
        api_key: SCRUBJAY_KEY if left out; not needed where the server runs without keys.
        retries: how often a call that may safely be made twice is made again.
        timeout_seconds: how long to wait for one answer.
        wait_seconds: how long `add` waits for its turn to be remembered.

    A refusal that has no error of its own here is an ApiError; ServerUnreachable where nobody answers.
    """

    def __init__(
        self,
        host: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = 3,
        timeout_seconds: float = 30,
        wait_seconds: float = 60,
    ) -> None:
        settings = ClientSettings()
        key = api_key or (settings.key.get_secret_value() if settings.key else None)
        client = ScrubjayClient(host or settings.url, key, retries=retries, timeout_seconds=timeout_seconds)
        self._backend = Remote(client, wait_seconds)


class MemoryClient(SyncCalls):
    """The same for code that is not async: safe to use from many threads.

    Args:
        host, api_key, retries, timeout_seconds, wait_seconds: see `AsyncMemoryClient`.
    """

    def __init__(
        self,
        host: str | None = None,
        api_key: str | None = None,
        *,
        retries: int = 3,
        timeout_seconds: float = 30,
        wait_seconds: float = 60,
    ) -> None:
        limits = {"timeout_seconds": timeout_seconds, "wait_seconds": wait_seconds}
        super().__init__(lambda: AsyncMemoryClient(host, api_key, retries=retries, **limits))
