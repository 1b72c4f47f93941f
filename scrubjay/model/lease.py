"""Work on a lane: the right to do it, and what it is done on."""

from __future__ import annotations

from datetime import datetime

from scrubjay.model.memory import Plan
from scrubjay.model.scope import Lane
from scrubjay.model.turn import Turn
from scrubjay.model.value import Value


class Lease(Value):
    """The right to work on a lane, and the fencing token that proves it.

    Args:
        lane: which lane.
        token: a number in the order, as turns and epochs have: numbers only ever grow, and are no times.
        taken_at: Redis' time when the lease was taken.
        waited_seconds: for how long the lane was due until then, as far as that is known.
    """

    lane: Lane
    token: int
    taken_at: datetime
    waited_seconds: float = 0


class Epoch(Value):
    """When an owner was last erased.

    Args:
        order: the erase's place in the order: it covers every turn and version with a smaller number.
        at: Redis' time just then, for people.
    """

    order: int
    at: datetime


class CallOutcomes(Value):
    """What became of others' calls of a model in the step in which a batch has just failed.

    Args:
        turns: how many the batch has,
        tries: how often one of them was tried, this time included, where it counts against it.
        is_last: it is one turn, and dies if this try counts.
        answered: calls of others that the model answered lately, other turns of this owner included,
        failed: and those that it did not answer; probes included,
        failing: of so many others: turns, where they were asked about alone, else owners.
        may_die_without_others: few other turns have died lately with few to compare them with.
    """

    turns: int
    tries: int
    is_last: bool
    answered: int
    failed: int
    failing: int
    may_die_without_others: bool


class Confirmation(Value):
    """The last look before applying: which turns were erased meanwhile, and until when the answer may be acted on.

    `good_until` is on the event loop's clock, in seconds.
    """

    erased: frozenset[str]
    good_until: float


class Batch(Value):
    """The turns taken for one pass.

    Args:
        turns: in the order of acceptance.
        plan: the one that an earlier pass has recorded for them.
        others_wait: whether lanes of other tenants were ready just then.
    """

    turns: tuple[Turn, ...]
    plan: Plan | None = None
    others_wait: bool = False
