"""The library's calls, with the names of Mem0's: check the arguments, ask the backend, shape its answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict, Unpack

from scrubjay.client import Owner
from scrubjay.client.views import EventView, TurnView
from scrubjay.library import arguments
from scrubjay.library.arguments import DateLike, Kept, Messages
from scrubjay.library.backend import Backend
from scrubjay.library.failures import NotErased, StillWaiting, TurnDied
from scrubjay.mem0.events import LibraryChange, status_of
from scrubjay.mem0.filters import translated
from scrubjay.mem0.history import LibraryEntry, entries_of, library_entry
from scrubjay.mem0.memories import LibraryMemory, library_memory
from scrubjay.mem0.messages import MEMORIES_DELETED, MEMORY_DELETED, MEMORY_UPDATED
from scrubjay.model import Event, Status

_PAGE = 200
_DEFAULT_LIMIT = 20  # as many as Mem0's library finds


class Added(TypedDict):
    """What `add` returns; `event_id` and `status` only where it did not wait."""

    results: list[LibraryChange]
    event_id: NotRequired[str]
    status: NotRequired[str]


class Memories(TypedDict):
    """What `search` and `get_all` return."""

    results: list[LibraryMemory]


class Done(TypedDict):
    """That something was done; `receipt` of an erase."""

    message: str
    receipt: NotRequired[dict[str, Any]]


class Calls:
    """Async. Owners are named by user_id, agent_id, run_id and app_id: at least one, in every call that takes them.

    Every method raises BadRequest for what cannot be done, and a Transient where a part is away: try again later.

    Args:
        backend: does what is asked for, in this process or by a server.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def open(self) -> None:
        """Open what the backend needs. Nothing happens where that is so already."""
        await self._backend.open()

    async def close(self) -> None:
        """Let go of everything that was opened, and end what was started.

        What was accepted is kept: turns that wait, or are worked on just now, are remembered once it is opened again.
        """
        await self._backend.close()

    async def add(
        self,
        messages: Messages,
        *,
        metadata: Mapping[str, Any] | None = None,
        timestamp: datetime | str | float | None = None,
        expiration_date: DateLike = None,
        infer: bool = True,
        prompt: str | None = None,
        wait: bool = True,
        idempotency_key: str | None = None,
        **owner: Unpack[Owner],
    ) -> Added:
        """Remember a conversation turn, and tell what that has changed.

        The turn is accepted first (it is on disk then, and will not be lost), and remembered after those of the same
        owner that were accepted before it.

        Args:
            messages: a text of the user's, a message, or several.
            metadata: kept with every memory that the turn makes.
            timestamp: when it was said: RFC 3339 with a zone, or seconds since 1970; now if not given.
            expiration_date: the last day on which what it makes is recalled, in UTC, such as 2026-03-26.
            infer: False stores each message as it is, and asks no model.
            prompt: added to the extraction prompt for this turn.
            wait: False returns as soon as it is accepted, with its id as `event_id`; all else goes on aside.
            idempotency_key: a turn with a key that was used before is not accepted a second time.
            owner: whose.

        Raises TurnDied where it cannot be remembered, and StillWaiting where a part is away and it has not been
        remembered within `wait_seconds`: it stays accepted and is tried again by itself, so do not add it again.
        """
        options = arguments.AddOptions(metadata, timestamp, expiration_date, infer, prompt)
        turn = arguments.new_turn(messages, owner, options)
        await self._backend.open()
        turn_id = await self._backend.accept(turn, idempotency_key)
        if not wait:
            return Added(results=[], event_id=turn_id, status=status_of(Status.QUEUED))
        return _added(await self._backend.ended(turn, turn_id))

    async def search(
        self,
        query: str,
        *,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        threshold: float | None = None,
        show_expired: bool = False,
        **owner: Unpack[Owner],
    ) -> Memories:
        """The memories that matter most for a query, best first.

        Args:
            query: the words.
            filters: what else must hold, in Mem0's grammar; they may name the owner.
            limit: how many at most, up to 100; 20 if not given.
            top_k: another name of limit.
            threshold: leave out what scores lower, in [0, 1].
            show_expired: also what has expired.
            owner: whose.
        """
        most = arguments.one_limit(limit, top_k) or _DEFAULT_LIMIT
        options = arguments.SearchOptions(filters, most, threshold, show_expired)
        search = arguments.search_request(query, owner, options)
        await self._backend.open()
        return Memories(results=[library_memory(memory) for memory in await self._backend.search(search)])

    async def get(self, memory_id: str) -> LibraryMemory | None:
        """One memory; None where there is none with this id."""
        await self._backend.open()
        memory = await self._backend.get(known) if (known := arguments.uuid_of(memory_id)) else None
        return None if memory is None else library_memory(memory)

    async def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        show_expired: bool = False,
        **owner: Unpack[Owner],
    ) -> Memories:
        """An owner's memories, newest first: every one, unless a limit is given.

        Args:
            filters: as in `search`.
            limit: how many at most.
            top_k: another name of limit.
            show_expired: also what has expired.
            owner: whose.
        """
        ids, most = arguments.owner_ids(owner, filters), arguments.one_limit(limit, top_k)
        request = arguments.ListRequest(ids=ids, filters=translated(filters), size=_PAGE, show_expired=show_expired)
        items, cursor = list[LibraryMemory](), None
        await self._backend.open()
        while True:
            part, cursor = await self._backend.page(request, cursor)
            items += map(library_memory, part)
            if cursor is None or (most is not None and len(items) >= most):
                return Memories(results=items[:most])

    async def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        data: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: DateLike | Kept = Kept.KEPT,
    ) -> Done:
        """Change a memory; what it was stays in its history, and what is not given stays as it is.

        Args:
            memory_id: which.
            text: the new one.
            data: another name of text.
            metadata: joins what was there; of a key that was there the new value holds.
            expiration_date: the last day on which it is recalled, in UTC; None: for ever.

        Raises NotFound, also for an id that can be no memory's.
        """
        change = arguments.change_of(text, data, metadata, expiration_date)
        known = arguments.known_id(memory_id)
        await self._backend.open()
        await self._backend.update(known, change)
        return Done(message=MEMORY_UPDATED)

    async def delete(self, memory_id: str) -> Done:
        """Remove a memory with its history. Raises NotFound."""
        known = arguments.known_id(memory_id)
        await self._backend.open()
        await self._backend.delete(known)
        return Done(message=f"{MEMORY_DELETED}!")

    async def delete_all(self, **owner: Unpack[Owner]) -> Done:
        """Forget an owner: what waits, what is being worked on, and every memory with its history.

        The answer holds the receipt: signed, and without personal data. Raises NotErased where a look afterwards has
        found something left.
        """
        ids = arguments.owner_ids(owner)
        await self._backend.open()
        receipt = await self._backend.forget(ids)
        if not receipt.verified:
            raise NotErased("something of this owner is left; ask again")
        return Done(message=MEMORIES_DELETED, receipt=receipt.model_dump(mode="json"))

    async def history(self, memory_id: str) -> list[LibraryEntry]:
        """How a memory came to be what it is, oldest change first; nothing for an id that is unknown."""
        await self._backend.open()
        known = arguments.uuid_of(memory_id)
        versions = await self._backend.history(known) if known else []
        return [library_entry(entry) for entry in entries_of(versions)]

    async def reset(self) -> None:
        """Forget every owner: of this collection, or over HTTP everybody who has memories of the tenant's.

        Raises NotErased where a look afterwards has found something left.
        """
        await self._backend.open()
        erased = set[tuple[tuple[str, str], ...]]()
        while left := [ids for ids in await self._backend.owners() if tuple(ids.items()) not in erased]:
            for ids in left:
                if not (await self._backend.forget(ids)).verified:
                    raise NotErased("something is left; ask again")
                erased.add(tuple(ids.items()))


def _added(turn: TurnView) -> Added:
    """What a turn has changed, without what was known already. Raises TurnDied, StillWaiting."""
    if turn.status == Status.DEAD:
        raise TurnDied(f"the turn could not be remembered and is a dead letter now: {turn.error}", turn.id)
    if turn.status not in (Status.SETTLED, Status.ERASED):
        reason = f": {turn.error}" if turn.error else ""
        raise StillWaiting(f"the turn is accepted and waits to be remembered{reason}", turn.id)
    return Added(results=[_change(event) for event in turn.events if event.event != Event.NONE])


def _change(event: EventView) -> LibraryChange:
    change = LibraryChange(id=event.id, memory=event.memory, event=event.event)
    if event.previous is not None:
        change["previous_memory"] = event.previous
    if event.in_quarantine:
        change["held"] = True
    return change
