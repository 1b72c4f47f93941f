"""Import: memories that were made elsewhere come in with their ids, owners, times and metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, owner
from scrubjay.api.errors import sentence
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.imports import ArrivalIn, ImportIn, ImportOut, OutcomeOut
from scrubjay.edit.importing import bring_in
from scrubjay.errors import Forbidden
from scrubjay.model import Principal
from scrubjay.model.arrival import Arrival, Became, Outcome
from scrubjay.offload import off_loop
from scrubjay.ports import Mask
from scrubjay.safety.masking import masked_values

router = APIRouter(route_class=Route, tags=["import"], responses=refusals(502))

_BESIDES = 100  # characters that each memory may be thought to have besides its text: many are much work


@router.post("/import")
async def import_memories(batch: ImportIn, caller: Admin, parts: Opened) -> ImportOut:
    """Import memories. Each one is imported, already there, refused, or busy (to be sent again).

    Whatever is under an id stays as it is, so the same batch may be sent again. It is nobody's turn.
    """
    characters = sum(len(str(memory)) + _BESIDES for memory in batch.memories)
    read = await off_loop(characters, lambda: [_read(memory, caller, parts.mask) for memory in batch.memories])
    arrivals = [arrival for arrival in read if isinstance(arrival, Arrival)]
    outcomes = iter(await bring_in(arrivals, caller.reach, parts.imports))
    results = [_outcome(next(outcomes)) if isinstance(arrival, Arrival) else arrival for arrival in read]
    counts = Counter(result.became for result in results)
    return ImportOut(**{became.value: counts[became] for became in Became}, results=results)


def _read(record: Mapping[str, Any], caller: Principal, mask: Mask) -> Arrival | OutcomeOut:
    """Validate and mask one memory of the body of `POST /import`: an Arrival, or the result that refuses it."""
    try:
        arrival = ArrivalIn.model_validate(record)
        scope = owner(caller, arrival.ids)
    except ValidationError as error:
        return _refused(record, sentence(error))
    except Forbidden as error:
        return _refused(record, str(error))
    return Arrival(
        id=str(arrival.id) if arrival.id else None,
        scope=scope,
        text=mask(arrival.memory),
        metadata=masked_values(arrival.metadata or {}, mask),
        categories=tuple(mask(category) for category in arrival.categories or ()),
        created_at=arrival.created_at,
        updated_at=arrival.updated_at,
        valid_from=arrival.valid_from,
        expires_at=arrival.expires_at,
    )


def _refused(record: Mapping[str, Any], reason: str) -> OutcomeOut:
    record_id = record.get("id")
    shown_id = record_id if isinstance(record_id, str) and len(record_id) <= 64 else None
    return OutcomeOut(id=shown_id, became=Became.REFUSED, reason=reason, in_quarantine=False)


def _outcome(outcome: Outcome) -> OutcomeOut:
    return OutcomeOut.model_validate(outcome, from_attributes=True)
