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
    named_owner,
    page_of,
    sought,
    within_depth,
)
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.memories import (
    ChangeIn,
    FeedbackIn,
    MemoryChanged,
    MemoryDeleted,
    MemoryFound,
    MemoryOut,
    MemoryPage,
    SearchIn,
    SearchOut,
    VersionOut,
)
from scrubjay.api.schemas.receipts import ReceiptOut
from scrubjay.edit.edits import delete, judge, undo, update
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.errors import BadRequest, MemoryNotFound
from scrubjay.model.erasure import Receipt
from scrubjay.search.filters import parse
from scrubjay.search.recall import RecallRequest, recall, wait_until_settled

router = APIRouter(route_class=Route, tags=["memories"], responses=refusals(502))

_LONGEST_FILTERS = 20_000
_MOST_AT_ONCE = 1_000
_Filters = Annotated[str | None, Query(max_length=_LONGEST_FILTERS, description="A filter as a JSON object.")]


@router.post("/search")
async def search(body: SearchIn, caller: Reader, parts: Opened) -> SearchOut:
    """Search memories, best match first. `wait_for` waits for a turn to settle first."""
    filters = parse(body.filters)
    scope = sought(caller, body.ids, filters)
    if body.wait_for is not None:
        await wait_until_settled(caller.reach, body.wait_for, body.wait_ms / 1000, parts.turns)
    question = RecallRequest(
        scope=scope,
        filters=filters,
        text=parts.mask(body.query),
        limit=body.limit,
        threshold=body.threshold,
        as_of=body.as_of,
        show_expired=body.show_expired,
    )
    answer = await recall(question, parts.recall)
    results = [MemoryFound.of(result.memory, score=result.score) for result in answer.results]
    return SearchOut(results=results, pending=answer.pending)


@router.get("/memories")
async def list_memories(
    request: Request,
    caller: Reader,
    parts: Opened,
    page: Paged,
    ids: OwnerIds,
    filters: _Filters = None,
    show_expired: bool = False,
    top_k: Annotated[int | None, Query(ge=1, le=_MOST_AT_ONCE, description="Instead of page_size.")] = None,
) -> MemoryPage:
    """List an owner's current memories, newest first, optionally filtered."""
    if top_k is not None:
        page = within_depth(page.number, top_k).model_copy(update={"after": page.after})
    condition = parse(_json(filters))
    scope = sought(caller, ids, condition)
    part = await parts.store.page(scope, page, condition, show_expired=show_expired)
    return page_of(MemoryPage, request, page, part, [MemoryOut.of(memory) for memory in part.items])


@router.delete("/memories", response_model=ReceiptOut)
async def forget_owner(caller: Writer, parts: Opened, ids: ForgottenIds) -> Receipt:
    """Erase an owner: all turns, including those in progress, and all memories. Returns a signed receipt.

    The receipt is kept without personal data; `POST /receipts/verify` checks it.
    """
    return await forget_with_receipt(named_owner(caller, ids), parts.receipts)


def _json(text: str | None) -> Any:
    """Parse the query parameter `filters` of `GET /memories` as JSON. Raises BadRequest."""
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"filters: the parameter is not valid JSON: {error}") from None


@router.get("/memories/{memory_id}", responses=refusals(404))
async def get_memory(memory_id: UUID, caller: Reader, parts: Opened) -> MemoryOut:
    """Get the current version of a memory."""
    memory = await parts.store.get(caller.reach, str(memory_id))
    if memory is None:
        raise MemoryNotFound()
    return MemoryOut.of(memory)


@router.get("/memories/{memory_id}/history", responses=refusals(404))
async def get_history(memory_id: UUID, caller: Reader, parts: Opened) -> list[VersionOut]:
    """Get all versions of a memory, oldest first, with their turns and quotes."""
    versions = await parts.store.history(caller.reach, str(memory_id))
    if not versions:
        raise MemoryNotFound()
    before = [None, *(version.text for version in versions)]
    return [
        VersionOut.numbered(version, number, old)
        for number, (version, old) in enumerate(zip(versions, before, strict=False), 1)
    ]


@router.put("/memories/{memory_id}", responses=refusals(404))
async def put_memory(memory_id: UUID, new: ChangeIn, caller: Writer, parts: Opened) -> MemoryChanged:
    """Change the text, metadata or expiry of a memory. The old version stays in its history."""
    changed = await update(
        caller.reach,
        str(memory_id),
        await intake.change(new, parts.mask),
        parts.edits,
    )
    return MemoryChanged.of(changed, message="Memory updated successfully!")


@router.put("/memories/{memory_id}/feedback", responses=refusals(404))
async def put_feedback(memory_id: UUID, body: FeedbackIn, caller: Writer, parts: Opened) -> MemoryOut:
    """Rate a memory. The rating belongs to its current version."""
    reason = parts.mask(body.reason) if body.reason is not None else None
    return MemoryOut.of(await judge(caller.reach, str(memory_id), body.rating, reason, parts.edits))


@router.post("/memories/{memory_id}/undo", responses=refusals(404, 409))
async def undo_change(memory_id: UUID, caller: Writer, parts: Opened) -> MemoryOut:
    """Undo the last change of a memory. The undone version stays in its history."""
    return MemoryOut.of(await undo(caller.reach, str(memory_id), parts.edits))


@router.delete("/memories/{memory_id}", responses=refusals(404))
async def delete_memory(memory_id: UUID, caller: Writer, parts: Opened) -> MemoryDeleted:
    """Delete a memory with its whole history."""
    await delete(caller.reach, str(memory_id), parts.edits)
    return MemoryDeleted(id=str(memory_id), message="Memory deleted successfully")
