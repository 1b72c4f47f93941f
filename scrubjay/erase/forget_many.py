"""Many owners forgotten in one call."""

from __future__ import annotations

from collections.abc import Collection

from scrubjay.erase.forget import forget
from scrubjay.erase.receipts import issue
from scrubjay.model import OWNERS, Scope
from scrubjay.model.erasure import Receipt
from scrubjay.ports import DigestStore, Inbox, Lanes, MemoryStore, ReceiptSigner, ReceiptStore, TurnLog


async def forget_each(
    tenant: str,
    fields: Collection[str],
    *,
    inbox: Inbox,
    lanes: Lanes,
    turns: TurnLog,
    store: MemoryStore,
    signer: ReceiptSigner,
    book: ReceiptStore,
    digests: DigestStore,
) -> list[Receipt]:
    """Forget every owner of some kinds, one after the other; with all kinds everything of a tenant.

    Args:
        tenant: whose owners.
        fields: the kinds, by the field of their ids.
        inbox, lanes, turns, store, signer, book, digests: the world.

    Returns the receipt of each. Who came in the meantime stays. Raises as `forget` does: then those before are
    forgotten, each with its receipt, and the same call goes on with the others.
    """
    there, receipts = [*await turns.owners(tenant), *await store.owners(tenant)], list[Receipt]()
    owners = {owner for scope in there for owner in scope.ids.items() if owner[0] in fields}
    for field in (kind for kind in OWNERS if kind in fields):
        for name in sorted({scope.ids[field] for scope in there if field in scope.ids}):
            scope = Scope(tenant=tenant, **{field: name})
            erasure = await forget(scope, inbox=inbox, lanes=lanes, turns=turns, store=store)
            receipts.append(await issue(erasure, signer=signer, book=book))
        there = [scope for scope in there if field not in scope.ids]  # all of these are gone
    for field, name in sorted(owners):  # also of those whose all went with somebody else
        await digests.drop(Scope(tenant=tenant, **{field: name}))
    return receipts
