"""Who pays: said once around the work, and read where a model's answer arrives with its bill.

It goes with the task and not through every signature, as the adapters that see the bill stand behind ports that know
nothing of tenants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from memory.model import Value


class Payer(Value):
    """A tenant, and the turns among which the cost is shared (none: it is the tenant's alone)."""

    tenant: str
    turn_ids: tuple[str, ...] = ()


_PAYER: ContextVar[Payer | None] = ContextVar("payer", default=None)


@contextmanager
def paid_by(tenant: str, turn_ids: Sequence[str] = ()) -> Iterator[None]:
    """Whatever models are asked inside is booked on this tenant, and shared among these turns."""
    before = _PAYER.set(Payer(tenant=tenant, turn_ids=tuple(turn_ids)))
    try:
        yield
    finally:
        _PAYER.reset(before)


def payer() -> Payer | None:
    """Who pays for what is asked now; None where it is nobody's, such as a probe."""
    return _PAYER.get()
