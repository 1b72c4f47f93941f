"""Lists: which part of one is asked for, and what came of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import Field

from scrubjay.model.value import Value

DEEPEST = 10_000  # items that page numbers reach; what lies below is reached by a cursor
_LARGEST = 2**63 - 1

T = TypeVar("T")


class After(Value):
    """The item after which a part of a list begins.

    Args:
        stamp: what the list is sorted by, the greatest first.
        name: which of those with that stamp.
    """

    stamp: int = Field(ge=-_LARGEST, le=_LARGEST)
    name: str = Field(max_length=200)

    @property
    def cursor(self) -> str:
        """The same as one word, for callers to hand back."""
        return base64.urlsafe_b64encode(f"{self.stamp} {self.name}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, cursor: str) -> After:
        """What `cursor` gave. Raises ValueError for anything else."""
        padded = cursor + "=" * (-len(cursor) % 4)
        stamp, _, name = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode().partition(" ")
        return cls(stamp=int(stamp), name=name)


class Page(Value):
    """Which part of a list: pages count from 1.

    Args:
        number: which page; 1 where `after` is given.
        size: how many items at most.
        after: begin behind this item instead of at a page.
    """

    number: int = 1
    size: int = 100
    after: After | None = None

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A part of a list.

    Args:
        count: how many items the whole list has.
        items: those of the part.
        after: where the next part begins; None where there is no more.
    """

    count: int
    items: list[T]
    after: After | None = None


def sliced(rows: list[tuple[After, T]], page: Page, count: int | None = None) -> Slice[T]:
    """The part of a list that is at hand as a whole.

    Args:
        rows: the items in order, each with its place: the greatest first.
        page: which part.
        count: how many items the list has, where the rows are not all of them.
    """
    start = page.offset
    if page.after is not None:
        last = (page.after.stamp, page.after.name)
        start = sum((place.stamp, place.name) >= last for place, _ in rows)
    part = rows[start : start + page.size]
    more = start + page.size < len(rows)
    return Slice(len(rows) if count is None else count, [item for _, item in part], part[-1][0] if more else None)
