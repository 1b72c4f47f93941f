"""Memories: search, list, read, change, delete, forget."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request

from scrubjay.api import intake
from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import (
    ForgottenIds,
    Opened,
    OwnerIds,
    Paged,
    listed,
    named_owner,
    shown,
    sought,
    within_depth,
)
from scrubjay.api.erasing import forgotten
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.memories import (
    ChangeIn,
    FeedbackIn,
    MemoryChanged,
    MemoryDeleted,
    MemoryOut,
    MemoryPage,
    SearchIn,
    SearchOut,
    VersionOut,
)
from scrubjay.api.schemas.receipts import ReceiptOut
from scrubjay.edit.edits import UNKNOWN, delete, judge, undo, update
from scrubjay.errors import BadRequest, NotFound
from scrubjay.model import Memory
from scrubjay.model.versions import is_retracted
from scrubjay.search.filters import parse
from scrubjay.search.recall import Asked, recall, wait_until_settled

router = APIRouter(route_class=Route, tags=["memories"], responses=refusals(502))

_LONGEST_FILTERS = 20_000
_MOST_AT_ONCE = 1_000
_Filters = Annotated[str | None, Query(max_length=_LONGEST_FILTERS, description="A filter as a JSON object.")]


@router.post("/search", response_model=SearchOut)
async def search(body: SearchIn, caller: Reader, parts: Opened) -> Any:
    """The memories that matter most for a query; `wait_for` waits for a turn to settle first."""
    filters = parse(body.filters)
    scope = sought(caller, body.ids, filters)
    if body.wait_for is not None:
        await wait_until_settled(caller.reach, body.wait_for, body.wait_ms / 1000, parts.turns)
    question = Asked(
        scope=scope,
        filters=filters,
        text=parts.mask(body.query),
        limit=body.limit,
        threshold=body.threshold,
        as_of=body.as_of,
        show_expired=body.show_expired,
    )
    answer = await recall(question, parts.recall)
    return {
        "results": [{**shown(result.memory), "score": result.score} for result in answer.results],
        "pending": answer.pending,
    }


@router.get("/memories", response_model=MemoryPage)
async def list_memories(
    request: Request,
    caller: Reader,
    parts: Opened,
    page: Paged,
    ids: OwnerIds,
    filters: _Filters = None,
    show_expired: bool = False,
    top_k: Annotated[int | None, Query(ge=1, le=_MOST_AT_ONCE, description="Instead of page_size.")] = None,
) -> Any:
    """One owner's memories as they stand now, newest first; of those that meet the filters, if there are any."""
    if top_k is not None:
        page = within_depth(page.number, top_k).model_copy(update={"after": page.after})
    condition = parse(_json(filters))
    scope = sought(caller, ids, condition)
    part = await parts.store.page(scope, page, condition, show_expired=show_expired)
    return listed(request, page, part, [shown(memory) for memory in part.items])


@router.delete("/memories", response_model=ReceiptOut)
async def forget_owner(caller: Writer, parts: Opened, ids: ForgottenIds) -> Any:
    """Forget an owner: what waits, what is being worked on, what is dead, settled or remembered.

    The receipt is kept without personal data; `POST /receipts/verify` checks it.
    """
    return (await forgotten(named_owner(caller, ids), parts)).model_dump()


def _json(text: str | None) -> Any:
    """Parse the query parameter `filters` of `GET /memories` as JSON. Raises BadRequest."""
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"filters: the parameter is not valid JSON: {error}") from None


@router.get("/memories/{memory_id}", response_model=MemoryOut, responses=refusals(404))
async def get_memory(memory_id: UUID, caller: Reader, parts: Opened) -> Any:
    """One memory as it stands now."""
    memory = await parts.store.get(caller.reach, str(memory_id))
    if memory is None:
        raise NotFound(UNKNOWN)
    return shown(memory)


@router.get("/memories/{memory_id}/history", response_model=list[VersionOut], responses=refusals(404))
async def get_history(memory_id: UUID, caller: Reader, parts: Opened) -> Any:
    """Every version of a memory, oldest first, with the turns and the words it rests on."""
    versions = await parts.store.history(caller.reach, str(memory_id))
    if not versions:
        raise NotFound(UNKNOWN)
    before = [None, *(version.text for version in versions)]
    return [_version(number, pair, old) for number, (pair, old) in enumerate(zip(versions, before, strict=False), 1)]


def _version(number: int, memory: Memory, old: str | None) -> dict[str, Any]:
    """Map one version of a memory to an item of the answer of `GET /memories/{memory_id}/history`."""
    fields = ("event", "current", "valid_to", "superseded_by")
    source = ("quote", "model", "prompt_version")
    return {
        **shown(memory),
        **{name: getattr(memory, name) for name in (*fields, *source)},
        "version": number,  # by valid time: one that was told late has its place among those before
        "turn_ids": list(memory.turn_ids),
        "memory_id": memory.id,
        "old_memory": old,
        "new_memory": memory.text,
        "is_deleted": is_retracted(memory),
    }


@router.put("/memories/{memory_id}", response_model=MemoryChanged, responses=refusals(404))
async def put_memory(memory_id: UUID, new: ChangeIn, caller: Writer, parts: Opened) -> Any:
    """Give a memory a new text, other metadata or another end; what it was stays in its history."""
    changed = await update(
        caller.reach,
        str(memory_id),
        await intake.change(new, parts.mask),
        parts.edits,
    )
    return {**shown(changed), "message": "Memory updated successfully!"}


@router.put("/memories/{memory_id}/feedback", response_model=MemoryOut, responses=refusals(404))
async def put_feedback(memory_id: UUID, body: FeedbackIn, caller: Writer, parts: Opened) -> Any:
    """Say what one thinks of a memory as it stands; it goes with the memory, and into its history."""
    reason = parts.mask(body.reason) if body.reason is not None else None
    return shown(await judge(caller.reach, str(memory_id), body.rating, reason, parts.edits))


@router.post("/memories/{memory_id}/undo", response_model=MemoryOut, responses=refusals(404, 409))
async def undo_change(memory_id: UUID, caller: Writer, parts: Opened) -> Any:
    """Take the last change of a memory back; what is taken back stays in its history."""
    return shown(await undo(caller.reach, str(memory_id), parts.edits))


@router.delete("/memories/{memory_id}", response_model=MemoryDeleted, responses=refusals(404))
async def delete_memory(memory_id: UUID, caller: Writer, parts: Opened) -> Any:
    """Delete a memory with its whole history."""
    await delete(caller.reach, str(memory_id), parts.edits)
    return {"id": str(memory_id), "message": "Memory deleted successfully"}
