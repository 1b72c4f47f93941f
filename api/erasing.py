"""Forgetting, whichever surface it is asked of: the owner goes, and a receipt stays."""

from __future__ import annotations

from memory.books import Receipt
from memory.bootstrap import Parts
from memory.forget import forget
from memory.model import Scope
from memory.receipts import issue


async def forgotten(scope: Scope, parts: Parts) -> Receipt:
    """Forget an owner; returns the receipt, which is kept. Raises what `forget` and `issue` raise."""
    erasure = await forget(scope, inbox=parts.inbox, lanes=parts.lanes, turns=parts.turns, store=parts.store)
    return await issue(erasure, notary=parts.notary, book=parts.receipts)
