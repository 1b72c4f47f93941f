"""Receipts: what stays of an erase. Without personal data, signed, kept, and checked against what is there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from scrubjay.erase.forget import ForgetServices, forget, lanes_of, what_is_left
from scrubjay.model import Scope, Value
from scrubjay.model.erasure import Erasure, Left, Receipt
from scrubjay.ports import ReceiptSigner, ReceiptStore


@dataclass(frozen=True, kw_only=True)
class ReceiptServices:
    """What issuing and checking receipts needs.

    Args:
        signer: signs receipts, and names their owners by a keyed hash.
        store: where they are kept.
        forget: erases owners, and is where a check looks for what is left.
    """

    signer: ReceiptSigner
    store: ReceiptStore
    forget: ForgetServices


async def forget_with_receipt(scope: Scope, services: ReceiptServices) -> Receipt:
    """Erase everything of a scope, and keep a receipt. Raises what `forget` and `issue` raise."""
    return await issue(await forget(scope, services.forget), services)


async def issue(erasure: Erasure, services: ReceiptServices) -> Receipt:
    """Make, sign and keep the receipt of an erase. Raises InboxUnavailable: the erase is done all the same."""
    signer = services.signer
    unsigned = Receipt(
        id=str(uuid.uuid4()),
        tenant=erasure.scope.tenant,
        erased_at=erasure.erased_at,
        watermark=erasure.watermark,
        owner=await signer.owner(erasure.scope),
        scope=tuple(erasure.scope.ids),
        turns=erasure.turns,
        memories=erasure.memories,
        verified=erasure.verified,
        known=erasure.known,
        counts=erasure.counts,
        left=erasure.left,
        key_id=(await signer.key()).key_id,
    )
    receipt = unsigned.model_copy(update={"signature": await signer.sign(unsigned.canonical)})
    await services.store.keep(receipt)
    return receipt


class Examined(Value):
    """What a check of a receipt found.

    Args:
        signature: whether this server has signed just this receipt.
        owner: whether it is about the owner who was named; None when nobody was.
        left: what is there of that owner from up to the erase; None unless it is signed and about this owner.
    """

    signature: bool
    owner: bool | None = None
    left: Left | None = None


async def examine(receipt: Receipt, scope: Scope | None, services: ReceiptServices) -> Examined:
    """Check a receipt's signature, and with an owner's ids also whom it is about and whether that owner is gone.

    Args:
        receipt: as it was given out.
        scope: whom it should be about.
        services: what a check needs.

    Every turn of the tenant's is looked at: that takes as long as there are turns within retention.
    """
    signed = await services.signer.has_signed(receipt.canonical, receipt.key_id, receipt.signature)
    if scope is None:
        return Examined(signature=signed)
    ours = receipt.owner == await services.signer.owner(scope)
    if not (signed and ours):
        return Examined(signature=signed, owner=ours)
    lanes = await lanes_of(scope, services.forget)
    left = await what_is_left(scope, lanes, receipt.watermark, None, services.forget)
    return Examined(signature=signed, owner=True, left=left)
