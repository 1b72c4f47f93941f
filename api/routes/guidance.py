"""Guidance: what a tenant adds to the extraction prompt."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Guided
from scrubjay.model import Guidance
from scrubjay.offload import off_loop
from scrubjay.safety.masking import masked_guidance

router = APIRouter(route_class=Route, tags=["guidance"])


@router.get("/guidance")
async def get_guidance(caller: Admin, parts: Opened) -> Guided:
    """Get the guidance: what is added to the extraction prompt of every turn of this tenant."""
    return Guided(**_fields(await parts.guidance.of(caller.tenant)))


@router.put("/guidance")
async def put_guidance(body: Guided, caller: Admin, parts: Opened) -> Guided:
    """Set the guidance for all turns of this tenant. Fields that are left out are removed."""
    masked = await off_loop(len(str(body.guidance)), partial(masked_guidance, body.guidance, parts.mask))
    guided = body if masked == body.guidance else checked(Guided, _fields(masked))  # masked, it may be too long
    await parts.guidance.give(caller.tenant, guided.guidance)
    return guided


def _fields(guidance: Guidance) -> dict[str, Any]:
    """Map a tenant's guidance for extraction to the JSON fields of `GET /guidance` and `PUT /guidance`."""
    return {
        "custom_instructions": guidance.instructions,
        "includes": guidance.includes,
        "excludes": guidance.excludes,
        "custom_categories": dict(guidance.categories),
    }
