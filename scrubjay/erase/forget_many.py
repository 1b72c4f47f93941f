"""Many owners forgotten in one call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from scrubjay.erase.receipts import ReceiptServices, forget_with_receipt
from scrubjay.model import OWNERS, Scope
from scrubjay.model.erasure import Receipt
from scrubjay.ports import DigestStore


@dataclass(frozen=True, kw_only=True)
class ForgetManyServices:
    """What forgetting many owners needs.

    Args:
        receipts: forgets each of them, with a receipt.
        digests: orders of digests that name an owner, dropped at the end.
    """

    receipts: ReceiptServices
    digests: DigestStore


async def forget_each(tenant: str, fields: Collection[str], services: ForgetManyServices) -> list[Receipt]:
    """Forget every owner of some kinds, one after the other; with all kinds everything of a tenant.

    Args:
        tenant: whose owners.
        fields: the kinds, by the field of their ids.
        services: what forgetting many needs.

    Returns the receipt of each. Who came in the meantime stays. Raises as `forget` does: then those before are
    forgotten, each with its receipt, and the same call goes on with the others.
    """
    erase, receipts = services.receipts.forget, list[Receipt]()
    there = [*await erase.turns.owners(tenant), *await erase.store.owners(tenant)]
    owners = {owner for scope in there for owner in scope.ids.items() if owner[0] in fields}
    for field in (kind for kind in OWNERS if kind in fields):
        for name in sorted({scope.ids[field] for scope in there if field in scope.ids}):
            scope = Scope(tenant=tenant, **{field: name})
            receipts.append(await forget_with_receipt(scope, services.receipts))
        there = [scope for scope in there if field not in scope.ids]  # all of these are gone
    for field, name in sorted(owners):  # also of those whose all went with somebody else
        await services.digests.drop(Scope(tenant=tenant, **{field: name}))
    return receipts
