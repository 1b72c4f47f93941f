"""Receipts: what stays of each erase, and whether one holds."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from scrubjay.api.auth import Admin, Reader
from scrubjay.api.dependencies import Opened, Paged, owner, page_of
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.receipts import ExaminedOut, PublicKeyOut, ReceiptOut, ReceiptPage, VerifyIn
from scrubjay.erase.receipts import Examined, examine
from scrubjay.errors import NotFound
from scrubjay.model.erasure import Receipt
from scrubjay.ports import PublicKey

router = APIRouter(route_class=Route, tags=["receipts"], responses=refusals(502))


@router.get("/receipts")
async def list_receipts(request: Request, caller: Admin, parts: Opened, page: Paged) -> ReceiptPage:
    """List the receipts of all erases, newest first. They contain no personal data."""
    part = await parts.receipts.store.page(caller.tenant, page)
    return page_of(ReceiptPage, request, page, part)


@router.get("/receipts/key", response_model=PublicKeyOut)
async def get_key(_: Reader, parts: Opened) -> PublicKey:
    """Get the public key that verifies receipts.

    Signed is the receipt without its `signature`, as JSON in UTF-8 with sorted keys and no spaces.
    """
    return await parts.receipts.signer.key()


@router.get("/receipts/{receipt_id}", response_model=ReceiptOut, responses=refusals(404))
async def get_receipt(receipt_id: UUID, caller: Admin, parts: Opened) -> Receipt:
    """Get a receipt."""
    receipt = await parts.receipts.store.get(caller.tenant, str(receipt_id))
    if receipt is None:
        raise NotFound("there is no receipt with this id, or none any more")
    return receipt


@router.post("/receipts/verify", response_model=ExaminedOut)
async def verify_receipt(body: VerifyIn, caller: Reader, parts: Opened) -> Examined:
    """Verify a receipt's signature. With the owner's ids, also check that it is theirs, and that nothing is left.

    `owner` is null where no id is given; `left` is null unless the receipt is signed and about that owner.
    """
    scope = owner(caller, body.ids) if any(body.ids.values()) else None
    return await examine(body.receipt, scope, parts.receipts)
