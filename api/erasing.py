"""Forgetting, whichever surface it is asked of: the owner goes, and a receipt stays."""

from __future__ import annotations

from scrubjay.bootstrap import Parts
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.model import Scope
from scrubjay.model.erasure import Receipt


async def forgotten(scope: Scope, parts: Parts) -> Receipt:
    """Serve an HTTP request to erase an owner, native or Mem0's; returns the receipt, which is kept.

    Raises what `forget_with_receipt` raises.
    """
    return await forget_with_receipt(scope, parts.receipts)
