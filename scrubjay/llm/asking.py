"""Who asks a model: said once around the work, as who pays is, and read where the outcome of a call is noted.

What fails for one owner again and again, while it succeeds for others, is the owner's fault; what fails for all is the
model's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from scrubjay.model import Lane, Scope, Value

PROBE = "probe"  # in place of an owner: a call that tries whether the model answers


class Asker(Value):
    """An owner, and the turn if the question is about one alone.

    `owner` is a hash of the lane, so that a name that is forgotten does not stay with the outcomes of calls.
    """

    owner: str
    turn: str = ""


_ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)


def owner_of(lane: Lane) -> str:
    """What stands for a lane's owner."""
    return _hash(lane.key)


@contextmanager
def asked_by(scope: Scope, turn_ids: Sequence[str] = ()) -> Iterator[None]:
    """Whatever models are asked inside is asked for this owner, about these turns; within a probe it is the probe's."""
    if (outer := asker()) is not None and outer.owner == PROBE:
        yield
        return
    owner = owner_of(scope.lane) if scope.ids else _hash(scope.tenant)
    with _asking(Asker(owner=owner, turn=turn_ids[0] if len(turn_ids) == 1 else "")):
        yield


@contextmanager
def asked_as_a_probe() -> Iterator[None]:
    """Whatever models are asked inside only tries whether they answer."""
    with _asking(Asker(owner=PROBE)):
        yield


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


@contextmanager
def _asking(asker: Asker) -> Iterator[None]:
    before = _ASKER.set(asker)
    try:
        yield
    finally:
        _ASKER.reset(before)


def asker() -> Asker | None:
    """Who asks now; None where it is nobody in particular."""
    return _ASKER.get()
