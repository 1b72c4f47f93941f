"""Import: memories that were made elsewhere come in with their ids, owners, times and metadata."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from api.auth import Admin
from api.context import Opened, owner
from api.errors import sentence
from api.imports import ArrivalIn, ImportIn, ImportOut
from api.openapi import refusals
from api.routing import Route
from memory.errors import Forbidden
from memory.importing import Arrival, Became, Importing, Outcome, bring_in
from memory.masking import masked_values
from memory.model import Principal
from memory.ports import Mask

router = APIRouter(route_class=Route, tags=["import"], responses=refusals(502))

_AT_ONCE = 16  # memories are masked so many at a time: others are answered in between


@router.post("/import", response_model=ImportOut)
async def import_memories(batch: ImportIn, caller: Admin, parts: Opened) -> Any:
    """Take memories in as they were elsewhere; each is imported, already there, refused, or to be sent again.

    Whatever is under an id stays as it is, so the same batch may be sent again. It is nobody's turn.
    """
    read: list[Arrival | dict[str, Any]] = []
    for number, one in enumerate(batch.memories):
        read.append(_read(one, caller, parts.mask))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    importing = Importing(
        lanes=parts.lanes, store=parts.store, embedder=parts.embedder, clock=parts.clock, quarantine=parts.quarantine
    )
    arrivals = [one for one in read if isinstance(one, Arrival)]
    outcomes = iter(await bring_in(arrivals, caller.reach, importing))
    results = [_told(next(outcomes)) if isinstance(one, Arrival) else one for one in read]
    counts = Counter(one["became"] for one in results)
    return {**{became.value: counts[became] for became in Became}, "results": results}


def _read(given: Mapping[str, Any], caller: Principal, mask: Mask) -> Arrival | dict[str, Any]:
    """The memory, masked, or how it is refused."""
    try:
        one = ArrivalIn.model_validate(given)
        scope = owner(caller, one.ids)
    except ValidationError as error:
        return _refused(given, sentence(error))
    except Forbidden as error:
        return _refused(given, str(error))
    return Arrival(
        id=str(one.id) if one.id else None,
        scope=scope,
        text=mask(one.memory),
        metadata=masked_values(one.metadata or {}, mask),
        categories=tuple(mask(category) for category in one.categories or ()),
        created_at=one.created_at,
        updated_at=one.updated_at,
        valid_from=one.valid_from,
        expires_at=one.expires_at,
    )


def _refused(given: Mapping[str, Any], reason: str) -> dict[str, Any]:
    named = given.get("id")
    found = named if isinstance(named, str) and len(named) <= 64 else None
    return {"id": found, "became": Became.REFUSED, "reason": reason, "held": False}


def _told(outcome: Outcome) -> dict[str, Any]:
    return outcome.model_dump()
