"""Export: everything that is kept of one owner, line by line, for the owner to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrubjay.model import OWNERS, Memory, Scope, Turn, TurnStatus
from scrubjay.ports import MemoryStore, OwnerLog

FORMAT = 1
Line = Mapping[str, Any]

_INTERNAL = {"id", "scope", "text", "order", "position", "topic", "hidden"}
_SAID = {"messages", "metadata", "timestamp", "infer", "guidance"}


@dataclass(frozen=True, kw_only=True)
class ExportServices:
    """What an export needs.

    Args:
        store: of memories.
        owners: of everything that is kept of an owner's turns.
    """

    store: MemoryStore
    owners: OwnerLog


async def export(scope: Scope, services: ExportServices) -> AsyncIterator[Line]:
    """Everything of an owner, as lines.

    The first line says what it is and about how many memories' versions will come, the last one how many lines of each
    kind there were: where it is missing, the export was cut off. What changes meanwhile may be told in either state.

    Args:
        scope: whose; the tenant is not told.
        services: what an export needs.

    Raises StoreUnavailable, InboxUnavailable or NewerFormat, also in the midst.
    """
    now = datetime.now(UTC)
    yield {
        "kind": "export",
        "format": FORMAT,
        "owner": scope.ids,
        "exported_at": now,
        "versions": await services.store.left(scope),
    }
    memories, turns = 0, 0
    async for memory in services.store.versions(scope):
        memories += 1
        yield _memory(memory)
    async for status, turn in services.owners.of(scope):
        turns += 1
        yield _turn(status, turn)
    yield {"kind": "end", "memories": memories, "turns": turns}


def _memory(memory: Memory) -> Line:
    record = memory.model_dump(exclude=_INTERNAL)
    return {"kind": "memory", "id": memory.id, "memory": memory.text, **_ids(memory.scope), **record}


def _ids(scope: Scope) -> Line:
    return {field: scope.ids.get(field) for field in OWNERS}


def _turn(status: TurnStatus, turn: Turn | None) -> Line:
    fields = turn.model_dump(include=_SAID) if turn else dict.fromkeys(_SAID)
    return {"kind": "turn", **status.model_dump(), **fields}
