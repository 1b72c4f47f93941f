"""Receipts: what stays of each erase, and whether one holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from scrubjay.api.auth import Admin, Reader
from scrubjay.api.dependencies import Opened, Paged, listed, owner
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.receipts import ExaminedOut, PublicKeyOut, ReceiptOut, ReceiptPage, VerifyIn
from scrubjay.erase.receipts import examine
from scrubjay.errors import NotFound

router = APIRouter(route_class=Route, tags=["receipts"], responses=refusals(502))


@router.get("/receipts", response_model=ReceiptPage)
async def list_receipts(request: Request, caller: Admin, parts: Opened, page: Paged) -> Any:
    """The receipts of all erases, newest first. They hold no personal data."""
    part = await parts.receipts.store.page(caller.tenant, page)
    return listed(request, page, part, [receipt.model_dump() for receipt in part.items])


@router.get("/receipts/key", response_model=PublicKeyOut)
async def get_key(_: Reader, parts: Opened) -> Any:
    """The public key with which anybody can check a receipt's signature.

    Signed is the receipt without its `signature`, as JSON in UTF-8 with sorted keys and no spaces.
    """
    return (await parts.receipts.signer.key()).model_dump()


@router.get("/receipts/{receipt_id}", response_model=ReceiptOut, responses=refusals(404))
async def get_receipt(receipt_id: UUID, caller: Admin, parts: Opened) -> Any:
    """One receipt."""
    receipt = await parts.receipts.store.get(caller.tenant, str(receipt_id))
    if receipt is None:
        raise NotFound("there is no receipt with this id, or none any more")
    return receipt.model_dump()


@router.post("/receipts/verify", response_model=ExaminedOut)
async def verify_receipt(body: VerifyIn, caller: Reader, parts: Opened) -> Any:
    """Check a receipt's signature; with the owner's ids also whether it is about them, and whether they are gone.

    `owner` is null where no id is given; `left` is null unless the receipt is signed and about that owner.
    """
    scope = owner(caller, body.ids) if any(body.ids.values()) else None
    return (await examine(body.receipt, scope, parts.receipts)).model_dump()
