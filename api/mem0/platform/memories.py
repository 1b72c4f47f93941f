"""One memory on the platform's surface: read, changed, deleted, its history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.auth import Reader
from api.context import Opened
from api.mem0 import shapes
from api.mem0.lenient import MemoryId
from api.routing import Route
from memory.errors import NotFound
from memory.revise import UNKNOWN

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/memories/{memory_id:segment}/")
async def get_memory(caller: Reader, memory_id: MemoryId, parts: Opened) -> Any:
    """One memory as it stands now."""
    found = await parts.store.get(caller.reach, memory_id)
    if found is None:
        raise NotFound(UNKNOWN)
    return shapes.memory(found)
