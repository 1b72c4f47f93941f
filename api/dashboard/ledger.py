"""A tenant's ledger as the overview prints it."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.model.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LedgerEquation:
    """The turn counts of a tenant as an equation."""

    tenant: str
    accepted: int
    terms: tuple[tuple[str, int, str], ...]
    balanced: bool
    total: int

    @property
    def sentence(self) -> str:
        """The same in one sentence, for screen readers."""
        sums = ", ".join(f"{count:,} {name}" for name, count, _ in self.terms)
        return f"{self.accepted:,} accepted: {sums}." + ("" if self.balanced else " The books do not balance.")


def equation(tenant: str, ledger: Ledger) -> LedgerEquation:
    """Lay out a tenant's turn counts as the equation that the dashboard's overview page prints.

    Accepted = settled + waiting + dead + erased + lost, each term with its meaning.
    """
    terms: tuple[tuple[str, int, str], ...] = (
        ("settled", ledger.settled, "remembered, or nothing in them to remember"),
        ("waiting", ledger.waiting, "queued, running or retrying"),
        ("dead", ledger.dead, "need somebody to judge them"),
        ("erased", ledger.erased, "forgotten or discarded"),
    )
    if ledger.lost:
        terms += (("lost", ledger.lost, "Redis no longer had them"),)
    return LedgerEquation(tenant, ledger.accepted, terms, ledger.balanced, sum(count for _, count, _ in terms))
