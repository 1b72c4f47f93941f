"""Where a part of a list of memories begins: a position, and how many of the memories of that position were shown."""

from __future__ import annotations

from collections.abc import Sequence

from memory.errors import BadRequest
from memory.model import DEEPEST, After


def place(after: After) -> tuple[int, int]:
    """The position at which the list goes on, and how many memories to skip there. Raises BadRequest."""
    if not (after.name.isascii() and after.name.isdigit() and len(after.name) < len(str(DEEPEST))):
        raise BadRequest("cursor: this one belongs to another list")
    return after.stamp, int(after.name)


def following(positions: Sequence[int], before: After | None) -> After:
    """What stands for the last memory of a part.

    Args:
        positions: of the part's memories, in order.
        before: what the part itself began behind.
    """
    last = positions[-1]
    skipped = int(before.name) if before is not None and before.stamp == last else 0
    return After(stamp=last, name=str(skipped + positions.count(last)))
