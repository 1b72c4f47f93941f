"""Work on a lane: the right to do it, and what it is done on."""

from __future__ import annotations

from memory.model.memory import Plan
from memory.model.scope import Lane
from memory.model.turn import Turn
from memory.model.value import Value


class Lease(Value):
    """The right to work on a lane, and the fencing token that proves it. Tokens only ever grow."""

    lane: Lane
    token: int


class Confirmation(Value):
    """The last look before applying: which turns were erased meanwhile, and until when the answer may be acted on.

    `good_until` is on the event loop's clock, in seconds.
    """

    erased: frozenset[str]
    good_until: float


class Batch(Value):
    """The turns taken for one pass, and the plan if an earlier pass already recorded one."""

    turns: tuple[Turn, ...]
    plan: Plan | None = None
