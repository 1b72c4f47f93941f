"""The library's calls, by the names of Mem0's own: check what was asked, have it done, tell it in Mem0's shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, Unpack

from scrubjay.client import Owner
from scrubjay.client.views import TurnView
from scrubjay.library import arguments, shapes
from scrubjay.library.arguments import Day, Kept, Said
from scrubjay.library.backend import Backend
from scrubjay.library.failures import NotErased, StillWaiting, TurnDied
from scrubjay.model import Status

_PAGE = 200
_FOUND = 20  # as many as Mem0's library finds


class Calls:
    """Async. Owners are named by user_id, agent_id, run_id and app_id: at least one, in every call that takes them.

    Every method raises BadRequest for what cannot be done, and a Transient where a part is away: try again later.
    """

    _backend: Backend

    async def __aenter__(self) -> Self:
        await self._backend.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of everything that was opened, and end what was started.

        What was accepted is kept: turns that wait, or are worked on just now, are remembered once it is opened again.
        """
        await self._backend.close()

    async def add(
        self,
        messages: Said,
        *,
        metadata: Mapping[str, Any] | None = None,
        timestamp: datetime | str | float | None = None,
        expiration_date: Day = None,
        infer: bool = True,
        prompt: str | None = None,
        wait: bool = True,
        idempotency_key: str | None = None,
        **owner: Unpack[Owner],
    ) -> shapes.Added:
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
        turn = arguments.handed(
            messages,
            owner,
            metadata=metadata,
            timestamp=timestamp,
            expiration_date=expiration_date,
            infer=infer,
            prompt=prompt,
        )
        await self._backend.open()
        turn_id = await self._backend.accept(turn, idempotency_key)
        if not wait:
            return shapes.Added(results=[], event_id=turn_id, status="PENDING")
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
    ) -> shapes.Items:
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
        most = arguments.wanted(limit, top_k, _FOUND) or _FOUND
        wanted = arguments.sought(
            query, owner, filters=filters, limit=most, threshold=threshold, show_expired=show_expired
        )
        await self._backend.open()
        return shapes.Items(results=[shapes.item(memory) for memory in await self._backend.search(wanted)])

    async def get(self, memory_id: str) -> shapes.Item | None:
        """One memory; None where there is none with this id."""
        await self._backend.open()
        memory = await self._backend.get(known) if (known := arguments.uuid_of(memory_id)) else None
        return None if memory is None else shapes.item(memory)

    async def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        show_expired: bool = False,
        **owner: Unpack[Owner],
    ) -> shapes.Items:
        """An owner's memories, newest first: every one, unless a limit is given.

        Args:
            filters: as in `search`.
            limit: how many at most.
            top_k: another name of limit.
            show_expired: also what has expired.
            owner: whose.
        """
        ids, most = arguments.named(owner, filters), arguments.wanted(limit, top_k, None)
        condition, items = arguments.in_our_words(filters), list[shapes.Item]()
        cursor: str | None = None
        await self._backend.open()
        while True:
            part, cursor = await self._backend.page(ids, condition, cursor, _PAGE, show_expired=show_expired)
            items += map(shapes.item, part)
            if cursor is None or (most is not None and len(items) >= most):
                return shapes.Items(results=items[:most])

    async def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        data: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: Day | Kept = Kept.KEPT,
    ) -> shapes.Told:
        """Change a memory; what it was stays in its history, and what is not given stays as it is.

        Args:
            memory_id: which.
            text: the new one.
            data: another name of text.
            metadata: joins what was there; of a key that was there the new value holds.
            expiration_date: the last day on which it is recalled, in UTC; None: for ever.

        Raises NotFound, also for an id that can be no memory's.
        """
        change = arguments.changed(text, data, metadata, expiration_date)
        known = arguments.known_id(memory_id)
        await self._backend.open()
        await self._backend.update(known, change)
        return shapes.Told(message="Memory updated successfully!")

    async def delete(self, memory_id: str) -> shapes.Told:
        """Remove a memory with its history. Raises NotFound."""
        known = arguments.known_id(memory_id)
        await self._backend.open()
        await self._backend.delete(known)
        return shapes.Told(message="Memory deleted successfully!")

    async def delete_all(self, **owner: Unpack[Owner]) -> shapes.Told:
        """Forget an owner: what waits, what is being worked on, and every memory with its history.

        The answer holds the receipt: signed, and without personal data. Raises NotErased where a look afterwards has
        found something left.
        """
        ids = arguments.named(owner)
        await self._backend.open()
        receipt = await self._backend.forget(ids)
        if not receipt.verified:
            raise NotErased("something of this owner is left; ask again")
        return shapes.forgotten(receipt)

    async def history(self, memory_id: str) -> list[shapes.Entry]:
        """How a memory came to be what it is, oldest change first; nothing for an id that is unknown."""
        await self._backend.open()
        known = arguments.uuid_of(memory_id)
        return shapes.history(known, await self._backend.history(known)) if known else []

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


def _added(turn: TurnView) -> shapes.Added:
    """What a turn has changed. Raises TurnDied, StillWaiting."""
    if turn.status == Status.DEAD:
        raise TurnDied(f"the turn could not be remembered and is a dead letter now: {turn.error}", turn.id)
    if turn.status not in (Status.SETTLED, Status.ERASED):
        reason = f": {turn.error}" if turn.error else ""
        raise StillWaiting(f"the turn is accepted and waits to be remembered{reason}", turn.id)
    return shapes.Added(results=shapes.changes(turn))
