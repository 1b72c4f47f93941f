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


@router.get("/guidance", response_model=Guided)
async def get_guidance(caller: Admin, parts: Opened) -> Any:
    """What holds for every turn of this tenant."""
    return _shown(await parts.guidance.of(caller.tenant))


@router.put("/guidance", response_model=Guided)
async def put_guidance(body: Guided, caller: Admin, parts: Opened) -> Any:
    """Set what holds for every turn of this tenant from now on; what is left out holds no longer."""
    masked = await off_loop(len(str(body.guidance)), partial(masked_guidance, body.guidance, parts.mask))
    if masked != body.guidance:
        masked = checked(Guided, _shown(masked)).guidance  # what is longer than before may be too long
    await parts.guidance.give(caller.tenant, masked)
    return _shown(masked)


def _shown(guidance: Guidance) -> dict[str, Any]:
    """Map a tenant's guidance for extraction to the JSON fields of `GET /guidance` and `PUT /guidance`."""
    return {
        "custom_instructions": guidance.instructions,
        "includes": guidance.includes,
        "excludes": guidance.excludes,
        "custom_categories": dict(guidance.categories),
    }
