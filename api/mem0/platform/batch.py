"""Many memories in one request."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from scrubjay.api import intake
from scrubjay.api.auth import Writer
from scrubjay.api.dependencies import Opened
from scrubjay.api.mem0.asked import BatchIn
from scrubjay.api.mem0.lenient import uuid
from scrubjay.api.middleware.strict_json import Route
from scrubjay.edit.bulk import delete_each, update_each

router = APIRouter(route_class=Route, include_in_schema=False)


@router.put("/v1/batch/")
async def put_batch(batch: BatchIn, caller: Writer, parts: Opened) -> Any:
    """Change memories, each as `PUT /v1/memories/{id}/` does."""
    changes = await intake.changes({uuid(memory.memory_id): memory.change for memory in batch.memories}, parts.mask)
    await update_each(
        caller.reach,
        changes,
        parts.edits,
    )
    return {"message": f"Successfully updated {len(changes)} memories"}


@router.delete("/v1/batch/")
async def delete_batch(batch: BatchIn, caller: Writer, parts: Opened) -> Any:
    """Delete memories, each with its history."""
    ids = list(dict.fromkeys(uuid(memory.memory_id) for memory in batch.memories))
    await delete_each(caller.reach, ids, parts.edits)
    return {"message": f"Successfully deleted {len(ids)} memories"}
