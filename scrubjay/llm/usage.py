"""Who pays: said once around the work, and read where a model's answer arrives with its bill.

It goes with the task and not through every signature, as the adapters that see the bill stand behind ports that know
nothing of tenants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from scrubjay.model import Value


class Payer(Value):
    """A tenant, and the turns among which the cost is shared (none: it is the tenant's alone).

    `only_tenant`: whatever is asked inside is booked on no turn.
    """

    tenant: str
    turn_ids: tuple[str, ...] = ()
    only_tenant: bool = False


_PAYER: ContextVar[Payer | None] = ContextVar("payer", default=None)


@contextmanager
def paid_by(tenant: str, turn_ids: Sequence[str] = ()) -> Iterator[None]:
    """Whatever models are asked inside is booked on this tenant, and shared among these turns."""
    outer = _PAYER.get()
    if outer is not None and outer.only_tenant:
        yield
        return
    with _paying(Payer(tenant=tenant, turn_ids=tuple(turn_ids))):
        yield


@contextmanager
def paid_by_tenant(tenant: str) -> Iterator[None]:
    """Whatever models are asked inside is booked on this tenant and on no turn: it is only tried out."""
    with _paying(Payer(tenant=tenant, only_tenant=True)):
        yield


@contextmanager
def _paying(payer: Payer) -> Iterator[None]:
    before = _PAYER.set(payer)
    try:
        yield
    finally:
        _PAYER.reset(before)


def payer() -> Payer | None:
    """Who pays for what is asked now; None where it is nobody's, such as a probe."""
    return _PAYER.get()
