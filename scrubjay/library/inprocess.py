"""The library's calls done in this process: the use cases over Redis and Qdrant, named ones or our own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from scrubjay import logging_setup as logging
from scrubjay.access.authentication import DEFAULT_TENANT
from scrubjay.bootstrap import Parts, opened
from scrubjay.client.views import ReceiptView, TurnView
from scrubjay.edit.edits import Change, delete, update
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.errors import BadRequest, InboxUnavailable, NotFound, StoreUnavailable
from scrubjay.library.arguments import ChangeRequest, Ids, ListRequest, NewTurn, SearchRequest
from scrubjay.library.config import Configuration
from scrubjay.library.lane_runner import Working
from scrubjay.library.servers import Served, served
from scrubjay.mem0.history import VersionRecord, version_record
from scrubjay.mem0.memories import MemoryRecord, record_of
from scrubjay.model import After, Page, Scope, Submission
from scrubjay.offload import off_loop
from scrubjay.ports import Mask
from scrubjay.safety.masking import masked_guidance, masked_messages, masked_values
from scrubjay.search.filters import narrowed, parse
from scrubjay.search.recall import RecallRequest, recall
from scrubjay.validation import dated


class _Opened(NamedTuple):
    """What is open."""

    parts: Parts
    working: Working
    loop: asyncio.AbstractEventLoop


class Local:
    """The use cases in this process.

    Args:
        configuration: what to open.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._reach = Scope(tenant=configuration.tenant or DEFAULT_TENANT)
        self._open: _Opened | None = None
        self._opening = asyncio.Lock()
        self._closing = AsyncExitStack()
        self._pid = os.getpid()

    async def open(self) -> None:
        """Open everything once, and work on what waits from before.

        Raises BadConfiguration, StackRefused, PartFailed; InboxUnavailable or StoreUnavailable where what was named
        does not answer; BadRequest in another process or event loop than the first.
        """
        if os.getpid() != self._pid:
            raise BadRequest("this memory was made in another process: make one in each, after the fork")
        async with self._opening:
            if self._open is None:
                await self._open_all()
        if self._opened_parts.loop is not asyncio.get_running_loop():
            raise BadRequest("this memory was opened on another event loop: make one for each, or take the sync Memory")

    async def _open_all(self) -> None:
        logging.join()
        async with AsyncExitStack() as stack:
            where = await stack.enter_async_context(served(self._configuration))
            # Whoever waits for an answer is not to wait for a burst, unless the environment says so.
            at_once = {} if "batch_wait_seconds" in where.settings.model_fields_set else {"batch_wait_seconds": 0}
            parts = await stack.enter_async_context(opened(where.settings.model_copy(update=at_once)))
            await _answering(parts, where)
            working = Working(parts, where.settings.sweep_seconds)
            tenants = await parts.turns.tenants() if where.own_redis else [self._reach.tenant]
            await stack.enter_async_context(working.going_on(tenants))
            self._open = _Opened(parts, working, asyncio.get_running_loop())
            self._closing = stack.pop_all()

    async def close(self) -> None:
        """Hand lanes back, close every part, end our own servers."""
        if os.getpid() == self._pid:
            async with self._opening:
                self._open = None
                await self._closing.aclose()

    @property
    def _opened_parts(self) -> _Opened:
        if self._open is None:
            raise BadRequest("this memory is closed")
        return self._open

    @property
    def _parts(self) -> Parts:
        return self._opened_parts.parts

    async def accept(self, turn: NewTurn, idempotency_key: str | None) -> str:
        """Take a turn in, masked, and begin to work on its lane."""
        parts, scope = self._parts, self._scope(turn.ids)
        characters = sum(len(message.content) for message in turn.messages)
        submission = await off_loop(characters, partial(self._submission, turn, scope, parts.mask))
        submission = await dated(submission, parts.clock)
        accepted = await parts.intake.accept(submission, idempotency_key=idempotency_key)
        self._opened_parts.working.begin(scope.lane)
        return accepted.id

    def _submission(self, turn: NewTurn, scope: Scope, mask: Mask) -> Submission:
        return Submission(
            scope=scope,
            messages=masked_messages(turn.messages, mask),
            metadata=masked_values(turn.metadata, mask),
            timestamp=turn.timestamp,
            expires_at=turn.expires_at,
            infer=turn.infer,
            guidance=masked_guidance(self._configuration.guidance + turn.guidance, mask),
        )

    async def ended(self, turn: NewTurn, turn_id: str) -> TurnView:
        """What became of a turn."""
        lane, seconds = self._scope(turn.ids).lane, self._configuration.wait_seconds
        status = await self._opened_parts.working.ended(self._reach, lane, turn_id, seconds)
        if status is None:
            raise NotFound("the turn's status is gone: it is older than the retention time")
        return TurnView.model_validate(status.model_dump())

    async def search(self, request: SearchRequest) -> Sequence[MemoryRecord]:
        """The memories that matter for a query."""
        parts, condition = self._parts, parse(request.filters)
        question = RecallRequest(
            scope=narrowed(self._scope(request.ids), condition),
            filters=condition,
            text=parts.mask(request.query),
            limit=request.limit,
            threshold=request.threshold,
            show_expired=request.show_expired,
        )
        answer = await recall(question, parts.recall)
        return [record_of(result.memory, result.score) for result in answer.results]

    async def page(self, request: ListRequest, cursor: str | None) -> tuple[Sequence[MemoryRecord], str | None]:
        """A page of an owner's memories."""
        condition = parse(request.filters)
        scope = narrowed(self._scope(request.ids), condition)
        at = Page(size=request.size, after=None if cursor is None else After.parse(cursor))
        part = await self._parts.store.page(scope, at, condition, show_expired=request.show_expired)
        return [record_of(memory) for memory in part.items], None if part.after is None else part.after.cursor

    async def get(self, memory_id: str) -> MemoryRecord | None:
        """One memory."""
        memory = await self._parts.store.get(self._reach, memory_id)
        return None if memory is None else record_of(memory)

    async def update(self, memory_id: str, change: ChangeRequest) -> None:
        """Change a memory."""
        parts = self._parts
        text = None if change.text is None else await off_loop(len(change.text), partial(parts.mask, change.text))
        patch = None if change.metadata is None else masked_values(change.metadata, parts.mask)
        ends = {} if change.expires_at is None else {"expires_at": _end(change.expires_at)}
        await update(
            self._reach,
            memory_id,
            Change(text=text, metadata_patch=patch, **ends),
            parts.edits,
        )

    async def delete(self, memory_id: str) -> None:
        """Remove a memory."""
        await delete(self._reach, memory_id, self._parts.edits)

    async def history(self, memory_id: str) -> Sequence[VersionRecord]:
        """A memory's versions."""
        return [version_record(memory) for memory in await self._parts.store.history(self._reach, memory_id)]

    async def forget(self, ids: Ids) -> ReceiptView:
        """Erase everything of an owner."""
        receipt = await forget_with_receipt(self._scope(ids), self._parts.receipts)
        return ReceiptView.model_validate(receipt.model_dump())

    async def owners(self) -> Sequence[Ids]:
        """Owners who together have everything of this collection."""
        lanes = set(await self._parts.store.lanes(self._reach)) | await self._opened_parts.working.lanes(
            self._reach.tenant
        )
        return [lane.scope.ids for lane in lanes]

    def _scope(self, ids: Ids) -> Scope:
        return Scope(tenant=self._reach.tenant, **ids)


async def _answering(parts: Parts, where: Served) -> None:
    """Return when the Redis and Qdrant that an in-process `Memory` opens answer.

    Raises InboxUnavailable or StoreUnavailable, and says what the caller of the library can do.
    """
    try:
        await parts.intake.ping()
    except InboxUnavailable as error:
        raise InboxUnavailable(
            f"No Redis can be used at {_place(where.settings.redis_url)} ({error}). Start it, or name another by "
            'SCRUBJAY_REDIS_URL or {"redis": {"url": …}}; where none is named, one of our own is run.'
        ) from error
    try:
        await parts.store.ping()
    except StoreUnavailable as error:
        raise StoreUnavailable(
            f"No Qdrant can be used at {_place(where.settings.qdrant_url)} ({error}). Start it, for example by `docker "
            "run -p 6333:6333 qdrant/qdrant`, or name another in vector_store.config; where neither host nor url is "
            "named, an engine of our own is run."
        ) from error


def _place(url: str) -> str:
    """Where the URL of an in-process `Memory`'s Redis or Qdrant leads, for an error, without what is secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or parts.path


def _end(expires_at: datetime | Literal["never"]) -> datetime | None:
    return None if expires_at == "never" else expires_at
