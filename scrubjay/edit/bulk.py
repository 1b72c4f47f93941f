"""Many at once: memories that are changed or deleted in one call, and owners that are forgotten in one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from memory.books import Receipt
from memory.errors import NotFound
from memory.forget import forget
from memory.marking import Quarantine
from memory.model import OWNERS, Scope
from memory.ports import DigestBook, Embedder, Inbox, Lanes, MemoryStore, Notary, ReceiptBook, TurnLog
from memory.receipts import issue
from memory.revise import UNKNOWN, Change, delete, update


async def update_each(
    reach: Scope,
    changes: Mapping[str, Change],
    *,
    lanes: Lanes,
    store: MemoryStore,
    embedder: Embedder,
    quarantine: Quarantine = Quarantine.MARK,
) -> None:
    """Change memories, one after the other; nothing is changed where one of them is not there.

    Args:
        reach: all that the caller may change.
        changes: by memory.
        lanes, store, embedder, quarantine: as of `revise.update`.

    Raises NotFound, LaneBusy, and what the parts raise: then those before are changed; the same call may come again.
    """
    await _all_there(reach, list(changes), store)
    for memory_id, change in changes.items():
        await update(reach, memory_id, change, lanes=lanes, store=store, embedder=embedder, quarantine=quarantine)


async def delete_each(
    reach: Scope, memory_ids: Sequence[str], *, inbox: Inbox, lanes: Lanes, store: MemoryStore
) -> None:
    """Delete memories, one after the other; nothing is deleted where one of them is not there.

    Raises NotFound, LaneBusy, and what the parts raise: then those before are gone.
    """
    await _all_there(reach, memory_ids, store)
    for memory_id in memory_ids:
        await delete(reach, memory_id, inbox=inbox, lanes=lanes, store=store)


async def _all_there(reach: Scope, memory_ids: Sequence[str], store: MemoryStore) -> None:
    for memory_id in memory_ids:
        if await store.get(reach, memory_id) is None:
            raise NotFound(UNKNOWN)


async def forget_each(
    tenant: str,
    fields: Collection[str],
    *,
    inbox: Inbox,
    lanes: Lanes,
    turns: TurnLog,
    store: MemoryStore,
    notary: Notary,
    book: ReceiptBook,
    digests: DigestBook,
) -> list[Receipt]:
    """Forget every owner of some kinds, one after the other; with all kinds everything of a tenant.

    Args:
        tenant: whose owners.
        fields: the kinds, by the field of their ids.
        inbox, lanes, turns, store, notary, book, digests: the world.

    Returns the receipt of each. Who came in the meantime stays. Raises as `forget` does: then those before are
    forgotten, each with its receipt, and the same call goes on with the others.
    """
    there, receipts = [*await turns.owners(tenant), *await store.owners(tenant)], list[Receipt]()
    named = {owner for scope in there for owner in scope.ids.items() if owner[0] in fields}
    for field in (one for one in OWNERS if one in fields):
        for name in sorted({scope.ids[field] for scope in there if field in scope.ids}):
            scope = Scope(tenant=tenant, **{field: name})
            erasure = await forget(scope, inbox=inbox, lanes=lanes, turns=turns, store=store)
            receipts.append(await issue(erasure, notary=notary, book=book))
        there = [scope for scope in there if field not in scope.ids]  # all of these are gone
    for field, name in sorted(named):  # also of those whose all went with somebody else
        await digests.drop(Scope(tenant=tenant, **{field: name}))
    return receipts
