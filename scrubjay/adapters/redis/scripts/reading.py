"""Scripts that read: lists of turns, and a tenant's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scrubjay.adapters.redis.codec import decode_ledger
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.model import Page, Status
from scrubjay.model.ledger import Ledger


class Newest(NamedTuple):
    """What a part of a list is made of.

    Args:
        total: how many members there are.
        skip: how many of the rows come before the part.
        rows: members with their scores, one set after the other.
    """

    total: int
    skip: int
    rows: Sequence[tuple[int, bytes]]


async def newest(scripts: RedisScripts, sets: Sequence[str], page: Page) -> Newest:
    """Read what a part of some sorted sets together is made of, the greatest score first.

    Args:
        scripts: runs it.
        sets: their keys; no member stands in two of them.
        page: which part.
    """
    start = [page.offset, ""] if page.after is None else [0, page.after.stamp]
    total, skip, cells = await scripts.run("newest", sets, [page.size + 1, *start])
    return Newest(int(total), int(skip), list(zip(map(_score, cells[1::2]), cells[::2], strict=True)))


def _score(text: bytes) -> int:
    return int(float(text))


async def ledger(scripts: RedisScripts, tenant: str, waiting_in: Sequence[Status]) -> Ledger:
    """A tenant's ledger, with the turns of those statuses in which they wait."""
    keys = scripts.keys
    names = [keys.ledger(tenant), *(keys.status(tenant, status) for status in waiting_in)]
    return decode_ledger(*await scripts.run("ledger", names, []))
