"""The contract between the library's calls and where they are done: in this process, or by a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scrubjay.client.views import ReceiptView, TurnView
from scrubjay.library.arguments import ChangeRequest, Ids, ListRequest, NewTurn, SearchRequest
from scrubjay.mem0.history import VersionRecord
from scrubjay.mem0.memories import MemoryRecord


class Backend(Protocol):
    """Does what is asked for; arguments have been checked."""

    async def open(self) -> None:
        """Have everything at hand. Nothing happens where that is so already."""

    async def close(self) -> None:
        """Let go of everything; it can be opened again."""

    async def accept(self, turn: NewTurn, idempotency_key: str | None) -> str:
        """Take a turn in; returns its id."""

    async def ended(self, turn: NewTurn, turn_id: str) -> TurnView:
        """What became of a turn, once it has come to its end or has waited too long."""

    async def search(self, request: SearchRequest) -> Sequence[MemoryRecord]:
        """The memories that matter for a query."""

    async def page(self, request: ListRequest, cursor: str | None) -> tuple[Sequence[MemoryRecord], str | None]:
        """A page of the memories, newest first, from the beginning or a cursor on, and the next page's cursor."""

    async def get(self, memory_id: str) -> MemoryRecord | None:
        """One memory."""

    async def update(self, memory_id: str, change: ChangeRequest) -> None:
        """Change a memory. Raises NotFound."""

    async def delete(self, memory_id: str) -> None:
        """Remove a memory. Raises NotFound."""

    async def history(self, memory_id: str) -> Sequence[VersionRecord]:
        """A memory's versions, oldest first; none where it is unknown."""

    async def forget(self, ids: Ids) -> ReceiptView:
        """Erase everything of an owner."""

    async def owners(self) -> Sequence[Ids]:
        """Owners who together have everything that there is; of very many some, and others once these are erased."""
