"""Forgetting, whichever surface it is asked of: the owner goes, and a receipt stays."""

from __future__ import annotations

from scrubjay.bootstrap import Parts
from scrubjay.erase.forget import forget
from scrubjay.erase.receipts import issue
from scrubjay.model import Scope
from scrubjay.model.erasure import Receipt


async def forgotten(scope: Scope, parts: Parts) -> Receipt:
    """Serve an HTTP request to erase an owner, native or Mem0's; returns the receipt, which is kept.

    Raises what `forget` and `issue` raise.
    """
    erasure = await forget(scope, inbox=parts.inbox, lanes=parts.lanes, turns=parts.turns, store=parts.store)
    return await issue(erasure, signer=parts.signer, book=parts.receipts)
